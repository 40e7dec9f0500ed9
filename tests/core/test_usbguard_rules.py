"""USBGuard's rules: what is one, which device it means, and its hash, by published vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.usbguard_rules import BadRule, Shown, device_hash, matches, read_rule

# Root hubs as their hashes stand in public reports about USBGuard (its issues 155 and 594), with a release of a kernel.
HUBS = {
    "jEP/6WzviqdJ5VSeTUY8PatCNBKeaREvo2OqdplND/o=": (
        2,
        "120100020900 0140 6b1d 0200 0106 03020101 090219000101 00e000 090400000109000000 0705810304000c",
    ),
    "3Wo3XWDgen1hD5xM3PSNl3P98kLp1RUTgGQ5HSxtf8k=": (
        3,
        "120100030900 0309 6b1d 0300 0106 03020101 09021f000101 00e000 090400000109000000 0705810304000c 063000000200",
    ),
    "prM+Jby/bFHCn2lNjQdAMbgc6tse3xVx+hZwjOPHSdQ=": (
        3,
        "120110030900 0309 6b1d 0300 0106 03020101 09021f000101 00e000 090400000109000000 0705810304000c 063000000200",
    ),
}
STICK = Shown("46f4", "0001", b"Stick", b"SAMPLE-1", "1-2", "aGFzaA==", [(8, 6, 80), (3, 1, 1)])


@pytest.mark.parametrize("expected", HUBS)
def test_the_hash_is_usbguard_s(expected: str) -> None:
    pid, raw = HUBS[expected]
    assert device_hash(b"xHCI Host Controller\n", 0x1D6B, pid, b"0000:00:14.0", bytes.fromhex(raw)) == expected


MATCHING: dict[str, bool | None] = {
    "allow": True,
    "allow 46f4:0001": True,
    "allow id 46f4:*": True,
    "allow id *:*": True,
    "block id 46F4:0002": False,
    "allow id { 46f4:0001 1111:1111 }": False,
    "allow id one-of { 46f4:0001 1111:1111 }": True,
    'allow name "Stick" serial "SAMPLE-1" # mine': True,
    'allow name "\\x53tick"': True,
    'allow name "stick"': False,
    'allow serial ""': False,
    'allow hash "aGFzaA=="': True,
    "allow with-interface 08:06:50": False,
    "allow with-interface { 03:01:01 08:06:50 }": True,
    "allow with-interface equals-ordered { 03:01:01 08:06:50 }": False,
    "allow with-interface equals-ordered { 08:*:* 03:01:* }": True,
    "allow with-interface all-of { 08:06:50 }": True,
    "allow with-interface none-of { 03:*:* }": False,
    "allow with-interface one-of { 09:*:* 03:01:* }": True,
    "allow with-interface match-all { 08:06:50 }": None,
    'allow via-port "1-2"': True,
    'allow via-port "1-3" if true': False,
    'allow parent-hash "x" with-connect-type "hotplug"': None,
    "allow if !localtime(08:00-17:00)": None,
    '  reject 46f4:0001 label "x"': True,
}


@pytest.mark.parametrize("text", MATCHING)
def test_a_rule_means_what_usbguard_means_by_it(text: str) -> None:
    rule = read_rule(1, text)
    assert rule
    assert matches(rule, STICK) is MATCHING[text]


WRONG: dict[str, tuple[int, str]] = {
    "permit": (1, "there is no target “permit”"),
    "ALLOW": (1, "a target is expected"),
    "match": (1, "there is no target “match”"),
    "allow id": (9, "a blank is expected"),
    "allow id *:0001": (10, "an id is expected"),
    "allow id 46f4": (10, "an id is expected"),
    "allow id 46f4:0001x": (10, "an id is expected"),
    "allow with-interface 08:*:50": (22, "an interface is expected"),
    'allow name "a" name "b"': (16, "is there twice"),
    "allow colour red": (7, "there is no attribute “colour”"),
    'allow name "a': (12, "a text in quotation marks is expected"),
    'allow name "\\n"': (12, "a text in quotation marks is expected"),
    'allow name "a"x': (15, "a blank is expected"),
    "allow id { }": (13, "the set is empty"),
    "allow id { 46f4:0001": (21, "a blank is expected"),
    "allow id one-of 46f4:0001": (17, "a set is expected"),
    "  allow x": (9, "there is no attribute “x”"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_rule_has_its_column(text: str) -> None:
    with pytest.raises(BadRule) as error:
        read_rule(1, text)
    assert (error.value.column, str(error.value)) == WRONG[text]


def test_remarks_are_no_rules() -> None:
    assert [read_rule(1, text) for text in ("", "  ", "# allow", "  # x")] == [None] * 4


@given(st.text(max_size=60) | st.lists(st.sampled_from([*MATCHING, *WRONG]), max_size=3).map(" ".join))
def test_any_text_is_a_rule_or_none(text: str) -> None:
    try:
        rule = read_rule(1, text)
    except BadRule as error:
        column = error.column
    else:
        column = 1
        assert rule is None or matches(rule, STICK) in {True, False, None}
    assert 1 <= column <= len(text) + 1

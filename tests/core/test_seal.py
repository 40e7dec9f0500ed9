"""The code of a seal: it says what it was made from, and slips of a hand are found where they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.seal import ALPHABET, MAX_SEQ, BadSeal, Seal, differing, head_bits, ledger_bits, read, seal

LEDGER = "0123456789abcdef" * 2
HEAD = bytes(range(7, 39))
CODE = seal(1234, LEDGER, HEAD)


def test_the_code_of_an_entry() -> None:
    """Written down from docs/ledger-format.md, not from the program."""
    bits = f"{1234:030b}" + f"{int(LEDGER, 16):0128b}"[:10] + "".join(f"{byte:08b}" for byte in HEAD)[:120]
    plain = "".join(ALPHABET[int(bits[at : at + 5], 2)] for at in range(0, 160, 5))
    assert [group[:4] for group in CODE.split("-")] == [plain[at : at + 4] for at in range(0, 32, 4)]


@given(st.integers(1, MAX_SEQ), st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(seq: int, ledger: bytes, digest: bytes) -> None:
    found = read(seal(seq, ledger.hex(), digest))
    assert found == Seal(seq, ledger_bits(ledger.hex()), head_bits(digest))
    assert found.fits(digest)
    assert found.same_ledger(ledger.hex())
    assert not found.fits(bytes([digest[0] ^ 128]) + digest[1:])
    assert not found.fits(digest[:14] + bytes([digest[14] ^ 1]) + digest[15:])


@pytest.mark.parametrize("seq", [0, -1, MAX_SEQ + 1])
def test_no_such_number(seq: int) -> None:
    with pytest.raises(ValueError, match=str(seq)):
        seal(seq, LEDGER, HEAD)


def test_how_it_is_typed_does_not_matter() -> None:
    plain = CODE.replace("-", "")
    ways = [CODE.lower(), plain, CODE.replace("-", " "), f"  {CODE}\n", CODE.replace("-", " – "), plain.lower()]
    ways += [CODE.replace("0", "O").replace("1", "l"), CODE.replace("0", "o").replace("1", "I")]
    assert {read(way) for way in ways} == {read(CODE)}


def test_every_wrong_character_is_found_in_its_group() -> None:
    for at, right in enumerate(CODE):
        for wrong in set(ALPHABET) - {right} if right != "-" else ():
            with pytest.raises(BadSeal) as caught:
                read(CODE[:at] + wrong + CODE[at + 1 :])
            assert caught.value.group == at // 6 + 1


@given(st.binary(min_size=32, max_size=32), st.integers(0, 7), st.integers(0, 4), st.integers(0, 4))
def test_any_two_exchanged_characters_are_found(digest: bytes, group: int, one: int, other: int) -> None:
    groups = seal(99, LEDGER, digest).split("-")
    typed = list(groups[group])
    typed[one], typed[other] = typed[other], typed[one]
    if "".join(typed) == groups[group]:
        return
    groups[group] = "".join(typed)
    with pytest.raises(BadSeal) as caught:
        read("-".join(groups))
    assert caught.value.group == group + 1


@given(st.binary(min_size=32, max_size=32), st.integers(0, 7), st.integers(0, 7))
def test_two_exchanged_groups_are_found(digest: bytes, one: int, other: int) -> None:
    groups = seal(99, LEDGER, digest).split("-")
    if one != other:
        groups[one], groups[other] = groups[other], groups[one]
        with pytest.raises(BadSeal) as caught:
            read("-".join(groups))
        assert caught.value.group == min(one, other) + 1


@pytest.mark.parametrize(
    ("typed", "group", "count"),
    [
        (CODE[:-1], 8, 0),
        (CODE.replace("-", "")[:-1], 0, 39),
        ("", 0, 0),
        ("00001-00002-00003-00004-00005-00006-00007-00008", 1, 0),
        (CODE + "-00000", 0, 45),
        (CODE[:6] + "U" + CODE[7:], 2, 0),
        (CODE[:12] + "Đ" + CODE[13:], 3, 0),
    ],
)
def test_what_is_missing_is_said(typed: str, group: int, count: int) -> None:
    with pytest.raises(BadSeal) as caught:
        read(typed)
    assert (caught.value.group, caught.value.count) == (group, count)


def test_which_groups_differ() -> None:
    assert differing(CODE, CODE) == []
    assert differing(CODE, CODE[:12] + "X" + CODE[13:-1] + "X") == [3, 8]

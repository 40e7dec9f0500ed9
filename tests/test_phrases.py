"""Details in the reader's language: every detail that is really raised is recognised."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import STORAGE, Part, attributes, descriptors
from usbguard_py.buses import USB
from usbguard_py.errors import BadPolicy
from usbguard_py.i18n import speaking
from usbguard_py.phrases import DETAILS, said
from usbguard_py.policy.read import read_policy

ENGLISH = {
    "there is no key “hubbs”": "không có khóa “hubbs”",
    "“hubs” must be true or false": "“hubs” phải là true hoặc false",
    "byte 17: no configuration": "byte 17: không có cấu hình",
    "no capture: Object missing required field": "không phải bản chụp: Object missing required field",
    "at most 5 hubs": "nhiều nhất 5 bộ chia",
    "not one of ours": "not one of ours",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), ENGLISH.items())
def test_said(text: str, expected: str) -> None:
    with speaking("vi"):
        assert said(text) == expected
    with speaking("en"):
        assert said(text) == text


@given(st.text())
def test_a_stranger_s_text_is_never_a_template(text: str) -> None:
    """What a device wrote is filled in, never followed."""
    with speaking("vi"):
        assert text in said(f"there is no key “{text}”") or not text
        said(text + "{0.__class__}{key}")


POLICIES = [
    "",
    "x = 1",
    "name = 1",
    'name = "A"',
    'name = "x"\nhubs = 1',
    'name = "x"\nmice = -1',
    'name = "x"\nname = "y"',
    "name = ",
    "name",
    'name = "x" hubs',
    'name = "x',
    "hubs = true",
    'name = "x"\nkeyboards = "1"',
    "#" * 70000,
]


@pytest.mark.parametrize("text", POLICIES, ids=range(len(POLICIES)))
def test_what_a_bad_policy_raises_is_known(text: str) -> None:
    with pytest.raises(BadPolicy) as caught:
        read_policy(text)
    detail = str(caught.value.facts["detail"])
    with speaking("vi"):
        assert said(detail) != detail


def broken() -> Iterator[tuple[str, dict[str, bytes | None]]]:
    raw = descriptors((Part(0, STORAGE),))
    for size in (0, 1, 17, 20, 30, 40, 49):
        yield f"cut off after {size}", attributes(raw) | {"descriptors": raw[:size]}
    for at in range(len(raw)):
        yield f"byte {at}", attributes(raw) | {"descriptors": raw[:at] + b"\xff" + raw[at + 1 :]}
    for name in attributes(raw):
        yield f"{name} is missing", attributes(raw) | {name: None}
        yield f"{name} is odd", attributes(raw) | {name: b"\xff\n"}


def test_what_a_broken_device_shows_is_known() -> None:
    unknown = {
        problem.detail
        for _, shown in broken()
        for problem in USB.describe("1-2", "/devices/x", shown).problems
        if not _known(problem.detail)
    }
    assert unknown == set()


def _known(detail: str) -> bool:
    with speaking("vi"):
        return said(detail) != detail


def test_no_template_hides_another() -> None:
    """The first that fits is taken: one that is plain text must not be caught by one with braces before it."""
    with speaking("en"):
        assert [t for t in DETAILS if "{" not in t and said(t) != t] == []

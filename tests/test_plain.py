"""Plain values: made, compared, and taken from decoded JSON that may hold anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.cli.answers import Device, Status, typed
from usbguard_py.errors import BadMessage
from usbguard_py.plain import Value


class Inner(Value):
    number: int
    name: str = "x"


class Outer(Value):
    inner: Inner = Inner(1)
    maybe: bool | None = None
    many: tuple[Inner | str, ...] = ()
    counts: dict[str, int] = {}  # noqa: RUF012 - never changes
    anything: object = ""


def test_fields_come_by_place_or_by_name() -> None:
    assert Inner(1, "y") == Inner(number=1, name="y") == Inner(1, name="y")
    assert (Inner(1).number, Inner(1).name, Inner(1).fields()) == (1, "x", {"number": 1, "name": "x"})
    assert Inner(1) != Inner(2)
    assert Inner(1) != 1
    assert hash(Inner(1)) == hash(Inner(1))
    assert repr(Inner(1)) == "Inner(number=1, name='x')"


@pytest.mark.parametrize(("args", "given"), [((), {}), ((1, "y", 3), {}), ((1,), {"number": 1}), ((1,), {"other": 1})])
def test_what_is_missing_too_much_or_unknown_is_an_error(args: tuple[Any, ...], given: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Inner(*args, **given)


def test_a_value_never_changes() -> None:
    with pytest.raises(AttributeError):
        Inner(1).number = 2  # type: ignore[misc] # this is the test


def test_taken_from_json() -> None:
    answer = {
        "inner": {"number": 2, "later": 1},
        "maybe": None,
        "many": ["a", {"number": 3}],
        "counts": {"a": 1},
        "?": 0,
    }
    assert Outer.taken(answer) == Outer(Inner(2), None, ("a", Inner(3)), {"a": 1})
    assert Outer.taken({}) == Outer()
    assert Outer.taken({"maybe": True, "anything": [1]}) == Outer(maybe=True, anything=[1])


@pytest.mark.parametrize(
    "answer",
    [
        {"inner": 1}, {"inner": {}}, {"inner": {"number": True}}, {"inner": {"number": "1"}},
        {"inner": {"number": 1.5}},
        {"maybe": 1}, {"maybe": "true"}, {"many": {}}, {"many": "ab"}, {"many": [1]}, {"many": [{}]}, {"counts": []},
        {"counts": {"a": "1"}}, {"counts": {"a": False}}, {"inner": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_field_of_another_type_is_an_error(answer: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Outer.taken(answer)


def test_the_place_is_named() -> None:
    with pytest.raises(BadMessage) as caught:
        typed({"floor": {"module_parameter": "x"}}, Status)
    assert "`module_parameter`" in caught.value.facts["detail"]  # type: ignore[operator] # a text
    assert "`floor`" in caught.value.facts["detail"]  # type: ignore[operator] # a text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(Device.FIELDS)), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*Device.FIELDS, *Status.FIELDS]), JSON))
def test_anything_is_a_value_or_an_error(answer: dict[str, Any]) -> None:
    for kind in (Device, Status):
        try:
            found = typed(answer, kind)
        except BadMessage:
            continue
        assert all(name in kind.FIELDS for name in found.fields())

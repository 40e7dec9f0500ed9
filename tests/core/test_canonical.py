"""The canonical form against its oracle, and the chain."""

import hashlib
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.canonical import MAX_DEPTH, MAX_INTEGER, canonical, digest
from usbguard_py.core.chain import DOMAIN, GENESIS, link

KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
LEAVES = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT
VALUES = st.recursive(LEAVES, lambda v: st.lists(v, max_size=4) | st.dictionaries(KEYS, v, max_size=4), max_leaves=12)
BODIES = st.dictionaries(KEYS, VALUES, max_size=8)


@given(BODIES)
def test_the_bytes_are_those_of_rfc_8785(body: dict[str, Any]) -> None:
    assert canonical(body) == rfc8785.dumps(body)


def test_every_character_is_written_as_rfc_8785_says() -> None:
    every = "".join(chr(c) for c in range(0x3000) if not 0xD800 <= c <= 0xDFFF) + "\uffff\U0001f600\U0010ffff"
    assert canonical({"a": every}) == rfc8785.dumps({"a": every})


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"a": 1.0}, "$.a: float"),
        ({"a": [0, {"b": float("nan")}]}, "$.a[1].b: float"),
        ({"a": MAX_INTEGER + 1}, "$.a: integer"),
        ({"a": -MAX_INTEGER - 1}, "$.a: integer"),
        ({"ă": 1}, "$: a key"),
        ({"a": {1: 2}}, "$.a: a key"),
        ({"a": b"raw"}, "$.a: bytes"),
        ({"a": {1, 2}}, "$.a: set"),
        ({"a": "\ud800"}, "surrogates"),
    ],
)
def test_what_has_no_canonical_form_is_named(body: dict[str, Any], place: str) -> None:
    with pytest.raises(ValueError, match=place.replace("$", r"\$").replace("[", r"\[").replace("]", r"\]")):
        canonical(body)


def test_nesting_ends() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    with pytest.raises(ValueError, match="nested"):
        canonical({"a": value})


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) == hashlib.sha256(b'{"a":1,"b":2}').hexdigest()


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=60), st.binary(max_size=60))
def test_a_link_depends_on_all_its_parts(previous: bytes, one: bytes, other: bytes) -> None:
    assert (link(previous, one) == link(previous, other)) == (one == other)
    assert (link(previous, one) == link(GENESIS, one)) == (previous == GENESIS)
    assert link(previous, one) == hashlib.sha256(DOMAIN + previous + one).digest()
    assert link(previous, one) != hashlib.sha256(previous + one).digest()

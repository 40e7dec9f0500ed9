"""Hostile bytes stay bytes: what is shown cannot do anything to whoever shows it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.text import escaped


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"SAMPLE-0001", "SAMPLE-0001"),
        ("Ổ cứng số 1".encode(), "Ổ cứng số 1"),
        (b"", ""),
        (b"\x1b[2J", "\\u{1b}[2J"),
        (b"a\nb\r\tc", "a\\u{a}b\\u{d}\\u{9}c"),
        (b"\xff\x80ok", "\\xff\\x80ok"),
        ("\u202eexe".encode(), "\\u{202e}exe"),
        ("a\u200bb\u2028".encode(), "a\\u{200b}b\\u{2028}"),
        (b"<b>&\"'`|\\", "\\u{3c}b\\u{3e}\\u{26}\\u{22}\\u{27}\\u{60}\\u{7c}\\u{5c}"),
        (b"=1+1", "\\u{3d}1+1"),
        (b"-1", "\\u{2d}1"),
        (b"@x", "\\u{40}x"),
        ("e\u0301".encode(), "e\\u{301}"),
        ("a\u00a0\u3164\ufe0f".encode(), "a\\u{a0}\\u{3164}\\u{fe0f}"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
    ],
)
def test_escaped(raw: bytes, shown: str) -> None:
    assert escaped(raw) == shown


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass"))))
def test_what_is_shown_is_harmless(raw: bytes) -> None:
    """No control, no direction mark, no line end, no delimiter of HTML, CSV, JSON or shell, no formula."""
    shown = escaped(raw)
    assert not set(shown) & set("\"'`<>&|")
    assert not any(
        unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Mc", "Me"} for c in shown
    )
    assert not shown.startswith(("=", "+", "-", "@"))
    assert not any(c.isspace() and c != " " for c in shown)
    assert shown.encode("utf-8").decode() == shown


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_two_strings_never_look_alike(one: bytes, other: bytes) -> None:
    assert (escaped(one) == escaped(other)) is (one == other)


@given(st.text(max_size=20), st.sampled_from(["\\", "\x1b", "\u202e", "<"]))
def test_an_escape_cannot_be_forged(text: str, char: str) -> None:
    """A device that spells an escape out is shown differently from one that needs it."""
    raw = text.encode("utf-8", "surrogatepass") + char.encode()
    assert escaped(escaped(raw).encode()) != escaped(raw)

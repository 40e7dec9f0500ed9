"""What looks alike: serials with one slip, names in two scripts or with other accents."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.lookalike import Doubt, bare, doubts, mixed, parts, printed, slips

SERIAL = st.text("abcdefghjkmnpqrstuvwxyz234679", min_size=5, max_size=16)
MAU = "Nguyễn Văn Mẫu"


@pytest.mark.parametrize(
    ("one", "other"),
    [("SAMPLE-0001", "sample OOOl"), ("P-I1l5", "pllls"), ("B8", "88"), ("ＳＡＭＰＬＥ１", "sample_l")],
)
def test_print_does_not_keep_them_apart(one: str, other: str) -> None:
    assert printed(bare(one)) == printed(bare(other))


@pytest.mark.parametrize("other", ["sampleooo", "sampleoo0l7", "samp1eooll", "smapleoool", "xsampleoool", "sampleool"])
def test_one_slip(other: str) -> None:
    assert printed(bare(other)) in slips(printed(bare("SAMPLE-0001"))) | {printed(bare("SAMPLE-0001"))}


@pytest.mark.parametrize("other", ["sampleooxy", "ampleool", "elpmasoool", ""])
def test_more_than_one_slip(other: str) -> None:
    assert printed(other) not in slips(printed(bare("SAMPLE-0001")))


def test_short_and_long_ones_are_left_alone() -> None:
    assert not slips("abc")
    assert not slips("a" * 65)


@given(SERIAL, st.data())
def test_a_slip_is_found_from_both_sides(serial: str, data: st.DataObject) -> None:
    key = printed(serial)
    slip = data.draw(st.sampled_from(sorted(slips(key))))
    assert slip != key
    assert key in slips(slip) or len(slip) < 4


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [("P-0001", "P-OOO1", ("000", "OOO")), ("abc", "abbc", ("", "b")), ("x", "x", ("", "")), ("", "ab", ("", "ab"))],
)
def test_parts(one: str, other: str, differ: tuple[str, str]) -> None:
    assert parts(one, other) == differ


@given(st.text(max_size=8), st.text(max_size=8))
def test_parts_fit_into_both(one: str, other: str) -> None:
    a, b = parts(one, other)
    start = one.find(a) if a else 0
    assert a in one
    assert b in other
    assert (a, b) == ("", "") or one != other
    assert start <= len(one)
    assert len(one) - len(a) == len(other) - len(b)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        (MAU, ()),
        (unicodedata.normalize("NFD", MAU), ()),
        ("Đội 1 – Ðức (A&B) 01", ()),
        ("Nguyễn Văn М", ("U+041C CYRILLIC CAPITAL LETTER EM",)),
        ("Nguуen", ("U+0443 CYRILLIC SMALL LETTER U",)),
        ("Иван Иванов", ()),
        ("Ο Ivan", ("U+039F GREEK CAPITAL LETTER OMICRON",)),
        ("123 – 456", ()),
        ("", ()),
    ],
)
def test_mixed(text: str, letters: tuple[str, ...]) -> None:
    assert mixed(text) == letters


LISTED = (MAU, "Trần Thị Thử", "Ivan A")


@pytest.mark.parametrize(
    ("value", "how", "other"),
    [
        ("Nguyễn Văn Mậu", "accents", MAU),
        ("Nguyen Van Mau", "accents", MAU),
        ("NGUYỄN VĂN MẪU", "spelling", MAU),
        ("Nguyễn  Văn Mẫu", "spelling", MAU),
        (unicodedata.normalize("NFD", MAU), "spelling", MAU),
        ("Ivan А", "letters", "Ivan A"),
        ("Тrần Thị Thử", "letters", "Trần Thị Thử"),
    ],
)
def test_looks_like(value: str, how: str, other: str) -> None:
    found = [doubt for doubt in doubts("holder", value, LISTED) if doubt.kind == "looks-like"]
    assert found == [Doubt("looks-like", "holder", value, other=other, how=how)]  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [*LISTED, "", "Lê Văn Khác"])
def test_nothing_doubtful(value: str) -> None:
    assert doubts("holder", value, LISTED) == ()


@given(st.text(max_size=20))
def test_what_is_on_the_list_is_never_doubted(value: str) -> None:
    assert doubts("holder", value, [value, value.upper()]) == ()

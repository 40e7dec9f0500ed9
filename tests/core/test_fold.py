"""Folding: what differs only in accents, capitals or normal forms is the same; nothing else is lost."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.fold import folded, folded_lines
from usbguard_py.i18n import unaccented

VIETNAMESE = st.text("aăâeêioôơuưyđAĂÂEÊIOÔƠUƯYĐạảãàáậẩẫầấặẳẵằắệểễềếọộởỡờớựửữừứỵỷỹỳýịỉĩìí ’“–7B")
ANY = st.text(st.characters(codec="utf-8"), max_size=30)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Đặng Thị Mẫu", "dang thi mau"),
        ("NGUYỄN VĂN MẪU", "nguyen van mau"),
        (unicodedata.normalize("NFD", "Nguyễn Văn Mẫu"), "nguyen van mau"),
        ("Ðức", "duc"),
        ("Straße", "strasse"),
        ("ＳＡＭＰＬＥ－１", "sample-1"),
        ("“Phòng Hành chính – Tổng hợp”", '"phong hanh chinh - tong hop"'),
        ("Ёлка", "елка"),
        ("", ""),
    ],
)
def test_folded(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_folding_what_is_folded_changes_nothing() -> None:
    """For every letter that Unicode has, a few thousand at a time: the planes after these have none."""
    for first in range(0, 0x30000, 0x1000):
        once = folded("\n".join(map(chr, range(first, first + 0x1000))))
        assert folded(once) == once, hex(first)


@given(ANY)
def test_normal_forms_and_capitals_fold_to_the_same(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, text)) == folded(text)
    assert folded(folded(text)) == folded(text)


@given(VIETNAMESE)
def test_vietnamese_capitals_do_not_matter(text: str) -> None:
    assert folded(text.upper()) == folded(text.lower()) == folded(text)
    assert folded(text).isascii()


@given(st.lists(st.one_of(VIETNAMESE, ANY), max_size=5))
def test_lines_are_folded_as_they_are_one_by_one(texts: list[str]) -> None:
    lines = [text.replace("\n", " ") for text in texts]
    assert folded_lines("\n".join(lines)) == "\n".join(map(folded, lines))


@given(VIETNAMESE, st.data())
def test_other_accents_hide_no_part_of_a_text(text: str, data: st.DataObject) -> None:
    """Whatever part of it is asked for, with or without accents, in capitals or decomposed."""
    first = data.draw(st.integers(0, len(text)))
    part = text[first : data.draw(st.integers(first, len(text)))]
    for spelt in (part, part.upper(), unicodedata.normalize("NFD", part), unaccented(part)):
        assert folded(spelt) in folded_lines(text)

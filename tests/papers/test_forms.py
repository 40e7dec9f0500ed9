"""Forms, legal texts and the agency's file: what is read, what is refused and where, what a hostile one can do."""

import contextlib
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.papers.samples import FIELDS, SEAL, devices, hostile, matter, paper
from usbguard_py import paths
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.errors_paper import BadPaperFile, FactMissing, FieldsMissing, NoCitation
from usbguard_py.i18n import speaking
from usbguard_py.papers import devices as rows
from usbguard_py.papers.agency import read_agency
from usbguard_py.papers.citations import in_force, read_citations
from usbguard_py.papers.document import Bases, Table
from usbguard_py.papers.fill import filled, visible
from usbguard_py.papers.kinds import KINDS
from usbguard_py.papers.template import read_template
from usbguard_py.shell import papers

SHIPPED = (papers.HERE / "templates/handover.vi.toml").read_text(encoding="utf-8")
CITATIONS = (papers.HERE / "citations.toml").read_text(encoding="utf-8")


def cells(kind: str, assets: tuple[Asset, ...]) -> tuple[tuple[str, ...], ...]:
    (table,) = (part for part in paper(kind, assets=assets).parts if isinstance(part, Table))
    return table.rows


BROKEN = {  # what is replaced in the hand-over form, by what; the line that is named has this in it; the detail
    "attribute": (
        "Chức vụ: {giver_position}",
        "{giver_position.x}",
        "{giver_position.x}",
        "a brace that names no field",
    ),
    "item": ("Chức vụ: {giver_position}", "{giver_position[0]}", "{giver_position[0]}", "a brace that names no field"),
    "format": ("Chức vụ: {giver_position}", "{giver_position!r}", "{giver_position!r}", "a brace that"),
    "width": ("Chức vụ: {giver_position}", "{giver_position:99}", "{giver_position:99}", "there is no field"),
    "statement": ("Chức vụ: {giver_position}", "{% for x in y %}", "{% for", "a brace that names no field"),
    "unknown field": ("{venue}", "{colour}", "{colour}", "there is no field “colour”"),
    "no dots": ("{blank:10}/BB", "{blank:0}/BB", "{blank:0}", "not from 1 to 200 dots"),
    "dots for ever": ("{blank:10}/BB", "{blank:999}/BB", "{blank:999}", "not from 1 to 200 dots"),
    "unused": ("[fields]", '[fields]\ncolour = { label = "x" }', "colour", "the field “colour” is not used"),
    "ours": ("[fields]", '[fields]\nyear = { label = "x" }', "year", "“year” is always known"),
    "key": ("version = 1", "version = 1\ncolour = 1", "colour", "there is no key “colour”"),
    "key of a part": ('part = "bases"', 'part = "bases"\ncolour = 1', "colour", "there is no key “colour”"),
    "no version": ("version = 1\n", "", "", "“version” is missing"),
    "version": ("version = 1", 'version = "1"', "version", "Expected “int”, got “str”"),
    "fact": ('of = "serial"', 'of = "__class__"', "__class__", "Invalid enum value “__class__”"),
    "part": ('part = "bases"', 'part = "script"', "script", "Invalid value “script”"),
    "no table": ('part = "table"', 'part = "text"\ntext = ""', "", ""),
    "hidden": ("BIÊN BẢN", "BIÊN\\u202eBẢN", "", "holds control or invisible characters"),
    "not TOML": ("[fields]", "[fields", "[fields", ""),
    "long text": ("BIÊN BẢN", "B" * 2001, "BBB", "more than 2000 characters"),
    "long file": ("# Biên", "#" * 70000 + "Biên", "", "more than 65536 bytes"),
}


@pytest.mark.parametrize(("old", "new", "line", "detail"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_form_is_refused_at_its_place(old: str, new: str, line: str, detail: str) -> None:
    assert old in SHIPPED
    text = SHIPPED.replace(old, new, 1)
    with pytest.raises(BadPaperFile) as caught:
        read_template(text, "form.toml")
    facts = caught.value.facts
    assert str(facts["detail"]).startswith(detail)
    number = int(str(facts["where"]).removeprefix("form.toml:"))
    if line:
        assert line in text.splitlines()[number - 1]


@given(st.text(max_size=60))
def test_a_form_can_only_name_fields(text: str) -> None:
    """Any text in a form is refused or stands on the paper as it is, fields and dots filled in."""
    form = SHIPPED.replace(
        "BIÊN BẢN", text.replace("\\", "/").replace('"', "'").replace("\r", " ").replace("\n", " "), 1
    )
    try:
        template = read_template(form, "form.toml")
    except BadPaperFile:
        return
    made = filled(template, matter())
    assert "{" not in made.name.replace("\\u{", "")


@given(st.text(max_size=300))
def test_whatever_a_file_holds_is_an_error_or_a_form(text: str) -> None:
    for read in (read_template, read_agency, read_citations):
        with contextlib.suppress(BadPaperFile):
            read(text, "x.toml")


def test_a_value_is_never_a_template() -> None:
    made = paper("handover", basis="{giver} {blank:9} {0.__class__}")
    (bases,) = (part for part in made.parts if isinstance(part, Bases))
    assert bases.lines[-1] == "Căn cứ {giver} {blank:9} {0.__class__}."


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_field_is_needed(kind: str, language: str) -> None:
    """Each field of each form alone makes the paper impossible when it has no text: nothing stays empty in silence."""
    template = papers.form(kind, language).template
    whole = matter()
    for name, field in template.fields.items():
        without = {key: value for key, value in FIELDS.items() if key != name}
        with pytest.raises(FieldsMissing) as caught:
            filled(template, msgspec.structs.replace(whole, fields=without))
        assert caught.value.facts["names"] == name
        empty = msgspec.structs.replace(whole, fields=without | {name: ""})
        if not field.optional:
            with pytest.raises(FieldsMissing):
                filled(template, empty)
        by_hand = msgspec.structs.replace(whole, fields=without, by_hand=frozenset({name}))
        if field.blank:
            assert "." * field.blank in str(filled(template, by_hand))
        else:
            with pytest.raises(FieldsMissing):
                filled(template, by_hand)


def test_a_fact_that_the_form_needs_and_the_list_lacks_is_an_error() -> None:
    template = papers.form("handover", "vi").template
    bare = devices(1, printed_serial="", electronic_serial="")
    with pytest.raises(FactMissing) as caught:
        filled(template, matter(bare))
    assert caught.value.facts == {"id": "TB-0001", "what": "Số sê-ri"}


def test_the_facts_of_a_device() -> None:
    (asset,) = devices(1, printed_serial="P-1", expires_on="2026-11-21", inspected_until="2026-12-01", label="")
    row = rows.Row(7, asset, "vi", "2026-11-22")
    found = {name: read(row) for name, read in rows.READ.items()}
    assert (found["row"], found["number"]) == ("7", "TB-0001")
    assert found["serial"] == "P-1\n(SAMPLE-0001)"
    assert found["state"] == "hết hạn"
    assert found["name"] == found["model"] == "Sample Maker Sample Device"
    assert found["inspected_until"] == "01/12/2026"
    assert rows.READ["inspected_until"](msgspec.structs.replace(row, language="en")) == "2026-12-01"
    assert found["holder_and_unit"] == "Nguyễn Văn Mẫu\nPhòng Hành chính - Tổng hợp"


def test_a_device_s_strings_are_visible_on_paper() -> None:
    ((_, name, serial, *_rest),) = cells("handover", hostile())
    for text in (name, serial):
        assert "\\u{202e}" in text
        assert "\\x" in text
        assert not set("\x1b\u202e\x00<>&") & set(text)


@given(st.text())
def test_visible(text: str) -> None:
    shown = visible(text)
    assert not [char for char in shown if char in "\x00\x1b\u202e\u200b\ufeff"]
    if text.isascii() and text.isprintable():
        assert shown == text


LAW = {
    "2020-07-01": "29/2018/QH14",
    "2026-02-28": "29/2018/QH14",
    "2026-03-01": "117/2025/QH15",
    "2031-01-01": "117/2025/QH15",
}


@pytest.mark.parametrize(("day", "number"), LAW.items())
def test_what_is_cited_is_in_force_on_the_day_of_the_paper(day: str, number: str) -> None:
    text = str(paper("handover", day=day))
    assert number in text
    assert [other for other in set(LAW.values()) - {number} if other in text] == []


def test_nothing_in_force_is_an_error() -> None:
    with pytest.raises(NoCitation) as caught:
        paper("handover", day="2019-12-31")
    assert caught.value.facts == {"subject": "state-secrets-law", "day": "2019-12-31"}
    ended = read_citations(CITATIONS.replace('since = "2026-03-01"', 'since = "2026-03-01"\nuntil = "2026-11-21"'), "x")
    assert len(in_force(ended, "state-secrets-law", "2026-11-21")) == 1
    with pytest.raises(NoCitation):
        in_force(ended, "state-secrets-law", "2026-11-22")


@pytest.mark.parametrize(
    ("old", "new"), [("2026-03-01", "2026-02-30"), ('until = "2026-02-28"', 'until = "2020-01-01"')]
)
def test_days_of_legal_texts_are_checked(old: str, new: str) -> None:
    with pytest.raises(BadPaperFile) as caught:
        read_citations(CITATIONS.replace(old, new), "x")
    (_, line) = str(caught.value.facts["where"]).split(":")
    assert CITATIONS.splitlines()[int(line) - 1] == "[[text]]"


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_is_named_on_every_paper(kind: str) -> None:
    """Number and date in the text, entry and digest at the foot of each page, also of an agency's own form."""
    for language, day in (("vi", "20/11/2026"), ("en", "2026-11-20")):
        made = paper(kind, language, assets=devices(2, state=Custody.REVOKED))
        assert made.footer[1] == f"SHA-256 {'3f' * 32}"
        assert "57" in made.footer[0]
        assert "1234" in made.footer[0]
        assert day in made.footer[0]
        assert made.footer[2].endswith(f"1240: {SEAL}")
        assert any("57" in str(part) and day in str(part) for part in made.parts)


@pytest.mark.parametrize("kind", KINDS)
def test_the_translation_says_what_the_original_says(kind: str) -> None:
    """The same fields, columns, blanks and signatures in the same places; the translation is marked."""
    first, second = (papers.form(kind, language).template for language in ("vi", "en"))
    assert list(first.fields) == list(second.fields)
    assert [type(part) for part in first.parts] == [type(part) for part in second.parts]
    assert (first.note, first.version, first.landscape) == ("", second.version, second.landscape)
    assert second.note.startswith("TRANSLATION")
    tables = [next(part for part in one.parts if hasattr(part, "columns")) for one in (first, second)]
    assert [(c.of, c.width) for c in tables[0].columns] == [(c.of, c.width) for c in tables[1].columns]


def test_a_pipe_is_no_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever for a file that is none; a folder and other bytes are named, too."""
    monkeypatch.setattr(paths, "PAPERS", tmp_path)
    os.mkfifo(tmp_path / "handover.vi.toml")
    (tmp_path / "recovery.vi.toml").write_bytes(b"\xff")
    (tmp_path / "register.vi.toml").mkdir()
    (tmp_path / "inspection.vi.toml").symlink_to(tmp_path / "gone")
    for kind, detail in {
        "handover": "no regular file",
        "recovery": "not UTF-8",
        "register": "Is a directory",
        "inspection": "No such file or directory",
    }.items():
        with pytest.raises(BadPaperFile) as caught:
            papers.form(kind, "vi")
        assert caught.value.facts["detail"] == detail
        with speaking("vi"):
            assert detail not in str(caught.value)

"""The catalogues of texts: what the sources and click say, with the translations that exist."""

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "usbguard_py/locale"
PO = "usbguard_py/locale/vi/LC_MESSAGES/usbguard-py.po"
KEYWORDS = {"_": None, "N_": None, "translate": None}
PLURALS = {"ngettext": (1, 2)}
FIXED = datetime(2026, 11, 21, tzinfo=UTC)  # a date that moved would make every run a change
HEADER = (
    "# Vietnamese texts of usbguard-py. Terms: docs/vi/tu-vung.md. Written by scripts/generate.py; translate in place."
)


def sources() -> Iterator[tuple[str, Path]]:
    """The files with texts: ours, and click's, whose own messages a user sees too."""
    for path in [*sorted((ROOT / "usbguard_py").rglob("*.py")), *sorted((ROOT / "scripts").glob("*.py"))]:
        yield path.relative_to(ROOT).as_posix(), path
    for name in ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types"):
        yield f"click/{name}.py", Path(click.__file__).with_name(f"{name}.py")


def messages() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Every text with the file it is in."""
    for name, path in sources():
        for _line, message, _comments, _context in extract_from_file("python", path, keywords=KEYWORDS):
            if message and "" not in _texts(message):
                # A call with several arguments is one message all the same.
                yield name, message if isinstance(message, str) else message[0]
        for _line, pair, _comments, _context in extract_from_file("python", path, keywords=PLURALS):
            if len(pair) > 1 and not isinstance(pair, str) and "" not in _texts(pair):
                yield name, pair


def catalogue(existing: Catalog) -> Catalog:
    """The Vietnamese catalogue: every text of the sources, each with its translation if there is one."""
    new = Catalog(
        locale="vi",
        domain="usbguard-py",
        project="usbguard-py",
        version="0.1",
        header_comment=HEADER,
        creation_date=FIXED,
        revision_date=FIXED,
        last_translator="usbguard-py",
        language_team="vi",
        fuzzy=False,
    )
    for name, message in messages():
        old = existing.get(_texts(message)[0])
        new.add(message, old.string if old else None, locations=[(name, 0)])
    return new


def existing() -> Catalog:
    """The catalogue as it is now."""
    path = ROOT / PO
    if not path.exists():
        return Catalog(locale="vi")
    with path.open("rb") as file:
        return read_po(file, locale="vi")


def catalogues() -> dict[str, bytes]:
    """The translation source and the compiled file."""
    made = catalogue(existing())
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, made, width=100, include_lineno=False, sort_by_file=True)
    write_mo(mo, made)
    return {PO: po.getvalue(), PO.removesuffix("po") + "mo": mo.getvalue()}


def untranslated() -> Iterable[str]:
    """Texts without a translation."""
    return [str(m.id) for m in catalogue(existing()) if m.id and not all(_texts(m.string or ""))]


def _texts(message: str | tuple[str, ...] | list[str]) -> list[str]:
    return [message] if isinstance(message, str) else [m for m in message if m is not None]

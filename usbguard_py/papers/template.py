"""A form as data: what stands on the paper, and which fields it needs. It can name fields, and nothing else.

A text of a form may hold ``{name}`` for a field and ``{blank:20}`` for twenty dots that people write on. There are no
expressions, loops, files or attributes, so a form of anybody's can do nothing but be filled in; its size is bounded
(docs/adr/0175-forms-are-data.md).
"""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from usbguard_py.errors_paper import BadPaperFile
from usbguard_py.papers.devices import FACTS as COLUMNS
from usbguard_py.papers.strict import read

FORMAT = 1
FACTS = ("year", "day", "count", "list_number", "list_date")
"""What is always known: the paper's year and day, how many devices, number and date of the list."""
PLACE = re.compile(r"\{([a-z][a-z0-9_]*)(?::([0-9]{1,3}))?\}")
BLANK = "blank"
MAX_BLANK = 200  # dots
MAX_PARTS = 60
MAX_COLUMNS = 14

Name = Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_]{0,31}\Z")]
Width = Annotated[float, msgspec.Meta(gt=0, le=1000)]


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field that somebody fills in.

    ``blank``: it may be left for handwriting, as so many dots. ``optional``: it may be empty, and a line that names it
    is left out then. Neither: it has to be stated.
    """

    label: str
    blank: Annotated[int, msgspec.Meta(ge=0, le=MAX_BLANK)] = 0
    optional: bool = False


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lines of the head of the paper."""

    above: str
    body: str
    number: str
    nation: str
    motto: str
    place: str


class TitlePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="title", tag_field="part"):
    """Kind of the paper, and what it is about."""

    text: str
    about: str


class BasesPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="bases", tag_field="part"):
    """Legal bases: subjects that the legal texts are looked up by, then lines; ``{text}`` in ``line`` is each."""

    line: str
    subjects: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


class TextPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="text", tag_field="part"):
    """A paragraph."""

    text: str
    strong: bool = False


class LinesPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="lines", tag_field="part"):
    """A party."""

    heading: str
    lines: tuple[str, ...]


class ColumnPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column: ``of`` is a fact of a device or ``blank``; ``none`` stands where the list says nothing.

    Without ``none`` the fact has to be known.
    """

    title: str
    of: Literal[COLUMNS]  # type: ignore[valid-type] # a tuple of words; msgspec reads it when the module is loaded
    width: Width
    align: Literal["left", "center"] = "left"
    none: str = ""


class TablePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="table", tag_field="part"):
    """The devices."""

    columns: Annotated[tuple[ColumnPart, ...], msgspec.Meta(min_length=1, max_length=MAX_COLUMNS)]
    size: Annotated[int, msgspec.Meta(ge=9, le=14)] = 12


class SignaturePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One who signs; ``name`` is empty where the name is written by hand."""

    title: str
    note: str
    name: str = ""


class SignaturesPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="signatures", tag_field="part"):
    """Those who sign."""

    blocks: Annotated[tuple[SignaturePart, ...], msgspec.Meta(min_length=1, max_length=4)]


class RecipientsPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="recipients", tag_field="part"):
    """Who gets a copy."""

    title: str
    lines: tuple[str, ...]


AnyPart = TitlePart | BasesPart | TextPart | LinesPart | TablePart | SignaturesPart | RecipientsPart


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A form: for which paper, in which language and version, and what stands on it."""

    format: Literal[1]
    kind: str
    language: Literal["vi", "en"]
    version: Annotated[int, msgspec.Meta(ge=1, le=9999)]
    fields: dict[Name, Field]
    head: Head
    parts: Annotated[tuple[AnyPart, ...], msgspec.Meta(min_length=1, max_length=MAX_PARTS)]
    landscape: bool = False
    note: str = ""


def read_template(text: str, origin: str) -> Template:
    """The form of a file.

    Raises:
        BadPaperFile: see :func:`usbguard_py.papers.strict.read`; or a text names a field that is not in the head, a
            brace stands alone, a field is never used, or there is no title or no table.
    """
    template = read(text, origin, Template)
    used = set()
    for said in texts(template):
        named, rest = PLACE.findall(said), PLACE.sub("", said)
        if "{" in rest or "}" in rest:
            raise BadPaperFile(where=_where(text, origin, said), detail="a brace that names no field")
        for name, dots in named:
            blank = name == BLANK and 1 <= int(dots or 0) <= MAX_BLANK
            if not blank and (dots or name not in (*FACTS, *template.fields)):
                detail = f"there is no field “{name}”" if name != BLANK else f"not from 1 to {MAX_BLANK} dots"
                raise BadPaperFile(where=_where(text, origin, said), detail=detail)
            used.add(name)
    for name in template.fields:
        if name in (*FACTS, BLANK) or name not in used:
            detail = f"the field “{name}” is not used" if name not in used else f"“{name}” is always known"
            raise BadPaperFile(where=_where(text, origin, name), detail=detail)
    for kind, word in ((TitlePart, "title"), (TablePart, "table")):
        if sum(isinstance(part, kind) for part in template.parts) != 1:
            raise BadPaperFile(where=f"{origin}:1", detail=f"not exactly one part “{word}”")
    return template


def _where(text: str, origin: str, said: str) -> str:
    at = text.find(said.split("\n", maxsplit=1)[0])
    return f"{origin}:{text.count(chr(10), 0, max(at, 0)) + 1}"


def texts(template: Template) -> Iterator[str]:
    """Every text of a form in which a field may stand."""
    yield template.note
    yield from msgspec.structs.astuple(template.head)
    for part in template.parts:
        yield from _texts(part)


def _texts(part: AnyPart) -> Iterator[str]:
    match part:
        case TitlePart():
            yield from (part.text, part.about)
        case BasesPart():
            yield from (part.line.replace("{text}", ""), *part.more)
        case TextPart():
            yield part.text
        case LinesPart():
            yield from (part.heading, *part.lines)
        case TablePart():
            yield from (text for column in part.columns for text in (column.title, column.none))
        case SignaturesPart():
            yield from (text for block in part.blocks for text in (block.title, block.note, block.name))
        case RecipientsPart():
            yield from (part.title, *part.lines)

"""A form and what is known become a document; nothing that is needed stays empty."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from usbguard_py.core.text import hidden
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors_paper import FactMissing, FieldsMissing
from usbguard_py.i18n import _, speaking
from usbguard_py.papers import document as doc
from usbguard_py.papers import template as form
from usbguard_py.papers.citations import Citation, in_force
from usbguard_py.papers.devices import READ, Row, written

MAX_ROWS = 10_000  # a register of that many has some 700 pages


class ListMark(msgspec.Struct, frozen=True):
    """Which list a paper speaks of: its number, the entry that made it so, that entry's hash (hex) and day.

    ``seal`` is the code of the log's last entry, number ``sealed``, when the paper was made (docs/ledger-format.md).
    """

    number: int
    entry: int
    digest: str
    day: str
    sealed: int = 0
    seal: str = ""


class Matter(msgspec.Struct, frozen=True):
    """All that a form is filled in with: the paper's day, the fields, those left for handwriting, devices, list."""

    day: str
    today: str
    fields: Mapping[str, str]
    by_hand: frozenset[str]
    assets: Sequence[Asset]
    citations: Sequence[Citation]
    mark: ListMark
    origin: str = ""


class _LeftOut(Exception):
    """A line names an optional field that is empty."""


def visible(text: str) -> str:
    r"""``text`` with everything that has no visible form as ``\u{HEX}``; blanks and line ends stay."""
    return "".join(f"\\u{{{ord(char):x}}}" if hidden(char) and char != "\n" else char for char in text)


def unstated(template: form.Template, fields: Mapping[str, str], by_hand: Iterable[str]) -> list[str]:
    """The fields that the form needs and that neither have a text nor are left for handwriting."""
    hand = {name for name in by_hand if name in template.fields and template.fields[name].blank}
    return [
        name
        for name, field in template.fields.items()
        if name not in hand and not (fields.get(name) or (field.optional and name in fields))
    ]


def filled(template: form.Template, matter: Matter) -> doc.Document:
    """The paper.

    Raises:
        FieldsMissing: the form needs a field that has no text.
        FactMissing: it needs a fact that the list does not have of a device.
        NoCitation: it cites a subject on which nothing is in force.
    """
    missing = unstated(template, matter.fields, matter.by_hand)
    if missing:
        raise FieldsMissing(names=", ".join(missing))
    return _Filler(template, matter).document()


class _Filler:
    def __init__(self, template: form.Template, matter: Matter) -> None:
        self._template = template
        self._matter = matter
        count = len(matter.assets)
        self._known = {
            "year": matter.day[:4],
            "day": written(matter.day, template.language),
            "count": f"{count:02d}" if template.language == "vi" else str(count),  # as Decree 30/2020 writes numbers
            "list_number": str(matter.mark.number),
            "list_date": written(matter.mark.day, template.language),
        }

    def document(self) -> doc.Document:
        template = self._template
        head = {name: self._line(text) for name, text in msgspec.structs.asdict(template.head).items()}
        parts = [part for one in template.parts if (part := self._part(one)) is not None]
        return doc.Document(
            language=template.language,
            landscape=template.landscape,
            masthead=doc.Masthead(**head),
            parts=tuple(parts),
            footer=self._footer(),
            note=self._line(template.note),
        )

    def _footer(self) -> tuple[str, ...]:
        """What is on every page of every paper, whatever the form: by it the paper is held against the list."""
        mark, template = self._matter.mark, self._template
        with speaking(template.language):
            text = _("List of approved devices no. {number} of {day}; log record {entry}; form {form}, version {n}")
            sealed = _("Seal of the log at record {entry}: {code}").format(entry=mark.sealed, code=mark.seal)
        known = {"number": mark.number, "day": self._known["list_date"], "entry": mark.entry}
        lines = text.format(**known, form=template.kind, n=template.version), f"SHA-256 {mark.digest}"
        return (*lines, sealed) if mark.seal else lines

    def _text(self, text: str, extra: Mapping[str, str] | None = None) -> str:
        known = {**self._known, **(extra or {})}
        pieces, last = [], 0
        for found in form.PLACE.finditer(text):
            pieces.append(text[last : found.start()])
            pieces.append(known[found[1]] if found[1] in known else self._field(found[1], int(found[2] or 0)))
            last = found.end()
        return visible("".join((*pieces, text[last:])))

    def _field(self, name: str, dots: int) -> str:
        if name == form.BLANK:
            return "." * dots
        field = self._template.fields[name]
        text = self._matter.fields.get(name, "")
        if name in self._matter.by_hand and field.blank:
            return "." * field.blank
        if not text:
            raise _LeftOut
        return text

    def _line(self, text: str) -> str:
        """A text, or nothing when it names an optional field that is empty."""
        try:
            return self._text(text)
        except _LeftOut:
            return ""

    def _lines(self, texts: Iterable[str]) -> list[str]:
        return [line for text in texts if (line := self._line(text))]

    def _part(self, part: form.AnyPart) -> doc.Part | None:
        match part:
            case form.TitlePart():
                return doc.Title(self._line(part.text), self._line(part.about))
            case form.BasesPart():
                return doc.Bases(tuple(self._bases(part)))
            case form.TextPart():
                text = self._line(part.text)
                return doc.Paragraph(text, part.strong) if text else None
            case form.LinesPart():
                return doc.Lines(self._line(part.heading), tuple(self._lines(part.lines)))
            case form.TablePart():
                return self._table(part)
            case form.SignaturesPart():
                blocks = (doc.Signature(*map(self._line, (one.title, one.note, one.name))) for one in part.blocks)
                return doc.Signatures(tuple(blocks))
            case form.RecipientsPart():
                ends = [*[";"] * (len(part.lines) - 1), "."]
                lines = (f"- {line}{end}" for line, end in zip(self._lines(part.lines), ends, strict=False))
                return doc.Recipients(self._line(part.title), tuple(lines))

    def _bases(self, part: form.BasesPart) -> list[str]:
        matter, language = self._matter, self._template.language
        laws = [
            text.vi if language == "vi" else text.en
            for subject in part.subjects
            for text in in_force(matter.citations, subject, matter.day)
        ]
        texts = [visible(law) for law in laws] + self._lines(part.more)
        lines = [part.line.replace("{text}", text) for text in texts]
        return [line + ("." if index == len(lines) else ";") for index, line in enumerate(lines, 1)]

    def _table(self, part: form.TablePart) -> doc.Table:
        whole = sum(column.width for column in part.columns)
        columns = (doc.Column(self._line(c.title), c.width / whole, c.align) for c in part.columns)
        rows = tuple(self._row(part, number, asset) for number, asset in enumerate(self._matter.assets, 1))
        return doc.Table(tuple(columns), rows, part.size)

    def _row(self, part: form.TablePart, number: int, asset: Asset) -> tuple[str, ...]:
        row = Row(number, asset, self._template.language, self._matter.today)
        return tuple(self._cell(column, row) for column in part.columns)

    def _cell(self, column: form.ColumnPart, row: Row) -> str:
        text = visible(READ[column.of](row)) or column.none
        if not text and column.of != form.BLANK:
            raise FactMissing(id=row.asset.id, what=column.title)
        return text

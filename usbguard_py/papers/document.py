"""A paper as values: what stands on it, in order, before anything says how it looks.

Every text is final: filled in, visible (:func:`usbguard_py.papers.fill.visible`), without markup. A line end inside a
text is one on the paper.
"""

import msgspec


class Masthead(msgspec.Struct, frozen=True):
    """The head: agency on the left, name and motto of the state on the right. An empty line is left out."""

    above: str
    body: str
    number: str
    nation: str
    motto: str
    place: str


class Title(msgspec.Struct, frozen=True):
    """Kind of the paper, and what it is about."""

    text: str
    about: str


class Bases(msgspec.Struct, frozen=True):
    """The legal bases, each a line with its end."""

    lines: tuple[str, ...]


class Paragraph(msgspec.Struct, frozen=True):
    """A paragraph of the body; ``strong`` for a heading in it."""

    text: str
    strong: bool = False


class Lines(msgspec.Struct, frozen=True):
    """A party: a heading, and lines below it."""

    heading: str
    lines: tuple[str, ...]


class Column(msgspec.Struct, frozen=True):
    """A column of a table; ``width`` is its share of the width of the text."""

    title: str
    width: float
    align: str


class Table(msgspec.Struct, frozen=True):
    """The devices; the titles are repeated on every page. ``size`` of the letters in points."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    size: int


class Signature(msgspec.Struct, frozen=True):
    """Who signs: as what, how, and the name below the space for the signature."""

    title: str
    note: str
    name: str


class Signatures(msgspec.Struct, frozen=True):
    """The blocks of signatures, from left to right; they stay on one page."""

    blocks: tuple[Signature, ...]


class Recipients(msgspec.Struct, frozen=True):
    """Who gets a copy."""

    title: str
    lines: tuple[str, ...]


Part = Title | Bases | Paragraph | Lines | Table | Signatures | Recipients


DOTS = "." * 40


def dotted(text: str) -> bool:
    """Whether a text is to be completed by hand: it is not justified, which would tear the words before the dots."""
    return DOTS in text


class Document(msgspec.Struct, frozen=True):
    """A whole paper.

    ``language`` is ``vi`` or ``en``. ``note`` stands above everything, empty for none. ``footer`` stands at the foot
    of every page.
    """

    language: str
    landscape: bool
    masthead: Masthead
    parts: tuple[Part, ...]
    footer: tuple[str, ...]
    note: str = ""

    def held(self, index: int) -> bool:
        """Whether a part stays on the page of what follows: before the table, and so that no signature stands alone."""
        return any(isinstance(part, Table | Signatures | Recipients) for part in self.parts[index + 1 : index + 2])

    @property
    def name(self) -> str:
        """What a program shows as the name of the paper."""
        titles = (f"{part.text} {part.about}" for part in self.parts if isinstance(part, Title))
        return next(titles, "").strip()

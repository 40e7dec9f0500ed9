"""A table for people: a head, a line under it, two spaces between columns, notes below a row.

Own and small: importing rich's table costs as much as the whole of click, and it knows
neither our fallback without accents nor notes under a row.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence

from usbguard_py.cli.display import columns, fit, painted, width, wrapped
from usbguard_py.plain import Value

GAP = 2  # spaces between columns
NARROWEST = 10  # columns that a shrinking column keeps


class Column(Value):
    """A column: its head; whether it may shrink by wrapping; whether it stands to the right."""

    head: str
    flexible: bool = False
    right: bool = False


class Row(Value):
    """A row: its cells, a style for the whole of it, and a sentence below it."""

    cells: Sequence[str]
    style: str = ""
    note: str = ""


def table(heads: Sequence[Column], rows: Iterable[Row], limit: int | None = None) -> Iterator[str]:
    """The lines of a table, at most ``limit`` columns wide (the terminal's width by default, 0 for no limit)."""
    limit = columns() if limit is None else limit
    shown = [
        Row([fit(c, sys.stdout) for c in row.cells], row.style, fit(row.note, sys.stdout) if row.note else "")
        for row in rows
    ]
    names = [fit(c.head, sys.stdout) for c in heads]
    sizes = [max(width(n), *(width(r.cells[i]) for r in shown), 1) for i, n in enumerate(names)]
    if limit:
        _shrink(sizes, heads, limit)
    for line in _lines(names, sizes, heads):
        yield painted(line, "head")
    yield (" " * GAP).join(fit("─", sys.stdout) * s for s in sizes)
    for row in shown:
        for line in _lines(row.cells, sizes, heads):
            yield painted(line, row.style)
        yield from _note(row, sizes[0], limit)


def _note(row: Row, first: int, limit: int) -> Iterator[str]:
    indent = " " * (first + GAP)
    if row.note:
        for line in wrapped(row.note, limit - len(indent)) if limit else [row.note]:
            yield indent + line


def _shrink(sizes: list[int], heads: Sequence[Column], limit: int) -> None:
    flexible = [i for i, h in enumerate(heads) if h.flexible]
    while sum(sizes) + GAP * (len(sizes) - 1) > limit:
        widest = max(flexible, key=lambda i: sizes[i], default=-1)
        if widest < 0 or sizes[widest] <= NARROWEST:
            return
        sizes[widest] -= 1


def _lines(cells: Sequence[str], sizes: Sequence[int], heads: Sequence[Column]) -> Iterator[str]:
    parts = [wrapped(cell, size) for cell, size in zip(cells, sizes, strict=True)]
    for index in range(max(map(len, parts))):
        line = (
            _padded(part[index] if index < len(part) else "", size, head.right)
            for part, size, head in zip(parts, sizes, heads, strict=True)
        )
        yield (" " * GAP).join(line).rstrip()


def _padded(text: str, size: int, right: bool) -> str:  # noqa: FBT001 - a column's own field
    space = " " * (size - width(text))
    return space + text if right else text + space

"""The approved list as a file: CSV here, JSON and XLSX beside it; each is read with bounded memory.

What a file holds that cannot be taken is a :class:`~usbguard_py.core.sheet.Fault` with its place, never an exception.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from usbguard_py.core.formulas import marked, typed
from usbguard_py.core.sheet import COLUMNS, FACES, NEEDED, Fault, cells, from_cells
from usbguard_py.core.whitelist import Asset
from usbguard_py.shell.sheets_json import Found, Tell, opened, read_json, write_json

__all__ = ["FORMATS", "Found", "format_of", "opened", "read", "write"]

FORMATS = ("csv", "json", "xlsx")
MAX_RECORD = 1024 * 1024  # bytes of one row
MAX_CELL = 131_072  # characters of one cell; a request has half of it
REMARK = "#"  # what a row begins with that says something to people only
BOM = b"\xef\xbb\xbf"  # by it a spreadsheet knows that a CSV file is UTF-8


def write_csv(file: IO[bytes], assets: Iterable[Asset], titles: Mapping[str, str]) -> int:
    """Write a header, a row for people with ``titles``, and a row for each asset; how many there are."""
    file.write(BOM)
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerow(_titles(titles))
    count = 0
    for count, asset in enumerate(assets, 1):  # noqa: B007 - the last number is the count
        writer.writerow([marked(cell) for cell in cells(asset)])
    text.flush()
    text.detach()
    return count


def _titles(titles: Mapping[str, str]) -> list[str]:
    first, *rest = (titles.get(name, name) for name in COLUMNS)
    return [f"{REMARK} {first}", *rest]


def read_csv(path: Path, tell: Tell) -> Iterator[Found]:
    """The rows of a CSV file, with commas, semicolons or tabs; ``tell`` as for JSON.

    Raises:
        BadInput: it cannot be opened, or is too long.
    """
    with opened(path) as file:
        yield from csv_rows(file, tell)


def csv_rows(file: IO[bytes], tell: Tell) -> Iterator[Found]:
    """The same of an open file."""
    csv.field_size_limit(MAX_RECORD)
    if file.read(len(BOM)) != BOM:
        file.seek(0)
    table = Table(typed)
    delimiter = ""
    for line, raw in _records(file):
        delimiter = delimiter or _delimiter(raw)
        tell(file.tell())
        found = _split(line, raw, delimiter, table.names)
        if isinstance(found, Fault):
            yield (found,)
            return
        yield from table.row(line, found)
        if table.stopped:
            return
    yield from table.end()


def _records(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Pieces of the file that hold one row each: line ends inside quotation marks belong to a cell (RFC 4180, 2.6)."""
    number, first, held, marks = 0, 1, bytearray(), 0
    while line := file.readline(MAX_RECORD + 1):
        number += 1
        held += line
        marks += line.count(b'"')
        if len(held) > MAX_RECORD or marks % 2 == 0:
            yield first, bytes(held)
            first, marks = number + 1, 0
            held.clear()
    if held:
        yield first, bytes(held)


def _delimiter(header: bytes) -> str:
    """What parts the cells: a spreadsheet writes what its country's settings say."""
    return max(",;\t", key=lambda sign: header.count(sign.encode()))


def _split(line: int, raw: bytes, delimiter: str, names: list[str]) -> list[str] | Fault:
    """The cells of a row, or what is wrong with it."""
    why = ""
    if len(raw) > MAX_RECORD:
        why = f"more than {MAX_RECORD} bytes"
    elif raw.count(b'"') % 2:
        why = "a quotation mark is not closed"
    if why:
        return Fault(line, column(names, _cells_in(raw[:MAX_RECORD], delimiter) - 1), why)
    try:
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8"), newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return Fault(line, "", "not CSV")
    except UnicodeDecodeError as error:
        return Fault(line, column(names, _cells_in(raw[: error.start], delimiter) - 1), "not UTF-8")
    # More than one: a line end outside quotation marks that do not fit together.
    return rows[0] if len(rows) == 1 else Fault(line, "", "not CSV") if rows else []


def _cells_in(part: bytes, delimiter: str) -> int:
    """How many cells have begun in a part of a row."""
    text = io.StringIO(part.decode("utf-8", "replace"), newline="")
    try:
        return len(next(csv.reader(text, delimiter=delimiter), [])) or 1
    except csv.Error:
        return 0


def column(names: list[str], index: int) -> str:
    """The name of a column, or the letter that a spreadsheet has for it."""
    if 0 <= index < len(names) and names[index]:
        return names[index][:64]
    letters = ""
    index += 1
    while index > 0:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


class Table:
    """Makes rows of cells: the first row names the columns.

    Args:
        read: what was written as the text of a cell; ValueError when it cannot be told.
    """

    def __init__(self, read: Callable[[str], str]) -> None:
        self.names: list[str] = []
        self.stopped = False
        self._read = read

    def row(self, line: int, texts: list[str]) -> Iterator[Found]:
        """What the next row of the file is; nothing for a remark, an empty row and the header."""
        if not any(texts) or (texts[0].startswith(REMARK) and not self._has_faces(texts)):
            return
        if not self.names:
            yield from self._header(line, [text.strip() for text in texts])
            return
        more = [index for index, text in enumerate(texts) if text and index >= len(self.names)]
        if more:
            yield (Fault(line, column(self.names, more[0]), "more cells than the first row has"),)
            return
        longest = next((index for index, text in enumerate(texts) if len(text) > MAX_CELL), -1)
        if longest >= 0:
            yield (Fault(line, column(self.names, longest), f"more than {MAX_CELL} characters"),)
            return
        yield self._cells(line, dict(zip(self.names, texts, strict=False)))

    def _cells(self, line: int, texts: dict[str, str]) -> Found:
        """The row of these texts, or all that is wrong with it."""
        faults: dict[str, Fault] = {}
        for name, text in texts.items():
            try:
                texts[name] = self._read(text)
            except ValueError as error:
                faults[name] = Fault(line, name, str(error))
        found = from_cells(line, texts)
        if not faults:
            return found
        return (
            (*faults.values(), *(one for one in found if one.column not in faults))
            if isinstance(found, tuple)
            else tuple(faults.values())
        )

    def _has_faces(self, texts: list[str]) -> bool:
        """Whether a row names a device: such a one is never a remark, whatever it begins with."""
        index = self.names.index(FACES) if FACES in self.names else len(texts)
        return index < len(texts) and texts[index].lstrip().startswith("[")

    def _header(self, line: int, names: list[str]) -> Iterator[Found]:
        while names and not names[-1]:
            names.pop()
        self.names = names
        faults = [
            Fault(line, column(names, index), "there is no such column" if name not in COLUMNS else "is there twice")
            for index, name in enumerate(names)
            if name not in COLUMNS or name in names[:index]
        ]
        faults += [Fault(line, name, "is missing") for name in NEEDED if name not in names]
        if faults:
            self.stopped = True
            yield tuple(faults)

    def end(self) -> Iterator[Found]:
        """What is wrong with a file that ended."""
        if not self.names:
            yield (Fault(0, "", "is empty"),)


def read(form: str, path: Path, tell: Tell) -> Iterator[Found]:
    """The rows of a file of that format; ``tell`` gets how many bytes were dealt with.

    Raises:
        BadInput: it cannot be opened, or is too long.
    """
    if form == "xlsx":
        from usbguard_py.shell.sheets_xlsx import read_xlsx  # noqa: PLC0415 - its library takes a third of a second

        return read_xlsx(path, tell)
    return {"csv": read_csv, "json": read_json}[form](path, tell)


def write(form: str, file: IO[bytes], assets: Iterable[Asset], titles: Mapping[str, str], list_version: int) -> int:
    """Write a file of that format; how many assets there are."""
    if form == "json":
        return write_json(file, assets, list_version)
    if form == "xlsx":
        from usbguard_py.shell.sheets_xlsx import write_xlsx  # noqa: PLC0415 - as above

        return write_xlsx(file, assets, titles)
    return write_csv(file, assets, titles)


def format_of(path: Path, named: str | None) -> str:
    """The format of a file: as named, else by its suffix; empty for neither."""
    return named or next((name for name in FORMATS if path.suffix.casefold() == f".{name}"), "")

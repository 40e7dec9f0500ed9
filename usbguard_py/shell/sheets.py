"""The approved list as a file: CSV and JSON here, XLSX beside it; each is read line by line with bounded memory.

What a file holds that cannot be taken is a :class:`~usbguard_py.core.sheet.Fault` with its place, never an exception.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

import msgspec

from usbguard_py.core.formulas import marked, unmarked
from usbguard_py.core.sheet import COLUMNS, FACES, NEEDED, Fault, Row, cells, from_cells, from_plain
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import BadInput

FORMATS = ("csv", "json")
FORMAT = "usbguard-py-list"
VERSION = 1
MAX_FILE = 64 * 1024 * 1024  # bytes; 10 000 devices have 15 MB
MAX_RECORD = 1024 * 1024  # bytes of one row
MAX_CELL = 131_072  # characters of one cell; a request has half of it
REMARK = "#"  # what a row begins with that says something to people only
BOM = b"\xef\xbb\xbf"  # by it a spreadsheet knows that a CSV file is UTF-8
_BYTE = re.compile(r"byte (\d+)")  # where msgspec's sentence has the place

Found = Row | tuple[Fault, ...]
Tell = Callable[[int], None]


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


def write_json(file: IO[bytes], assets: Iterable[Asset], list_version: int) -> int:
    """Write one object, each asset on a line of its own; how many there are. The same list gives the same bytes."""
    encode = msgspec.json.Encoder(order="sorted").encode
    head = {"format": FORMAT, "list_version": list_version, "version": VERSION}
    file.write(encode(head)[:-1] + b',"assets":[')
    count = 0
    for count, asset in enumerate(assets, 1):
        file.write((b",\n" if count > 1 else b"\n") + encode(asset))
    file.write(b"\n]}\n")
    return count


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The outermost object of a JSON file."""

    format: str
    version: int
    assets: list[msgspec.Raw]
    list_version: int = 0


def read_json(path: Path, tell: Tell) -> Iterator[Found]:
    """The rows of a JSON file; ``tell`` gets how many bytes were dealt with.

    Raises:
        BadInput: it cannot be opened, or is too long.
    """
    with opened(path) as file:
        raw = file.read()
    try:
        whole = msgspec.json.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield (_not_json(raw, error),)
        return
    if (whole.format, whole.version) != (FORMAT, VERSION):
        yield (Fault(1, "", f"a format this version does not read: {whole.format[:32]} {whole.version}"),)
        return
    place = raw.find(b'"assets"')
    line = raw.count(b"\n", 0, place) + 1
    for piece in whole.assets:
        at = raw.find(bytes(piece), place)
        line += raw.count(b"\n", place, at)
        tell(at)
        try:
            plain = msgspec.json.decode(piece)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield (Fault(line, "", "not JSON"),)
        else:
            yield from_plain(line, plain)
        place = at + len(bytes(piece))
        line += raw.count(b"\n", at, place)


def _not_json(raw: bytes, error: Exception) -> Fault:
    if isinstance(error, msgspec.ValidationError):
        return Fault(1, "", f"no list: {error}"[:300])
    found = _BYTE.search(str(error))
    if found:
        place = min(int(found[1]), len(raw))
    else:  # what is cut off is wrong at its end
        place = error.start if isinstance(error, UnicodeDecodeError) else len(raw)
    line = raw.count(b"\n", 0, place) + 1
    return Fault(line, str(place - raw.rfind(b"\n", 0, place)), "not UTF-8" if _is_bytes(error) else "not JSON")


def _is_bytes(error: Exception) -> bool:
    return isinstance(error, UnicodeDecodeError) or "UTF-8" in str(error)


def read_csv(path: Path, tell: Tell) -> Iterator[Found]:
    """The rows of a CSV file, with commas, semicolons or tabs; ``tell`` as for JSON.

    Raises:
        BadInput: it cannot be opened, or is too long.
    """
    csv.field_size_limit(MAX_RECORD)
    with opened(path) as file:
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        table = Table(unmarked)
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
        read: what was written as the text of a cell.
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
        yield from_cells(line, {name: self._read(text) for name, text in zip(self.names, texts, strict=False)})

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


def opened(path: Path) -> IO[bytes]:
    """The file, opened for reading.

    Raises:
        BadInput: it cannot be opened, is no file, or is too long.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would wait for somebody to write
            raise BadInput(where=str(path), detail="no file")
        file = path.open("rb")
    except OSError as error:
        raise BadInput(where=str(path), detail=error.strerror or "cannot be read") from error
    if path.stat().st_size > MAX_FILE:
        file.close()
        raise BadInput(where=str(path), detail=f"longer than {MAX_FILE} bytes")
    return file


def read(form: str, path: Path, tell: Tell) -> Iterator[Found]:
    """The rows of a file of that format; ``tell`` gets how many bytes were dealt with.

    Raises:
        BadInput: it cannot be opened, or is too long.
    """
    return {"csv": read_csv, "json": read_json}[form](path, tell)


def write(form: str, file: IO[bytes], assets: Iterable[Asset], titles: Mapping[str, str], list_version: int) -> int:
    """Write a file of that format; how many assets there are."""
    if form == "json":
        return write_json(file, assets, list_version)
    return write_csv(file, assets, titles)


def format_of(path: Path, named: str | None) -> str:
    """The format of a file: as named, else by its suffix; empty for neither."""
    return named or next((name for name in FORMATS if path.suffix.casefold() == f".{name}"), "")

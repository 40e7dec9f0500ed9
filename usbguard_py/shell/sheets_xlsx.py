"""The approved list as XLSX (ECMA-376), by openpyxl; imported only by the commands that are given such a file.

Every cell is written as a text, so that nothing in it is ever calculated; a formula in a file that is read is refused.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from usbguard_py.core.formulas import MARK, unmarked
from usbguard_py.core.importing import MAX_ROWS
from usbguard_py.core.sheet import COLUMNS, Fault, cells
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import CannotWrite
from usbguard_py.shell.sheets import REMARK, Table, column
from usbguard_py.shell.sheets_json import Found, Tell, opened

MAX_UNPACKED = 128 * 1024 * 1024  # bytes; 10 000 devices have 30 MB
MAX_PARTS = 1000
MAX_COLUMNS = 256
MAX_TEXT = 32_767  # characters that a cell can hold; openpyxl cuts the rest off
_CHUNK = 1024 * 1024
_TEXT = "@"  # the number format of texts: what is typed into the cell stays as it is (ECMA-376-1, 18.8.30)
_EXACT = 2**53  # the first integer beside which a double has none
# What XML cannot hold is written _xHHHH_ (ECMA-376-1, 22.9.2.19, ST_Xstring); so is the underscore of such a text.
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_CODED = re.compile("_x([0-9A-Fa-f]{4})_")
# A part of the format never has a document type (ECMA-376-2, 8.2.4), by which a few bytes would become many.
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")
# What openpyxl and what it calls raise for bytes that are no workbook.
_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
)


def write_xlsx(file: IO[bytes], assets: Iterable[Asset], titles: Mapping[str, str]) -> int:
    """Write a header, a row for people with ``titles``, and a row for each asset; how many there are.

    Raises:
        CannotWrite: an asset has a text that no cell can hold.
    """
    rows = []
    for asset in assets:
        rows.append([_written(text) for text in cells(asset)])
        if max(map(len, rows[-1])) > MAX_TEXT:
            raise CannotWrite(
                path=getattr(file, "name", ""), detail=f"{asset.id} does not fit into a cell; use CSV or JSON"
            )
    first, *rest = (titles.get(name, name) for name in COLUMNS)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("usbguard-py")
    sheet.freeze_panes = "A3"
    # openpyxl's writer asks for it; without, whoever reads the file by openpyxl looks through all of it first.
    sheet.calculate_dimension = lambda: f"A1:{get_column_letter(len(COLUMNS))}{len(rows) + 2}"
    for row in (COLUMNS, (f"{REMARK} {first}", *rest), *rows):
        sheet.append([_cell(sheet, text) for text in row])
    book.save(file)
    return len(rows)


def _cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, None)
    # Not by its setter, which makes a formula of a text that begins with "=".
    cell._value, cell.data_type, cell.number_format = text, "s", _TEXT  # noqa: SLF001
    return cell


def _written(text: str) -> str:
    """``text`` as a cell holds it; marked only where it would be taken for a marked one."""
    marked = text if unmarked(text) == text else MARK + text
    return marked if marked.isalnum() else _NO_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", marked)


def read_xlsx(path: Path, tell: Tell) -> Iterator[Found]:
    """The rows of the first sheet of a workbook; ``tell`` gets how many bytes of it were dealt with, nearly.

    Raises:
        BadInput: it cannot be opened, or is too long.
    """
    with opened(path) as file:
        try:
            why = _unsound(file)
            if why:
                yield (Fault(0, "", why),)
                return
            with warnings.catch_warnings(action="ignore"):  # about styles that it does not know
                book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
                sheet = book.worksheets[0]
                sheet.reset_dimensions()
                yield from _rows(sheet, tell, path.stat().st_size)
        except _BROKEN:
            yield (Fault(0, "", "not XLSX"),)


def _unsound(file: IO[bytes]) -> str:
    """Unpack everything once, piece by piece, and see that it is bounded and whole; empty when it is."""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            return f"more than {MAX_UNPACKED} bytes when it is unpacked"
        for part in parts:
            tail = b""
            with archive.open(part) as packed:  # gives as many bytes as the directory says, and compares their CRC
                while piece := packed.read(_CHUNK):
                    if any(word in tail + piece for word in _FORBIDDEN):
                        return "not XLSX"
                    tail = piece[-len(_FORBIDDEN[0]) :]
    return ""


def _rows(sheet: Any, tell: Tell, size: int) -> Iterator[Found]:
    table = Table(unmarked)
    for line, row in enumerate(sheet.iter_rows(), 1):
        if line > MAX_ROWS + 1000:
            yield (Fault(line, "", f"more than {MAX_ROWS} rows"),)
            return
        tell(min(size, line * 400))
        texts: list[str] = []
        faults = []
        for index, cell in enumerate(row[:MAX_COLUMNS]):  # asked for so many, openpyxl would fill every row up
            if cell.value is None:
                texts.append("")
                continue
            try:
                texts.append(_read(cell))
            except ValueError as error:
                faults.append(Fault(line, column(table.names, index), str(error)))
        while texts and not texts[-1]:
            texts.pop()
        if faults:
            yield tuple(faults)
        else:
            yield from table.row(line, texts)
        if table.stopped:
            return
    yield from table.end()


def _read(cell: Any) -> str:
    """The text of a cell, also of one that a spreadsheet made a number or a day of.

    Raises:
        ValueError: it is calculated, or nobody can say what was typed.
    """
    value = cell.value
    if cell.data_type == "f":
        raise ValueError("a formula")
    if cell.data_type == "e":
        raise ValueError("an error of the spreadsheet")
    if isinstance(value, str):
        return _CODED.sub(lambda found: chr(int(found[1], 16)), value) if "_x" in value else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime) and value == datetime(value.year, value.month, value.day, tzinfo=value.tzinfo):
        return value.date().isoformat()
    if type(value) is date:
        return value.isoformat()
    if isinstance(value, int | float) and value == int(value) and abs(value) < _EXACT:
        return str(int(value))
    raise ValueError("a number or a time; format the cell as text and type it again")

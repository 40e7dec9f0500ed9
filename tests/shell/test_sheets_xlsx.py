"""XLSX: nothing is calculated, nothing is guessed, and a file that is none costs little."""

import io
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import a_stick, an_asset
from tests.shell.test_sheets import ROW, TITLES
from usbguard_py.core.sheet import COLUMNS, Fault, Row
from usbguard_py.errors import CannotWrite
from usbguard_py.shell import sheets, sheets_xlsx


def book(path: Path, *rows: dict[str, Any], names: tuple[str, ...] = COLUMNS) -> Path:
    """A workbook as a spreadsheet would write it: values of any type."""
    made = openpyxl.Workbook()
    made.active.append(list(names))
    for row in rows:
        made.active.append([row.get(name) for name in names])
    made.save(path)
    return path


def read(path: Path) -> list[Any]:
    return list(sheets.read("xlsx", path, lambda _place: None))


def faults(path: Path) -> list[Fault]:
    return [fault for found in read(path) if not isinstance(found, Row) for fault in found]


def test_no_cell_is_ever_calculated(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    with path.open("wb") as file:
        sheets.write("xlsx", file, [an_asset(a_stick(), holder='=HYPERLINK("http://x")', label="007")], TITLES, 1)
    rows = list(openpyxl.load_workbook(path).active.iter_rows())
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} == {"s"}
    assert [row[0].value for row in rows] == ["id", "# Số", "TB-0001"]
    assert {cell.number_format for row in rows for cell in row} == {"@"}


WRONG: dict[str, tuple[dict[str, Any], list[Fault]]] = {
    "a formula": ({"holder": "=1+1"}, [Fault(2, "holder", "a formula")]),
    "an error": ({"unit": "#N/A"}, [Fault(2, "unit", "an error of the spreadsheet")]),
    "half a number": (
        {"printed_serial": 1.5},
        [Fault(2, "printed_serial", "a number or a time; format the cell as text and type it again")],
    ),
    "a number without its last digits": (
        {"printed_serial": 1.2345678901234567e19},
        [Fault(2, "printed_serial", "a number or a time; format the cell as text and type it again")],
    ),
    "a time": (
        {"expires_on": datetime(2026, 11, 21, 12)},  # noqa: DTZ001 - a cell has no zone
        [Fault(2, "expires_on", "a number or a time; format the cell as text and type it again")],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_spreadsheet_made_of_a_text_is_refused_at_its_place(tmp_path: Path, name: str) -> None:
    cells, expected = WRONG[name]
    assert faults(book(tmp_path / "x", ROW | cells)) == expected


def test_days_and_whole_numbers_are_what_was_typed(tmp_path: Path) -> None:
    day = datetime(2027, 3, 4)  # noqa: DTZ001 - as above
    (row,) = read(book(tmp_path / "x", ROW | {"expires_on": day, "printed_serial": 12345, "login_tool": True}))
    assert (row.asset.expires_on, row.asset.printed_serial, row.asset.login_tool) == ("2027-03-04", "12345", True)


def test_an_unknown_column_is_refused(tmp_path: Path) -> None:
    assert faults(book(tmp_path / "x", ROW, names=(*COLUMNS, "colour"))) == [
        Fault(1, "colour", "there is no such column")
    ]


def archive(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return path


def rebuilt(path: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(book(path, ROW)) as good:
        parts = {part: good.read(part) for part in good.namelist()}
    return archive(path, parts | {name: content})


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets_xlsx, "MAX_UNPACKED", 10**6)
    path = archive(tmp_path / "x", {"xl/workbook.xml": b" " * (10**6 + 1)})
    assert path.stat().st_size < 10**4
    assert faults(path) == [Fault(0, "", "more than 1000000 bytes when it is unpacked")]


def test_no_entity_is_ever_followed(tmp_path: Path) -> None:
    head = b'<?xml version="1.0"?><!--' + b"x" * sheets_xlsx._CHUNK + b"-->"
    path = rebuilt(tmp_path / "x", "xl/worksheets/sheet1.xml", head + b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    assert faults(path) == [Fault(0, "", "not XLSX")]


@pytest.mark.parametrize("content", [b"", b"PK", b"<a", b"\x00" * 100])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert faults(tmp_path / "x") == [Fault(0, "", "not XLSX")]
    assert faults(rebuilt(tmp_path / "y", "xl/workbook.xml", content)) == [Fault(0, "", "not XLSX")]
    assert faults(archive(tmp_path / "z", {"a": content})) == [Fault(0, "", "not XLSX")]


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 4000), byte=st.integers(0, 255))
def test_a_changed_byte_makes_no_traceback(place: int, byte: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = book(Path(folder, "x"), ROW)
        raw = bytearray(path.read_bytes())
        raw[place % len(raw)] = byte
        path.write_bytes(raw)
        for found in read(path):
            assert isinstance(found, Row) or all(isinstance(fault, Fault) for fault in found)


def test_a_text_that_no_cell_holds_is_refused() -> None:
    with pytest.raises(CannotWrite):
        sheets.write("xlsx", io.BytesIO(), [an_asset(a_stick(), unit="x" * 32768)], TITLES, 1)

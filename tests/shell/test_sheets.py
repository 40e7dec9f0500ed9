"""The list as a file: nothing is lost on the way, whatever stands in it; what is wrong is named with its place."""

import csv
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import a_stick, an_asset
from usbguard_py.core.content import Content, Partition
from usbguard_py.core.device import Interface
from usbguard_py.core.formulas import marked, unmarked
from usbguard_py.core.media import Lun
from usbguard_py.core.passport import Passport
from usbguard_py.core.sheet import COLUMNS, Fault, Row, cells
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint
from usbguard_py.errors import BadInput
from usbguard_py.shell import sheets, sheets_json

TITLES = {"id": "Số", "holder": "Người sử dụng"}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    [
        *("", "=1+1", "'=1", "''", "'", "@x", "-1", "+84", "\tx", "\rx", "＝1", "007", "12e5", "01/2026", "true", "#1"),
        *('5" stick', "a,b;c\td", "dòng\nhai", "Nguyễn Văn Mẫu", "2026-11-21", "123456789012", " ", "_x000D_", "# x"),
    ]
)
HEX = st.binary(max_size=12).map(bytes.hex)
BYTES = st.integers(0, 255)
DAYS = st.sampled_from(["2026-11-21", "2027-02-28"]) | st.just(msgspec.UNSET)
CONTENTS = st.builds(
    Content,
    type=st.sampled_from(["", "vfat", "crypto_LUKS"]),
    uuid=st.sampled_from(["", "1234-ABCD"]),
    partitions=st.lists(st.builds(Partition, number=st.integers(1, 16), kind=st.just("0x83")), max_size=2).map(tuple),
)
LUNS = st.builds(
    Lun,
    interface=BYTES,
    number=st.integers(0, 2**53 - 1),
    type=BYTES,
    vendor=st.binary(max_size=8).map(bytes.hex),
    model=st.binary(max_size=16).map(bytes.hex),
    revision=st.binary(max_size=4).map(bytes.hex),
    capacity=st.none() | st.integers(0, 2**53 - 1),
    content=st.just(msgspec.UNSET) | st.just("no medium") | CONTENTS,
)
PASSPORTS = st.builds(
    Passport,
    vid=st.integers(0, 0xFFFF),
    pid=st.integers(0, 0xFFFF),
    bcd_device=st.integers(0, 0xFFFF),
    serial=st.none() | HEX,
    manufacturer=st.none() | HEX,
    product=st.none() | HEX,
    descriptors_sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
    interfaces=st.lists(st.builds(Interface, *[BYTES] * 6), max_size=3).map(tuple),
    granted=st.lists(BYTES, max_size=2).map(tuple),
    media=st.just(msgspec.UNSET) | st.lists(LUNS, max_size=2).map(tuple),
)
ASSETS = st.builds(
    Asset,
    id=TEXTS,
    label=TEXTS,
    printed_serial=TEXTS,
    electronic_serial=st.binary(min_size=1, max_size=12).map(bytes.hex),
    holder=TEXTS,
    unit=TEXTS,
    document=TEXTS,
    state=st.sampled_from(Custody),
    fingerprints=st.lists(st.builds(Fingerprint, TEXTS, PASSPORTS), min_size=1, max_size=3).map(tuple),
    access=st.sampled_from(["rw", "ro"]),
    added_at=TEXTS,
    added_by=TEXTS,
    changed_at=TEXTS,
    reason=TEXTS,
    reason_document=TEXTS,
    login_tool=st.sampled_from([True, False, msgspec.UNSET]),
    expires_on=DAYS,
    inspected_on=DAYS,
    inspected_until=DAYS,
    inspect_first=st.sampled_from([True, False, msgspec.UNSET]),
    back_to=st.sampled_from([*Custody, msgspec.UNSET]),
)
LISTS = st.lists(ASSETS, max_size=4)


def written(path: Path, kind: str, assets: list[Asset]) -> Path:
    with path.open("wb") as file:
        assert sheets.write(kind, file, assets, TITLES, 7) == len(assets)
    return path


def read(path: Path, kind: str) -> list[Any]:
    return list(sheets.read(kind, path, lambda _place: None))


@pytest.mark.parametrize("kind", sheets.FORMATS)
@settings(max_examples=25, deadline=None)
@given(assets=LISTS)
def test_a_round_trip_loses_nothing(kind: str, assets: list[Asset]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = read(written(Path(folder, "list"), kind, assets), kind)
    assert [row.asset for row in rows] == assets


@given(TEXTS)
def test_no_cell_begins_as_a_formula(text: str) -> None:
    assert unmarked(marked(text)) == text
    assert not marked(text).startswith(tuple("=+-@\t\r\n＝＋－＠"))


def test_a_csv_file_is_for_people_too(tmp_path: Path) -> None:
    asset = an_asset(a_stick(), holder="=HYPERLINK(1)", printed_serial="007", label="01/2026")
    raw = written(tmp_path / "list.csv", "csv", [asset]).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfid,state,")
    head, titles, row = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert tuple(head) == COLUMNS
    assert (titles[0], titles[COLUMNS.index("holder")], titles[1]) == ("# Số", "Người sử dụng", "state")
    said = dict(zip(head, row, strict=True))
    assert (said["holder"], said["printed_serial"], said["label"]) == ("'=HYPERLINK(1)", "'007", "'01/2026")
    assert (said["serial"], said["state"]) == ("SAMPLE-0001", "in-use")
    assert json.loads(said["fingerprints"])[0]["passport"]["vid"] == 0x1234


def test_a_json_file_has_an_asset_on_each_line(tmp_path: Path) -> None:
    assets = [an_asset(a_stick(b"SAMPLE-%d" % n), id_=f"TB-{n:04d}") for n in range(3)]
    lines = written(tmp_path / "list.json", "json", assets).read_bytes().splitlines()
    assert json.loads(b"\n".join(lines))["list_version"] == 7
    assert [json.loads(line.rstrip(b","))["id"] for line in lines[1:4]] == ["TB-0000", "TB-0001", "TB-0002"]


ROW = dict(zip(COLUMNS, cells(an_asset(a_stick())), strict=True))


def table(*rows: dict[str, str], names: tuple[str, ...] = COLUMNS, delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return text.getvalue().encode()


GOOD = table(ROW)
NEW = '[{"name":"first","passport":{"vid":1}}]'
WRONG_CSV: dict[str, tuple[bytes, list[Fault]]] = {
    "nothing": (b"", [Fault(0, "", "is empty")]),
    "unknown column": (table(ROW, names=(*COLUMNS, "colour")), [Fault(1, "colour", "there is no such column")]),
    "a column twice": (table(ROW, names=(*COLUMNS, "unit")), [Fault(1, "unit", "is there twice")]),
    "missing column": (table(ROW, names=COLUMNS[:-1]), [Fault(1, "fingerprints", "is missing")]),
    "unknown state": (table(ROW | {"state": "sold"}), [Fault(2, "state", "there is no state “sold”")]),
    "several": (
        table(ROW, ROW | {"access": "x", "login_tool": "x", "serial": ""}),
        [Fault(3, "login_tool", "neither yes nor no")],
    ),
    "wrong access": (table(ROW | {"access": "x"}), [Fault(2, "access", "neither rw nor ro")]),
    "wrong serial": (
        table(ROW | {"serial": "SAMPLE-2"}),
        [Fault(2, "serial", "not the serial number in “electronic_serial”")],
    ),
    "no JSON": (table(ROW | {"fingerprints": "[x"}), [Fault(2, "fingerprints", "not JSON")]),
    "no list": (table(ROW | {"fingerprints": "{}"}), [Fault(2, "fingerprints", "not a list of faces")]),
    "half a passport": (
        table(ROW | {"fingerprints": NEW}),
        [Fault(2, "fingerprints", "no passport: Object missing required field `pid` - at `$[0].passport`")],
    ),
    "a passport with more": (
        table(ROW | {"fingerprints": ROW["fingerprints"].replace('"vid"', '"colour":"red","vid"')}),
        [Fault(2, "fingerprints", "there is no key “colour”")],
    ),
    "not UTF-8": (GOOD.replace(b"Nguyen", b"Nguy\xeann"), [Fault(2, "holder", "not UTF-8")]),
    "UTF-16": (GOOD.decode().encode("utf-16"), [Fault(1, "A", "not UTF-8")]),
    "open quotation mark": (GOOD + b'a,"b', [Fault(3, "state", "a quotation mark is not closed")]),
    "marks inside": (b'fingerprints,unit\n[],5" x\n[],6" y\n', [Fault(2, "", "not CSV")]),
    "more cells": (b"fingerprints,unit\n[],a,b\n", [Fault(2, "C", "more cells than the first row has")]),
    "a long cell": (table(ROW | {"unit": "x" * 131_073}), [Fault(2, "unit", "more than 131072 characters")]),
    "a cell of 10 MB": (table(ROW | {"unit": "x" * 10**7}), [Fault(2, "unit", "more than 1048576 bytes")]),
    "formulas beside other faults": (
        table(ROW | {"unit": "=HYPERLINK(1)", "holder": "＝1+1", "access": "x"}),
        [Fault(2, "holder", "a formula"), Fault(2, "unit", "a formula"), Fault(2, "access", "neither rw nor ro")],
    ),
    "lines without end": (
        table(ROW | {"unit": "x\n" * 10**6}),
        [Fault(2, "unit", "more than 1048576 bytes")],
    ),
}


@pytest.mark.parametrize("name", WRONG_CSV)
def test_what_is_wrong_with_a_csv_file_has_its_place(tmp_path: Path, name: str) -> None:
    raw, faults = WRONG_CSV[name]
    path = tmp_path / "list.csv"
    path.write_bytes(raw)
    found = [one for one in read(path, "csv") if not isinstance(one, Row)]
    assert [fault for several in found for fault in several] == faults


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheet_may_have_changed_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(table(ROW, names=("fingerprints", "holder"), delimiter=delimiter))
    (row,) = read(path, "csv")
    assert (row.line, row.asset.holder, row.asset.state) == (2, "Nguyen Van Mau", "pending")
    assert row.asset.electronic_serial == b"SAMPLE-0001".hex()


PLAIN = msgspec.to_builtins(an_asset(a_stick()))


def document(*assets: Any, **head: Any) -> bytes:
    lines = ",\n".join(json.dumps(asset) for asset in assets)
    return (
        json.dumps({"format": "usbguard-py-list", "version": 1, **head})[:-1] + f', "assets": [\n{lines}\n]}}'
    ).encode()


WRONG_JSON: dict[str, tuple[bytes, list[Fault]]] = {
    "nothing": (b"", [Fault(1, "1", "not JSON")]),
    "no JSON": (b'{"format":\n"x"', [Fault(2, "4", "not JSON")]),
    "another format": (document(format="x"), [Fault(1, "", "a format this version does not read: x 1")]),
    "a later version": (document(version=2), [Fault(1, "", "a format this version does not read: usbguard-py-list 2")]),
    "a list": (b"[]", [Fault(1, "", "no list: Expected `object`, got `array`")]),
    "no object": (document(PLAIN, 5), [Fault(3, "", "not a JSON object")]),
    "unknown key": (document(PLAIN | {"colour": 1}), [Fault(2, "colour", "there is no such column")]),
    "wrong types": (
        document(PLAIN | {"holder": 5, "login_tool": "yes", "fingerprints": 5}),
        [
            Fault(2, "holder", "not a text"),
            Fault(2, "fingerprints", "not a list of faces"),
            Fault(2, "login_tool", "neither yes nor no"),
        ],
    ),
    "missing": (document(PLAIN, {"id": "x"}), [Fault(3, "fingerprints", "is missing")]),
}


@pytest.mark.parametrize("name", WRONG_JSON)
def test_what_is_wrong_with_a_json_file_has_its_place(tmp_path: Path, name: str) -> None:
    raw, faults = WRONG_JSON[name]
    path = tmp_path / "list.json"
    path.write_bytes(raw)
    found = [one for one in read(path, "json") if not isinstance(one, Row)]
    assert [fault for several in found for fault in several] == faults


@pytest.mark.parametrize("kind", sheets.FORMATS)
@settings(max_examples=40, deadline=None)
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_rows_or_faults(kind: str, raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "list")
        for content in (raw, GOOD + raw, document(PLAIN)[:-3] + raw):
            path.write_bytes(content)
            for found in read(path, kind):
                assert isinstance(found, Row) or all(isinstance(fault, Fault) for fault in found)


def test_what_is_no_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "", "missing"):
        with pytest.raises(BadInput):
            read(tmp_path / name, "csv")
    monkeypatch.setattr(sheets_json, "MAX_FILE", 5)
    (tmp_path / "long").write_bytes(b"123456")
    with pytest.raises(BadInput):
        read(tmp_path / "long", "csv")

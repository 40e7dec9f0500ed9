"""The file in which a list is carried, and receipts: nothing is lost, and what is damaged is never half believed."""

import os
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import a_stick, an_asset
from tests.shell.test_sheets import LISTS
from usbguard_py.core.carrying import Head, Held, Machine, Receipt, list_digest, on_paper, typed_digest
from usbguard_py.core.moments import days_between, instant
from usbguard_py.core.sheet import Fault
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import BadInput, CannotWrite
from usbguard_py.shell import carried_files, sheets_json
from usbguard_py.shell.carried_files import CarriedList, read_carried, read_receipts, write_carried, write_receipt

ORIGIN = Machine("ab" * 16, "may-mot")
AT = "2026-11-22T08:00:00.000+07:00"
TAKEN = Receipt(Machine("cd" * 16, "may-hai"), ORIGIN.id, 3, "ef" * 32, AT)


def head(assets: tuple[Asset, ...]) -> Head:
    found = Head(ORIGIN, 7, len(assets), AT, AT, 30, "")
    return msgspec.structs.replace(found, sha256=list_digest(found, assets))


def written(assets: tuple[Asset, ...], machines: tuple[Receipt, ...] = (TAKEN,)) -> bytes:
    with tempfile.TemporaryFile() as file:
        write_carried(file, head(assets), machines, assets)
        file.seek(0)
        return file.read()


def three() -> tuple[Asset, ...]:
    return tuple(an_asset(a_stick(b"SAMPLE-%04d" % n), id_=f"TB-{n:04d}", holder="Trần Thị Mẫu") for n in (1, 2, 3))


@settings(max_examples=25, deadline=None)
@given(assets=LISTS)
def test_a_round_trip_loses_nothing(assets: list[Asset]) -> None:
    raw = written(tuple(assets))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "list.json")
        path.write_bytes(raw)
        found = read_carried(path)
    assert isinstance(found, CarriedList)
    assert (found.head, found.machines, found.assets) == (head(tuple(assets)), (TAKEN,), tuple(assets))


def test_each_device_is_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(written(three()))
    found = read_carried(path)
    assert isinstance(found, CarriedList)
    assert found.lines == (2, 3, 4)
    assert [line.count("TB-") for line in path.read_text().splitlines()] == [0, 1, 1, 1, 0]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_is_always_noticed(data: st.DataObject) -> None:
    """A file that was cut off, or of which one byte is another, is never a list."""
    raw = written(three())
    place = data.draw(st.integers(0, len(raw) - 2))  # the last byte ends the line; without it all is said
    if data.draw(st.booleans()):
        damaged = raw[:place]
    else:
        damaged = raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "list.json")
        path.write_bytes(damaged)
        found = read_carried(path)
    whole = isinstance(found, CarriedList)
    assert not whole or found == _read(raw), "a blank where a blank may be"


def _read(raw: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "list.json")
        path.write_bytes(raw)
        return read_carried(path)


RAW = written(three())
WRONG: dict[str, tuple[bytes, Fault]] = {
    "empty": (b"", Fault(1, "1", "not JSON")),
    "a text": (b"hello", Fault(1, "1", "not JSON")),
    "an export": (
        b'{"assets":[],"format":"usbguard-py-list","version":1}',
        Fault(1, "", "a format this version does not read: usbguard-py-list 1"),
    ),
    "a later version": (
        RAW.replace(b'"version":1', b'"version":2'),
        Fault(1, "", "a format this version does not read: usbguard-py-carried-list 2"),
    ),
    "not UTF-8": (RAW.replace("ị".encode(), b"\xff", 1), Fault(2, "", "not JSON")),
    "a holder was changed": (
        RAW.replace("Trần".encode(), b"Tran", 1),
        Fault(0, "", "the file was changed or cut off: its digest is another"),
    ),
    "a number was changed": (
        RAW.replace(b'"number":7', b'"number":8'),
        Fault(0, "", "the file was changed or cut off: its digest is another"),
    ),
    "a column too many": (RAW.replace(b'"unit"', b'"unjt"', 1), Fault(2, "unjt", "there is no such column")),
    "no state": (RAW.replace(b'"in-use"', b'"x"', 1), Fault(2, "state", "there is no state “x”")),
    "no number": (RAW.replace(b'"max_age":30', b'"max_age":-1'), Fault(0, "", "")),
    "no time": (
        RAW.replace(b'"written_at":"2026-11-22', b'"written_at":"2026-11-32'),
        Fault(0, "", "“changed_at” or “written_at” is no time"),
    ),
    "held in its table": (
        written(three(), (msgspec.structs.replace(TAKEN, held=(Held("TB-0001", "lost", "a", "b"),)),)),
        Fault(0, "", "more than 100 computers"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, name: str) -> None:
    path = tmp_path / "list.json"
    raw, expected = WRONG[name]
    path.write_bytes(raw)
    found = read_carried(path)
    assert isinstance(found, tuple), found
    assert found[0].line == expected.line
    assert found[0].detail.startswith(expected.detail)
    assert not expected.column or found[0].column == expected.column


def test_a_device_twice_is_another_list(tmp_path: Path) -> None:
    one = three()[0]
    path = tmp_path / "list.json"
    path.write_bytes(written((one, one)))
    found = read_carried(path)
    assert isinstance(found, CarriedList), "whoever takes it refuses the number of the second"


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput):
        read_carried(tmp_path / "none.json")
    with pytest.raises(BadInput):
        read_carried(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput):
        read_carried(tmp_path / "pipe")
    path = tmp_path / "list.json"
    path.write_bytes(RAW)
    monkeypatch.setattr(sheets_json, "MAX_FILE", len(RAW) - 1)
    with pytest.raises(BadInput):
        read_carried(path)
    with pytest.raises(BadInput) as error:  # a file whose stick was pulled, as the kernel gives one: reading fails
        read_carried(Path("/proc/self/mem"))
    assert error.value.facts["detail"] == "Input/output error"


def test_receipts_beside_a_list(tmp_path: Path) -> None:
    held = tuple(Held(f"TB-{n:04d}", "lost", "mất khi chuyển phòng", "MAU-05/2026") for n in range(1, 21))
    one = msgspec.structs.replace(TAKEN, held=held)
    place = write_receipt(tmp_path / "list.json", TAKEN)
    assert write_receipt(tmp_path / "list.json", one) == place, "of each computer the last"
    assert place.stat().st_size < carried_files.MAX_RECEIPT / 2
    (tmp_path / "other.json").write_text("{}")
    raw = place.read_bytes()
    (tmp_path / "a.receipt.json").write_bytes(raw.replace(b'"number":3', b'"number":9'))
    (tmp_path / "b.receipt.json").write_bytes(raw[:-20])
    (tmp_path / "c.receipt.json").write_bytes(raw.replace(b'"version":1', b'"version":2'))
    (tmp_path / "d.receipt.json").mkdir()
    (tmp_path / "f.receipt.json").write_bytes(raw.replace(b'"number":3', b'"number":%d' % 2**53))
    (tmp_path / "e.receipt.json").write_bytes(b" " * (carried_files.MAX_RECEIPT + 1))
    odd = write_receipt(tmp_path / "list.json", msgspec.structs.replace(one, machine=Machine("0" * 32, "a\u202eb")))
    good, bad = read_receipts(tmp_path)
    assert good == [one]
    assert [(path.name[0], why.partition(":")[0]) for path, why in bad] == [
        (odd.name[0], "“machine”, “origin” or “sha256” is none"),
        ("a", "the file was changed or cut off"),
        ("b", "not JSON"),
        ("c", "a format this version does not read"),
        ("d", "no file"),
        ("e", "longer than 65536 bytes"),
        ("f", "“number”, “taken_at” or “held” is none"),
    ]
    with pytest.raises(BadInput):
        read_receipts(tmp_path / "none")
    with pytest.raises(CannotWrite):
        write_receipt(tmp_path / "none" / "list.json", one)


def test_check_digits_are_typed_as_people_write_them() -> None:
    sha256 = "0123456789abcdef" * 4
    assert on_paper(sha256) == "0123 4567 89ab cdef"
    assert typed_digest(" 0123 4567  89AB cdef ") == "0123456789abcdef"
    assert typed_digest(sha256) == sha256
    for odd in ("", "0123 4567", "0123 4567 89ab cdeg", sha256 + "0"):
        assert typed_digest(odd) == ""


def test_times() -> None:
    assert instant("1970-01-01T07:00:00.5+07:00") == 500_000
    assert instant("2026-11-22T08:00:00-01:30") == instant("2026-11-22T09:30:00.000000+00:00")
    for odd in ("", "2026-11-22", "2026-02-30T00:00:00+07:00", "2026-11-22T24:00:00+07:00", "2026-11-22T08:00:00Z"):
        assert instant(odd) is None
    assert days_between("2026-02-28T23:00:00+07:00", "2028-03-01") == 732
    assert days_between("", "2026-01-01") == 0

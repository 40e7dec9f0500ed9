"""The exported file: same bytes each time, whole or not there, never over another file."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.build import a_stick, an_asset
from usbguard_py import errors
from usbguard_py.shell.export import export
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify


@pytest.fixture
def filled(store: Store, database: Path) -> Path:
    for number in range(5):
        store.append("decision", {"number": number, "text": "Nguyễn \x1b\u2028\U0001f600"}, (b"descriptors",))
    store.add_asset(an_asset(a_stick()), "quanly")
    return database


def test_the_file_holds_the_stored_bytes_and_verifies(filled: Path, store: Store, tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl"
    header = export(filled, target)
    lines = target.read_bytes().splitlines()
    rows = store._connection.execute("SELECT body, hash FROM ledger ORDER BY seq").fetchall()
    assert lines[1 : 1 + len(rows)] == [f'{{"body":{b},"hash":"{h.hex()}"}}'.encode() for b, h in rows]
    assert json.loads(lines[-1]) == {
        "data": b"descriptors".hex(),
        "evidence": json.loads(lines[2])["body"]["evidence"][0],
    }
    of_file, of_database = verify(target), verify(filled)
    assert (of_file.ledger, of_file.head, of_file.last) == (of_database.ledger, of_database.head, of_database.last)
    assert (header.last, header.head, header.ledger) == (7, of_file.head, of_file.ledger)
    assert target.stat().st_mode & 0o777 == 0o600


def test_the_same_ledger_gives_the_same_bytes(filled: Path, tmp_path: Path) -> None:
    export(filled, tmp_path / "one")
    export(filled, tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_existing_file_is_replaced_only_when_asked(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl"
    target.write_text("precious")
    with pytest.raises(errors.FileExists):
        export(filled, target)
    assert target.read_text() == "precious"
    export(filled, target, force=True)
    assert verify(target).last == 7


@pytest.mark.parametrize("place", ["no such folder/log.jsonl", "file/log.jsonl", "folder"])
def test_a_place_where_nothing_can_be_written(filled: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises((errors.CannotWrite, errors.FileExists)):
        export(filled, tmp_path / place)
    with pytest.raises(errors.CannotWrite):
        export(filled, tmp_path / place, force=True)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_full_stick_keeps_nothing(filled: Path, store: Store, tmp_path: Path) -> None:
    store.append("alarm", {}, (b"x" * 50_000,))
    folder = tmp_path / "stick"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "sample", folder], check=True)
    try:
        with pytest.raises(errors.CannotWrite):
            export(filled, folder / "log.jsonl")
        assert list(folder.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_broken_ledger_is_exported_as_it_is(filled: Path, store: Store, tmp_path: Path) -> None:
    """Evidence must leave the machine also when it shows that something is wrong."""
    guards = store._connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'ledger_no_update'").fetchone()
    store._connection.execute("DROP TRIGGER ledger_no_update")
    store._connection.execute("UPDATE ledger SET body = replace(body, '\"number\":2', '\"number\":9')")
    store._connection.execute(guards[0])
    export(filled, tmp_path / "log.jsonl")
    with pytest.raises(errors.LedgerBroken) as of_file:
        verify(tmp_path / "log.jsonl")
    with pytest.raises(errors.LedgerBroken) as of_database:
        verify(filled)
    assert of_file.value.facts == of_database.value.facts
    assert of_file.value.facts["seq"] == 4

"""Faults close and show: full disk, read-only, damaged, missing, foreign, locked, killed. Nothing is repaired."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.build import a_stick, an_asset
from usbguard_py import errors
from usbguard_py.core.whitelist import Custody
from usbguard_py.shell import session
from usbguard_py.shell.database import ensure_schema, readable
from usbguard_py.shell.log_query import Query
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify

ROOT = Path(__file__).parents[2]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system; the limits below need no root")


@pytest.fixture
def small_disk(tmp_path: Path, template: Path) -> Iterator[Path]:
    """A database on a file system of 700 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "sample", folder], check=True)
    try:
        yield Path(shutil.copy(template, folder / "usbguard-py.db"))
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@needs_root
def test_a_full_disk_loses_nothing_and_work_goes_on_when_it_is_freed(small_disk: Path) -> None:
    ballast = small_disk.with_name("ballast")
    ballast.write_bytes(b"x" * 200_000)
    store = Store.open(small_disk)
    written = []
    with pytest.raises(errors.DiskFull) as caught:  # noqa: PT012 - which append fails is not known
        for number in range(100_000):
            written.append(store.append("alarm", {"number": number, "text": "x" * 900}))  # noqa: PERF401 - as above
    assert str(small_disk) in str(caught.value)
    with pytest.raises(errors.DiskFull):
        store.add_asset(an_asset(a_stick()), "quanly")
    assert store.count_assets() == 0
    assert verify(small_disk).last == written[-1].seq
    ballast.unlink()
    assert store.append("alarm", {}).seq == written[-1].seq + 1
    assert verify(small_disk).last == written[-1].seq + 1


def test_a_file_that_may_not_grow_is_a_full_disk(database: Path) -> None:
    store = Store.open(database)
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(errors.DiskFull), store.transaction():  # noqa: PT012 - the block is the case
        for number in range(100):
            store.append("alarm", {"number": number, "text": "x" * 900})
    last = store.last()
    assert last is not None
    assert last.seq == 1
    assert store.append("alarm", {}).seq == 2  # on a new connection, which knows no such limit
    assert verify(database).last == 2


@needs_root
def test_a_read_only_file_system(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk.parent], check=True)
    with pytest.raises(errors.DatabaseReadOnly):
        Store.open(small_disk)
    assert verify(small_disk).last == 1
    with Reader(small_disk) as reader:
        assert len(reader.log()) == 1


@needs_root
def test_a_read_only_file_in_a_folder_that_takes_writes(database: Path) -> None:
    subprocess.run(["mount", "--bind", database, database], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", database], check=True)
        with pytest.raises(errors.DatabaseReadOnly):
            Store.open(database)
    finally:
        subprocess.run(["umount", "-l", database], check=True)


@needs_root
def test_a_file_system_that_turns_read_only(small_disk: Path) -> None:
    store = Store.open(small_disk)
    store.append("alarm", {})
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk.parent], check=True)
    with pytest.raises(errors.DatabaseTrouble):
        store.append("alarm", {})
    subprocess.run(["mount", "-o", "remount,rw", small_disk.parent], check=True)
    assert store.append("alarm", {}).seq == 3


@needs_root
def test_entries_in_the_wal_are_read_where_nothing_may_be_written(small_disk: Path) -> None:
    store = Store.open(small_disk)
    entry = store.append("alarm", {"text": "only in the write-ahead log"})
    folder = small_disk.with_name("copy")
    folder.mkdir()
    for end in ("", "-wal"):
        shutil.copy(f"{small_disk}{end}", folder)
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk.parent], check=True)
    with Reader(folder / small_disk.name) as reader:
        assert reader.log(Query(kind="alarm"))[0].entry == entry
    assert verify(folder / small_disk.name).last == entry.seq


FILES = {
    "missing": (None, errors.DatabaseMissing),
    "empty": (b"", errors.DatabaseForeign),
    "text": (b"this is no database, whatever its name says" * 40, errors.DatabaseDamaged),
    "another program's": ("CREATE TABLE t (x)", errors.DatabaseForeign),
    "newer": ("version 99", errors.DatabaseVersion),
    "older": ("version 0", errors.DatabaseVersion),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_ours(database: Path, name: str) -> None:
    content, expected = FILES[name]
    if content is None:
        database.unlink()
    elif isinstance(content, bytes):
        database.write_bytes(content)
    elif content.startswith("version"):
        connection = sqlite3.connect(database)
        connection.execute(f"PRAGMA user_version = {content.split()[1]}")
        connection.close()
    else:
        database.unlink()
        sqlite3.connect(database).executescript(content).close()
    before = database.read_bytes() if database.exists() else None
    with pytest.raises(expected) as caught:
        Store.open(database)
    assert str(database) in str(caught.value) + caught.value.advice()
    with pytest.raises(expected):
        readable(database)
    assert (database.read_bytes() if database.exists() else None) == before


@pytest.mark.parametrize("spot", range(0, 126_976, 4096 * 3 + 700))
def test_a_damaged_page_is_an_error_or_does_no_harm(database: Path, spot: int) -> None:
    raw = bytearray(database.read_bytes())
    raw[spot : spot + 64] = b"\xa5" * 64
    database.write_bytes(raw)
    try:
        store = Store.open(database)
        store.append("alarm", {})
        assert verify(database, thorough=True).last == 2
    except errors.DatabaseTrouble as error:
        shown = str(error) + error.advice()
        assert str(database) in shown or isinstance(error, errors.LedgerBroken)  # noqa: PT017 - either way is right


@pytest.mark.parametrize("change", ["unlink", "replace"])
def test_a_file_that_goes_away_while_in_use_is_noticed(database: Path, template: Path, change: str) -> None:
    store = Store.open(database)
    store.append("alarm", {})
    database.unlink()
    if change == "replace":
        shutil.copy(template, database)
    with pytest.raises(errors.DatabaseMissing):
        store.append("alarm", {})


def test_a_stranger_who_holds_the_lock_does_not_hold_the_judge(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usbguard_py.shell.database.BUSY_MS", 50)
    store = Store.open(database)
    stranger = sqlite3.connect(database, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(errors.DatabaseBusy):
        store.append("alarm", {})
    assert time.monotonic() - started < 5  # half of the watchdog's interval
    stranger.execute("ROLLBACK")
    assert store.append("alarm", {}).seq == 2


def test_opening_looks_at_the_last_entries_only(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CHECKED", 3)
    store = Store.open(database)
    for number in range(10):
        store.append("alarm", {"number": number})
    store.close()
    damage(database, 9)
    with pytest.raises(errors.LedgerBroken):
        Store.open(database)
    with pytest.raises(errors.DatabaseTrouble):  # what the judge catches
        Store.open(database)


def damage(database: Path, seq: int) -> None:
    """Change one byte of a stored body, and nothing else, in the file itself."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ((body,),) = connection.execute("SELECT body FROM ledger WHERE seq = ?", (seq,)).fetchall()
    connection.close()
    raw = database.read_bytes()
    assert raw.count(body.encode()) == 1
    database.write_bytes(raw.replace(body.encode(), body.replace('"kind":"alarm"', '"kind":"alarn"').encode()))


WRITER = """
import sys
from pathlib import Path
from tests.build import a_stick, an_asset
from usbguard_py.shell.store import Store
store = Store.open(Path(sys.argv[1]))
while True:
    with store.transaction():
        asset, entry = store.add_asset(an_asset(a_stick()), "quanly")
        for number in range(5):
            store.append("alarm", {"number": number}, (str(entry.seq).encode(),))
        _, entry = store.move(asset.id, "lost", "quanly", reason="lost", document="MAU-05/2026")
    print(entry.seq, flush=True)
"""


@pytest.mark.parametrize("after", [1, 2, 7])
def test_a_killed_writer_leaves_whole_transactions_and_loses_none_that_returned(database: Path, after: int) -> None:
    child = subprocess.Popen([sys.executable, "-c", WRITER, database], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    promised = [int(child.stdout.readline()) for _ in range(after)]
    child.send_signal(signal.SIGKILL)
    promised += [int(line) for line in child.stdout.read().split()]
    child.wait()
    child.stdout.close()
    store = Store.open(database)
    result = verify(database, thorough=True)
    assert result.last >= promised[-1]
    assert (result.last - 1) % 7 == 0
    assert {a.state for a in store.assets()} == {Custody.LOST}
    assert store.count_assets() * 7 == result.last - 1


def test_a_crash_inside_a_transaction_leaves_neither_the_change_nor_its_entry(database: Path) -> None:
    code = WRITER.replace(
        "        _, entry = store.move", "        import os; os._exit(9)\n        _, entry = store.move"
    )
    run = subprocess.run([sys.executable, "-c", code, database], check=False, cwd=ROOT)
    assert run.returncode == 9
    store = Store.open(database)
    assert (store.count_assets(), store.list_version(), verify(database).last) == (0, 0, 1)


def test_the_first_file_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "usbguard-py.db"
    with pytest.raises(errors.DatabaseMissing):
        ensure_schema(path, create=False)
    assert ensure_schema(path) is True
    assert ensure_schema(path) is False
    assert [p.name for p in tmp_path.iterdir()] == ["usbguard-py.db"]
    assert path.stat().st_mode & 0o777 == 0o640
    assert verify(path).entries == 1
    with pytest.raises(errors.DatabaseTrouble):
        ensure_schema(tmp_path / "no such folder" / "usbguard-py.db")


def test_two_ledgers_have_two_identities(tmp_path: Path, database: Path) -> None:
    ensure_schema(tmp_path / "other.db")
    assert verify(tmp_path / "other.db").ledger != verify(database).ledger


def test_a_first_file_in_a_folder_without_space_leaves_nothing(small_disk: Path) -> None:
    small_disk.with_name("ballast").write_bytes(b"x" * 520_000)
    with pytest.raises(errors.DiskFull):
        ensure_schema(small_disk.with_name("second.db"))
    assert sorted(p.name for p in small_disk.parent.iterdir()) == ["ballast", "usbguard-py.db"]

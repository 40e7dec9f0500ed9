"""Room for the log: said once at each threshold, and the last entries are written on a disk that is full."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py import paths
from usbguard_py.daemon import room as module
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.room import LOW, MIB, VERY_LOW, Level, Room, level
from usbguard_py.errors import DatabaseTrouble, DiskFull
from usbguard_py.shell.reader import Query, Reader
from usbguard_py.shell.reserve import SIZE, Free, Reserve
from usbguard_py.shell.verify import verify

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
BIG = 100 * 1024 * MIB


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small file system of its own."""
    monkeypatch.setattr(paths, "FLOOR_MODE", tmp_path / "mode")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "sample", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> None:
    """Until nothing more fits."""
    with (folder / "ballast").open("ab", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(4096))


def kinds(path: Path, **wanted: Any) -> list[dict[str, Any]]:
    with Reader(path) as reader:
        return [r.body for r in reader.log(Query(**{"limit": None, **wanted}))]


@AS_ROOT
def test_the_last_entries_are_written_on_a_full_disk_and_nothing_opens_by_them(disk: Path) -> None:
    """They are on disk at once, not late; the store counts as unusable until the reserve is laid aside again."""
    books = Books(disk / "usbguard-py.db")
    assert books.open(enforce_expected=False)
    Room(books).look()
    assert (disk / "reserve").stat().st_blocks * 512 >= SIZE
    fill(disk)
    seqs = [books.append_or_keep("alarm", {"number": n, "detail": "x" * 1500}) for n in range(300)]
    assert all(seqs), f"entry {seqs.index(0)} was not written"
    assert not (disk / "reserve").exists()
    assert kinds(books.path, kind="alarm", limit=1)[0]["number"] == 299
    assert isinstance(books._trouble, DiskFull)
    assert books.fail_safe
    assert not books.open(enforce_expected=False), "it opens on what is kept for the last entries"
    with pytest.raises(DatabaseTrouble):
        books.ready()
    assert books.append_or_keep("alarm", {"number": 300}) == seqs[-1] + 1
    (disk / "ballast").unlink()
    assert books.open(enforce_expected=False)
    assert (disk / "reserve").exists()
    assert [e["number"] for e in kinds(books.path, kind="alarm")] == list(range(301))
    last = books.append("alarm", {"number": 301}).seq
    assert verify(books.path).last == last


@AS_ROOT
def test_without_a_reserve_entries_wait_as_ever(disk: Path) -> None:
    """The negative control: on the same disk the same entries have no room."""
    books = Books(disk / "usbguard-py.db")
    assert books.open(enforce_expected=False)
    fill(disk)
    seqs = [books.append_or_keep("alarm", {"number": n, "detail": "x" * 1500}) for n in range(300)]
    assert 0 in seqs


@AS_ROOT
def test_a_small_disk_gets_no_reserve_and_status_says_so(disk: Path) -> None:
    """A reserve that takes most of the disk would be what fills it."""
    (disk / "ballast").write_bytes(bytes(20 * MIB))
    books = Books(disk / "usbguard-py.db")
    assert books.open(enforce_expected=False)
    room = Room(books)
    room.look()
    assert not (disk / "reserve").exists()
    assert room.problems() == ["no room is kept free for the last records of the log"]


def test_a_reserve_is_no_link(tmp_path: Path) -> None:
    """Whoever may write the folder does not choose what is filled with zeros."""
    target = tmp_path / "target"
    (tmp_path / "reserve").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        Reserve(tmp_path / "reserve").lay_aside()
    assert not target.exists()


def test_thresholds_are_said_once_each_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "FLOOR_MODE", tmp_path / "mode")
    books = Books(tmp_path / "usbguard-py.db")
    assert books.open(enforce_expected=False)
    course = (4 * LOW, LOW - MIB, LOW - 2 * MIB, LOW + MIB, VERY_LOW - MIB, VERY_LOW + MIB, LOW - MIB, 2 * LOW, 2 * LOW)
    room, said = Room(books), []
    for left in course:
        monkeypatch.setattr(module, "free", lambda _folder, left=left: Free(left, BIG))
        room.look()
        said.append(tuple(room.problems()))
    found = kinds(books.path, kind="disk")
    assert [(d["level"], d["alarm"]) for d in found] == [
        *[("low", True), ("very-low", True), ("low", True), ("enough", False)]
    ]
    assert found[0]["free_mib"] == LOW // MIB - 1
    assert said[1] == (f"the disk of the log is nearly full: {LOW // MIB - 1} MiB are free",)
    assert said[-1] == ()


@given(st.integers(0, BIG), st.integers(MIB, BIG), st.sampled_from(Level))
def test_less_room_is_never_a_better_level(left: int, total: int, before: Level) -> None:
    left = min(left, total)
    assert level(Free(left, total), before) <= level(Free(left // 2, total), before)
    assert level(Free(0, total), before) is Level.VERY_LOW or total < module.VERY_LOW_SHARE
    assert level(Free(total, total), before) is Level.ENOUGH

"""The books of the judge on a real database: one trouble, said once; an export that is true of this log."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from usbguard_py import paths
from usbguard_py.core.checkpoint import RECENT
from usbguard_py.core.requests import LogCheckpoint, LogExported, LogSeal
from usbguard_py.daemon.books import MAKES_ROOM, Books
from usbguard_py.daemon.exports import checkpointed, exported, sealed
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import BadInput, DatabaseDamaged, DatabaseMissing, GuardError, PermissionRefused, Usage
from usbguard_py.shell.log_query import Query
from usbguard_py.shell.peer import Peer
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.verify import verify

CALLER = Peer(uid=1001, pid=1, user="kiemtra", login="quanly", role="auditor")


def judge_with(books: Books) -> Judge:
    """As much of a judge as an answer about the books needs."""
    return cast("Judge", SimpleNamespace(host=SimpleNamespace(books=books)))


def overwrite(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


TROUBLES: dict[str, tuple[Any, type[GuardError]]] = {
    "missing": (Path.unlink, DatabaseMissing),
    "damaged": (overwrite, DatabaseDamaged),
}


@pytest.mark.parametrize(("breaks", "kind"), TROUBLES.values(), ids=TROUBLES.keys())
def test_a_change_meets_the_very_trouble_that_was_found(books: Books, breaks: Any, kind: type[GuardError]) -> None:
    """Not an error about an error: its class, sentence and remedy."""
    assert books.store is not None
    books.store.close()
    breaks(books.path)
    paths.FLOOR_MODE.write_text("enforce\n")
    assert not books.open(enforce_expected=True)
    for ask in (books.ready, lambda: books.append("alarm", {})):
        with pytest.raises(kind) as raised:
            ask()
        assert (str(raised.value), raised.value.advice()) == (books.fail_safe, books.remedy)


def test_an_export_is_recorded_with_the_person(books: Books) -> None:
    entry = books.append("alarm", {"detail": "mau"})
    answer = exported(judge_with(books), LogExported(last=entry.seq, head=entry.hash.hex()), CALLER)
    assert answer == {"seq": entry.seq + 1}


FALSE = {"another hash": (0, "ab" * 32), "no such record": (7, ""), "no hash": (0, "")}


@pytest.mark.parametrize(("ahead", "head"), FALSE.values(), ids=FALSE.keys())
def test_what_is_not_true_of_this_log_is_not_recorded(books: Books, ahead: int, head: str) -> None:
    entry = books.append("alarm", {"detail": "mau"})
    with pytest.raises(Usage):
        exported(judge_with(books), LogExported(last=entry.seq + ahead, head=head or entry.hash.hex()[:-2]), CALLER)
    last = books.ready().last()
    assert last is not None
    assert last.seq == entry.seq


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_disk_that_stays_nearly_full_gets_all_that_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write-ahead log needs ten times the room of what it holds, and must not keep it."""
    monkeypatch.setattr(paths, "FLOOR_MODE", tmp_path / "mode")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "sample", disk], check=True)
    try:
        books = Books(disk / "usbguard-py.db")
        assert books.open(enforce_expected=False)
        with (disk / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(bytes(4096))
        seqs = [
            books.append_or_keep("alarm", {"number": n, "detail": "x" * 1500}, (os.urandom(300),)) for n in range(30)
        ]
        assert seqs[-4 * MAKES_ROOM :].count(0) > 2 * MAKES_ROOM
        (disk / "ballast").unlink()
        assert books.open(enforce_expected=False)
        last = books.append("alarm", {"number": 30}).seq
        assert verify(books.path).last == last
        with Reader(books.path) as reader:
            assert [r.body["number"] for r in reader.log(Query(kind="alarm"))] == list(range(31))
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_seal_is_recorded_with_the_person_and_the_paper(books: Books) -> None:
    answer = sealed(judge_with(books), LogSeal(minutes=" 12/BB-KT "), CALLER)
    last = books.ready().last()
    assert last is not None
    assert (answer, last.kind) == ({"seq": last.seq, "head": last.hash.hex()}, "seal")
    with pytest.raises(BadInput):
        sealed(judge_with(books), LogSeal(minutes="x" * 2000), CALLER)


def test_a_checkpoint_is_root_s_and_of_a_recent_entry(books: Books) -> None:
    """What is recorded is what verification asks for: a hash that stands here, key and signature of their sizes."""
    entry = books.append("alarm", {"detail": "mau"})
    good = {"of": entry.seq, "head": entry.hash.hex(), "key": "ab" * 32, "signature": "cd" * 64}
    root = msgspec.structs.replace(CALLER, uid=0, role="administrator")
    for wrong in ({"head": "00" * 32}, {"of": entry.seq + 1}, {"key": "ab" * 31}, {"signature": "CD" * 64}):
        with pytest.raises(Usage):
            checkpointed(judge_with(books), LogCheckpoint(**{**good, **wrong}), root)
    with pytest.raises(PermissionRefused):
        checkpointed(judge_with(books), LogCheckpoint(**good), msgspec.structs.replace(root, uid=1001))
    assert checkpointed(judge_with(books), LogCheckpoint(**good), root) == {"seq": entry.seq + 1}
    for _ in range(RECENT):
        books.append("alarm", {"detail": "mau"})
    with pytest.raises(Usage):
        checkpointed(judge_with(books), LogCheckpoint(**good), root)

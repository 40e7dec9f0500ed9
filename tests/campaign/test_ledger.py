"""The independent check of the ledger finds what was done to a file; the files are the product's own."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.campaign import ledger
from usbguard_py.shell.database import ensure_schema
from usbguard_py.shell.store import Store

ENTRIES = 7  # with the first, which the file begins with


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "usbguard-py.db"
    assert ensure_schema(path)
    store = Store.open(path)
    for number in range(ENTRIES - 1):
        store.append("decision", {"name": "3-1", "devnum": number}, (f"descriptors {number % 2}".encode(),))
    store.close()
    return path


def unguarded(path: Path) -> sqlite3.Connection:
    """The file as somebody with root opens it: without its guards, checks and order of writes."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    return connection


def test_an_intact_file(filled: Path) -> None:
    found = ledger.read(filled)
    assert found.problems == []
    assert [entry["seq"] for entry in found.entries] == list(range(1, ENTRIES + 1))
    assert len(found.hashes) == ENTRIES


DAMAGE = {
    "a row was removed": ("DELETE FROM ledger WHERE seq = 4", "entry 4 is missing"),
    "the last row was removed": ("DELETE FROM ledger WHERE seq = 7", "the file says that its end is 7"),
    "a body was changed": (
        "UPDATE ledger SET body = replace(body, '3-1', '4-1') WHERE seq = 3",
        "entry 3 does not follow",
    ),
    "a body was cut in half": (
        'UPDATE ledger SET body = \'{"kind":"decision","seq":5}\' WHERE seq = 5',
        "entry 5 is half an entry",
    ),
    "a hash was changed": ("UPDATE ledger SET hash = zeroblob(32) WHERE seq = 6", "entry 6 does not follow"),
    "evidence was changed": ("UPDATE evidence SET data = x'00' WHERE id = 1", "was changed"),
    "evidence was removed": ("DELETE FROM evidence WHERE id = 1", "is missing"),
}


@pytest.mark.parametrize(("statement", "expected"), DAMAGE.values(), ids=DAMAGE.keys())
def test_what_was_done_to_a_file_is_found(filled: Path, tmp_path: Path, statement: str, expected: str) -> None:
    path = Path(shutil.copy(filled, tmp_path / "copy.db"))
    connection = unguarded(path)
    connection.execute(statement)
    connection.close()
    assert [problem for problem in ledger.read(path).problems if expected in problem]


def _truncated(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _garbled(path: Path) -> None:
    path.write_bytes(b"\0" * 4096)


@pytest.mark.parametrize("damage", [_truncated, _garbled])
def test_a_file_that_is_none_is_a_problem(filled: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = Path(shutil.copy(filled, tmp_path / "copy.db"))
    damage(path)
    assert ledger.read(path).problems


def test_what_is_only_in_the_write_ahead_log_is_read_too(filled: Path, tmp_path: Path) -> None:
    """As a killed judge leaves it."""
    path = Path(shutil.copy(filled, tmp_path / "copy.db"))
    store = Store.open(path)
    store.append("decision", {"name": "3-1", "devnum": 99})
    for name in ("copy.db", "copy.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"left-{name}")
    store.close()
    (tmp_path / "left-copy.db-wal").rename(tmp_path / "left.db-wal")
    (tmp_path / "left-copy.db").rename(tmp_path / "left.db")
    found = ledger.read(tmp_path / "left.db")
    assert (found.problems, found.entries[-1]["devnum"]) == ([], 99)

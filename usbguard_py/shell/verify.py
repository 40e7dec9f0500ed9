"""Verification: is the ledger whole, and does the list say what the ledger says?

Reads a database or an exported file, on any machine, without writing. The first bad entry is named
with what is wrong with it. What no file can tell by itself: whether it is the newest. For that, compare
with a number and hash that left the machine (``expected``).
"""

import sqlite3
from pathlib import Path

from usbguard_py.errors import BadInput, DatabaseDamaged
from usbguard_py.shell.check_list import check_list
from usbguard_py.shell.database import readable
from usbguard_py.shell.export import head, opened, rows
from usbguard_py.shell.faults import reported
from usbguard_py.shell.walk import Verified, Walk

__all__ = ["Verified", "verify"]


def verify(path: Path, expected: tuple[int, bytes] | None = None, *, thorough: bool = False) -> Verified:
    """Verify a database file or an exported file.

    ``expected`` is a number and the 32 bytes of the hash that the entry with that number must have.
    ``thorough`` also compares the search indexes of a database with its records; it takes three times as long.

    Raises:
        LedgerBroken: the first bad entry.
        ListDiffers: a row of the list is not what its entry says.
        DatabaseTrouble: the file cannot be read.
        BadInput: it is neither a database nor an exported file.
    """
    return verify_database(path, expected, thorough=thorough) if is_database(path) else verify_export(path, expected)


def is_database(path: Path) -> bool:
    """Whether the file begins as SQLite files do (SQLite documentation, "Database File Format", 1.3)."""
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError as error:
        raise BadInput(where=str(path), detail=error.strerror or "") from error


def verify_database(path: Path, expected: tuple[int, bytes] | None = None, *, thorough: bool = False) -> Verified:
    """Verify a database: chain, end, evidence, and the list row by row; see :func:`verify`."""
    connection = readable(path)
    try:
        with reported(path):
            connection.execute("BEGIN")  # one state of the file, while the judge goes on writing
            walk = Walk()
            walk.follow(rows(connection), expected)
            walk.ended(*head(connection), expected)
            pieces = walk.evidence(connection.execute("SELECT sha256, data FROM evidence ORDER BY id"))
            assets = check_list(connection, path)
            if thorough:
                _check_indexes(connection, path)
            return walk.result(pieces, assets)
    finally:
        connection.close()


def _check_indexes(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise DatabaseDamaged(path=str(path), detail=found)


def verify_export(path: Path, expected: tuple[int, bytes] | None = None) -> Verified:
    """Verify an exported file: chain, end and evidence; see :func:`verify`."""
    with opened(path) as file:
        header = file.header
        walk = Walk()
        walk.follow(file.entries(), expected)
        walk.ended(header.last, file.head, expected)
        pieces = walk.evidence(file.evidence())
        if pieces != header.evidence or walk.ledger != header.ledger:
            raise BadInput(where=str(path), detail="its first line does not agree with what follows")
        return walk.result(pieces, 0)

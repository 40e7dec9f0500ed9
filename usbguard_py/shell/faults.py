"""SQLite's faults in plain words: each becomes the error whose remedy helps.

Result codes: SQLite documentation, "Result and Error Codes".
"""

import os
import sqlite3
from pathlib import Path

from usbguard_py.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseMissing,
    DatabaseReadOnly,
    DatabaseTrouble,
    DiskFull,
)

_KINDS: dict[int, type[DatabaseTrouble]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_READONLY: DatabaseReadOnly,
    sqlite3.SQLITE_CORRUPT: DatabaseDamaged,
    sqlite3.SQLITE_NOTADB: DatabaseDamaged,
    sqlite3.SQLITE_BUSY: DatabaseBusy,
    sqlite3.SQLITE_LOCKED: DatabaseBusy,
}
_INDEX = 32768  # bytes that the write-ahead log's index takes at once (sqlite.org/walformat.html, 2)
_PRIMARY = 0xFF  # the low byte of an extended code is its primary code


class reported:  # noqa: N801 - used as a function is, in a ``with`` statement
    """Turn SQLite's errors into ``DatabaseTrouble`` about ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise trouble(error, self._path) from error


def trouble(error: sqlite3.Error, path: Path) -> DatabaseTrouble:
    """The error to show for what SQLite reported."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    kind = _KINDS.get(code, DatabaseTrouble)
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        kind = _input_output(path)
    return kind(path=str(path), detail=str(error))


def _input_output(path: Path) -> type[DatabaseTrouble]:
    """What a failed read, write or open means: SQLite does not pass the reason of the kernel on."""
    if not path.exists():
        return DatabaseMissing
    figures = os.statvfs(path)
    if figures.f_flag & os.ST_RDONLY:
        return DatabaseReadOnly
    return DiskFull if figures.f_bavail * figures.f_frsize < _INDEX else DatabaseTrouble

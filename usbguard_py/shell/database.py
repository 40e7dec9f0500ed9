"""Opens the database file: for the judge to write, for everybody else to read."""

import os
import sqlite3
import sys
from pathlib import Path
from urllib.parse import quote

from usbguard_py.errors import (
    DatabaseForeign,
    DatabaseMissing,
    DatabaseReadOnly,
    DatabaseTrouble,
    DatabaseVersion,
    DiskFull,
    PermissionRefused,
)
from usbguard_py.shell.faults import reported
from usbguard_py.shell.schema import APPLICATION_ID, SCHEMA_VERSION, fits

BUSY_MS = 2000  # the judge is the only writer; a stranger's lock must not reach the watchdog's 10 s
MIGRATION_SECONDS = 120.0
# The installed program runs isolated (-I), so the child is told where the package lies; never the working directory.
_CHILD = "import sys; sys.path[:0] = sys.argv[2:]; from usbguard_py.shell.migrations import main; main()"

_CHILD_FAULTS: dict[str, type[DatabaseTrouble]] = {  # last line of its traceback: SQLite's words, or the kernel's
    "disk is full": DiskFull,
    "No space left": DiskFull,
    "readonly": DatabaseReadOnly,
    "Read-only file system": DatabaseReadOnly,
}


def writable(path: Path) -> sqlite3.Connection:
    """A connection for the one writer: WAL, one fsync for each commit (synchronous=FULL).

    Raises:
        DatabaseTrouble: the file is missing, foreign, damaged, read-only or locked.
    """
    connection = _opened(path, "mode=rw")
    try:
        with reported(path):
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA recursive_triggers = ON")
            # Changes nothing, yet needs the right to write: SQLite opens what is read-only without a word, and
            # a BEGIN IMMEDIATE there begins a reading transaction (SQLite's source, build.c, sqlite3BeginTransaction).
            connection.execute("UPDATE head SET seq = seq WHERE 0")
    except DatabaseTrouble:
        connection.close()
        raise
    return connection


def copy_the_log(path: Path) -> None:
    """Copy what was committed from the write-ahead log into the file itself, in the way of nobody.

    A passive checkpoint waits for nobody and nobody waits for it; what it leaves, the next one takes (SQLite
    documentation, "Checkpoint a database"). For a thread of its own.

    Raises:
        DatabaseTrouble: it could not be written; nothing is lost by that.
    """
    connection = _opened(path, "mode=rw")
    try:
        with reported(path):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    finally:
        connection.close()


def readable(path: Path) -> sqlite3.Connection:
    """A read-only connection. Without a ``-wal`` beside it nobody writes and the file is read as it lies.

    Raises:
        DatabaseTrouble: the file is missing, foreign or damaged.
        PermissionRefused: this account may not read it.
    """
    _see(path)
    wal, index = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    if not wal.exists():
        return _opened(path, "mode=ro&immutable=1")
    if index.exists() or os.access(path.parent, os.W_OK):
        return _opened(path, "mode=ro")
    return _copied(path, wal)


def _copied(path: Path, wal: Path) -> sqlite3.Connection:
    """A connection to a copy: a file with its ``-wal`` in a folder where SQLite may not make its index beside them."""
    import shutil  # noqa: PLC0415 - rarely needed, and not cheap
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - as above

    with TemporaryDirectory() as folder:
        copy = Path(folder, path.name)
        try:
            shutil.copyfile(path, copy)
            shutil.copyfile(wal, copy.with_name(wal.name))
        except OSError as error:
            raise DatabaseTrouble(path=str(path), detail=error.strerror or str(error)) from error
        connection = _opened(copy, "mode=rw")
        connection.execute("PRAGMA query_only = ON")
        return connection  # the files stay readable through it after their names are gone


def _opened(path: Path, options: str) -> sqlite3.Connection:
    _see(path)
    with reported(path):
        connection = sqlite3.connect(
            f"file:{quote(os.fspath(path.absolute()))}?{options}",
            uri=True,
            isolation_level=None,
            timeout=BUSY_MS / 1000,
        )
    try:
        with reported(path):
            _ours(connection, path)
    except DatabaseTrouble:
        connection.close()
        raise
    return connection


def _see(path: Path) -> None:
    try:
        there = path.is_file()
    except PermissionError as error:  # the folder is closed to this account
        raise PermissionRefused(role="auditor") from error
    if not there:
        raise DatabaseMissing(path=str(path), detail="no such file")
    if not os.access(path, os.R_OK):
        raise PermissionRefused(role="auditor")


def _ours(connection: sqlite3.Connection, path: Path) -> None:
    """See that the file is ours before anything in it is used.

    The generated columns need the JSON functions, which Debian 12's SQLite refuses while ``trusted_schema`` is
    off. What is trusted instead is only a schema that was compared with ours byte by byte; reading a schema
    evaluates nothing in it. docs/adr/0020-trusted-schema.md.
    """
    connection.execute("PRAGMA cell_size_check = ON")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise DatabaseForeign(path=str(path), detail=f"application_id {application}")
    if version != SCHEMA_VERSION:
        raise DatabaseVersion(path=str(path), found=version, known=SCHEMA_VERSION)
    if not fits(connection):
        raise DatabaseForeign(path=str(path), detail="tables or guards were changed")


def ensure_schema(path: Path, *, create: bool = True) -> bool:
    """Make the database when there is none and ``create``, bring an older one up to date; whether anything was done.

    The work is done in a child process; nothing is started when nothing is to be done.

    Raises:
        DatabaseTrouble: it could not be made; what is wrong with a file that is there is left to its opening.
    """
    if path.exists():
        if not _older(path):
            return False
    elif not create:
        raise DatabaseMissing(path=str(path), detail="no such file")
    import subprocess  # noqa: PLC0415 - as in _copied

    command = [sys.executable, "-I", "-c", _CHILD, str(path.absolute()), *filter(None, sys.path)]
    try:
        run = subprocess.run(  # noqa: S603 - our own interpreter and module
            command, capture_output=True, text=True, timeout=MIGRATION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DatabaseTrouble(path=str(path), detail=str(error)) from error
    if run.returncode:
        last = (run.stderr.strip().splitlines() or [f"exit status {run.returncode}"])[-1]
        kind = next((kind for words, kind in _CHILD_FAULTS.items() if words in last), DatabaseTrouble)
        raise kind(path=str(path), detail=last[:300])
    return True


def _older(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(
            72
        )  # SQLite documentation, "Database File Format", 1.3: user_version at 60, application_id at 68
    application, version = header[68:72], header[60:64]
    return application == APPLICATION_ID.to_bytes(4, "big") and int.from_bytes(version, "big") < SCHEMA_VERSION

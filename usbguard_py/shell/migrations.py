"""Brings a database file to the version this program writes; run as a program of its own.

sqlite-utils takes a second and ten megabytes, so the judge starts this as a child and never imports it.
A new database is made beside its place and linked there when it is complete and on disk: a crash in
between leaves no half-made file at the place where the judge looks.
"""

import contextlib
import errno
import os
import secrets
import sqlite3
import sys
from pathlib import Path

from sqlite_utils import Database, Migrations

from usbguard_py import __version__
from usbguard_py.errors import DiskFull
from usbguard_py.shell.clock import Clock
from usbguard_py.shell.faults import trouble
from usbguard_py.shell.ledger import Ledger
from usbguard_py.shell.schema import (
    APPLICATION_ID,
    CARRIED,
    FOUR_EYES,
    LIFE_CYCLE,
    LOGIN_TOOL,
    SCHEMA_VERSION,
    STATEMENTS,
)

MODE = 0o640
migrations = Migrations("usbguard-py")


@migrations(name="1-ledger-list-policy")
def first(db: Database) -> None:
    """The tables, their guards, and the first entry, which gives this ledger its identity."""
    for statement in STATEMENTS:
        db.execute(statement)
    db.execute("INSERT INTO head (one, seq, hash) VALUES (1, 0, zeroblob(32))")
    Ledger(db.conn, Clock()).append(
        "begin", {"ledger": secrets.token_hex(16), "schema": SCHEMA_VERSION, "version": __version__}
    )
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _to(db, 1)


@migrations(name="2-media-in-passports")
def second(db: Database) -> None:
    """Nothing in the tables: a passport is text, and one without media stays as it is.

    The number alone makes an older program refuse the file, where it would otherwise take each passport with media
    for one that somebody changed.
    """
    _to(db, 2)


@migrations(name="3-login-tool")
def third(db: Database) -> None:
    """One more fact of an asset, which those that are there do not have."""
    _to(db, 3, *LOGIN_TOOL)


@migrations(name="4-contents-in-passports")
def fourth(db: Database) -> None:
    """As the second: a medium of a passport may say what it holds, and one that does not stays as it is."""
    _to(db, 4)


@migrations(name="5-life-cycle")
def fifth(db: Database) -> None:
    """The facts that come with the moves of an asset, which those that are there do not have."""
    _to(db, 5, *LIFE_CYCLE)


@migrations(name="6-four-eyes")
def sixth(db: Database) -> None:
    """What one person proposed and another has to approve; nothing that is there changes."""
    _to(db, 6, *FOUR_EYES)


@migrations(name="7-carried-lists")
def seventh(db: Database) -> None:
    """What is known of carried lists; a file from before has always been kept where it is."""
    _to(db, 7, *CARRIED)


def _to(db: Database, version: int, *statements: str) -> None:
    for statement in statements:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {version}")


def migrate(path: Path) -> None:
    """Apply what is missing to the file at ``path``; each step is one transaction with its own record."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        migrations.apply(Database(connection, execute_plugins=False, strict=True))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        if isinstance(trouble(error, path), DiskFull):  # SQLite's own words do not always say so
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise
    finally:
        connection.close()


def create(path: Path) -> None:
    """Make a new database at ``path``.

    Raises:
        FileExistsError: something is there already.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        draft.touch(MODE)
        _as_folder(draft)
        migrate(draft)
        _sync(draft)
        os.link(draft, path)
        _sync(path.parent)
    finally:
        for end in ("", "-wal", "-shm"):
            draft.with_name(draft.name + end).unlink(missing_ok=True)


def _as_folder(path: Path) -> None:
    """Give the file the folder's group, so that auditors may read it.

    The judge has no right to change a file's group; there the folder's set-group-ID bit does it (inode(7)).
    """
    group = path.parent.stat().st_gid
    if path.stat().st_gid != group:
        with contextlib.suppress(PermissionError):
            os.chown(path, -1, group)
    path.chmod(MODE)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main() -> None:
    """``python -m usbguard_py.shell.migrations PATH``: make the file, or bring it up to date."""
    path = Path(sys.argv[1])
    if path.exists():
        migrate(path)
    else:
        create(path)


if __name__ == "__main__":
    main()

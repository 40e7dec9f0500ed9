"""An open database file with its transactions.

Nested transactions join, faults are reported in plain words, a connection that broke is made anew.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from usbguard_py.core.record import Entry
from usbguard_py.errors import DatabaseMissing, DatabaseTrouble, GuardError
from usbguard_py.shell.clock import Clock, Reading
from usbguard_py.shell.database import writable
from usbguard_py.shell.faults import reported
from usbguard_py.shell.ledger import Ledger
from usbguard_py.shell.note_table import NoteTable
from usbguard_py.shell.proposal_table import ProposalTable
from usbguard_py.shell.register import Register

CHECKED = 64  # entries verified when the file is opened; the same work at any size


class Session:
    """One connection for one thread."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._reading: Reading | None = None  # of both clocks, when they were last compared
        self._depth = 0
        self._doomed = False
        self._broken = False
        self.giving_way: Callable[[], None] = lambda: None  # called before each transaction of this connection
        self.committed: Callable[[Entry, Mapping[str, object]], None] = lambda _entry, _fields: None
        self._connect()

    @classmethod
    def open(cls, path: Path, clock: Clock | None = None) -> Self:
        """Open the file and check, in a time that does not grow with it, that it is ours and in order.

        Raises:
            DatabaseTrouble: it is missing, foreign, damaged, read-only or locked.
            LedgerBroken: the last entries do not follow from each other.
        """
        return cls(path, clock or Clock())

    def _connect(self) -> None:
        self._connection = writable(self.path)
        self._place = _place(self.path)
        self._ledger = Ledger(self._connection, self._clock)
        self._register = Register(self._connection, str(self.path))
        self._proposals = ProposalTable(self._connection, str(self.path))
        self._notes = NoteTable(self._connection, str(self.path))
        try:
            with reported(self.path):
                self._ledger.tail(CHECKED)
        except GuardError:
            self._connection.close()
            raise
        self._broken = False

    def close(self) -> None:
        """Close the file; what was appended is on disk already."""
        try:
            with reported(self.path):
                self._connection.close()
        except DatabaseTrouble:  # the last checkpoint failed: the next opening makes it
            self._broken = True

    def give_room_back(self) -> None:
        """Put what was committed into the file itself and empty the write-ahead log, which holds ten times as much.

        Commits do it by themselves only when that log has 1000 pages (sqlite.org/wal.html, "Checkpointing").

        Raises:
            DatabaseTrouble: it could not be written; nothing is lost by that.
        """
        with self._watched():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def leave_the_log(self) -> None:
        """Copy nothing into the file itself at commits of this connection: after a long one that takes its time."""
        with self._watched():
            self._connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Join all that is changed inside: all of it is on disk on return, or none of it.

        Raises:
            DatabaseTrouble: none of it.
        """
        if self._depth:
            yield from self._joined()
            return
        self._begin()
        self._depth, self._doomed, self._ledger.fresh = 1, False, []
        try:
            yield
            if self._doomed:
                raise DatabaseTrouble(path=str(self.path), detail="a change inside the transaction failed")
            with self._watched():
                self._connection.execute("COMMIT")
            fresh = self._ledger.fresh
        finally:
            self._depth = 0
            self._roll_back()
        for entry, fields in fresh:
            self.committed(entry, fields)

    def _joined(self) -> Iterator[None]:
        self._depth += 1
        whole = False
        try:
            yield
            whole = True
        finally:
            self._doomed |= not whole
            self._depth -= 1

    def give_way(self) -> None:
        """Take back what was changed in the open transaction, for another connection that has to write now.

        Who is inside it finds out by asking before it goes on; a commit of it fails.
        """
        self._doomed = True
        self._roll_back()

    def _begin(self) -> None:
        self.giving_way()
        if self._broken:
            self._connection.close()
            self._connect()
        if _place(self.path) != self._place:
            self._broken = True
            raise DatabaseMissing(path=str(self.path), detail="another file, or none")
        with self._watched():
            self._connection.execute("BEGIN IMMEDIATE")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                self._broken = True

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Report SQLite's faults; the connection is made anew before the next transaction."""
        try:
            with reported(self.path):
                yield
        except DatabaseTrouble:
            self._broken = self._doomed = True
            raise


def _place(path: Path) -> tuple[int, int]:
    """Which file lies at ``path`` now; ``(0, 0)`` when none does."""
    try:
        figures = path.stat()
    except OSError:
        return (0, 0)
    return (figures.st_dev, figures.st_ino)

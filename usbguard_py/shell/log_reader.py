"""The log as reports read it: coverage, figures, and entries as the bytes that are stored. Read-only, by the client."""

import itertools
import sqlite3
from collections.abc import Iterator, Sequence

import msgspec

from usbguard_py.buses.usb_recorded import kind_of
from usbguard_py.core.coverage import Coverage, Mark, coverage
from usbguard_py.core.stretches import TURNING
from usbguard_py.core.tally import Seen, Tally
from usbguard_py.shell.clock import Reading
from usbguard_py.shell.diagnosis import Row, broken
from usbguard_py.shell.faults import reported
from usbguard_py.shell.reader import Reader, Record, record_of

_MARK = msgspec.json.Decoder(Mark).decode
_SEEN = msgspec.json.Decoder(Seen).decode
_KINDS = (*sorted(TURNING), "drift", "alarm")
NEAR, MANY = 20_000, 50  # entries that are looked through for what is about one, and how many of these are told
JUST_NOW = 1000  # milliseconds
AT_ONCE = 500  # numbers in one question; SQLite takes 32 766 (SQLITE_MAX_VARIABLE_NUMBER)


class LogReader(Reader):
    """A reader of the log for reports."""

    def coverage(self, since: int | None, until: int | None, answered: Reading | None = None) -> Coverage:
        """When enforcement was in force between two times (milliseconds since 1970).

        ``answered``: the judge answered then, which is as good as an entry.
        """
        with reported(self.path):
            marks = list(self._marks())
        if answered is not None and marks and answered.unix_ms > (since or 0):
            marks.append(Mark(marks[-1].seq, "", answered.at, answered.mono_ms, answered.boot))
            if until is not None and until > answered.unix_ms - JUST_NOW:
                until = None  # the answer is the end: two clocks that are read together differ by a millisecond
        return coverage(marks, since, until)

    def _marks(self) -> Iterator[Mark]:
        """The entries that coverage needs, told by the index of kinds; all others are left out."""
        places = ", ".join("?" * len(_KINDS))
        text = f"SELECT seq FROM ledger INDEXED BY ledger_kind WHERE kind IN ({places})"  # noqa: S608 - question marks
        turning = {seq for (seq,) in self._connection.execute(text, _KINDS)}
        (last,) = self._connection.execute("SELECT max(seq) FROM ledger").fetchone()
        wanted = sorted({*turning, *(seq - 1 for seq in turning), last or 0} - {0})
        before: Mark | None = None
        for mark in self._read(wanted):
            if before is not None and mark.boot != before.boot and mark.seq > before.seq + 1:
                yield from self._read(range(before.seq + 1, mark.seq))
            yield mark
            before = mark

    def _read(self, numbers: Sequence[int]) -> Iterator[Mark]:
        left = iter(numbers)
        while some := list(itertools.islice(left, AT_ONCE)):
            places = ", ".join("?" * len(some))
            text = f"SELECT seq, body FROM ledger WHERE seq IN ({places}) ORDER BY seq"  # noqa: S608 - as above
            for seq, body in self._connection.execute(text, some):
                try:
                    yield _MARK(body)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise broken(seq) from error

    def tally(self, since: int | None, until: int | None) -> Tally:
        """The figures of the entries from ``since`` to before ``until``, seconds since 1970."""
        with reported(self.path):
            return Tally(kind_of).add(self._seen(since, until))

    def _seen(self, since: int | None, until: int | None) -> Iterator[Seen]:
        for seq, body in self._period("seq, body", since, until):
            try:
                yield _SEEN(body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise broken(seq) from error

    def _period(self, columns: str, since: int | None, until: int | None) -> sqlite3.Cursor:
        """Columns of the entries of a period in their order; its bounds are looked up in the index of times."""
        if since is None and until is None:
            return self._connection.execute(f"SELECT {columns} FROM ledger ORDER BY seq")  # noqa: S608 - our own names
        low, high = since if since is not None else -(2**62), until if until is not None else 2**62
        within = "SELECT seq FROM ledger INDEXED BY ledger_time WHERE time >= ? AND time < ?"
        text = f"SELECT {columns} FROM ledger WHERE seq IN ({within}) ORDER BY seq"  # noqa: S608 - as above
        return self._connection.execute(text, (low, high))

    def bounds(self, since: int | None, until: int | None) -> tuple[int, int]:
        """First and last number of the entries of a period, and how many there are is not said; ``(0, 0)`` for none."""
        with reported(self.path):
            if since is None and until is None:
                row = self._connection.execute("SELECT min(seq), max(seq) FROM ledger").fetchone()
            else:
                low, high = since if since is not None else -(2**62), until if until is not None else 2**62
                row = self._connection.execute(
                    "SELECT min(seq), max(seq) FROM ledger INDEXED BY ledger_time WHERE time >= ? AND time < ?",
                    (low, high),
                ).fetchone()
        return (row[0] or 0, row[1] or 0)

    def rows(self, first: int, last: int) -> Iterator[Row]:
        """The entries with these numbers, their bodies as the bytes that are stored."""
        with reported(self.path):
            yield from self._connection.execute(
                "SELECT seq, CAST(body AS BLOB), hash FROM ledger WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, last)
            )

    def about(self, seq: int) -> list[Record]:
        """Later entries that name entry ``seq`` as what they are about (``of``), among those that follow soon."""
        text = (
            "SELECT body, hash FROM ledger WHERE seq BETWEEN ?1 + 1 AND ?1 + ?2 AND json_extract(body, '$.of') = ?1"
            " ORDER BY seq LIMIT ?3"
        )
        with reported(self.path):
            rows = self._connection.execute(text, (seq, NEAR, MANY)).fetchall()
        return [record_of(row) for row in rows]

    def digest(self, seq: int) -> str:
        """The hash of an entry in hex; 32 zero bytes for number 0."""
        with reported(self.path):
            row = self._connection.execute("SELECT hash FROM ledger WHERE seq = ?", (seq,)).fetchone()
        return bytes(32).hex() if row is None else row[0].hex()

"""The ledger: entries are added at its end, one chain, nothing is ever changed.

Only for a connection that is inside a transaction; :mod:`usbguard_py.shell.store` opens it.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Mapping

import msgspec

from usbguard_py.core.canonical import canonical
from usbguard_py.core.chain import GENESIS, link
from usbguard_py.core.record import Entry
from usbguard_py.errors import LedgerBroken
from usbguard_py.shell.clock import Clock, unix_ms

KIND = re.compile(r"[a-z][a-z-]{0,31}")
COMMON = frozenset({"seq", "kind", "at", "mono_ms", "boot", "evidence"})
MAX_BODY = 1024 * 1024  # bytes; the longest request, 64 KiB, with every character escaped stays far below

MAX_FRESH = 64  # entries of one transaction that are told to others; an import of a list has 100 000, the first says it


class Common(msgspec.Struct, frozen=True):
    """The fields that every body has."""

    seq: int
    kind: str
    at: str
    mono_ms: int
    boot: str


COMMON_OF = msgspec.json.Decoder(Common)


def entry_of(body: bytes, digest: bytes) -> Entry:
    """The entry with these stored bytes.

    Raises:
        ValueError: the body lacks a common field, or its time is none.
    """
    common = COMMON_OF.decode(body)
    return Entry(common.seq, common.kind, common.at, unix_ms(common.at), common.mono_ms, common.boot, digest)


class Ledger:
    """The table ``ledger`` of an open connection."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self.fresh: list[tuple[Entry, Mapping[str, object]]] = []  # the first entries of the open transaction

    def append(self, kind: str, fields: Mapping[str, object], evidence: Iterable[bytes] = ()) -> Entry:
        """Add an entry. ``evidence`` is stored once by its SHA-256, and named in the body's ``evidence``.

        Raises:
            ValueError: fields that have no canonical form, hide a common field, or are too long.
            sqlite3.Error: it could not be stored.
        """
        if not KIND.fullmatch(kind) or COMMON & fields.keys():
            raise ValueError(f"{kind!r}: not a kind, or fields that hide a common one")
        seq, previous = self.head()
        now = self._clock.read()
        common = Common(seq + 1, kind, now.at, now.mono_ms, now.boot)
        digests = [self._keep(data) for data in evidence]
        named = {"evidence": digests} if digests else {}
        body = canonical({**fields, **msgspec.structs.asdict(common), **named})
        if len(body) > MAX_BODY:
            raise ValueError(f"{kind}: {len(body)} bytes are too long for an entry")
        digest = link(previous, body)
        self._connection.execute(
            "INSERT INTO ledger (seq, body, hash) VALUES (?, ?, ?)", (common.seq, body.decode(), digest)
        )
        entry = Entry(common.seq, kind, now.at, now.unix_ms, now.mono_ms, now.boot, digest)
        if len(self.fresh) < MAX_FRESH:
            self.fresh.append((entry, fields))
        return entry

    def _keep(self, data: bytes) -> str:
        digest = hashlib.sha256(data).digest()
        self._connection.execute(
            "INSERT INTO evidence (sha256, data) SELECT ?1, ?2"
            " WHERE NOT EXISTS (SELECT 1 FROM evidence WHERE sha256 = ?1)",
            (digest, data),
        )
        return digest.hex()

    def head(self) -> tuple[int, bytes]:
        """Number and hash of the last entry as the file says; ``(0, GENESIS)`` before the first."""
        seq, digest = self._connection.execute("SELECT seq, hash FROM head").fetchone() or (0, GENESIS)
        return seq, digest

    def digest(self, seq: int) -> bytes | None:
        """The hash of entry ``seq``, if there is one."""
        row = self._connection.execute("SELECT hash FROM ledger WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else bytes(row[0])

    def last_of(self, kind: str) -> dict[str, object] | None:
        """The body of the last entry of that kind, if there is one."""
        row = self._connection.execute(
            "SELECT body FROM ledger WHERE kind = ? ORDER BY seq DESC LIMIT 1", (kind,)
        ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=dict[str, object])

    def count_since(self, unix_s: int) -> tuple[int, int]:
        """How often a device was blocked or cut, and how many alarms were raised, since ``unix_s`` (seconds, UTC).

        The judge asks this while devices wait: only entries about devices are read, however many others there are.
        """
        row: tuple[int, int] = self._connection.execute(
            "SELECT coalesce(sum(CASE kind WHEN 'repeated' THEN json_extract(body, '$.count') ELSE"
            " kind IN ('decision', 'cut') AND outcome IN ('blocked', 'cut', 'would-block') END), 0),"
            " coalesce(sum(json_extract(body, '$.alarm') = 1), 0) FROM ledger INDEXED BY ledger_kind"
            " WHERE kind IN ('decision', 'cut', 'outcome', 'alarm', 'repeated') AND time >= ?1"
            " AND seq >= (SELECT seq FROM ledger WHERE time >= ?1 ORDER BY time LIMIT 1)",
            (unix_s,),
        ).fetchone()
        return row

    def newest(self) -> int:
        """The latest time of any entry, in seconds since 1970: not that of the last, when the clock was set back."""
        row = self._connection.execute(
            "SELECT time FROM ledger WHERE time IS NOT NULL ORDER BY time DESC LIMIT 1"
        ).fetchone()
        return 0 if row is None else int(row[0])

    def last(self) -> Entry | None:
        """The last entry."""
        row = self._connection.execute("SELECT body, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
        return None if row is None else entry_of(row[0].encode(), row[1])

    def tail(self, count: int) -> tuple[Entry, ...]:
        """The last ``count`` entries, oldest first, verified against each other and the head.

        Raises:
            LedgerBroken: an entry does not follow from the one before it, or the head is another.
        """
        rows = self._connection.execute(
            "SELECT seq, body, hash FROM ledger ORDER BY seq DESC LIMIT ?", (count + 1,)
        ).fetchall()[::-1]
        seq, digest = self.head()
        if [(r[0], r[2]) for r in rows[-1:]] != ([(seq, digest)] if seq else []):
            raise LedgerBroken(seq=seq, detail="the last record is not the one that the file names as its last")
        previous = rows.pop(0)[2] if len(rows) > count else GENESIS
        entries = []
        for number, (stored, text, digest) in enumerate(rows, seq - len(rows) + 1):
            try:
                entry = entry_of(text.encode(), digest)
            except (ValueError, msgspec.DecodeError) as error:
                raise LedgerBroken(seq=number, detail="the record is not readable") from error
            if not number == stored == entry.seq or link(previous, text.encode()) != digest:
                raise LedgerBroken(seq=number, detail="the record does not follow from the one before it")
            entries.append(entry)
            previous = digest
        return tuple(entries)

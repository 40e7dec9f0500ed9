"""The notes about carried lists as rows, compared with their entries whenever they are read."""

import os
import sqlite3
from collections.abc import Iterator

import msgspec

from usbguard_py.core.canonical import canonical
from usbguard_py.core.carrying import MAX_NAME, Machine, Receipt
from usbguard_py.core.list_notes import (
    KINDS,
    Asked,
    Carried,
    Kept,
    Note,
    Standing,
    Taken,
    fingerprint,
    number_of,
    plain,
)
from usbguard_py.core.text import escaped
from usbguard_py.errors import ListDiffers

_COLUMNS = "number, kind, record, entry"
_DECODERS = {kind: msgspec.json.Decoder(type_) for kind, type_ in KINDS.items()}


class NoteTable:
    """The table of notes of an open connection; ``path`` is named in errors."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def machine(self) -> Machine:
        """This computer: the identity that its ledger has from its first entry on, and its host name."""
        (ledger,) = self._connection.execute(
            "SELECT json_extract(body, '$.ledger') FROM ledger WHERE seq = 1"
        ).fetchone()
        return Machine(ledger, host_name())

    def source(self) -> Taken | Kept | None:
        """By which note the list in force is what it is; ``None``: it has always been kept here."""
        found = self._newest("kind IN ('take', 'keep')")
        return found if isinstance(found, Taken | Kept) else None

    def taken_from(self, origin: str) -> Taken | None:
        """The last list of that origin that was taken, whatever came after it."""
        found = self._newest("kind = 'take' AND about = ?", origin)
        return found if isinstance(found, Taken) else None

    def carried(self) -> Carried | None:
        """The last list that was carried from here."""
        found = self._newest("kind = 'carry'")
        return found if isinstance(found, Carried) else None

    def asked(self, choice: str) -> Asked | None:
        """The last person who asked for that very choice."""
        found = self._newest("kind = 'ask' AND about = ?", choice)
        return found if isinstance(found, Asked) else None

    def receipts(self) -> tuple[Receipt, ...]:
        """The last receipt of each computer, in the order in which they came."""
        newest = "SELECT max(number) FROM list_note WHERE kind = 'receipt' GROUP BY about"
        found = self._found(f"WHERE number IN ({newest}) ORDER BY number")
        return tuple(note for note in found if isinstance(note, Receipt))

    def every(self) -> Iterator[Note]:
        """All notes, oldest first."""
        yield from self._found("ORDER BY number")

    def insert(self, kind: str, about: str, note: Note, entry: int) -> None:
        """Store a note whose entry has number ``entry``."""
        self._connection.execute(
            "INSERT INTO list_note (kind, about, record, entry) VALUES (?, ?, ?, ?)",
            (kind, about, canonical(plain(note)).decode(), entry),
        )

    def is_local(self, id_: str) -> bool:
        """Whether the last change of an asset was made here, or this computer's word stayed when a list was taken."""
        row = self._connection.execute(
            "SELECT kind, json_extract(body, '$.local') FROM ledger WHERE seq = (SELECT entry FROM asset WHERE id = ?)",
            (id_,),
        ).fetchone()
        return row is not None and (row[0] != "list-carried" or bool(row[1]))

    def standing(self, list_version: int) -> Standing:
        """Which list is in force."""
        source, own = self.source(), self.machine()
        number = number_of(source, list_version)
        if isinstance(source, Taken):
            head = source.head
            local = len(source.held) + self._closed_since(source.list_version)
            return Standing(
                False,
                head.origin,
                number,
                head.changed_at,
                head.written_at,
                head.max_age,
                head.sha256,
                source.at,
                local,
            )
        carried = self.carried()
        max_age = carried.head.max_age if carried else 0
        date = self._changed_at()
        if source is not None and source.list_version == list_version:
            date = source.at
        return Standing(True, own, number, date, "", max_age)

    def _closed_since(self, list_version: int) -> int:
        """How many devices were closed here after that version of the list."""
        (count,) = self._connection.execute(
            "SELECT count(DISTINCT ledger.asset) FROM list_change JOIN ledger ON ledger.seq = list_change.entry"
            " WHERE list_change.version > ? AND ledger.kind IN ('list-revoke', 'list-state')",
            (list_version,),
        ).fetchone()
        return int(count)

    def _changed_at(self) -> str:
        row = self._connection.execute(
            "SELECT json_extract(body, '$.at') FROM ledger"
            " WHERE seq = (SELECT entry FROM list_change ORDER BY version DESC LIMIT 1)"
        ).fetchone()
        return "" if row is None else str(row[0])

    def _newest(self, where: str, *values: object) -> Note | None:
        return next(self._found(f"WHERE {where} ORDER BY number DESC LIMIT 1", *values), None)

    def _found(self, where: str, *values: object) -> Iterator[Note]:
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM list_note {where}", values)  # noqa: S608 - ours
        for row in rows.fetchall():
            yield self._built(*row)

    def _built(self, number: int, kind: str, record: str, entry: int) -> Note:
        """The note of a row.

        Raises:
            ListDiffers: the row does not say what its entry says.
        """
        name = f"note {number}"
        try:
            note: Note = _DECODERS[kind].decode(record)
        except (KeyError, msgspec.ValidationError, msgspec.DecodeError) as error:
            raise ListDiffers(name=name, path=self._path) from error
        want = self._connection.execute(
            "SELECT json_extract(body, '$.record_sha256'), kind FROM ledger WHERE seq = ?", (entry,)
        ).fetchone()
        if want != (fingerprint(note), f"list-{kind}"):
            raise ListDiffers(name=name, path=self._path)
        return note


def host_name() -> str:
    """The name of this computer, for people (uname(2)); whoever may set it can have it say anything."""
    return escaped(os.uname().nodename.encode("utf-8", "surrogateescape"))[:MAX_NAME] or "?"

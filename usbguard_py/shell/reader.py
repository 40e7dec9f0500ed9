"""Read-only access to the list and the log for commands, on the file itself, while the judge goes on writing."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from usbguard_py.core.carrying import Machine, Receipt
from usbguard_py.core.fold import folded
from usbguard_py.core.four_eyes import Proposal
from usbguard_py.core.given import FACTS
from usbguard_py.core.list_notes import Kept, Standing, Taken
from usbguard_py.core.record import Entry
from usbguard_py.core.whitelist import Asset, Peripheral
from usbguard_py.policy.read import read_policy
from usbguard_py.shell.clock import Clock, day
from usbguard_py.shell.database import readable
from usbguard_py.shell.faults import reported
from usbguard_py.shell.finding import Found, Wanted, find
from usbguard_py.shell.ledger import Ledger, entry_of
from usbguard_py.shell.lookup import Serials, by_serial
from usbguard_py.shell.note_table import NoteTable
from usbguard_py.shell.proposal_table import ProposalTable
from usbguard_py.shell.register import Register, StoredPolicy
from usbguard_py.shell.walk import broken, number_of

NEWEST = 100  # entries, unless asked for more
_BODY = msgspec.json.Decoder(dict[str, object])

# What each filter of a query means, with one value. A range of time and a part of a name are looked up in their
# index first: SQLite would read every body instead.
_NAMED = "{0} IN (SELECT {0} FROM ledger INDEXED BY ledger_{0} WHERE {0} IS NOT NULL AND instr(folded({0}), folded(?)))"
_TIMED = "seq IN (SELECT seq FROM ledger INDEXED BY ledger_time WHERE time {0} ?)"
_CONDITIONS = {
    "since": _TIMED.format(">="),
    "until": _TIMED.format("<"),
    "kind": "kind = ?",
    "code": "code = ?",
    "outcome": "outcome = ?",
    "asset": "asset = ?",
    "name": "name = ?",
    "before": "seq < ?",
    "after": "seq > ?",
    "serial": _NAMED.format("serial"),
    "holder": _NAMED.format("holder"),
}


class Query(msgspec.Struct, frozen=True):
    """Which entries: all conditions that are given hold.

    ``since`` (inclusive) and ``until`` (exclusive) are seconds since 1970; ``before`` and ``after`` entry
    numbers. ``serial`` and ``holder`` are parts of what is shown, accents and case left out. The newest
    ``limit`` entries are given, all of them when it is ``None``.
    """

    since: int | None = None
    until: int | None = None
    kind: str | None = None
    code: str | None = None
    outcome: str | None = None
    serial: str | None = None
    holder: str | None = None
    asset: str | None = None
    name: str | None = None
    before: int | None = None
    after: int | None = None
    limit: int | None = NEWEST


class Record(msgspec.Struct, frozen=True):
    """One entry with its body as stored, decoded."""

    entry: Entry
    body: dict[str, object]


class Reader:
    """An open database, for reading. Usable in a ``with`` statement."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            DatabaseTrouble: it is missing, foreign, damaged, or this account may not read it.
        """
        self.path = path
        self._connection = readable(path)
        self._connection.create_function("folded", 1, _folded, deterministic=True)
        self._register = Register(self._connection, str(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read as of one moment, whatever is written meanwhile."""
        with reported(self.path):
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.rollback()

    def log(self, query: Query = Query()) -> list[Record]:  # noqa: B008 - a frozen value
        """The entries that ``query`` asks for, newest last."""
        given = {f: v for f, v in msgspec.structs.asdict(query).items() if v is not None and f in _CONDITIONS}
        where = " AND ".join(_CONDITIONS[f] for f in given) or "1"
        text = f"SELECT body, hash FROM ledger WHERE {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608 - our conditions
        limit = -1 if query.limit is None else query.limit
        with reported(self.path):
            rows = self._connection.execute(text, (*given.values(), limit)).fetchall()
        return [_record(row) for row in reversed(rows)]

    def record(self, seq: int) -> Record | None:
        """The entry with that number, if there is one."""
        with reported(self.path):
            row = self._connection.execute("SELECT body, hash FROM ledger WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else _record(row)

    def last(self) -> Entry | None:
        """The last entry."""
        with reported(self.path):
            return Ledger(self._connection, Clock()).last()

    def newest(self) -> int:
        """The latest time of any entry, in seconds since 1970."""
        with reported(self.path):
            return Ledger(self._connection, Clock()).newest()

    def today(self) -> str:
        """The day by which dates are judged, as the judge sees it: never earlier than that of the newest entry."""
        return day(max(Clock().read().unix_ms, self.newest() * 1000))

    def evidence(self, sha256: str) -> bytes | None:
        """The stored bytes with that SHA-256 (hex): the raw descriptors that a decision names."""
        with reported(self.path):
            row: tuple[bytes] | None = self._connection.execute(
                "SELECT data FROM evidence WHERE sha256 = ?", (bytes.fromhex(sha256),)
            ).fetchone()
        return None if row is None else row[0]

    def find(self, wanted: Wanted) -> Found:
        """The assets that ``wanted`` asks for, and how many there are."""
        today = self.today()
        with reported(self.path):
            return find(self._connection, self._register, wanted, today)

    def find_count(self) -> int:
        """How many assets there are, in any state."""
        with reported(self.path):
            return self._register.count()

    def serials(self, serial: str) -> Serials:
        """The assets with that serial, printed or electronic, as it was typed; those near it when there are none."""
        with reported(self.path):
            return by_serial(self._connection, self._register, serial)

    def values(self, fact: str) -> list[str]:
        """What the list says of one fact (``holder``, ``unit``, …), each text once."""
        if fact not in FACTS:
            raise ValueError(fact)
        with reported(self.path):
            rows = self._connection.execute(f"SELECT DISTINCT {fact} FROM asset WHERE {fact} <> ''")  # noqa: S608
            return [value for (value,) in rows]

    def asset(self, id: str) -> Asset | None:  # noqa: A002 - the word everybody uses for it
        """The asset with that number, if there is one."""
        with reported(self.path):
            return self._register.asset(id)

    def history(self, id: str) -> list[Record]:  # noqa: A002 - as above
        """The changes of one asset, oldest first: when it was added, by whom, each move with reason and document."""
        with reported(self.path):
            rows = self._connection.execute(
                "SELECT body, hash FROM ledger WHERE (kind IN ('list-add', 'list-learn', 'list-revoke', 'list-state',"
                " 'list-carried') OR kind GLOB 'proposal*') AND asset = ? ORDER BY seq",
                (id,),
            ).fetchall()
        return [_record(row) for row in rows]

    def proposals(self, *, every: bool = False) -> list[Proposal]:
        """The proposals that a second person may approve today; ``every``: all that there ever were. Oldest first."""
        table = ProposalTable(self._connection, str(self.path))
        with reported(self.path):
            return list(table.every() if every else table.waiting(self.today()))

    def waiting(self) -> frozenset[str]:
        """Numbers of the assets about which something waits for a second person."""
        with reported(self.path):
            return ProposalTable(self._connection, str(self.path)).assets(self.today())

    def candidates(self, serial: bytes) -> tuple[Asset, ...]:
        """Assets with that serial, as the judge finds them."""
        with reported(self.path):
            return self._register.candidates(serial.hex()) if serial else ()

    def peripherals(self) -> tuple[Peripheral, ...]:
        """The peripherals that are enrolled now."""
        with reported(self.path):
            return self._register.peripherals()

    def policy(self) -> StoredPolicy | None:
        """The policy in force, if one was ever used."""
        with reported(self.path):
            return self._register.policy()

    def inspection_required(self) -> bool:
        """Whether the policy in force blocks what was never inspected."""
        stored = self.policy()
        return stored is not None and read_policy(stored.text, origin=stored.name).require_inspection

    def standing(self) -> Standing:
        """Which list is in force: where it is kept, its number, its dates."""
        with reported(self.path):
            return NoteTable(self._connection, str(self.path)).standing(self._register.version())

    def source(self) -> Taken | Kept | None:
        """By which note the list in force is what it is; ``None``: it has always been kept here."""
        with reported(self.path):
            return NoteTable(self._connection, str(self.path)).source()

    def taken_from(self, origin: str) -> Taken | None:
        """The last list of that origin that was taken here."""
        with reported(self.path):
            return NoteTable(self._connection, str(self.path)).taken_from(origin)

    def receipts(self) -> tuple[Receipt, ...]:
        """What other computers said of the last list that they took."""
        with reported(self.path):
            return NoteTable(self._connection, str(self.path)).receipts()

    def machine(self) -> Machine:
        """This computer."""
        with reported(self.path):
            return NoteTable(self._connection, str(self.path)).machine()

    def is_local(self, id: str) -> bool:  # noqa: A002 - as above
        """Whether the last change of an asset was made here, or this computer's word stayed at the last taking."""
        with reported(self.path):
            return NoteTable(self._connection, str(self.path)).is_local(id)

    def list_version(self) -> int:
        """How often the list was changed."""
        with reported(self.path):
            return self._register.version()

    def list_change(self) -> Record | None:
        """The entry that made the list what it is; nothing when the list was never changed."""
        text = "SELECT body, hash FROM list_change JOIN ledger ON seq = entry ORDER BY version DESC LIMIT 1"
        with reported(self.path):
            row = self._connection.execute(text).fetchone()
        return None if row is None else _record(row)


def _record(row: tuple[str, bytes]) -> Record:
    body = row[0].encode()
    try:
        return Record(entry_of(body, row[1]), _BODY.decode(body))
    except (ValueError, msgspec.DecodeError) as error:
        raise broken(number_of(body, 0)) from error


@functools.lru_cache(maxsize=4096)
def _folded(text: str | None) -> str:
    return folded(text or "")

"""The store as the judge uses it: entries never lost, faults closed and shown.

While the store cannot be used nothing but enrolled input may open (``fail_safe`` says why). Entries
about blocks and removals are kept, in order and bounded, and written when the store works again;
what did not fit is counted, so that the log can say how many are missing.
"""

import contextlib
import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from usbguard_py import paths
from usbguard_py.core import record
from usbguard_py.core.trial import Trial
from usbguard_py.core.whitelist import Asset, Peripheral
from usbguard_py.errors import BadPolicy, DatabaseTrouble, DiskFull, GuardError
from usbguard_py.policy.knobs import Policy
from usbguard_py.policy.read import read_policy
from usbguard_py.policy.table import BY_NAME
from usbguard_py.shell import floor
from usbguard_py.shell.clock import day, rfc3339
from usbguard_py.shell.database import ensure_schema
from usbguard_py.shell.reserve import Reserve
from usbguard_py.shell.store import Entry, Store

MAX_LATE = 1000  # entries kept in memory
MAKES_ROOM = 8  # entries, some 300 KiB of the write-ahead log, between two times that it is emptied
MAX_LATE_BYTES = 16 * 1024 * 1024  # of descriptors kept with them

_T = TypeVar("_T")

_ANY = BY_NAME["keyboards"].highest

OBSERVE = Policy(name="observe", enforce=False)


class Late(msgspec.Struct):
    """An entry that waits for the store."""

    kind: str
    body: Mapping[str, object]
    evidence: tuple[bytes, ...] = ()


class Books:
    """List, ledger and policy, or the reason why they cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store: Store | None = None
        self.reserve = Reserve(path.parent / "reserve")
        self.fail_safe = ""
        self.remedy = ""  # what a person can do about it
        self._trouble: GuardError | None = None  # the last one
        self.policy = OBSERVE
        self.policy_digest = ""
        self.trial: Trial | None = None  # of the policy in force, until somebody confirms it
        self.peripherals: tuple[Peripheral, ...] = ()
        self.appended: Callable[[str, int, Mapping[str, object]], None] = lambda _kind, _seq, _body: None
        self.told: Callable[[Entry, Mapping[str, object]], None] = lambda _entry, _fields: None  # of what is on disk
        self.told_late: Callable[[str, Mapping[str, object]], None] = lambda _kind, _fields: None  # of what waits
        self.giving_way: Callable[[], None] = lambda: None  # called before the store writes; see daemon/imports.py
        self.changing: Callable[[], None] = lambda: None  # called before each change to the list or the policy
        self._late: deque[Late] = deque()
        self._dropped = 0

    def open(self, *, enforce_expected: bool) -> bool:
        """Open or reopen the store and read the policy in force; whether it works now."""
        try:
            if self.store is not None:
                self.store.close()
                self.store = None
            # Only a machine that was never set up gets an empty list.
            ensure_schema(self.path, create=not enforce_expected and not paths.FLOOR_MODE.exists())
            self.store = Store.open(self.path)
            self.store.giving_way = lambda: self.giving_way()  # noqa: PLW0108 - whoever it is by then
            self.hear()
            self._load(enforce_expected=enforce_expected)
            self._see_room()
        except (DatabaseTrouble, BadPolicy) as error:
            self._fail(error)
            return False
        self.fail_safe = self.remedy = ""
        return True

    def _see_room(self) -> None:
        """Nothing opens on what was kept for the last entries: only when it can be laid aside again.

        Raises:
            DiskFull: it cannot.
        """
        if self.reserve.used and not self.reserve.lay_aside():
            raise DiskFull(path=str(self.path), detail="the reserve is in use")

    def hear(self) -> None:
        """Have ``told`` called for whatever the store commits from now on."""
        if self.store is not None:
            self.store.committed = self.told

    def _load(self, *, enforce_expected: bool) -> None:
        assert self.store is not None  # noqa: S101 - for the type checker; open() has just set it
        stored = self.store.policy()
        if stored is None and enforce_expected:
            raise DatabaseTrouble(detail="no policy is stored although the machine enforces", path=str(self.path))
        self.policy = OBSERVE if stored is None else read_policy(stored.text, origin=stored.name)
        self.policy_digest = "" if stored is None else stored.digest
        self.trial = self.store.trial()
        self.peripherals = self.store.peripherals()

    def _fail(self, why: GuardError) -> None:
        self.fail_safe, self.remedy = str(why), why.advice()
        self._trouble = why
        if not self.policy.enforce and floor.mode() == "enforce":
            # The floor's file says what is enrolled; how many of it the policy allowed nobody knows.
            self.policy = Policy(name="fail-safe", keyboards=_ANY, mice=_ANY)

    def ready(self) -> Store:
        """The store, for a change to the list.

        Raises:
            DatabaseTrouble, BadPolicy: it cannot be used; the very trouble that was found.
        """
        if self.store is None or self.fail_safe:
            raise self._again()
        self.changing()
        return self.store

    def _again(self) -> GuardError:
        """What was found to be wrong, as an error of its own: an exception is raised once."""
        if self._trouble is None:
            return DatabaseTrouble(detail="not open", path=str(self.path))
        return type(self._trouble)(**self._trouble.facts)

    @property
    def kept(self) -> int:
        """How many entries wait for the store."""
        return len(self._late) + self._dropped

    def policy_edited(self) -> bool:
        """Whether the installed policy file of that name differs from the policy in force."""
        try:
            text = (paths.POLICIES / f"{self.policy.name}.toml").read_bytes()
        except OSError:
            return False
        return bool(self.policy_digest) and hashlib.sha256(text).hexdigest() != self.policy_digest

    def append(self, kind: str, body: Mapping[str, object], evidence: Iterable[bytes] = ()) -> Entry:
        """Write one entry; durable on return.

        Raises:
            DatabaseTrouble: it could not be written; the judge is in fail-safe from now on.
        """
        if self.store is None:
            raise self._again()
        try:
            self.flush()
            entry = self.store.append(kind, body, evidence)
        except DatabaseTrouble as error:
            self._fail(error)
            raise
        if self.reserve.used and entry.seq % MAKES_ROOM == 0:  # a thousand entries fit so, else two hundred
            with contextlib.suppress(DatabaseTrouble):
                self.store.give_room_back()
        self.appended(kind, entry.seq, body)
        return entry

    def append_or_keep(self, kind: str, body: Mapping[str, object], evidence: Iterable[bytes] = ()) -> int:
        """Write one entry now, or keep it for later; its sequence number, 0 when kept."""
        try:
            return self.append(kind, body, evidence).seq
        except DatabaseTrouble as error:
            if isinstance(error, DiskFull) and self.reserve.give_back():
                return self.append_or_keep(kind, body, evidence)
            self.told_late(kind, body)
            kept = sum(len(data) for late in self._late for data in late.evidence)
            if len(self._late) >= MAX_LATE or kept > MAX_LATE_BYTES:
                self._dropped += 1
            else:
                now = rfc3339(time.time_ns() // 1_000_000)
                self._late.append(Late(kind, {**body, "late": True, "happened_at": now}, tuple(evidence)))
            return 0

    def flush(self) -> None:
        """Write what was kept, oldest first, then how many could not be kept."""
        if self.store is None:
            return
        for number in range(len(self._late)):
            if number % MAKES_ROOM == 0:  # what was full may be nearly so again
                self.store.give_room_back()
            late = self._late[0]
            self.store.append(late.kind, late.body, late.evidence)
            self._late.popleft()
        if self._dropped:
            self.store.append("events-lost", record.events_lost("entries not kept", self._dropped))
            self._dropped = 0

    def candidates(self, serial: bytes) -> tuple[Asset, ...]:
        """Assets with this serial, whatever their state; none while the store cannot be used."""
        return self.ask(lambda store: store.candidates(serial), ())

    def count_assets(self) -> int:
        """How many assets are on the list, whatever their state."""
        return self.ask(lambda store: store.count_assets(), 0)

    def today(self) -> tuple[int, int]:
        """Devices blocked and alarms raised since midnight, local time; what waits for the store is not counted."""
        now = time.localtime()
        midnight = int(time.time()) - now.tm_hour * 3600 - now.tm_min * 60 - now.tm_sec
        return self.ask(lambda store: store.count_since(midnight), (0, 0))

    def date(self) -> str:
        """The day by which dates are judged, ``2026-11-21``."""
        return self.ask(lambda store: store.today(), day(time.time_ns() // 1_000_000))

    def reminders(self) -> dict[str, int]:
        """How many devices somebody has to see to, by what is due; only what there is."""
        return self.ask(lambda store: store.reminders(), {})

    def proposal_of(self, asset: str) -> dict[str, object]:
        """What waits for a second person about an asset: number, verb, who proposed it, its last day; else nothing."""
        found = self.ask(lambda store: store.proposal_of(asset), None) if asset else None
        if found is None:
            return {}
        return {"number": found.number, "verb": found.verb, "login": found.login, "until": found.until}

    def ask(self, question: Callable[[Store], _T], otherwise: _T) -> _T:
        """What the store answers; ``otherwise`` while it cannot be used."""
        if self.store is None or self.fail_safe:
            return otherwise
        try:
            return question(self.store)
        except DatabaseTrouble as error:
            self._fail(error)
            return otherwise

    def list_version(self) -> int:
        """Number of the list in force; 0 while the store cannot be used."""
        return self.ask(lambda store: store.list_version(), 0)

"""The one database as the judge uses it: the list, the ledger and the policy, on the standard library alone.

Every change of the list and its entry are one transaction. Nothing is ever deleted or repaired here:
a fault is an error with its cause, and the next call tries again on a new connection.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from usbguard_py.core import changes, record
from usbguard_py.core.custody import moved
from usbguard_py.core.given import Given
from usbguard_py.core.record import Entry
from usbguard_py.core.trial import Trial, trial_of
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint, Peripheral
from usbguard_py.errors import BadInput, NotFound
from usbguard_py.shell.carried_lists import CarriedLists
from usbguard_py.shell.clock import Reading, later, step
from usbguard_py.shell.register import StoredPolicy

SOON_DAYS = 30  # before a day that somebody should prepare for
CLOCK_STEP_MS = 1000  # slewing by NTP stays far below: at most 500 ppm, adjtimex(2)
NOTHING = Given()

__all__ = ["Entry", "Store", "StoredPolicy"]


class Store(CarriedLists):
    """The list, the ledger and the policy. One thread only."""

    def append(self, kind: str, body: Mapping[str, object], evidence: Iterable[bytes] = ()) -> Entry:
        """Add an entry to the ledger; on disk on return, unless inside :meth:`transaction`.

        Raises:
            DatabaseTrouble: it is not on disk.
            ValueError: a body that has no canonical form.
        """
        with self.transaction(), self._watched():
            return self._ledger.append(kind, body, evidence)

    def clock_stepped(self) -> record.Body | None:
        """The body of a ``clock-step`` entry when somebody set the wall clock since the last look, else ``None``.

        The first look compares with the last entry, so that a step while nobody judged is noticed within one boot.
        """
        now, before = self._clock.read(), self._reading
        self._reading = now
        if before is None:
            last = self.last()
            if last is None:
                return None
            before = Reading(last.at, last.unix_ms, last.mono_ms, last.boot)
        moved = step(before, now)
        if moved is None or abs(moved) < CLOCK_STEP_MS:
            return None
        return record.clock_step(before.at, moved)

    def last(self) -> Entry | None:
        """The last entry; every database has at least its first one."""
        with self._watched():
            return self._ledger.last()

    def digest(self, seq: int) -> bytes | None:
        """The hash of entry ``seq``, if there is one."""
        with self._watched():
            return self._ledger.digest(seq)

    def count_since(self, unix_s: int) -> tuple[int, int]:
        """How many devices were blocked or cut, and how many alarms raised, since ``unix_s`` (seconds, UTC)."""
        with self._watched():
            return self._ledger.count_since(unix_s)

    def tail(self, count: int) -> tuple[Entry, ...]:
        """The last ``count`` entries, oldest first, verified.

        Raises:
            LedgerBroken: one does not follow from the one before it.
        """
        with self._watched():
            return self._ledger.tail(count)

    def candidates(self, serial: bytes) -> tuple[Asset, ...]:
        """Assets of which a fingerprint or the electronic serial is ``serial``, whatever their state.

        Raises:
            ListDiffers: a row was changed outside this program.
        """
        if not serial:
            return ()
        with self._watched():
            return self._register.candidates(serial.hex())

    def asset(self, id: str) -> Asset | None:  # noqa: A002 - the word everybody uses for it
        """The asset with that number, if there is one."""
        with self._watched():
            return self._register.asset(id)

    def assets(self, state: Custody | None = None, holder: str | None = None) -> Iterator[Asset]:
        """All assets in the order they were added, or those in ``state`` or given to exactly ``holder``."""
        with self._watched():
            yield from self._register.assets(state, holder)

    def count_assets(self) -> int:
        """How many assets there are, in any state."""
        with self._watched():
            return self._register.count()

    def reminders(self) -> dict[str, int]:
        """How many assets somebody has to see to, by what is due; only what there is."""
        with self._watched():
            today = self.today()
            waiting = self._proposals.count(today)
            due = self._register.reminders(today, later(today, SOON_DAYS))
            return {**due, "waiting": waiting} if waiting else due

    def list_version(self) -> int:
        """How often the list was changed."""
        with self._watched():
            return self._register.version()

    def peripherals(self) -> tuple[Peripheral, ...]:
        """The peripherals that are enrolled now."""
        with self._watched():
            return self._register.peripherals()

    def policy(self) -> StoredPolicy | None:
        """The policy in force, if one was ever used."""
        with self._watched():
            return self._register.policy()

    def add_asset(self, asset: Asset, by: changes.By, imported: record.Body | None = None) -> tuple[Asset, Entry]:
        """Put an asset on the list; it gets the next number (``TB-0001`` …), whatever ``asset.id`` is.

        ``imported`` stands in the entry of one that comes with an import.

        Raises:
            BadInput: text that cannot be stored.
        """
        with self._change() as version:
            now = self._clock.read().at
            asset = msgspec.structs.replace(
                asset, id=self._register.next_asset(), added_at=now, added_by=_name(by), changed_at=now
            )
            entry = self._append("list-add", lambda: changes.asset_added(asset, version, by, imported))
            self._register.insert_asset(asset, entry.seq)
            self._register.count_change(version, entry.seq)
        return asset, entry

    def add_fingerprint(
        self,
        id: str,  # noqa: A002 - the word everybody uses for it
        face: Fingerprint,
        document: str,
        by: changes.By,
        *,
        proposal: int = 0,
    ) -> Entry:
        """Add another face to an asset; ``proposal`` is the number of the one that was approved, if any.

        Raises:
            NotFound: there is no such asset.
            BadInput: text that cannot be stored.
        """
        with self._change() as version:
            before = self._register.asset(id)
            if before is None:
                raise NotFound(what="asset", name=id)
            faces = (*before.fingerprints, face)
            after = msgspec.structs.replace(before, fingerprints=faces, changed_at=self._clock.read().at)
            entry = self._append(
                "list-learn", lambda: changes.proposed(proposal, changes.face_learnt(after, version, by, document))
            )
            self._register.insert_fingerprint(id, face)
            self._register.update_asset(after, entry.seq)
            self._register.count_change(version, entry.seq)
            self._void(after, by)
        return entry

    def move(
        self,
        id: str,  # noqa: A002 - the word everybody uses for it
        verb: str,
        by: changes.By,
        *,
        reason: str,
        document: str,
        given: Given = NOTHING,
        proposal: int = 0,
    ) -> tuple[Asset, Entry]:
        """Move an asset as :data:`usbguard_py.core.custody.MOVES` says: the asset as it is then, and the entry.

        ``proposal`` is the number of the one that a second person approved, if any.

        Raises:
            NotFound: there is no such asset.
            MoveForbidden, MoveNotYet: the move is not possible now.
            Usage, BadInput: what comes with it is not what the move asks for, or cannot be stored.
        """
        with self._change() as version:
            before = self._register.asset(id)
            if before is None:
                raise NotFound(what="asset", name=id)
            after = moved(before, verb, given, self.today(), reason=reason, document=document)
            if not before.state is after.state is Custody.LOST:  # since when it is lost is what is said of it
                after = msgspec.structs.replace(after, changed_at=self._clock.read().at)
            why = {"verb": verb, "reason": reason, "document": document}
            entry = self._append(
                changes.kind_of(verb),
                lambda: changes.proposed(proposal, changes.asset_moved(before, after, version, by, **why)),
            )
            self._register.update_asset(after, entry.seq)
            self._register.count_change(version, entry.seq)
            self._void(after, by)
        return after, entry

    def add_peripheral(self, peripheral: Peripheral, by: changes.By) -> tuple[Peripheral, Entry]:
        """Enrol a peripheral; it gets the next number (``NV-0001`` …)."""
        with self._change() as version:
            peripheral = msgspec.structs.replace(
                peripheral,
                id=self._register.next_peripheral(),
                enrolled_at=self._clock.read().at,
                enrolled_by=_name(by),
            )
            entry = self._append("peripheral-enrol", lambda: changes.peripheral_enrolled(peripheral, version, by))
            self._register.insert_peripheral(peripheral, entry.seq)
            self._register.count_change(version, entry.seq)
        return peripheral, entry

    def remove_peripheral(self, id: str, reason: str, by: changes.By, document: str = "") -> Entry:  # noqa: A002
        """Take a peripheral off the list; its row and its entries stay.

        Raises:
            NotFound: no such peripheral is enrolled.
        """
        with self._change() as version:
            gone = next((p for p in self._register.peripherals() if p.id == id), None)
            if gone is None:
                raise NotFound(what="peripheral", name=id)
            entry = self._append(
                "peripheral-remove", lambda: changes.peripheral_removed(gone, reason, document, version, by)
            )
            self._register.deactivate_peripheral(id, entry.seq)
            self._register.count_change(version, entry.seq)
        return entry

    def use_policy(
        self,
        name: str,
        text: str,
        digest: str,
        by: changes.By,
        origin: str = "",
        *,
        enforce: bool = True,
        trial: record.Body | None = None,
    ) -> Entry:
        """Store a policy text, with its SHA-256 in hex, as the one in force; ``enforce`` as the text says.

        ``trial`` is for its entry (:func:`usbguard_py.core.changes.policy_used`).

        Raises:
            BadInput: ``digest`` is not the text's.
        """
        if digest != hashlib.sha256(text.encode()).hexdigest():
            raise BadInput(where="policy", detail="the digest is not that of the text")
        with self.transaction(), self._watched():
            before = self._register.policy()
            old = before.digest if before else ""
            more: dict[str, Any] = {"enforce": enforce, "trial": trial}
            entry = self._append("policy-use", lambda: changes.policy_used(name, digest, old, origin, by, **more))
            self._register.insert_policy(name, text, entry.seq)
        return entry

    def trial(self) -> Trial | None:
        """The trial of the policy in force, if nobody has confirmed it."""
        with self._watched():
            return trial_of(self._ledger.last_of("policy-use"), self._ledger.last_of("policy-confirm"))

    def policy_before(self, trial: Trial) -> StoredPolicy | None:
        """The policy that comes back when the trial ends, if there was one."""
        with self._watched():
            return next((p for p in self._register.policies() if p.digest == trial.before), None)

    @contextmanager
    def _change(self) -> Iterator[int]:
        """A transaction for one change of the list; gives the version that the list will have."""
        with self.transaction(), self._watched():
            yield self._register.version() + 1


def _name(by: changes.By) -> str:
    """Who made a change, as one word for the list; the entry holds the rest."""
    return by if isinstance(by, str) else str(by.get("login") or by.get("user") or "")

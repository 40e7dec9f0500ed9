"""Carried lists as the judge stores them: each device that a list brings or changes, and each note, with its entry."""

from usbguard_py.core import list_notes
from usbguard_py.core.carrying import Head, Machine, Receipt
from usbguard_py.core.changes import By
from usbguard_py.core.list_notes import Asked, Kept, Note, Standing, Taken
from usbguard_py.core.record import Entry
from usbguard_py.core.taking import Step
from usbguard_py.shell.proposals import Proposals


class CarriedLists(Proposals):
    """What an open database file knows of carried lists. The store is one of these: taking is a change of the list."""

    def machine(self) -> Machine:
        """This computer: the identity of its ledger, and its host name."""
        with self._watched():
            return self._notes.machine()

    def source(self) -> Taken | Kept | None:
        """By which note the list in force is what it is; ``None``: it has always been kept here."""
        with self._watched():
            return self._notes.source()

    def taken_from(self, origin: str) -> Taken | None:
        """The last list of that origin that was taken here."""
        with self._watched():
            return self._notes.taken_from(origin)

    def standing(self) -> Standing:
        """Which list is in force."""
        with self._watched():
            return self._notes.standing(self._register.version())

    def asked(self, choice: str) -> Asked | None:
        """Who asked to take a list in that very way, the last time."""
        with self._watched():
            return self._notes.asked(choice)

    def receipts(self) -> tuple[Receipt, ...]:
        """What other computers said of the last list that they took."""
        with self._watched():
            return self._notes.receipts()

    def is_local(self, id: str) -> bool:  # noqa: A002 - the word everybody uses for it
        """Whether the last change of an asset was made here."""
        with self._watched():
            return self._notes.is_local(id)

    def note(self, kind: str, about: str, note: Note, by: By, **more: object) -> Entry:
        """Store a note about a carried list with its entry, of kind ``list-KIND``.

        Raises:
            BadInput: text that cannot be stored.
        """
        with self.transaction(), self._watched():
            entry = self._append(f"list-{kind}", lambda: list_notes.noted(note, by, **more))
            self._notes.insert(kind, about, note, entry.seq)
        return entry

    def take_asset(self, step: Step, head: Head, of: int, by: By, *, reason: str, document: str) -> Entry:
        """Put a device on the list as a carried one has it, or change it to that; ``of`` is the entry of the taking.

        Raises:
            BadInput: text that cannot be stored.
        """
        why = {"reason": reason, "document": document}
        with self.transaction(), self._watched():
            version = self._register.version() + 1
            entry = self._append("list-carried", lambda: list_notes.asset_taken(step, head, of, version, by, **why))
            if step.before is None:
                self._register.insert_asset(step.after, entry.seq)
            else:
                for face in step.after.fingerprints[len(step.before.fingerprints) :]:
                    self._register.insert_fingerprint(step.after.id, face)
                self._register.update_asset(step.after, entry.seq)
                self._void(step.after, by)
            self._register.count_change(version, entry.seq)
        return entry

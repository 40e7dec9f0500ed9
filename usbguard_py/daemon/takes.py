"""Carried lists are taken: the devices come in parts, and the list becomes the one of the file in one transaction.

As an import, it is made on a connection that gives way to every decision (:mod:`usbguard_py.daemon.imports`).
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from usbguard_py.core import record
from usbguard_py.core.canonical import digest
from usbguard_py.core.carrying import MAX_MACHINES, Digest, Receipt, odd_head, odd_receipt
from usbguard_py.core.four_eyes import person_of
from usbguard_py.core.list_notes import Asked, Taken, held_of, newest, see_takable
from usbguard_py.core.list_requests import WhitelistTakeBegin, WhitelistTakeCommit, WhitelistTakePart
from usbguard_py.core.record import Entry
from usbguard_py.core.taking import Step, faults, step, widens
from usbguard_py.core.whitelist import Asset
from usbguard_py.daemon import second
from usbguard_py.daemon.changes import announced
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.flow import Flow
from usbguard_py.daemon.imports import Imports, Staged, Transaction
from usbguard_py.daemon.judge import Judge
from usbguard_py.daemon.moves import Done, carried_out, why
from usbguard_py.errors import Usage
from usbguard_py.errors_life import ListChanged, StillOpen
from usbguard_py.errors_list import DeviceRefused, NoTaker, OtherChanges, OtherDigest, SameTaker
from usbguard_py.i18n import N_
from usbguard_py.shell.clock import Clock, later
from usbguard_py.shell.database import copy_the_log
from usbguard_py.shell.peer import Peer
from usbguard_py.shell.register import kept
from usbguard_py.shell.store import Store

MAX_ACCEPTED = 1000  # devices for which somebody takes the list's word; a request holds them

Answer = dict[str, Any]
Work = Iterator[Any]
_ASSET = msgspec.json.Decoder(Asset)


class Waits(Exception):
    """A second person has to take the list, too; the transaction was taken back."""


class Takes:
    """At most one at a time, and no import beside it: both write for a long time.

    Args:
        imports: holds what is under way.
    """

    def __init__(self, imports: Imports) -> None:
        self._imports = imports

    def begin(self, judge: Judge, request: WhitelistTakeBegin, caller: Peer) -> Answer:
        """Begin; what was begun by the same account and not committed is forgotten.

        Raises:
            ReasonNeeded, BadInput, Usage: what was said of it is not enough, or is none.
            OwnList, OlderList, TwoLists, OtherOrigin: this list may not be taken.
            ImportBusy: somebody else is taking a list or importing.
            ListChanged: it was compared with another list.
        """
        self._imports.see_free(caller)
        said = msgspec.structs.replace(request, **why(request, "take")._asdict())
        odd = odd_head(said.head) or next((odd for one in said.machines if (odd := odd_receipt(one))), "")
        if odd or len(said.machines) > MAX_MACHINES or len(said.accept) > MAX_ACCEPTED:
            raise Usage(detail=odd or "more rows than an import may have")
        store = judge.host.books.ready()
        _see(store, said)
        return self._imports.stage(caller, said)

    def part(self, _judge: Judge, request: WhitelistTakePart, caller: Peer) -> Answer:
        """Take the next devices in.

        Raises:
            Usage: that is not under way, or has more devices than it said, or than memory is given for.
        """
        staged = self._imports.named(request.token, caller)
        return self._imports.add(staged, [msgspec.json.encode(a) for a in request.assets], staged.begun.head.count)

    def commit(self, judge: Judge, request: WhitelistTakeCommit, caller: Peer) -> Flow:
        """Take the list, all of it or nothing, and let it count at once for what is connected.

        Raises:
            Usage: that is not under way, or devices are missing.
            OlderList, TwoLists, OtherOrigin, ListChanged, OtherChanges, OtherDigest, DeviceRefused: nothing was taken.
            NoTaker, SameTaker: two persons are needed, and there is no second one.
            ImportDisturbed, DatabaseTrouble: it could not be written.
            StillOpen: it was taken, and a drive could not be cut.
        """
        staged = self._imports.named(request.token, caller)
        if len(staged.rows) != staged.begun.head.count:
            raise Usage(detail="rows are missing")
        asks = second.asked(judge)
        try:
            transaction = Transaction(judge, lambda known, store: _taken(staged, known, store, asks=asks))
            entry, note, done = yield from self._imports.attempts(staged, transaction.run)
        except Waits:
            return _proposed(judge, staged)
        return (yield from _in_force(judge, staged, entry, note, done))


def _see(store: Store, begun: WhitelistTakeBegin) -> Taken | None:
    """See that the list is still the one that was looked at, and may be taken; the last one of that origin."""
    head, last = begun.head, store.taken_from(begun.head.origin.id)
    listed = store.count_assets()
    see_takable(head, store.machine(), store.source(), last, listed=listed, new_origin=begun.new_origin)
    if store.list_version() != begun.list_version:
        raise ListChanged
    return last


def _taken(staged: Staged, known: Store, store: Store, *, asks: bool) -> Work:
    """One step for each device, twice: all are looked at before anything is written; then the entry, the note, all."""
    begun: WhitelistTakeBegin = staged.begun
    last = _see(store, begun)
    steps: list[Step] = []
    yield from _planned(staged, known, steps)
    changing = [one for one in steps if one.changes]
    if len(changing) != begun.changes:
        raise OtherChanges(found=len(changing), expected=begun.changes)
    if asks and (begun.new_origin or any(map(widens, changing))):
        _see_second(store, staged)
    operator, head = by(staged.caller), newest(begun.head, last)
    said = {"reason": begun.reason, "document": begun.document}
    version = begun.list_version + len(changing)
    note = Taken(head, Clock().read().at, version, held_of(steps), _table(begun.machines))
    counts = {"count": head.count, "changes": len(changing), "held": sum(bool(one.held) for one in steps)}
    entry = store.note("take", head.origin.id, note, operator, list_version=version, **counts, **said)
    done: Done = []
    for one in changing:
        done.append((one.after, store.take_asset(one, head, entry.seq, operator, **said)))
        yield None
    if begun.new_origin:
        store.append("alarm", record.alarm("list", N_("the list is kept on another computer from now on")))
    yield entry, note, done


def _planned(staged: Staged, known: Store, steps: list[Step]) -> Work:
    """What becomes of each device; nothing is written."""
    begun: WhitelistTakeBegin = staged.begun
    here = known.count_assets()
    found, accepted = Digest(begun.head), frozenset(begun.accept)
    for place, raw in enumerate(staged.rows, 1):
        carried = _ASSET.decode(raw)
        before = known.asset(carried.id) if place <= here else None
        for fault in faults(place, place, before, carried):
            raise DeviceRefused(line=fault.line, column=fault.column, detail=fault.detail)
        local = before is not None and before != carried and known.is_local(carried.id)
        one = step(before, carried, local=local, accepted=carried.id in accepted)
        if not kept(one.after):  # a row that does not agree with its entry would end the use of the whole list
            raise DeviceRefused(line=place, column="", detail="it cannot be stored as it is")
        found.add(carried)
        steps.append(one)
        yield None
    if here > len(staged.rows):
        raise DeviceRefused(line=len(staged.rows) + 1, column="id", detail="it is here and not on the list")
    if found.hex() != begun.head.sha256:
        raise OtherDigest(found=found.hex()[:16])


def _table(machines: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    return tuple(msgspec.structs.replace(one, held=()) for one in machines)


def _choice(begun: WhitelistTakeBegin) -> str:
    """What two persons have to agree upon: the list, and how it is taken."""
    return digest({"sha256": begun.head.sha256, "accept": sorted(set(begun.accept)), "new_origin": begun.new_origin})


def _see_second(store: Store, staged: Staged) -> None:
    """See that another person asked for the very same before, not too long ago.

    Raises:
        NoTaker: nobody is logged in with an account of their own.
        SameTaker: the first person asked again.
        Waits: this is the first person.
    """
    person = person_of(staged.caller.login_uid)
    if person is None:
        raise NoTaker(id="")
    first = store.asked(_choice(staged.begun))
    if first is None or first.until < store.today():
        raise Waits
    if first.person == person:
        raise SameTaker(name=first.login)


def _proposed(judge: Judge, staged: Staged) -> Answer:
    """The first of two persons asked: that is recorded, and nothing else changes."""
    books, caller, begun = judge.host.books, staged.caller, staged.begun
    store = books.ready()
    until = later(store.today(), books.policy.four_eyes)
    choice = _choice(begun)
    asked = Asked(choice, person_of(caller.login_uid) or 0, caller.login, until, Clock().read().at)
    head = {"number": begun.head.number, "origin": begun.head.origin.name, "sha256": begun.head.sha256}
    entry = store.note("ask", choice, asked, by(caller), **head, reason=begun.reason, document=begun.document)
    announced(judge, entry)
    return {"seq": entry.seq, "number": begun.head.number, "until": until}


def _connected(judge: Judge, done: Done) -> Done:
    """Those of the changes that are about something that is connected; of ten thousand these are few."""
    connections = judge.host.connections.values()
    ids = {c.decision.asset for c in connections} - {""}
    serials = {(c.device.serial or b"").hex() for c in connections} - {""}
    return [(a, e) for a, e in done if a.id in ids or serials & {f.passport.serial for f in a.fingerprints}]


def _in_force(judge: Judge, staged: Staged, entry: Entry, note: Taken, done: Done) -> Flow:
    """The list is another from here on: what is connected is judged by it, and what may not stay open is cut."""
    path = judge.host.books.path
    judge.host.helper.aside(lambda: copy_the_log(path))
    announced(judge, entry, reason=staged.begun.reason)
    cut = yield from carried_out(judge, _connected(judge, done), StillOpen)
    return {
        "seq": entry.seq,
        "number": note.head.number,
        "count": note.head.count,
        "changes": len(done),
        "held": [one.id for one in note.held],
        "cut": cut,
    }

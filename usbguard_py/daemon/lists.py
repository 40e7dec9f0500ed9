"""Which computer keeps the list: what a follower may not do, and the notes about lists that are carried."""

from typing import Any

import msgspec

from usbguard_py.core import record
from usbguard_py.core.carrying import Receipt, odd_head, odd_receipt
from usbguard_py.core.list_notes import Carried, Kept, Standing, Taken, behind, too_old
from usbguard_py.core.list_requests import WhitelistCarried, WhitelistKeep, WhitelistReceipts
from usbguard_py.core.moments import days_between
from usbguard_py.core.requests import (
    Request,
    WhitelistAdd,
    WhitelistApprove,
    WhitelistImportBegin,
    WhitelistImportCommit,
    WhitelistLearn,
    WhitelistMove,
)
from usbguard_py.core.taking import MAY_LOCALLY
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.changes import announced
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.judge import Judge
from usbguard_py.daemon.moves import why
from usbguard_py.errors import Usage
from usbguard_py.errors_list import Follower, KeptHere, NotKeeper
from usbguard_py.i18n import N_
from usbguard_py.shell.clock import Clock
from usbguard_py.shell.peer import Peer
from usbguard_py.shell.store import Store

Answer = dict[str, Any]
# What lets more be used, or makes of the list something that its keeper does not know.
_OF_THE_KEEPER = (WhitelistAdd, WhitelistLearn, WhitelistImportBegin, WhitelistImportCommit, WhitelistApprove)


def see_kept(judge: Judge, request: Request) -> None:
    """See that a request may be carried out on this computer: a follower only ever closes what is on the list.

    Raises:
        Follower: it takes its list from another one.
    """
    laxer = isinstance(request, _OF_THE_KEEPER)
    if laxer or (isinstance(request, WhitelistMove) and request.verb not in MAY_LOCALLY):
        source = judge.host.books.ready().source()
        if isinstance(source, Taken):
            raise Follower(name=source.head.origin.name)


def standing(books: Books) -> Standing | None:
    """Which list is in force; ``None`` while the store cannot be used."""
    return books.ask(lambda store: store.standing(), None)


def reminders(books: Books) -> dict[str, int]:
    """The days since a list that is too old was known to be the newest, and how many computers do not have it."""
    now = standing(books)
    if now is None:
        return {}
    today = books.date()
    if not now.kept:
        return {"list_old": days_between(now.as_of, today)} if too_old(now, today) else {}
    known: tuple[Receipt, ...] = ()
    known = books.ask(lambda store: store.receipts(), known)
    late = sum(bool(behind(one, now)) for one in known)
    return {"machines_behind": late} if late else {}


def carried(judge: Judge, request: WhitelistCarried, caller: Peer) -> Answer:
    """Record that ``caller`` takes the list along; only what is true of this list is recorded.

    Raises:
        NotKeeper: it is kept elsewhere.
        Usage: this list is not like that; nothing was recorded.
        DatabaseTrouble: nothing can be recorded now.
    """
    books, head = judge.host.books, request.head
    store = books.ready()
    now = store.standing()
    if not now.kept:
        raise NotKeeper(name=now.origin.name)
    if odd_head(head) or (head.origin.id, head.number, head.count) != (now.origin.id, now.number, store.count_assets()):
        raise Usage(detail="this list was never like that")
    entry = store.note("carry", "", Carried(head, Clock().read().at), by(caller), count=head.count)
    announced(judge, entry)
    return {"seq": entry.seq}


def receipts(judge: Judge, request: WhitelistReceipts, caller: Peer) -> Answer:
    """Record what other computers said of the lists that they took, where it is later than what is known.

    Raises:
        Usage: one is none.
        DatabaseTrouble: nothing can be recorded now.
    """
    store = judge.host.books.ready()
    own = store.machine()
    for one in request.receipts:
        if odd := odd_receipt(one):
            raise Usage(detail=odd)
    recorded = [one for one in request.receipts if _is_later(store, one, own.id)]
    with store.transaction():
        entries = [
            store.note("receipt", one.machine.id, one, by(caller), held=[held.id for held in one.held])
            for one in recorded
        ]
    for entry in entries:
        announced(judge, entry)
    return {"recorded": [one.machine.name for one in recorded]}


def _is_later(store: Store, one: Receipt, own: str) -> bool:
    """Whether a receipt is about a list that was kept here, and says more than what is known of that computer."""
    now = store.standing()
    ours = one.origin == own and one.machine.id != own and one.number <= now.number and now.kept
    known = next((r for r in store.receipts() if r.machine.id == one.machine.id), None)
    return ours and (known is None or (known != one and (known.number, known.taken_at) <= (one.number, one.taken_at)))


def keep(judge: Judge, request: WhitelistKeep, caller: Peer) -> Answer:
    """Keep the list on this computer from now on: its numbers go on after that of the list that was taken.

    Raises:
        KeptHere: it is.
        ReasonNeeded, BadInput: reason and paper.
        DatabaseTrouble: nothing can be recorded now.
    """
    reasons = why(request, "keep")
    store = judge.host.books.ready()
    source = store.source()
    if not isinstance(source, Taken):
        raise KeptHere
    origin = source.head.origin
    note = Kept(source.head.number + 1, store.list_version(), Clock().read().at, origin)
    with store.transaction():
        entry = store.note("keep", origin.id, note, by(caller), **reasons._asdict())
        store.append("alarm", record.alarm("list", N_("the list is kept on this computer from now on")))
    announced(judge, entry)
    return {"seq": entry.seq, "number": note.number}


def shown(books: Books) -> Answer | None:
    """The list in force for the answer to ``status``; ``None`` while nobody knows."""
    now = standing(books)
    return None if now is None else msgspec.to_builtins(now)

"""Four eyes at work: what has to wait for a second person becomes a proposal, and nothing else of it happens.

Every change of the list that lets more be used comes through here while the policy asks for it
(:mod:`usbguard_py.core.four_eyes`); docs/adr/0165-what-needs-a-second-person.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from usbguard_py.core import record
from usbguard_py.core.custody import moved
from usbguard_py.core.four_eyes import LEARN, Proposal, needs_second, person_of
from usbguard_py.core.given import Given
from usbguard_py.core.record import Entry
from usbguard_py.core.requests import WhitelistMove
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import Usage
from usbguard_py.errors_life import NoPerson, SamePerson
from usbguard_py.shell.peer import Peer
from usbguard_py.shell.store import Store

Answer = dict[str, Any]
SAME, NOBODY = "who proposed it is no second person", "nobody is logged in"


def asked(judge: Judge) -> bool:
    """Whether the policy in force asks for a second person."""
    return judge.host.books.policy.four_eyes > 0


def received(judge: Judge, asset: Asset, caller: Peer) -> tuple[Asset, Entry, tuple[Proposal, Entry] | None]:
    """Put an asset on the list; where a second person is asked for it waits, and its approval is proposed.

    Each way by which devices come onto the list goes through :func:`held_back` and :func:`added`, also that of many at
    once, in one transaction.
    """
    store = judge.host.books.ready()
    with store.transaction():
        new, entry = store.add_asset(held_back(judge, asset), by(caller))
        return new, entry, added(judge, new, caller, store)


def held_back(judge: Judge, asset: Asset) -> Asset:
    """An asset as it may come onto the list: one that would be in use waits, where a second person is asked for.

    What is suspended may stay so, since nothing leads from there into use without a second person.
    """
    wide = asset.state is Custody.IN_USE and asked(judge)
    return msgspec.structs.replace(asset, state=Custody.PENDING) if wide else asset


def added(judge: Judge, asset: Asset, caller: Peer, store: Store) -> tuple[Proposal, Entry] | None:
    """The proposal to approve an asset that just came onto the list and waits, where a second person is asked for.

    ``store`` is that of the transaction in which it came; nobody is told of what may still be taken back.
    None when nobody holds it or nobody is logged in: whoever approves it first proposes it then.
    """
    if not asked(judge) or asset.state is not Custody.PENDING or not asset.holder:
        return None
    if person_of(caller.login_uid) is None:
        return None
    after = msgspec.structs.replace(asset, state=Custody.IN_USE)
    return store.propose(_draft(caller, "approve"), judge.host.books.policy.four_eyes, asset, after, by(caller))


def move(judge: Judge, request: WhitelistMove, caller: Peer, *, reason: str, document: str) -> Answer | None:
    """The answer when a move has to wait for a second person, ``None`` when it may be made.

    Raises:
        NoPerson: it would have to wait, and nobody is logged in.
        Usage, BadInput, MoveForbidden, MoveNotYet: it is not possible at all.
    """
    if not asked(judge):
        return None
    store = judge.host.books.ready()
    before = store.asset(request.id)
    if before is None:
        return None  # the move itself says so
    after = moved(before, request.verb, request.facts, store.today(), reason=reason, document=document)
    if not needs_second(request.verb, before, after):
        return None
    draft = _draft(caller, request.verb, request.facts, reason=reason, document=document)
    with refusals(judge, type(request).__name__, caller):
        if person_of(caller.login_uid) is None:
            raise NoPerson(id=before.id)
    proposal, entry = _proposed(judge, draft, before, after, caller)
    return _answer(proposal, entry, before)


def learnt(judge: Judge, asset: Asset, face: Fingerprint, document: str, caller: Peer) -> Answer | None:
    """The answer when another face has to wait for a second person, ``None`` when it may be added.

    Raises:
        NoPerson: it would have to wait, and nobody is logged in.
    """
    if not asked(judge):
        return None
    with refusals(judge, "WhitelistLearn", caller):
        if person_of(caller.login_uid) is None:
            raise NoPerson(id=asset.id)
    draft = msgspec.structs.replace(_draft(caller, LEARN, document=document), face=face)
    proposal, entry = _proposed(judge, draft, asset, asset, caller)
    return _answer(proposal, entry, asset)


def meant(judge: Judge, request: WhitelistMove) -> Proposal | None:
    """The proposal that ``approve ID`` means: the open one to approve that device just as it stands on the list.

    Raises:
        Usage: the proposal also gives it a holder, a unit or a last day, which are nowhere to be seen in such a word.
    """
    if request.verb != "approve" or request.facts != Given() or not asked(judge):
        return None
    found = judge.host.books.ready().proposal_of(request.id)
    if found is None or found.verb != "approve":
        return None
    if found.facts != Given():
        raise Usage(detail=f"proposal {found.number} would change more; it is approved by its number")
    return found


@contextmanager
def refusals(judge: Judge, request: str, caller: Peer) -> Iterator[None]:
    """Record that somebody tried to be the second person and is none."""
    try:
        yield
    except (SamePerson, NoPerson) as error:
        body = record.refused(request, "manager", by(caller))
        about = {"asset": error.facts["id"], "proposal": error.facts.get("number", 0)}
        why = SAME if isinstance(error, SamePerson) else NOBODY
        judge.host.books.append_or_keep("refused", {**body, **about, "why": why})
        raise


def _draft(caller: Peer, verb: str, facts: Given | None = None, *, reason: str = "", document: str = "") -> Proposal:
    """A proposal before it has its number, its device and its day."""
    return Proposal(
        number=0,
        asset="",
        verb=verb,
        facts=facts or Given(),
        asset_sha256="",
        person=person_of(caller.login_uid) or 0,  # 0: not stored, nobody proposes
        login=caller.login,
        at="",
        until="",
        reason=reason,
        document=document,
    )


def _proposed(judge: Judge, draft: Proposal, before: Asset, after: Asset, caller: Peer) -> tuple[Proposal, Entry]:
    books = judge.host.books
    proposal, entry = books.ready().propose(draft, books.policy.four_eyes, before, after, by(caller))
    books.appended(entry.kind, entry.seq, {"at": entry.at, "asset": before.id, "holder": before.holder})
    return proposal, entry


def _answer(proposal: Proposal, entry: Entry, asset: Asset) -> Answer:
    return {
        "id": asset.id,
        "seq": entry.seq,
        "state": str(asset.state),
        "cut": [],
        "proposal": proposal.number,
        "until": proposal.until,
    }

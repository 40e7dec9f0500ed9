"""The moves of approved devices, as flows: all entries first, in one transaction, then what is connected is cut."""

import time
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from usbguard_py.core.custody import possible
from usbguard_py.core.given import MAX_REASON, checked, tidied
from usbguard_py.core.record import Entry
from usbguard_py.core.requests import WhitelistMove, WhitelistRevokeHolder
from usbguard_py.core.standing import standing
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.daemon.changes import announced
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.flow import Bound, Flow
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import NotCut, NotFound, ReasonNeeded
from usbguard_py.errors_life import HoldsNothing, StillOpen
from usbguard_py.shell.peer import Peer

Answer = dict[str, Any]
Done = list[tuple[Asset, Entry]]


class Why(NamedTuple):
    """Reason and paper of a move."""

    reason: str
    document: str


class Reasoned(Protocol):
    """A request in which somebody says why, and on which paper."""

    @property
    def reason(self) -> str:
        """Why."""

    @property
    def document(self) -> str:
        """Number of the paper."""


CUT_SLACK = 10.0  # seconds beyond the cut's own deadline before the answer says that it is not done


def move(judge: Judge, request: WhitelistMove, caller: Peer) -> Flow:
    """One move of one device, with its effect on what is connected.

    Raises:
        ReasonNeeded, Usage, BadInput, NotFound, MoveForbidden, MoveNotYet: nothing was changed.
        NotCut, StillOpen: it was, and a drive could not be cut.
    """
    reasons = why(request, request.verb)
    store = judge.host.books.ready()
    try:
        asset, entry = store.move(
            request.id, request.verb, by(caller), reason=reasons.reason, document=reasons.document, given=request.facts
        )
    except NotFound as error:
        raise NotFound(what="asset", name=_shown(request.id)) from error
    cut = yield from carried_out(judge, [(asset, entry)], NotCut if request.verb == "revoke" else StillOpen)
    return {"id": asset.id, "seq": entry.seq, "state": str(asset.state), "cut": cut}


def revoke_holder(judge: Judge, request: WhitelistRevokeHolder, caller: Peer) -> Flow:
    """Take everything that a person holds away in one step: all of it or nothing is recorded.

    The answer names what was revoked and what they still have: all that is theirs until it is returned.

    Raises:
        HoldsNothing: nothing on the list is held by somebody of that very name.
    """
    reasons = why(request, "revoke")
    store = judge.host.books.ready()
    done: Done = []
    with store.transaction():
        held = [a for name in _spellings(request.holder) for a in store.assets(holder=name)]
        if not held:
            raise HoldsNothing(name=_shown(request.holder))
        for asset in (a for a in held if "revoke" in possible(a)):
            done.append(store.move(asset.id, "revoke", by(caller), reason=reasons.reason, document=reasons.document))
    cut = yield from carried_out(judge, done, NotCut)
    now = {asset.id: asset for asset in (*held, *(asset for asset, _ in done))}
    return {
        "holder": held[0].holder,
        "revoked": [{**_named(asset), "seq": entry.seq} for asset, entry in done],
        "not_returned": [_named(asset) for asset in now.values()],
        "cut": cut,
    }


def _spellings(name: str) -> Iterable[str]:
    """The name as it was typed, and as it would be stored today."""
    return dict.fromkeys((name, checked("holder", name)))


def _named(asset: Asset) -> Answer:
    serial = asset.printed_serial or escaped(bytes.fromhex(asset.electronic_serial))
    return {"id": asset.id, "label": asset.label, "serial": serial, "state": str(asset.state)}


def why(request: Reasoned, verb: str) -> Why:
    """Reason and paper, which no change of the list by people goes without.

    Raises:
        ReasonNeeded: one of them is missing.
        BadInput: a text that cannot be shown, or is too long.
    """
    said = Why(tidied("reason", request.reason, MAX_REASON), tidied("document", request.document, MAX_REASON))
    if not all(said):
        raise ReasonNeeded(action=verb if verb in {"revoke", "refuse"} else "move")
    return said


def _shown(text: str) -> str:
    return escaped(text.encode("utf-8", "replace")[:64])


def carried_out(judge: Judge, done: Done, fault: type[NotCut]) -> Flow:
    """Judge the connected devices again that moves are about; wait for the cut of those that may not stay open."""
    host = judge.host
    opened: list[tuple[Connection, Asset, Entry]] = []
    names: dict[str, None] = {}
    for asset, entry in done:
        mine = [c for c in host.connections.values() if _is_about(c, asset)]
        if not _may_open(judge, asset):
            opened += [(c, asset, entry) for c in mine if c.opened and c.decision.asset == asset.id]
        announced(judge, entry, asset=asset.id, holder=asset.holder)
        names |= dict.fromkeys(c.name for c in mine)
    judge.judge_again(names)
    begun = time.monotonic()
    deadline = begun + host.books.policy.cut_deadline_ms / 1000 + CUT_SLACK
    yield Bound(lambda: not any(c.busy or c.opened for c, _, _ in opened), deadline)
    for connection, asset, entry in opened:
        if connection.opened:
            raise fault(id=asset.id, seq=entry.seq, name=connection.name)
    ms = int((time.monotonic() - begun) * 1000)
    return [_how(c, ms) for c, _, _ in opened]


def _is_about(connection: Connection, asset: Asset) -> bool:
    """Whether a connected device is the asset, or shows one of its serials."""
    serials = {asset.electronic_serial, *(face.passport.serial for face in asset.fingerprints)}
    return connection.decision.asset == asset.id or (connection.device.serial or b"").hex() in serials - {""}


def _may_open(judge: Judge, asset: Asset) -> bool:
    if not judge.host.enforcing:
        return True
    required = judge.host.books.policy.require_inspection
    due = standing(asset, judge.host.books.date(), inspection_required=required)
    return asset.state is Custody.IN_USE and due is None


def _how(connection: Connection, ms: int) -> Answer:
    """How a drive was cut: what was flushed, and who held it."""
    held = connection.held
    return {
        "name": connection.name,
        "ms": ms,
        "flushed": held.get("flushed", ""),
        "dirty_left": held.get("dirty_left", False),
        "holders": held.get("holders", []),
        "search_complete": held.get("search_complete", True),
    }

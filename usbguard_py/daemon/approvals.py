"""The door of moves and approvals, as flows: what needs a second person waits, and a second person lets it happen."""

from typing import Any

from usbguard_py.core.four_eyes import Proposal, Stage, person_of
from usbguard_py.core.requests import WhitelistApprove, WhitelistMove, WhitelistRefuse
from usbguard_py.core.whitelist import Fingerprint
from usbguard_py.daemon import faces, moves, second
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.flow import Flow
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors_life import StillOpen
from usbguard_py.shell import approval
from usbguard_py.shell.peer import Peer

Answer = dict[str, Any]


def move(judge: Judge, request: WhitelistMove, caller: Peer) -> Flow:
    """A move of one device; where it needs a second person it is proposed, or approves what was proposed.

    Raises:
        NoPerson, SamePerson: a second person is needed, and there is none.
        ReasonNeeded, Usage, BadInput, NotFound, MoveForbidden, MoveNotYet: as the move itself.
    """
    why = moves.why(request, request.verb)
    waiting = second.meant(judge, request)
    if waiting is not None:
        return (yield from _approved(judge, waiting, why, caller))
    answer = second.move(judge, request, caller, reason=why.reason, document=why.document)
    return answer if answer is not None else (yield from moves.move(judge, request, caller))


def approve(judge: Judge, request: WhitelistApprove, caller: Peer) -> Flow:
    """Carry out what somebody else proposed.

    Raises:
        NotFound, ProposalOver: there is no such proposal, or it can no longer be approved.
        NoPerson, SamePerson: the caller is no second person.
        ReasonNeeded, BadInput: reason and paper.
    """
    why = moves.why(request, "approve")
    proposal = judge.host.books.ready().proposal(request.proposal)
    return (yield from _approved(judge, proposal, why, caller))


def refuse(judge: Judge, request: WhitelistRefuse, caller: Peer) -> Answer:
    """End a proposal; by who made it, it is withdrawn.

    Raises:
        NotFound, ProposalOver: there is no such proposal, or it has ended.
        ReasonNeeded, BadInput: reason and paper.
    """
    why = moves.why(request, "refuse")
    store = judge.host.books.ready()
    own = store.proposal(request.proposal).person == caller.login_uid
    stage = Stage.WITHDRAWN if own else Stage.REFUSED
    proposal, entry = store.refuse(request.proposal, stage, by(caller), reason=why.reason, document=why.document)
    judge.host.books.appended(entry.kind, entry.seq, {"at": entry.at, "asset": proposal.asset})
    return {"id": proposal.asset, "seq": entry.seq, "proposal": proposal.number, "state": str(stage)}


def _approved(judge: Judge, proposal: Proposal, why: moves.Why, caller: Peer) -> Flow:
    store = judge.host.books.ready()
    if isinstance(proposal.face, Fingerprint) and proposal.state is Stage.OPEN:
        asset = store.asset(proposal.asset)
        if asset is not None:
            faces.see_unknown(store, asset, proposal.face.passport)  # others may have come onto the list meanwhile
    with second.refusals(judge, "WhitelistApprove", caller):
        changed, entry = approval.approve(
            store, proposal.number, person_of(caller.login_uid), by(caller), reason=why.reason, document=why.document
        )
    cut = yield from moves.carried_out(judge, [(changed, entry)], StillOpen)
    return {
        "id": changed.id,
        "seq": entry.seq,
        "state": str(changed.state),
        "cut": cut,
        "approved": proposal.number,
        "verb": proposal.verb,
    }

"""Four eyes: which changes of the list need a second person, and what a proposal is until it has one.

A person is a login uid as the kernel keeps it: it stays through sudo and su, whatever account somebody became.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from usbguard_py.core.canonical import digest
from usbguard_py.core.changes import By, fingerprint_of, shown_serial, who
from usbguard_py.core.custody import MOVES, Second, changed
from usbguard_py.core.dates import passed
from usbguard_py.core.given import Given
from usbguard_py.core.record import Body, bounded
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint
from usbguard_py.errors_life import NoPerson, ProposalOver, SamePerson

LEARN = "learn"  # stands where a verb of the moves does, for another face
# Whose a device is, and which one it is said to be: another person, another unit, another number on its shell or paper.
IDENTITY = ("holder", "unit", "printed_serial", "document")
CHANGED, REPLACED = "the device was changed since", "another proposal took its place"


class Stage(StrEnum):
    """What became of a proposal. A last day that has passed is no stage: it is a fact, as the dates of a device are."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    VOID = "void"  # the device was changed meanwhile, or another proposal took its place


_OVER: Mapping[Stage, str] = {
    Stage.APPROVED: "it was approved already",
    Stage.REFUSED: "it was refused",
    Stage.WITHDRAWN: "it was withdrawn",
    Stage.VOID: CHANGED,
}


class Proposal(msgspec.Struct, frozen=True):
    """A change that one person asked for and a second one has to approve; nothing of it holds before.

    ``verb`` is that of a move, or :data:`LEARN` with its ``face``. ``asset_sha256`` is the digest of the asset that it
    was made for, in hex; ``person`` the login uid of who made it, ``login`` their name then; ``until`` its last day
    (``2026-11-21``). Why and on which paper are empty for a device that was just put on the list.
    """

    number: int
    asset: str
    verb: str
    facts: Given
    asset_sha256: str
    person: int
    login: str
    at: str
    until: str
    reason: str = ""
    document: str = ""
    face: Fingerprint | msgspec.UnsetType = msgspec.UNSET
    state: Stage = Stage.OPEN


def needs_second(verb: str, before: Asset, after: Asset) -> bool:
    """Whether a move that leads from ``before`` to ``after`` needs a second person."""
    second = MOVES[verb].second
    return second is Second.ALWAYS or (second is Second.WIDER and widens(before, after))


def widens(before: Asset, after: Asset) -> bool:
    """Whether a device may be used longer than before, by somebody else, or is said to be another one.

    Dates count for what is in use only: nothing else comes into use without a second person, who sees them.
    """
    if any(getattr(before, name) != getattr(after, name) for name in IDENTITY):
        return True
    if after.state is not Custody.IN_USE:
        return False
    first = isinstance(before.inspected_on, msgspec.UnsetType) and isinstance(after.inspected_on, str)
    return first or any(_longer(getattr(before, n), getattr(after, n)) for n in ("expires_on", "inspected_until"))


def _longer(before: str | msgspec.UnsetType, after: str | msgspec.UnsetType) -> bool:
    """Whether a last day is later than it was; none is the latest of all."""
    return isinstance(before, str) and (isinstance(after, msgspec.UnsetType) or after > before)


def lapsed(proposal: Proposal, today: str) -> bool:
    """Whether the last day of an open proposal is over."""
    return proposal.state is Stage.OPEN and passed(proposal.until, today)


def see_open(proposal: Proposal, today: str, asset: Asset) -> None:
    """See that a proposal can still be approved: it is open, its last day is not over, the device is as it was.

    Raises:
        ProposalOver: it cannot.
    """
    if proposal.state is not Stage.OPEN:
        raise ProposalOver(number=proposal.number, detail=_OVER[proposal.state])
    if lapsed(proposal, today):
        raise ProposalOver(number=proposal.number, detail=f"its last day was {proposal.until}")
    if fingerprint_of(asset) != proposal.asset_sha256:
        raise ProposalOver(number=proposal.number, detail=CHANGED)


def person_of(login_uid: int | None) -> int | None:
    """The person of a login uid; ``None`` where nobody is logged in, and for root, which is nobody's own account."""
    return login_uid or None


def see_second(proposal: Proposal, person: int | None) -> None:
    """See that ``person``, a login uid, is another one than who made the proposal.

    Raises:
        NoPerson: nobody is logged in with an account of their own.
        SamePerson: it is the same.
    """
    if person is None:
        raise NoPerson(id=proposal.asset)
    if person == proposal.person:
        raise SamePerson(id=proposal.asset, number=proposal.number, name=proposal.login)


def plain(proposal: Proposal) -> Body:
    """A proposal as plain values: what ``record_sha256`` of its entries covers."""
    values: Body = msgspec.to_builtins(proposal)
    return values


def fingerprint(proposal: Proposal) -> str:
    """SHA-256 in hex of the canonical bytes of a proposal."""
    return digest(plain(proposal))


def proposed(proposal: Proposal, before: Asset, after: Asset, by: By) -> Body:
    """Kind ``proposal``: what would change, by when it has to be approved, and who asks for it, on which paper."""
    return {
        **_about(proposal, before, by),
        "document": bounded(proposal.document),
        "reason": bounded(proposal.reason),
        "changed": changed(before, after),
        "record": plain(proposal),
    }


class Ending(msgspec.Struct, frozen=True):
    """Why a proposal ended: what people say; a program's words when it is void; the login uid of who approved it."""

    reason: str = ""
    document: str = ""
    why: str = ""
    person: int | None = None


def ended(proposal: Proposal, asset: Asset, by: By, ending: Ending) -> Body:
    """Kinds ``proposal-approved``, ``-refused``, ``-withdrawn``, ``-void``."""
    return {
        **_about(proposal, asset, by),
        "document": bounded(ending.document),
        "reason": bounded(ending.reason),
        **({"why": ending.why} if ending.why else {}),
        **({} if ending.person is None else {"person": ending.person}),
    }


def _about(proposal: Proposal, asset: Asset, by: By) -> Body:
    return {
        "proposal": proposal.number,
        "proposes": proposal.verb,
        "proposed_by": bounded(proposal.login),
        "until": proposal.until,
        "asset": asset.id,
        "holder": bounded(asset.holder),
        "unit": bounded(asset.unit),
        "serial": bounded(shown_serial(asset.electronic_serial)),
        "printed_serial": bounded(asset.printed_serial),
        "record_sha256": fingerprint(proposal),
        "by": who(by),
    }

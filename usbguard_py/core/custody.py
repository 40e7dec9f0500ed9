"""The life of an approved device: its moves, as one table, and what each asks for and changes.

Everything else follows from :data:`MOVES`: what the store takes, which commands there are, what is refused and which
moves are named then, the table in the documents. A date is no state (:mod:`usbguard_py.core.standing`).
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from usbguard_py.core.given import DAYS, FACTS, Given, checked, see_inspection
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.errors import Usage
from usbguard_py.errors_life import MoveForbidden, MoveNotYet

HIDDEN_FACTS = ("inspect_first", "back_to")  # nobody states them; moves set them


class Need(StrEnum):
    """What has to be so before a move, beside the state."""

    HOLDER = "holder"
    NO_HOLDER = "no-holder"
    INSPECTED = "inspected"  # since it was found again
    RIGHT = "right"  # to use it: a lost device is revoked once


class Second(StrEnum):
    """When a move needs a second person, where the policy asks for four eyes (:mod:`usbguard_py.core.four_eyes`)."""

    NEVER = "never"  # it never lets more be used
    WIDER = "wider"  # when it does
    ALWAYS = "always"


class Move(msgspec.Struct, frozen=True):
    """One verb: where it may start and where it leads, the facts it may change, those it has to be given, its needs.

    ``leads`` maps each state that it may start from to the one after it. ``found`` goes back to what ``lost`` noted.
    """

    verb: str
    leads: Mapping[Custody, Custody]
    may: frozenset[str] = frozenset()
    must: frozenset[str] = frozenset()
    needs: tuple[Need, ...] = ()
    second: Second = Second.NEVER


_P, _U, _S, _E = Custody.PENDING, Custody.IN_USE, Custody.SUSPENDED, Custody.EXPIRED
_R, _L, _D, _X = Custody.REVOKED, Custody.LOST, Custody.DAMAGED, Custody.DESTROYED

# What a lost device is once it is found: never more than it was, and nothing that may be used before it was looked at.
AFTER_FOUND: Mapping[Custody, Custody] = {_P: _P, _U: _S, _S: _S, _E: _S, _D: _D, _R: _R}


def _to(state: Custody, *starts: Custody) -> dict[Custody, Custody]:
    return dict.fromkeys(starts, state)


def _stays(*starts: Custody) -> dict[Custody, Custody]:
    return {state: state for state in starts}


_TABLE = (
    Move(
        "approve",
        _to(_U, _P),
        may=frozenset({"holder", "unit", "expires_on"}),
        needs=(Need.INSPECTED,),
        second=Second.ALWAYS,
    ),
    Move(
        "inspect",
        _stays(_P, _U, _S, _E),
        may=frozenset({"inspected_on", "inspected_until"}),
        must=frozenset({"inspected_on"}),
        second=Second.WIDER,
    ),
    Move(
        "assign",
        _stays(_P, _U, _S, _E),
        may=frozenset({"holder", "unit", "expires_on"}),
        must=frozenset({"holder"}),
        needs=(Need.NO_HOLDER,),
        second=Second.ALWAYS,
    ),
    Move(
        "transfer",
        _stays(_P, _U, _S, _E),
        may=frozenset({"holder", "unit", "expires_on"}),
        must=frozenset({"holder"}),
        needs=(Need.HOLDER,),
        second=Second.ALWAYS,
    ),
    Move("suspend", _to(_S, _U, _E)),
    Move("resume", _to(_U, _S), may=frozenset({"expires_on"}), needs=(Need.INSPECTED,), second=Second.ALWAYS),
    Move("lost", _to(_L, *AFTER_FOUND)),
    Move("found", _to(_S, _L)),
    Move("damaged", _to(_D, _P, _U, _S, _E)),
    Move("return", _stays(_P, _U, _S, _E, _D, _R), needs=(Need.HOLDER,)),
    Move("revoke", {**_to(_R, _P, _U, _S, _E, _D), **_stays(_L)}, needs=(Need.RIGHT,)),
    Move("destroy", _to(_X, _R, _D), needs=(Need.NO_HOLDER,)),
    Move(
        "correct",
        _stays(_P, _U, _S, _E, _L, _D, _R),
        may=frozenset({"holder", "unit", "label", "printed_serial", "document", "expires_on"}),
        second=Second.WIDER,
    ),
)
MOVES: Mapping[str, Move] = {move.verb: move for move in _TABLE}

_MISSING = {
    Need.HOLDER: "nobody holds it",
    Need.NO_HOLDER: "{holder} holds it; it has to be returned first",
    Need.INSPECTED: "it has to be inspected first",
    Need.RIGHT: "the right to use it was revoked already",
}


def missing(asset: Asset, move: Move) -> Need | None:
    """The first need of ``move`` that ``asset`` does not meet, if any."""
    met = {
        Need.HOLDER: bool(asset.holder),
        Need.NO_HOLDER: not asset.holder,
        Need.INSPECTED: asset.inspect_first is not True,
        Need.RIGHT: asset.back_to is not Custody.REVOKED,
    }
    return next((need for need in move.needs if not met[need]), None)


def possible(asset: Asset) -> tuple[str, ...]:
    """The verbs that may come next, in the order of the table."""
    return tuple(verb for verb, move in MOVES.items() if asset.state in move.leads and missing(asset, move) is None)


def after(asset: Asset, verb: str) -> Custody:
    """The state that a move that is possible leads to."""
    if verb == "found":
        return asset.back_to if isinstance(asset.back_to, Custody) else Custody.SUSPENDED
    return MOVES[verb].leads[asset.state]


def moved(asset: Asset, verb: str, given: Given, today: str, *, reason: str, document: str) -> Asset:
    """``asset`` after a move; why and on which paper stand in it when the state is another.

    Args:
        asset: as it is.
        verb: a key of :data:`MOVES`.
        given: the facts that come with the move.
        today: ``2026-11-21``; an inspection is not of tomorrow.
        reason: why.
        document: number of the paper.

    Raises:
        Usage: there is no such verb, or a fact is missing, or belongs to another move, or nothing would change.
        BadInput: a text or a day that is none.
        MoveForbidden: not from this state.
        MoveNotYet: from this state, but something has to come first.
    """
    move = MOVES.get(verb)
    if move is None:
        raise Usage(detail=f"unknown move “{verb[:32]}”")
    if asset.state not in move.leads:
        raise MoveForbidden(id=asset.id, verb=verb, state=str(asset.state), moves=", ".join(possible(asset)) or "–")
    need = missing(asset, move)
    if need is not None:
        raise not_yet(asset, verb, _MISSING[need].format(holder=asset.holder))
    facts = _facts(move, given, today)
    _holder(asset, verb, facts)
    state = after(asset, verb)
    changes: dict[str, object] = {**facts, **_hidden(asset, verb), "state": state}
    if verb == "return":
        changes["holder"] = ""
    if state is not asset.state:
        changes |= {"reason": reason, "reason_document": document}
    found = msgspec.structs.replace(asset, **changes)
    if verb == "correct" and found == asset:
        raise Usage(detail="nothing would be corrected")
    return found


def not_yet(asset: Asset, verb: str, detail: str) -> MoveNotYet:
    """The refusal of a move that the state permits."""
    others = ", ".join(other for other in possible(asset) if other != verb)
    return MoveNotYet(id=asset.id, verb=verb, detail=detail, moves=others or "–")


def _facts(move: Move, given: Given, today: str) -> dict[str, object]:
    """The facts that come with a move, tidied and checked."""
    said = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not None}
    for name in said:
        if name not in move.may:
            raise Usage(detail=f"“{name}” does not belong to “{move.verb}”")
    facts = {name: checked(name, value) for name, value in said.items()}
    for name in move.must:
        if not facts.get(name):
            raise Usage(detail=f"“{name}” is missing")
    if move.verb == "inspect":
        facts.setdefault("inspected_until", "")
        see_inspection(facts, today)
    return {name: (value or msgspec.UNSET) if name in DAYS else value for name, value in facts.items()}


def _holder(asset: Asset, verb: str, facts: dict[str, object]) -> None:
    """Whose it becomes has its own verbs: nobody changes hands by another one."""
    holder = facts.get("holder")
    if holder is None:
        return
    if verb == "approve" and asset.holder and holder != asset.holder:
        raise not_yet(asset, verb, f"{asset.holder} holds it; it has to be returned first")
    if verb == "correct" and not asset.holder:
        raise not_yet(asset, verb, "nobody holds it")
    if verb == "transfer" and holder == asset.holder:
        raise Usage(detail="it has that holder already")


def _hidden(asset: Asset, verb: str) -> dict[str, object]:
    """The facts that a move sets by itself."""
    if verb == "lost":
        return {"back_to": AFTER_FOUND[asset.state]}
    if verb == "revoke" and asset.state is Custody.LOST:
        return {"back_to": Custody.REVOKED}
    if verb == "found":
        return {"back_to": msgspec.UNSET, "inspect_first": True}
    if verb == "inspect":
        return {"inspect_first": msgspec.UNSET}
    return {}


def changed(before: Asset, later: Asset) -> dict[str, dict[str, object]]:
    """Each fact that differs, with what it was and what it is; ``None`` for none."""
    pairs = ((name, _plain(before, name), _plain(later, name)) for name in (*FACTS, *HIDDEN_FACTS))
    return {name: {"old": old, "new": new} for name, old, new in pairs if old != new}


def _plain(asset: Asset, name: str) -> object:
    value = getattr(asset, name)
    return None if isinstance(value, msgspec.UnsetType) or value == "" else value

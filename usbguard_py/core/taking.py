"""What becomes of each device when a carried list is taken. Pure; asked by the command, and again by the judge.

The list's word counts, but for a device that somebody changed on this computer since: of it the stricter of both stays
until the list says so, too, or a person takes the list's word for it (docs/adr/0171-the-stricter-of-both-stays.md).
"""

import msgspec

from usbguard_py.core import four_eyes
from usbguard_py.core.custody import AFTER_FOUND
from usbguard_py.core.importing import unsound
from usbguard_py.core.sheet import Fault
from usbguard_py.core.whitelist import Asset, Custody

MAY_LOCALLY = frozenset({"suspend", "lost", "damaged", "revoke"})  # verbs that only ever close a device
FIXED = ("electronic_serial", "access", "login_tool", "added_at", "added_by")  # no move changes these
_ORDER = (
    Custody.IN_USE,
    Custody.PENDING,
    Custody.SUSPENDED,
    Custody.EXPIRED,
    Custody.DAMAGED,
    Custody.REVOKED,
    Custody.LOST,
    Custody.DESTROYED,
)
STRICTNESS = {state: place for place, state in enumerate(_ORDER)}
_CLOSING = ("state", "back_to", "inspect_first", "holder", "unit", "expires_on", "inspected_until")


class Step(msgspec.Struct, frozen=True):
    """What becomes of one device: ``before`` and ``after``, the same where nothing does.

    ``before`` is ``None`` for a device that is not here yet; ``held`` are the facts in which the word here stays.
    """

    before: Asset | None
    after: Asset
    held: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything becomes different."""
        return self.before != self.after


def step(before: Asset | None, carried: Asset, *, local: bool, accepted: bool = False) -> Step:
    """What becomes of a device.

    Args:
        before: as it is here.
        carried: as the list has it.
        local: whether its last change was made here, or this computer's word stayed the last time.
        accepted: whether a person takes the list's word for it.
    """
    if before is None or before == carried or not local or accepted:
        return Step(before, carried)
    after = stricter(before, carried)
    return Step(before, after, tuple(n for n in _CLOSING if getattr(after, n) != getattr(carried, n)))


def stricter(here: Asset, carried: Asset) -> Asset:
    """The list's word with whatever is stricter here; never laxer than either."""
    ours = STRICTNESS[here.state] > STRICTNESS[carried.state]
    state = here.state if ours else carried.state
    facts: dict[str, object] = {"state": state, "back_to": msgspec.UNSET}
    if ours:
        facts |= {name: getattr(here, name) for name in ("reason", "reason_document", "changed_at")}
    if state is Custody.LOST:
        facts["back_to"] = max(_found(here), _found(carried), key=STRICTNESS.__getitem__)
    if here.inspect_first is True:
        facts["inspect_first"] = True
    if state is Custody.IN_USE:  # nothing else opens, whatever its dates are
        facts |= {name: _earlier(getattr(here, name), getattr(carried, name)) for name in _DAYS}
        if not here.holder:
            facts |= {"holder": "", "unit": here.unit}
    return msgspec.structs.replace(carried, **facts)


_DAYS = ("expires_on", "inspected_until")


def _found(asset: Asset) -> Custody:
    """What an asset becomes when it was lost and is found again."""
    if asset.state is Custody.LOST:
        return asset.back_to if isinstance(asset.back_to, Custody) else Custody.SUSPENDED
    return AFTER_FOUND.get(asset.state, Custody.REVOKED)


def _earlier(one: str | msgspec.UnsetType, other: str | msgspec.UnsetType) -> str | msgspec.UnsetType:
    """The earlier last day; none is the latest of all."""
    if isinstance(one, str) and isinstance(other, str):
        return min(one, other)
    return one if isinstance(one, str) else other


def widens(taken: Step) -> bool:
    """Whether more may be used by it than before, or by somebody else: what four eyes have to see."""
    before, after = taken.before, taken.after
    if before is None or (after.state is Custody.IN_USE and before.state is not Custody.IN_USE):
        return after.state is Custody.IN_USE
    more = after.state is Custody.IN_USE and len(after.fingerprints) > len(before.fingerprints)
    return more or four_eyes.widens(before, after)


def faults(place: int, line: int, before: Asset | None, carried: Asset) -> tuple[Fault, ...]:
    """Why a device of a list cannot be taken; ``place`` is 1 for its first one, ``line`` that of the file."""
    if carried.id != f"TB-{place:04d}":
        return (Fault(line, "id", f"TB-{place:04d} is expected"),)
    found = unsound(line, carried)
    if found or before is None:
        return found
    known = before.fingerprints
    if (
        any(getattr(before, name) != getattr(carried, name) for name in FIXED)
        or carried.fingerprints[: len(known)] != known
    ):
        return (Fault(line, "id", f"{carried.id} is another device here"),)
    if before.state is Custody.DESTROYED and before != carried:
        return (Fault(line, "state", f"{carried.id} was destroyed; it never changes again"),)
    return ()

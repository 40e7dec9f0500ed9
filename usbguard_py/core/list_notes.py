"""What a computer remembers about carried lists: taken, kept again, carried away, told of by others. Pure values.

Each is a row of the table ``list_note`` with its entry in the ledger. By them it is known which list is in force here.
"""

from typing import Any

import msgspec

from usbguard_py.core.canonical import digest
from usbguard_py.core.carrying import MAX_HELD, MAX_SAID, Head, Held, Machine, Receipt
from usbguard_py.core.changes import By, fields, fingerprint_of, shown_serial, who
from usbguard_py.core.custody import changed
from usbguard_py.core.moments import days_between, instant
from usbguard_py.core.record import Body, bounded
from usbguard_py.core.taking import Step
from usbguard_py.errors_list import OlderList, OtherOrigin, OwnList, TwoLists


class Taken(msgspec.Struct, frozen=True):
    """A list that was taken here: which one, when, and what the file said of other computers.

    ``list_version`` is the version here after it, ``held`` what stayed stricter here.
    """

    head: Head
    at: str
    list_version: int
    held: tuple[Held, ...] = ()
    machines: tuple[Receipt, ...] = ()


class Kept(msgspec.Struct, frozen=True):
    """The list is kept here again: from ``number`` on, which it had at ``list_version``; it followed ``was`` before."""

    number: int
    list_version: int
    at: str
    was: Machine


class Carried(msgspec.Struct, frozen=True):
    """The list was written to a file to be carried."""

    head: Head
    at: str


class Asked(msgspec.Struct, frozen=True):
    """One person asked to take a list by which more opens; a second one has to do the same until the day ``until``.

    ``choice`` is the digest of what was asked; ``person`` the login uid, ``login`` the name then.
    """

    choice: str
    person: int
    login: str
    until: str
    at: str


Note = Taken | Kept | Carried | Receipt | Asked
KINDS: dict[str, type[Any]] = {"take": Taken, "keep": Kept, "carry": Carried, "receipt": Receipt, "ask": Asked}


class Standing(msgspec.Struct, frozen=True):
    """Which list is in force: for ``status``, the head of a list and every paper.

    ``kept``: here; otherwise it was taken, and ``local`` is how many devices were closed here since then, or stayed
    stricter than it says. ``date`` is when it was changed last, ``as_of`` when it was known to be the newest: the
    moment for one that is kept here. ``max_age`` as in :class:`~usbguard_py.core.carrying.Head`.
    """

    kept: bool
    origin: Machine
    number: int
    date: str
    as_of: str
    max_age: int = 0
    sha256: str = ""
    taken_at: str = ""
    local: int = 0


def number_of(source: Taken | Kept | None, list_version: int) -> int:
    """The number of the list: of one that is kept, how often it was changed."""
    if isinstance(source, Taken):
        return source.head.number
    return list_version if source is None else source.number + list_version - source.list_version


def see_takable(
    head: Head, own: Machine, source: Taken | Kept | None, last: Taken | None, *, listed: int, new_origin: bool
) -> None:
    """See that a list may be taken at all: it is not our own, not an older one, not another one of its number.

    Args:
        head: that of the file.
        own: this computer.
        source: by which note the list in force is what it is.
        last: the last list of that origin that was taken here, whatever came after it.
        listed: how many devices are on the list here.
        new_origin: somebody said that it is to come from another computer from now on.

    Raises:
        OwnList, OlderList, TwoLists, OtherOrigin: it may not.
    """
    if head.origin.id == own.id:
        raise OwnList
    name = head.origin.name
    if last is not None and head.number < last.head.number:
        raise OlderList(number=head.number, last=last.head.number, name=name)
    if last is not None and head.number == last.head.number and head.sha256 != last.head.sha256:
        raise TwoLists(number=head.number, name=name)
    if head.origin.id != _kept_on(source, own).id and (listed or source) and not new_origin:
        raise OtherOrigin(name=name, known=_kept_on(source, own).name)


def _kept_on(source: Taken | Kept | None, own: Machine) -> Machine:
    return source.head.origin if isinstance(source, Taken) else own


def newest(head: Head, last: Taken | None) -> Head:
    """The head of a list that is taken; of a list that was taken already, the one of the later file."""
    same = last is not None and last.head.number == head.number
    return (
        last.head if last and same and (instant(head.written_at) or 0) <= (instant(last.head.written_at) or 0) else head
    )


def too_old(standing: Standing, today: str) -> bool:
    """Whether a list that is kept elsewhere is older than the one who keeps it wants."""
    return bool(standing.max_age) and not standing.kept and days_between(standing.as_of, today) > standing.max_age


def behind(receipt: Receipt, standing: Standing) -> int:
    """How many changes a computer does not know yet; 0 when it has the list in force."""
    return max(0, standing.number - receipt.number)


def held_of(steps: list[Step]) -> tuple[Held, ...]:
    """What a receipt says of the devices that stay stricter here."""
    assets = [step.after for step in steps if step.held][:MAX_HELD]
    return tuple(
        Held(a.id, str(a.state), bounded(a.reason, MAX_SAID), bounded(a.reason_document, MAX_SAID)) for a in assets
    )


def plain(note: Note) -> Body:
    """A note as plain values: what ``record_sha256`` of its entry covers."""
    values: Body = msgspec.to_builtins(note)
    return values


def fingerprint(note: Note) -> str:
    """SHA-256 in hex of the canonical bytes of a note."""
    return digest(plain(note))


def noted(note: Note, by: By, **more: object) -> Body:
    """The body of the entry of a note; ``more`` are reason and paper, and counts."""
    return {**_about(note), **more, "record": plain(note), "record_sha256": fingerprint(note), "by": who(by)}


def _about(note: Note) -> Body:
    if isinstance(note, Taken | Carried):
        return {"number": note.head.number, "origin": note.head.origin.name, "sha256": note.head.sha256}
    if isinstance(note, Kept):
        return {"number": note.number, "origin": note.was.name}
    if isinstance(note, Receipt):
        return {"number": note.number, "machine": note.machine.name, "sha256": note.sha256}
    return {"proposed_by": bounded(note.login), "until": note.until}


def asset_taken(step: Step, head: Head, of: int, list_version: int, by: By, *, reason: str, document: str) -> Body:
    """Kind ``list-carried``: a device came with the list that entry ``of`` took, or became what that list says."""
    before, after = step.before, step.after
    return {
        "asset": after.id,
        "holder": bounded(after.holder),
        "unit": bounded(after.unit),
        "serial": bounded(shown_serial(after.electronic_serial)),
        "printed_serial": bounded(after.printed_serial),
        "document": bounded(document),
        "reason": bounded(reason),
        "from": None if before is None else str(before.state),
        "to": str(after.state),
        "changed": {} if before is None else changed(before, after),
        "faces": len(after.fingerprints) - (0 if before is None else len(before.fingerprints)),
        "held": list(step.held),
        "local": bool(step.held),
        "number": head.number,
        "of": of,
        "record": fields(after),
        "record_sha256": fingerprint_of(after),
        "list_version": list_version,
        "by": who(by),
    }

"""``usbguard-py whitelist take``: a carried list; first what would change, then all of it or nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from usbguard_py import paths
from usbguard_py.cli import receipts
from usbguard_py.cli.answers import Cut, Devices, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.cuts import cuts
from usbguard_py.cli.name_doubts import PEOPLE, in_words
from usbguard_py.cli.output import confirm, interactive, json_out, say
from usbguard_py.cli.parts import COMMIT, parts
from usbguard_py.cli.places import places
from usbguard_py.cli.take_words import Seen, show_heads, show_steps, told
from usbguard_py.cli.whitelist_moves import why
from usbguard_py.cli.words import day, number
from usbguard_py.core import requests, taking
from usbguard_py.core.carrying import on_paper, typed_digest
from usbguard_py.core.list_notes import newest, see_takable
from usbguard_py.core.list_requests import WhitelistTakeBegin, WhitelistTakeCommit, WhitelistTakePart
from usbguard_py.core.lookalike import Doubt, doubts
from usbguard_py.core.sheet import Fault
from usbguard_py.core.standing import standing
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.errors import DaemonUnavailable, NotFound, ReasonNeeded, Usage
from usbguard_py.errors_list import OtherDigest, TakeRefused
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.plain import Value
from usbguard_py.shell.carried_files import CarriedList, read_carried
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Reader

MAX_DOUBTS = 5  # warnings about names
MAX_COMPARED = 200  # new names that are compared with each other


class Answer(Value):
    """What the judge says of a list that was taken, or that a second person has to take, too."""

    seq: int = 0
    number: int = 0
    count: int = 0
    changes: int = 0
    held: tuple[str, ...] = ()
    until: str = ""
    cut: tuple[Cut | str, ...] = ()


def take(file: str, as_json: bool, dry_run: bool, **given: Any) -> None:  # noqa: FBT001 - click's flags
    """Read, compare, show, ask, take, leave a receipt.

    Raises:
        BadInput, TakeRefused: the file cannot be read, or has faults; they were shown.
        OtherDigest: it holds another list than the one on paper.
        OwnList, OlderList, TwoLists, OtherOrigin: this list may not be taken.
        Usage, ReasonNeeded: something is missing and there is nobody to ask; nothing was changed.
    """
    path = Path(file)
    found, drive = read_carried(path), receipts.drive_of(path)
    if not isinstance(found, CarriedList):
        _refuse(file, found, as_json=as_json)
    _see_digest(found, given["expect_digest"])
    seen = _compared(file, found, given, as_json=as_json)
    if not as_json:
        show_heads(seen)
        show_steps(seen)
        for doubt in seen.doubts:
            say(in_words(doubt), "warn")
    if dry_run or not (seen.steps or seen.refreshed):
        _nothing(path, seen, ("", "") if dry_run else receipts.leave(path, drive), as_json=as_json)
        return
    done = _sent(found, seen, _agreed(given, seen, asking=interactive() and not as_json))
    _tell(path, seen, done, ("", "") if done.until else receipts.leave(path, drive), as_json=as_json)


def _refuse(file: str, found: tuple[Fault, ...], *, as_json: bool) -> NoReturn:
    if as_json:
        json_out({"file": file, "faults": found})
    else:
        places(found, _("What is wrong"), "bad")
    raise TakeRefused(path=file, count=len(found))


def _see_digest(found: CarriedList, expected: str | None) -> None:
    if expected is None:
        return
    digits = typed_digest(expected)
    if not digits:
        raise Usage(detail=_("--expect-digest takes the check digits, sixteen of 0-9 and a-f"))
    if not found.head.sha256.startswith(digits):
        raise OtherDigest(found=on_paper(found.head.sha256))


def _compared(file: str, found: CarriedList, given: dict[str, Any], *, as_json: bool) -> Seen:
    head, accept = found.head, frozenset(given["accept"])
    for id_ in sorted(accept - {asset.id for asset in found.assets}):
        raise NotFound(what=_("approved device"), name=id_)
    with Reader(paths.DATABASE) as reader, reader.snapshot():
        now, last, listed = reader.standing(), reader.taken_from(head.origin.id), reader.find_count()
        see_takable(head, reader.machine(), reader.source(), last, listed=listed, new_origin=given["new_origin"])
        faults: list[Fault] = []
        seen = Seen(head, now, reader.list_version())
        for place, (asset, line) in enumerate(zip(found.assets, found.lines, strict=True), 1):
            before = reader.asset(asset.id) if place <= listed else None
            faults += taking.faults(place, line, before, asset)
            local = before is not None and before != asset and reader.is_local(asset.id)
            one = taking.step(before, asset, local=local, accepted=asset.id in accept)
            seen.steps += [one] if one.changes else []
            seen.held += [one] if one.held else []
        gone = range(len(found.assets) + 1, listed + 1)
        faults += [Fault(0, "id", f"TB-{place:04d} is here and not on the list") for place in gone]
        if faults:
            _refuse(file, tuple(faults), as_json=as_json)
        seen.doubts = _doubts(reader, seen)
        seen.cuts = list(_would_be_cut(reader, seen))
    seen.refreshed = last is not None and newest(head, last) != last.head and head.number == last.head.number
    seen.refreshed |= now.kept or now.origin.id != head.origin.id
    return seen


def _doubts(reader: Reader, seen: Seen) -> tuple[Doubt, ...]:
    """Names that the list brings and that look like others of it, or mix scripts."""
    found: list[Doubt] = []
    for fact in PEOPLE:
        old = reader.values(fact)
        new = {str(getattr(one.after, fact)) for one in seen.steps} - {"", *old}
        for name in sorted(new):  # a long list of new names is compared with the old ones only
            found += doubts(fact, name, [*old, *(new - {name} if len(new) <= MAX_COMPARED else ())])
    return tuple(found[:MAX_DOUBTS])


def _would_be_cut(reader: Reader, seen: Seen) -> Iterator[tuple[str, Asset]]:
    """What is connected and open now, and would not be afterwards; nothing while the daemon does not run."""
    try:
        devices = typed(call(requests.Devices()), Devices).devices
    except DaemonUnavailable:
        return
    today, required = reader.today(), reader.inspection_required()
    after = {one.after.id: one.after for one in seen.steps}
    for device in devices:
        asset = after.get(device.asset)
        if asset is None or device.state != "handed-over":
            continue
        if asset.state is not Custody.IN_USE or standing(asset, today, inspection_required=required):
            yield device.name, asset


def _agreed(given: dict[str, Any], seen: Seen, *, asking: bool) -> dict[str, Any]:
    """Reason and paper, after somebody said that this list is meant: on a terminal, or by its check digits."""
    if asking:
        found = why(given)
        text = _("Take list {number} of {name}?")
        confirm(text.format(number=number(seen.head.number), name=seen.head.origin.name))
    else:
        found = given
        if given["expect_digest"] is None:
            raise Usage(detail=_("missing: {names}").format(names="--expect-digest"))
    if not (found["reason"] or "").strip() or not (found["paper"] or "").strip():
        raise ReasonNeeded(action=_("changing the list of approved devices"))
    return {**given, **found}


def _sent(found: CarriedList, seen: Seen, given: dict[str, Any]) -> Answer:
    """Hand the devices over part by part; nothing is changed before the last step."""
    begin = WhitelistTakeBegin(
        reason=given["reason"],
        document=given["paper"],
        head=found.head,
        list_version=seen.list_version,
        changes=len(seen.steps),
        accept=tuple(given["accept"]),
        new_origin=given["new_origin"],
        machines=found.machines,
    )
    token = str(call(begin)["token"])
    for part in parts(found.assets):
        call(WhitelistTakePart(token=token, assets=part))
    return typed(call(WhitelistTakeCommit(token=token), COMMIT), Answer)


def _tell(path: Path, seen: Seen, done: Answer, left: tuple[str, str], *, as_json: bool) -> None:
    receipt, problem = left
    if as_json:
        written = {"receipt": receipt, "receipt_problem": problem}
        json_out({**told(str(path), seen), "taken": None if done.until else done, "waits": done.until, **written})
        return
    if done.until:
        text = _(
            "NOT YET IN FORCE: another person has to take this list, too (record {seq}). Until {until} a colleague "
            "logs in with an account of their own and runs the same command."
        )
        say(text.format(seq=number(done.seq), until=day(done.until)), "warn")
        return
    text = ngettext(
        "List {number} is in force here (record {seq}): {count} device was added or changed.",
        "List {number} is in force here (record {seq}): {count} devices were added or changed.",
        done.changes,
    )
    say(text.format(number=number(done.number), seq=number(done.seq), count=number(done.changes)), "good")
    cuts(done.cut)
    receipts.tell(receipt, problem)


def _nothing(path: Path, seen: Seen, left: tuple[str, str], *, as_json: bool) -> None:
    receipt, problem = left
    if as_json:
        json_out({**told(str(path), seen), "taken": None, "receipt": receipt, "receipt_problem": problem})
        return
    say(
        _("Nothing was changed.")
        if seen.steps or seen.refreshed
        else _("This list was taken already; there is nothing to do.")
    )
    receipts.tell(receipt, problem)


command = Command(
    "take",
    callback=take,
    help=N_(
        "Take the list in FILE, which carry wrote on the computer that keeps it.\n\n"
        "First it is shown which list the file holds, which one is in force here, and what would change, device by "
        "device; then it is asked. All of it is taken in one step, or nothing; what the list no longer allows is cut "
        "off at once, also when it is plugged in. An older list is refused. What was closed here since stays closed "
        "until the list says so, too. Without a terminal, --expect-digest has to say which list is meant."
    ),
    params=[
        click.Argument(["file"]),
        Option(["--dry-run"], is_flag=True, help=N_("Only show what would change.")),
        Option(
            ["--expect-digest"],
            metavar="DIGITS",
            help=N_("Take the list only if these are its check digits, as on the paper."),
        ),
        Option(
            ["--accept"],
            multiple=True,
            metavar="ID",
            help=N_("Take the list's word for this device, though it is stricter here."),
        ),
        Option(
            ["--new-origin"],
            is_flag=True,
            help=N_("From now on take the list from another computer than until now."),
        ),
        Option(["--reason"], help=N_("Why.")),
        Option(["--document", "paper"], help=N_("Number of the paper that is the basis.")),
    ],
    examples=[
        "usbguard-py whitelist take /media/stick/list.json --dry-run",
        "usbguard-py whitelist take /media/stick/list.json --reason monthly --document MAU-09/2026",
    ],
)

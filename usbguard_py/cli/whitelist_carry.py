"""``usbguard-py whitelist carry``: the whole list as one file on a stick, for the computers that follow this one."""

import os
from pathlib import Path
from typing import IO, Any

import click
import msgspec

from usbguard_py import paths
from usbguard_py.cli import list_words
from usbguard_py.cli.answers import Done, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.words import number
from usbguard_py.core.carrying import MAX_AGE, MAX_MACHINES, Head, Receipt, list_digest, on_paper
from usbguard_py.core.list_notes import Standing
from usbguard_py.core.list_requests import WhitelistCarried, WhitelistReceipts
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import BadInput, Usage
from usbguard_py.errors_list import NotKeeper
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.phrases import said
from usbguard_py.shell.carried_files import read_receipts, write_carried
from usbguard_py.shell.client import call
from usbguard_py.shell.clock import Clock
from usbguard_py.shell.finding import Wanted
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.whole import whole


def carry(file: str, as_json: bool, force: bool, max_age: int | None) -> None:  # noqa: FBT001 - click's flags
    """Read the receipts beside the file, write the list, have it recorded, say which computer has which list.

    Raises:
        NotKeeper: the list is kept elsewhere.
        Usage: there is nothing to carry.
        FileExists, CannotWrite: nothing was written.
    """
    path = Path(file)
    _see_kept()
    told = take_in(path.absolute().parent) if path.absolute().parent.is_dir() else []
    with Reader(paths.DATABASE) as reader, reader.snapshot():
        now, assets, receipts = reader.standing(), reader.find(Wanted()).assets, reader.receipts()
    head = _head(now, assets, now.max_age if max_age is None else max_age)
    with whole(path, force=force) as out:
        write_carried(out, head, _table(receipts), assets)
        seq = _recorded(out, head)
    if as_json:
        facts = {"count": head.count, "list": head, "recorded": seq, "machines": receipts, "told": told}
        json_out({"file": file, **facts})
        return
    text = ngettext(
        "{count} device of list {number} is in {file} (record {seq}).",
        "{count} devices of list {number} are in {file} (record {seq}).",
        head.count,
    )
    say(text.format(count=number(head.count), number=number(head.number), file=file, seq=number(seq)), "good")
    text = _("Write on the paper that goes with it: list {number} of {date}, check digits {digits}.")
    say(text.format(number=number(head.number), date=list_words.day_of(head.changed_at), digits=on_paper(head.sha256)))
    show_told(told)
    if receipts:
        list_words.machines(now.origin, now, receipts)


def _see_kept() -> None:
    with Reader(paths.DATABASE) as reader:
        now = reader.standing()
    if not now.kept:
        raise NotKeeper(name=now.origin.name)


def _head(now: Standing, assets: tuple[Asset, ...], max_age: int) -> Head:
    if not assets:
        raise Usage(detail=_("there is no device on the list"))
    if not 0 <= max_age <= MAX_AGE:
        raise Usage(detail=_("--max-age is from 0 to {highest} days").format(highest=MAX_AGE))
    head = Head(
        origin=now.origin,
        number=now.number,
        count=len(assets),
        changed_at=now.date,
        written_at=Clock().read().at,
        max_age=max_age,
        sha256="",
    )
    return msgspec.structs.replace(head, sha256=list_digest(head, assets))


def _table(receipts: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    """What the file says of other computers; what is stricter on each is for the one who keeps the list."""
    return tuple(msgspec.structs.replace(one, held=()) for one in receipts[-MAX_MACHINES:])


def _recorded(out: IO[bytes], head: Head) -> int:
    """The number of the entry. What can fail comes before it: only the name of the file is given after it."""
    out.flush()
    os.fsync(out.fileno())
    return typed(call(WhitelistCarried(head=head)), Done).seq


def take_in(folder: Path) -> list[dict[str, Any]]:
    """Hand the receipts of a folder over to the daemon: which there were, and which files are none.

    Raises:
        DaemonUnavailable: it does not run.
    """
    try:
        good, bad = read_receipts(folder)
    except BadInput as error:
        return [{"file": str(folder), "problem": str(error.facts["detail"]), "recorded": False}]
    told: list[dict[str, Any]] = []
    for one in good:
        answer = call(WhitelistReceipts(receipts=(one,)))
        facts = {"machine": one.machine.name, "number": one.number, "held": one.held}
        told.append({**facts, "recorded": bool(answer.get("recorded"))})
    return [*told, *({"file": str(path), "problem": why, "recorded": False} for path, why in bad)]


def show_told(told: list[dict[str, Any]]) -> None:
    """Say which receipts were read."""
    for one in told:
        if "problem" in one:
            say(_("{file} is no receipt: {problem}").format(file=one["file"], problem=said(one["problem"])), "warn")
        elif one["recorded"]:
            say(_("Receipt of {name}: list {number}.").format(name=one["machine"], number=number(one["number"])))


command = Command(
    "carry",
    callback=carry,
    help=N_(
        "Write the whole list to FILE, to be carried to the computers that follow this one.\n\n"
        "FILE holds the list's number and date, each device with all that is known of it, and which computer took "
        "which list last, as far as the receipts in the same folder say. It is written completely or not at all, and "
        "who took it along becomes a record of the log. The check digits stand for the list: on paper, they show on "
        "the other computer that it is the same. Whoever can write the stick can forge the file; so carry it on an "
        "approved drive only, and compare the check digits."
    ),
    params=[
        click.Argument(["file"]),
        Option(["--force"], is_flag=True, help=N_("Overwrite FILE.")),
        Option(
            ["--max-age"],
            type=int,
            metavar="DAYS",
            help=N_("Remind on the other computers when their list is older; 0: never. As the last time if not given."),
        ),
    ],
    examples=[
        "usbguard-py whitelist carry /media/stick/list.json",
        "usbguard-py whitelist carry /media/stick/list.json --force --max-age 30",
    ],
)

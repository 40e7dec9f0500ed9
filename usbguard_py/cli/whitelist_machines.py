"""``usbguard-py whitelist machines`` and ``keep``: which computer has which list, and which one keeps it."""

from pathlib import Path

import click

from usbguard_py import paths
from usbguard_py.cli import list_words
from usbguard_py.cli.answers import Done, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.output import confirm, interactive, json_out, say
from usbguard_py.cli.whitelist_carry import show_told, take_in
from usbguard_py.cli.whitelist_moves import why
from usbguard_py.cli.words import number
from usbguard_py.core.carrying import Machine, Receipt
from usbguard_py.core.list_notes import Standing, Taken, behind
from usbguard_py.core.list_requests import WhitelistKeep
from usbguard_py.core.moments import days_between
from usbguard_py.errors import BadInput, ReasonNeeded
from usbguard_py.errors_list import KeptHere
from usbguard_py.i18n import N_, _
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Reader


def machines(folder: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Read receipts when a folder is named, then show the table.

    Raises:
        BadInput: that is no folder.
    """
    if folder is not None and not Path(folder).is_dir():
        raise BadInput(where=folder, detail="No such file or directory")
    told = [] if folder is None else take_in(Path(folder))
    own, now, known, today = known_machines()
    late = late_ones(now, known, today)
    if as_json:
        rows = [{"receipt": one, "behind": behind(one, now), "too_old": one.machine.id in late} for one in known]
        json_out({"machine": own, "list": now, "machines": rows, "told": told})
        return
    show_told(told)
    if not now.kept:
        text = _("As the file said that was taken on {date}; the computer that keeps the list knows more.")
        say(text.format(date=list_words.day_of(now.taken_at)))
    list_words.machines(own, now, known, late)
    if now.kept and not known:
        say(_("No other computer has said that it took a list."))


def known_machines() -> tuple[Machine, Standing, tuple[Receipt, ...], str]:
    """This computer, the list in force, what is known of others, and the day."""
    with Reader(paths.DATABASE) as reader, reader.snapshot():
        own, now, source, today = reader.machine(), reader.standing(), reader.source(), reader.today()
        known = reader.receipts()
    if isinstance(source, Taken):
        mine = Receipt(own, source.head.origin.id, source.head.number, source.head.sha256, source.at)
        known = (*(one for one in source.machines if one.machine.id != own.id), mine)
    return own, now, known, today


def late_ones(now: Standing, known: tuple[Receipt, ...], today: str) -> set[str]:
    """The computers that have an older list, and took it longer ago than the one who keeps the list wants."""
    old = {one.machine.id for one in known if days_between(one.taken_at, today) > now.max_age}
    return {one.machine.id for one in known if behind(one, now)} & old if now.max_age else set()


def keep(as_json: bool, yes: bool, **given: str | None) -> None:  # noqa: FBT001 - click's flags
    """Ask for reason and paper, confirm, keep the list here.

    Raises:
        KeptHere: it is.
        ReasonNeeded: something is missing and there is nobody to ask.
    """
    _own, now, _known, _today = known_machines()
    if now.kept:
        raise KeptHere
    found = why(given) if interactive() and not as_json else given
    if not (found["reason"] or "").strip() or not (found["paper"] or "").strip():
        raise ReasonNeeded(action=_("changing the list of approved devices"))
    if not (yes or as_json):
        say(_("Until now: {list}.").format(list=list_words.named(now)))
        confirm(_("Keep the list on this computer from now on? There must be one such computer only."))
    answer = call(WhitelistKeep(reason=str(found["reason"]), document=str(found["paper"])))
    if as_json:
        json_out(answer)
        return
    text = _("The list is kept on this computer from number {number} on (record {seq}). Carry it to the others.")
    say(text.format(number=number(int(answer.get("number", 0))), seq=number(typed(answer, Done).seq)), "good")


machines_command = Command(
    "machines",
    callback=machines,
    help=N_(
        "Show which computer took which list last, and which are behind.\n\n"
        "The computer that keeps the list knows it from the receipts that taking a list leaves beside the file: carry "
        "reads those in the folder of its FILE, this command those in FOLDER. A computer that takes its list from "
        "another one shows what the file said."
    ),
    params=[click.Argument(["folder"], required=False)],
    examples=["usbguard-py whitelist machines", "usbguard-py whitelist machines /media/stick"],
)
keep_command = Command(
    "keep",
    callback=keep,
    help=N_(
        "Keep the list on this computer from now on; until now it was taken from another one.\n\n"
        "For the day on which that one is no more. Devices can be added and approved here again, and the numbers of "
        "the list go on. The other computers take the list from here with --new-origin. Two computers that both keep "
        "the list have two lists: only one may."
    ),
    params=[
        Option(["--reason"], help=N_("Why.")),
        Option(["--document", "paper"], help=N_("Number of the paper that is the basis.")),
        Option(["--yes"], is_flag=True, help=N_("Do not ask for confirmation; what is missing is asked all the same.")),
    ],
    examples=['usbguard-py whitelist keep --reason "the other computer broke" --document MAU-12/2026'],
)

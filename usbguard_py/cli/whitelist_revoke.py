"""``usbguard-py whitelist revoke``: the right to use one device, or everything that a person holds."""

from typing import Any

import click

from usbguard_py import paths
from usbguard_py.cli.answers import Done, Revoked, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.cuts import cuts
from usbguard_py.cli.output import confirm, interactive, json_out, say, show
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.whitelist import Look
from usbguard_py.cli.whitelist_list import cells, heads
from usbguard_py.cli.whitelist_moves import why
from usbguard_py.cli.words import number, word
from usbguard_py.core.fold import folded
from usbguard_py.core.requests import WhitelistMove, WhitelistRevokeHolder
from usbguard_py.errors import ReasonNeeded, Usage
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.phrases import CUSTODY
from usbguard_py.shell.client import call
from usbguard_py.shell.finding import Wanted
from usbguard_py.shell.reader import Reader


def revoke(id_: str | None, holder: str | None, as_json: bool, yes: bool, **given: Any) -> None:  # noqa: FBT001 - flags
    """Revoke one device, or all that somebody holds.

    Raises:
        Usage, ReasonNeeded: something is missing, and there is nobody to ask; nothing was changed.
    """
    if bool(id_) == bool(holder):
        raise Usage(detail=_("either the number of a device or --holder"))
    if interactive() and not as_json:
        given |= why(given)
    if not (given["reason"] or "").strip() or not (given["paper"] or "").strip():
        raise ReasonNeeded(action=_("revoking the right to use a device"))
    reason, document = str(given["reason"]), str(given["paper"])
    if holder:
        _all_of(WhitelistRevokeHolder(holder=holder, reason=reason, document=document), as_json=as_json, yes=yes)
        return
    if not (yes or as_json):
        confirm(_("Revoke the right to use {id} now?").format(id=id_))
    answer = call(WhitelistMove(verb="revoke", id=str(id_), reason=reason, document=document))
    if as_json:
        json_out(answer)
        return
    done = typed(answer, Done)
    say(_("The right to use {id} is revoked (record {seq}).").format(id=id_, seq=done.seq), "good")
    cuts(done.cut)
    if not done.effective:
        say(_("Not everything is closed yet. Unplug the device and look at: usbguard-py log"), "alarm")


def _all_of(request: WhitelistRevokeHolder, *, as_json: bool, yes: bool) -> None:
    if not as_json:
        _show_first(request.holder)
    if not (yes or as_json):
        confirm(_("Revoke the right to use everything that {holder} holds now?").format(holder=request.holder))
    answer = call(request)
    if as_json:
        json_out(answer)
        return
    done = typed(answer, Revoked)
    count = len(done.revoked)
    text = ngettext(
        "The right to use {count} device of {holder} is revoked.",
        "The right to use {count} devices of {holder} is revoked.",
        count,
    )
    say(text.format(count=number(count), holder=done.holder), "good")
    cuts(done.cut)
    left = len(done.not_returned)
    say(
        ngettext("{count} device was not handed back:", "{count} devices were not handed back:", left).format(
            count=left
        )
    )
    columns = [Column(_("No.")), Column(_("Label"), flexible=True), Column(_("Serial no."), flexible=True)]
    rows = [Row([one.id, one.label, one.serial, word(CUSTODY, one.state)], "warn") for one in done.not_returned]
    show([*columns, Column(_("State"))], rows)


def _show_first(holder: str) -> None:
    """What this person holds; else whose names have these words: a name in part takes nothing away from anybody."""
    with Reader(paths.DATABASE) as reader:
        names = sorted(name for name in reader.values("holder") if folded(holder) in folded(name))
        held = [asset for asset in reader.find(Wanted(texts={"holder": holder})).assets if asset.holder == holder]
        look = Look.of(reader)
    if held:
        show(heads(), [Row(cells(asset, look), look.style(asset)) for asset in held])
    elif names:
        say(_("Names on the list that are like it: {names}").format(names="; ".join(names)), "warn")


command = Command(
    "revoke",
    callback=revoke,
    help=N_(
        "Revoke the right to use the approved device ID, at once, or everything that a person holds (--holder).\n\n"
        "A drive that is connected is cut off, also while it is in use: what can be written is written first, until "
        "the policy's deadline. The device stays on the list as revoked. With --holder, the name has to be written as "
        "on the list; what was not handed back is named then."
    ),
    params=[
        click.Argument(["id_"], metavar="[ID]", required=False),
        Option(["--holder"], metavar="NAME", help=N_("Everything that this person holds, in one step.")),
        Option(["--reason"], help=N_("Why.")),
        Option(["--document", "paper"], help=N_("Number of the paper that is the basis.")),
        Option(["--yes"], is_flag=True, help=N_("Do not ask for confirmation; what is missing is asked all the same.")),
    ],
    examples=[
        'usbguard-py whitelist revoke TB-0001 --reason "holder moved" --document MAU-02/2026',
        'usbguard-py whitelist revoke --holder "Nguyen Van Mau" --reason "left the unit" --document MAU-02/2026',
    ],
)

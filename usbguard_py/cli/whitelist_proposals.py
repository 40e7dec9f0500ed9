"""``usbguard-py whitelist proposals|approve|refuse``: what one person proposed and a second one decides."""

from typing import Any

import click

from usbguard_py import paths
from usbguard_py.cli import whitelist_moves as moves
from usbguard_py.cli.answers import Done, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.cuts import cuts
from usbguard_py.cli.move_words import WORDS
from usbguard_py.cli.output import confirm, interactive, json_out, say, show
from usbguard_py.cli.proposals import describe, said, stage
from usbguard_py.cli.proposed import what
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import day, number
from usbguard_py.core.four_eyes import Proposal
from usbguard_py.core.requests import WhitelistApprove, WhitelistRefuse
from usbguard_py.errors import NotFound, ReasonNeeded, Usage
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Reader

_WHY = (
    Option(["--reason"], help=N_("Why.")),
    Option(["--document", "paper"], help=N_("Number of the paper that is the basis.")),
    Option(["--yes"], is_flag=True, help=N_("Do not ask for confirmation; what is missing is asked all the same.")),
)


def list_proposals(as_json: bool, every: bool) -> None:  # noqa: FBT001 - click's flags
    """Print what waits for a second person."""
    with Reader(paths.DATABASE) as reader:
        found, today = reader.proposals(every=every), reader.today()
    if as_json:
        json_out({"proposals": found})
        return
    if not found:
        say(_("Nothing waits for a second person."))
        return
    columns = [
        Column(_("Proposal"), right=True),
        Column(_("Device")),
        Column(_("What"), flexible=True),
        Column(_("Proposed by"), flexible=True),
        Column(_("Until")),
        Column(_("State"), flexible=True),
    ]
    show(columns, [_row(proposal, today) for proposal in found])
    say(ngettext("{count} proposal.", "{count} proposals.", len(found)).format(count=number(len(found))))


def _row(one: Proposal, today: str) -> Row:
    cells = [str(one.number), one.asset, what(one.verb), one.login, day(one.until), stage(one, today)]
    return Row(cells, note="; ".join(t for t in (said(one), one.reason, one.document) if t))


def approve(id_: str | None, proposal: int | None, as_json: bool, yes: bool, **given: Any) -> None:  # noqa: FBT001
    """Approve what somebody else proposed, or the device that waits where no second person is needed.

    Raises:
        Usage, ReasonNeeded: something is missing, and there is nobody to ask; nothing was changed.
    """
    if bool(id_) == (proposal is not None):
        raise Usage(detail=_("either the number of a device or --proposal"))
    facts = any(given[name] is not None for name in ("holder", "unit", "expires_on"))
    if proposal is None and not facts and interactive() and not as_json:
        proposal = _waiting_for(str(id_))
    if proposal is None:
        moves.move("approve", str(id_), as_json, yes, **given)
        return
    if facts:
        raise Usage(detail=_("a proposal is approved as it is, or refused"))
    done = _decided(WhitelistApprove, proposal, given, as_json=as_json, yes=yes)
    if done is None:
        return
    line = _(WORDS[done.verb].done) if done.verb in WORDS else _("{id} has another face (record {seq}).")
    say(_("Proposal {number} is approved.").format(number=proposal), "good")
    say(line.format(id=done.id, seq=done.seq), "good")
    cuts(done.cut)
    moves.hint(done.id)


def refuse(proposal: int, as_json: bool, yes: bool, **given: Any) -> None:  # noqa: FBT001 - click's flags
    """Refuse a proposal, or withdraw one's own.

    Raises:
        ReasonNeeded: reason or paper is missing, and there is nobody to ask; nothing was changed.
    """
    done = _decided(WhitelistRefuse, proposal, given, as_json=as_json, yes=yes)
    if done is None:
        return
    text = (
        _("Proposal {number} for {id} is withdrawn (record {seq}).")
        if done.state == "withdrawn"
        else _("Proposal {number} for {id} is refused (record {seq}).")
    )
    say(text.format(number=proposal, id=done.id, seq=done.seq), "good")


def _decided(
    kind: type[WhitelistApprove | WhitelistRefuse], proposal: int, given: dict[str, Any], *, as_json: bool, yes: bool
) -> Done | None:
    """Show the proposal, ask for what is missing, confirm and send; ``None`` when the answer was printed as JSON."""
    if interactive() and not as_json:
        with Reader(paths.DATABASE) as reader:
            found = next((p for p in reader.proposals(every=True) if p.number == proposal), None)
            asset = reader.asset(found.asset) if found else None
        if found is None or asset is None:
            raise NotFound(what=_("proposal"), name=str(proposal))
        describe(found, asset)
        given |= moves.why(given)
    if not (given["reason"] or "").strip() or not (given["paper"] or "").strip():
        raise ReasonNeeded(action=_("deciding on a proposal"))
    if not (yes or as_json):
        question = _("Approve this proposal?") if kind is WhitelistApprove else _("Refuse this proposal?")
        confirm(question)
    answer = call(kind(proposal=proposal, reason=str(given["reason"]), document=str(given["paper"])))
    if as_json:
        json_out(answer)
        return None
    return typed(answer, Done)


def _waiting_for(id_: str) -> int | None:
    """The number of the proposal to approve that device, if there is one."""
    with Reader(paths.DATABASE) as reader:
        found = (p.number for p in reader.proposals() if p.asset == id_ and p.verb == "approve")
        return next(found, None)


proposals_command = Command(
    "proposals",
    callback=list_proposals,
    help=N_(
        "List what waits for a second person.\n\n"
        "Where the policy asks for four eyes (four_eyes), an addition, a hand-over and whatever else lets more be used "
        "is a proposal until a colleague approves it; nothing changes before."
    ),
    params=[Option(["--all", "every"], is_flag=True, help=N_("Also those that are over."))],
    examples=["usbguard-py whitelist proposals", "usbguard-py whitelist proposals --all"],
)
approve_command = Command(
    "approve",
    callback=approve,
    help=N_(
        "Approve the device ID that waits for it, or what somebody else proposed (--proposal).\n\n"
        "A device may be used from then on, if somebody holds it and its dates have not passed. Where the policy asks "
        "for four eyes, who proposed something cannot approve it, by whatever account: the login counts."
    ),
    params=[
        click.Argument(["id_"], metavar="[ID]", required=False),
        Option(["--proposal"], type=click.IntRange(1), metavar="N", help=N_("Number of the proposal.")),
        *(
            Option([moves.OPTIONS[n][0], n], metavar=moves.METAVARS.get(n), help=moves.OPTIONS[n][1])
            for n in ("holder", "unit", "expires_on")
        ),
        *_WHY,
    ],
    examples=[
        WORDS["approve"].example,
        "usbguard-py whitelist approve --proposal 3 --reason checked --document MAU-04/2026",
    ],
)
refuse_command = Command(
    "refuse",
    callback=refuse,
    help=N_("Refuse proposal N, or withdraw one's own.\n\nNothing of it comes into force; the record stays."),
    params=[click.Argument(["proposal"], metavar="N", type=click.IntRange(1)), *_WHY],
    examples=['usbguard-py whitelist refuse 3 --reason "wrong holder" --document MAU-04/2026'],
)

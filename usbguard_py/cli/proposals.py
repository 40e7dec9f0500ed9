"""Proposals in words: what waits for a second person, and until when."""

from usbguard_py.cli.answers import Done
from usbguard_py.cli.output import facts, say
from usbguard_py.cli.proposed import what
from usbguard_py.cli.words import day, moment
from usbguard_py.core.four_eyes import Proposal, Stage
from usbguard_py.core.given import DAYS
from usbguard_py.core.given import FACTS as NAMES
from usbguard_py.core.whitelist import Asset, Fingerprint
from usbguard_py.i18n import N_, _
from usbguard_py.phrases import FACTS

STAGES = {
    Stage.OPEN: N_("waits for a second person"),
    Stage.APPROVED: N_("approved"),
    Stage.REFUSED: N_("refused"),
    Stage.WITHDRAWN: N_("withdrawn"),
    Stage.VOID: N_("no longer valid"),
}
LAPSED = N_("not approved in time")


def waits(done: Done) -> None:
    """Say that a change waits for a second person, and what that person does."""
    text = _("NOT YET IN FORCE: proposal {number} for {id} (record {seq}) waits for another person, until {until}.")
    say(text.format(number=done.proposal, id=done.id, seq=done.seq, until=day(done.until)), "warn")
    say(
        "→ "
        + _("A colleague looks at it and runs: usbguard-py whitelist approve --proposal {number}").format(
            number=done.proposal
        )
    )


def said(proposal: Proposal) -> str:
    """The facts that come with a proposal, and the name of a face."""
    given = {name: getattr(proposal.facts, name) for name in NAMES}
    told = [f"{_(FACTS[n])}: {(day(v) if n in DAYS else v) or '–'}" for n, v in given.items() if v is not None]
    face = [proposal.face.name] if isinstance(proposal.face, Fingerprint) else []
    return "; ".join((*face, *told))


def stage(proposal: Proposal, today: str) -> str:
    """What became of it, in words."""
    late = proposal.state is Stage.OPEN and not (today and proposal.until >= today)
    return _(LAPSED) if late else _(STAGES[proposal.state])


def describe(proposal: Proposal, asset: Asset) -> None:
    """Show a proposal before somebody approves or refuses it: the device as it is, and what would be otherwise."""
    facts(
        [
            (_("Proposal"), f"{proposal.number}: {what(proposal.verb)}", "head"),
            (_("Device"), " · ".join(t for t in (asset.id, asset.label, asset.printed_serial) if t)),
            (_("Holder"), asset.holder or _("held by nobody")),
            *([(_("What changes"), said(proposal))] if said(proposal) else []),
            (_("Proposed by"), f"{proposal.login}, {moment(proposal.at, zone=True)}"),
            *([(_("Reason"), proposal.reason)] if proposal.reason else []),
            (_("Basis"), proposal.document or asset.document),
            (_("Until"), day(proposal.until)),
        ]
    )

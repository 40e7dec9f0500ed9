"""``usbguard-py setup``: the first run, as a short dialogue or with flags; can be run again."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from usbguard_py import paths
from usbguard_py.cli import setup_questions as questions
from usbguard_py.cli.activate import begun, span
from usbguard_py.cli.activate import tell as tell_trial
from usbguard_py.cli.answers import Done, Status, typed
from usbguard_py.cli.commands import Command, option
from usbguard_py.cli.doctor import examined
from usbguard_py.cli.doctor import tell as tell_findings
from usbguard_py.cli.output import agreed, facts, interactive, json_out, say
from usbguard_py.core import requests
from usbguard_py.core.levels import Level
from usbguard_py.errors import NotRoot, Usage
from usbguard_py.i18n import N_, _
from usbguard_py.papers.agency import Agency
from usbguard_py.papers.agency_text import with_values
from usbguard_py.shell import accounts, papers
from usbguard_py.shell.client import call
from usbguard_py.shell.files import put, text_of
from usbguard_py.shell.note_table import host_name

PROFILES = {"standalone": N_("a computer without any network, on which nothing works that is not allowed")}


class Step(msgspec.Struct, frozen=True):
    """One change: what it is, shown before and after, and the change itself."""

    what: str
    act: Callable[[], object]


def planned(wanted: questions.Wanted) -> list[Step]:
    """The steps that make it so, in their order."""
    steps = [_role(name, group) for name, group in wanted.members]
    if wanted.agency is not None:
        text = with_values(text_of(paths.AGENCY), wanted.agency, str(paths.AGENCY))
        if text != text_of(paths.AGENCY):
            steps.append(Step(str(paths.AGENCY), lambda: put(paths.AGENCY, text)))
    return [*steps, *(_enrolment(port) for port in wanted.enrol)]


def _role(name: str, group: str) -> Step:
    return Step(f"usermod -aG {group} {name}", lambda: accounts.put_into(name, group))


def _enrolment(port: str) -> Step:
    what = f"usbguard-py peripheral enrol {port}"
    return Step(what, lambda: typed(call(requests.PeripheralEnrol(name=port)), Done))


def _shown(steps: Sequence[Step], agency: Agency | None) -> None:
    """Everything that will be changed; of the agency's file what it says and what it will say."""
    say()
    say(_("This will be done:"), "head")
    for step in steps:
        say("· " + step.what, indent=2)
    if agency is None:
        return
    before, after = (msgspec.structs.asdict(one) for one in (papers.agency(), agency))
    changed = [name for name in after if after[name] != before[name]]
    facts([("    " + _(questions.AGENCY[n]), f"{_value(before[n])} → {_value(after[n])}") for n in changed])


def _value(text: str | None) -> str:
    """A line of the agency's file: none, or one that says that there is nothing, are two things."""
    return "–" if text is None else text or "“”"


def _chosen(given: dict[str, Any], *, asks: bool, yes: bool) -> list[Step]:
    """The steps that somebody wants; shown and agreed to. Whatever ends this ends it with nothing changed."""
    finished = False
    try:
        if asks:
            _begin(given["profile"])
        wanted = questions.wanted(given, asks=asks)
        steps = planned(wanted)
        if steps:
            _shown(steps, wanted.agency)
        if steps and not yes:
            if not asks:
                raise Usage(detail=_("confirmation is needed; add --yes"))
            steps = steps if agreed(_("Do this?")) else []
        finished = bool(steps)
        return steps
    finally:
        if asks and not finished:
            say()  # Ctrl-C leaves the cursor behind the question
            say(_("Nothing was changed."))


def _json_steps(given: dict[str, Any], *, yes: bool) -> list[Step]:
    """The steps for a program, which is shown and asked nothing."""
    steps = planned(questions.wanted(given, asks=False, quiet=True))
    if steps and not yes:
        raise Usage(detail=_("confirmation is needed; add --yes"))
    return steps


def _begin(profile: str) -> None:
    """Ask for the language, unless it was named; say which computer this is."""
    context = click.get_current_context()
    named = (c.get_parameter_source("lang") for c in (context, context.parent) if c is not None)
    if ParameterSource.COMMANDLINE not in named:
        questions.language()
    say()
    facts([(_("Computer"), host_name()), (_("Profile"), f"{profile}: {_(PROFILES[profile])}")])


def _carried_out(steps: Sequence[Step], *, quiet: bool) -> list[str]:
    """Take the steps one by one; what an interruption or an error left undone is said in any case."""
    done: list[str] = []
    try:
        for step in steps:
            step.act()
            done.append(step.what)
            if not quiet:
                say(_("Done: {what}").format(what=step.what), "good")
    finally:
        if len(done) < len(steps):
            for step in steps[len(done) :]:
                say(_("NOT done: {what}").format(what=step.what), "warn", err=quiet)
            say(_("What is done stays; the command can be run again."), err=quiet)
    return done


def _activated(standing: Status, given: dict[str, Any], *, asks: bool) -> dict[str, Any] | None:
    """The answer to a trial that began now; nothing when the computer goes on as it is."""
    begin = given["activate"]
    if standing.mode == "enforce":
        if asks or begin:
            say(_("This computer blocks already; nothing is changed about that."))
        return None
    if begin is None and asks:
        say()
        say(_("Until now nothing is blocked. Blocking begins on trial and ends by itself unless you confirm it."))
        begin = agreed(_("Begin to block now? (No: this computer observes for now)"))
    if begin:
        return begun(given["profile"], given["confirm_within"])
    if asks:
        say(_("This computer observes. To begin later: usbguard-py activate --confirm-within 10m"))
    return None


@click.command(
    "setup",
    cls=Command,
    help=N_(
        "Set this computer up: roles, agency, keyboard and mouse; then look it over and begin to block, or observe.\n\n"
        "On a terminal it asks, and shows what is set already; every question has an option, and what is named there "
        "is not asked. Elsewhere only what is named is changed. Everything is shown before it is done; until then "
        "Ctrl-C changes nothing. It can be run again at any time.\n\n"
        "--yes only leaves out the last question. It enrols nothing and begins nothing that is not named."
    ),
    examples=[
        "usbguard-py setup",
        'usbguard-py setup --manager canbo --enrol 1-2 --body "VĂN PHÒNG MẪU" --activate --yes',
    ],
)
@option("--profile", type=click.Choice(list(PROFILES)), default="standalone", help=N_("What kind of workplace it is."))
@option("--admin", multiple=True, metavar="ACCOUNT", help=N_("An account that becomes administrator; may be repeated."))
@option(
    "--manager", multiple=True, metavar="ACCOUNT", help=N_("An account that becomes list manager; may be repeated.")
)
@option("--auditor", multiple=True, metavar="ACCOUNT", help=N_("An account that becomes auditor; may be repeated."))
@option("--body-above", default=None, help=N_("The agency's superior body; “” for none."))
@option("--body", default=None, help=N_("The agency."))
@option("--body-code", default=None, help=N_("The agency's abbreviation in the numbers of papers."))
@option("--place", default=None, help=N_("The place on papers."))
@option("--keeper", default=None, help=N_("Who keeps the list: full name."))
@option("--keeper-position", default=None, help=N_("The position of who keeps the list."))
@option("--keeper-unit", default=None, help=N_("The unit of who keeps the list."))
@option("--enrol", multiple=True, metavar="PORT", help=N_("Enrol the keyboard or mouse on this port; may be repeated."))
@option("--activate/--observe", "activate", default=None, help=N_("Begin to block on trial, or go on observing."))
@option(
    "--confirm-within", metavar="TIME", default="10m", help=N_("Time to confirm in: 90s, 10m (if none is named), 1h.")
)
@option("--yes", is_flag=True, help=N_("Do not ask before what was named is done."))
def command(yes: bool, as_json: bool, **given: Any) -> None:  # noqa: FBT001 - click's flags
    """Ask, show, do, look over, begin."""
    if os.geteuid() != 0:
        raise NotRoot(command="usbguard-py setup")
    span(given["confirm_within"])  # a time that is none is said before anything is done
    asks = interactive() and not as_json
    standing = typed(call(requests.Status()), Status)
    steps = _json_steps(given, yes=yes) if as_json else _chosen(given, asks=asks, yes=yes)
    done = _carried_out(steps, quiet=as_json)
    every = examined()
    if as_json:
        begins = given["activate"] and standing.mode != "enforce"
        trial = begun(given["profile"], given["confirm_within"]) if begins else None
        json_out({"done": done, "findings": [{"name": f.name, "facts": f.facts} for f in every], "activated": trial})
        return
    say()
    say(_("What is still to be seen to (usbguard-py doctor):"), "head")
    tell_findings(every, least=Level.NOTE)
    answer = _activated(standing, given, asks=asks)
    if answer is not None:
        say()
        tell_trial(answer, given["confirm_within"])

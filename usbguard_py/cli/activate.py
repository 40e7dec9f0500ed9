"""``usbguard-py activate`` and ``confirm``: begin to block, and go back by itself unless a person confirms."""

import re
from typing import Any

import click

from usbguard_py.cli.answers import Done, Trial, typed
from usbguard_py.cli.commands import Command, option
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.policy import place, text_of
from usbguard_py.cli.trial_words import lines
from usbguard_py.core.requests import PolicyConfirm, PolicyUse
from usbguard_py.core.trial import LONGEST, SHORTEST
from usbguard_py.errors import Usage
from usbguard_py.i18n import N_, _
from usbguard_py.policy.read import read_policy
from usbguard_py.shell.client import call

_SPAN = re.compile(r"([0-9]{1,6})([smh])")
_UNITS = {"s": 1, "m": 60, "h": 3600}


def span(text: str) -> int:
    """Seconds of a time such as ``10m``.

    Raises:
        Usage: it is none, or shorter or longer than a trial may be.
    """
    found = _SPAN.fullmatch(text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not SHORTEST <= seconds <= LONGEST:
        raise Usage(detail=_("--confirm-within takes a time from 10s to 24h, such as 10m"))
    return seconds


@click.command(
    "activate",
    cls=Command,
    help=N_(
        "Begin to block, and go back by itself unless a person confirms.\n\n"
        "Puts the policy in FILE (or with that NAME; otherwise standalone) in force on trial. Without usbguard-py "
        "confirm in time, or when the computer is started anew, the policy before comes back and what was blocked "
        "works again: nobody is locked out. It comes back also when the daemon does not run any more."
    ),
    examples=["usbguard-py activate --confirm-within 10m", "usbguard-py confirm"],
)
@click.argument("file", metavar="[FILE|NAME]", required=False, default="standalone")
@option(
    "--confirm-within",
    "within",
    metavar="TIME",
    default="10m",
    help=N_("Time to confirm in: 90s, 10m (if none is named), 1h."),
)
@option("--no-keyboard", is_flag=True, help=N_("Block even though no keyboard is enrolled: it stops working."))
def activate(file: str, within: str, no_keyboard: bool, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Check here first, so that an error names the file; then ask the daemon."""
    tell(begun(file, within, no_keyboard=no_keyboard), within, as_json=as_json)


def begun(file: str, within: str, *, no_keyboard: bool = False) -> dict[str, Any]:
    """Put the policy on trial for the time ``within``; the daemon's answer.

    Raises:
        Usage: no such time, or a policy that only observes.
        KeyboardNotEnrolled, TrialRunning: the daemon refuses.
    """
    seconds = span(within)
    text = text_of(file)
    policy = read_policy(text, origin=file)
    if not policy.enforce:
        words = _("“{name}” only observes: usbguard-py policy use {file}")
        raise Usage(detail=words.format(name=policy.name, file=file))
    origin = str(place(file).absolute())
    return call(PolicyUse(text=text, origin=origin, no_keyboard=no_keyboard, confirm_within=seconds))


def tell(answer: dict[str, Any], within: str, *, as_json: bool = False) -> None:
    """Say what has begun, and until when it has to be confirmed."""
    if as_json:
        json_out(answer)
        return
    done = typed(answer, Done)
    say(_("The policy “{name}” blocks from now on (record {seq}).").format(name=done.name, seq=done.seq), "good")
    say()
    for line, style in lines(done.trial or Trial(span(within))):
        say(line, style)
    say()
    say(_("Try it now: keyboard, mouse, an approved drive, and one that is not approved."))


@click.command(
    "confirm",
    cls=Command,
    help=N_("Confirm the policy on trial: it stays in force, also when the computer is started anew."),
    examples=["usbguard-py confirm"],
)
def confirm(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Ask the daemon."""
    answer = call(PolicyConfirm())
    if as_json:
        json_out(answer)
        return
    done = typed(answer, Done)
    say(_("Confirmed: the policy “{name}” stays (record {seq}).").format(name=done.name, seq=done.seq), "good")
    say(_("To close USB from power-on, too: usbguard-py floor install"))

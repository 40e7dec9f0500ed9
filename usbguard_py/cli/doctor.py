"""``usbguard-py doctor``: what stands in the way, what would be blocked, and one remedy for each. Reads only."""

from typing import Any

import click
import msgspec

from usbguard_py import paths
from usbguard_py.cli.answers import Device, Devices, Peripherals, Status, typed
from usbguard_py.cli.commands import Command
from usbguard_py.cli.finding_words import remedy, said
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.words import number
from usbguard_py.core import condition, requests
from usbguard_py.core.checks import exit_code, findings
from usbguard_py.core.findings import Finding
from usbguard_py.core.levels import Level
from usbguard_py.errors import DaemonUnavailable, GuardError, PermissionRefused
from usbguard_py.i18n import N_, _
from usbguard_py.shell import onlooker
from usbguard_py.shell.client import call
from usbguard_py.shell.condition import seen

LEVELS = {Level.DANGER: N_("DANGER"), Level.WARNING: N_("WARNING"), Level.NOTE: N_("Note"), Level.OK: N_("In order")}
STYLES = {Level.DANGER: "alarm", Level.WARNING: "warn", Level.NOTE: "head"}
DEVICES_UNSEEN = N_("the connected devices and what is enrolled")


def examined() -> tuple[Finding, ...]:
    """Everything that is to be said of this computer, the most pressing first."""
    return findings(seen(_asked()))


def tell(every: tuple[Finding, ...], *, least: Level = Level.OK) -> None:
    """Print the findings of at least that level, each with its remedy."""
    for finding in every:
        if finding.level is Level.OK or finding.level < least:
            continue
        say(f"{_(LEVELS[finding.level])}: {said(finding)}", STYLES[finding.level])
        if remedy(finding):
            say("→ " + remedy(finding), indent=2)
    fine = [finding for finding in every if finding.level is Level.OK]
    if least is not Level.OK or not fine:
        return
    say()
    say(_(LEVELS[Level.OK]) + ":", "good")
    for finding in fine:
        say("· " + said(finding), indent=2)


def summary(every: tuple[Finding, ...]) -> tuple[str, str]:
    """One line about all of them, and its style."""
    count = {level: sum(f.level is level for f in every) for level in Level}
    facts = {"dangers": number(count[Level.DANGER]), "count": number(count[Level.WARNING])}
    if count[Level.DANGER]:
        return _("Dangers: {dangers}. To be done: {count}.").format_map(facts), "alarm"
    if count[Level.WARNING]:
        return _("To be done: {count}.").format_map(facts), "warn"
    return _("Nothing to be done."), "good"


def doctor(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Look, tell.

    Raises:
        Exit: with 1 when something has to be done, with 2 when there is danger.
    """
    condition_seen = seen(_asked())
    every = findings(condition_seen)
    code = exit_code(every)
    if as_json:
        json_out({"exit_code": code, "findings": [_shown(f) for f in every], "unseen": list(condition_seen.unseen)})
    else:
        say(*summary(every))
        say()
        tell(every)
    if code:
        raise click.exceptions.Exit(code)


def _shown(finding: Finding) -> dict[str, Any]:
    """A finding for programs: name, level and facts are stable; the texts are in the language in use."""
    return {
        "name": finding.name,
        "level": finding.level.name.lower(),
        "facts": finding.facts,
        "sentence": said(finding),
        "remedy": remedy(finding),
    }


def _asked() -> condition.Condition:
    """What the daemon says; what it would, where it does not run or does not tell this account."""
    enforcing = paths.ENFORCING.exists()
    try:
        status = typed(call(requests.Status()), Status)
    except DaemonUnavailable:
        return _alone(condition.Condition(now_enforces=enforcing, daemon=False))
    except PermissionRefused:
        return _alone(condition.Condition(now_enforces=enforcing, answers=False))
    except GuardError as error:
        return _alone(condition.Condition(now_enforces=enforcing, fail_safe=str(error)))
    known = condition.Condition(
        now_enforces=status.mode == "enforce",
        trial=status.trial.seconds_left if status.trial else None,
        fail_safe=status.fail_safe,
    )
    try:
        devices = typed(call(requests.Devices()), Devices).devices
        enrolled = typed(call(requests.PeripheralList()), Peripherals).peripherals
    except GuardError:
        return _alone(known)
    return msgspec.structs.replace(
        known,
        devices=tuple(_device(one) for one in devices),
        enrolled=tuple(condition.Enrolled(p.id, p.kind, p.port) for p in enrolled),
    )


def _alone(known: condition.Condition) -> condition.Condition:
    """With the devices as this command judges them itself."""
    devices, enrolled = onlooker.devices(), onlooker.enrolled()
    unseen = () if devices is not None else (DEVICES_UNSEEN,)
    return msgspec.structs.replace(known, devices=devices, enrolled=enrolled, unseen=unseen)


def _device(one: Device) -> condition.Device:
    return condition.Device(
        name=one.name,
        kind=one.kind,
        title=one.title,
        usb_id=one.usb_id,
        code=one.code,
        allow=one.allow,
        built_in=onlooker.built_in(one.name),
        interfaces=one.interfaces,
    )


command = Command(
    "doctor",
    callback=doctor,
    help=N_(
        "Look over this computer and say what is to be done, the most pressing first. Nothing is changed.\n\n"
        "What would be blocked right now, keyboards, the disk's passphrase, other programs that decide on USB, disks, "
        "clock, kernel, units, roles. It works before and after blocking begins, without the daemon, and without being "
        "root, and then says what it could not see.\n\n"
        "The exit code is 0 when nothing is to be done, 1 when something is, 2 when there is danger."
    ),
    examples=["usbguard-py doctor", "usbguard-py doctor --json"],
)

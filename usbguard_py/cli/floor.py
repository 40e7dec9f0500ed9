"""``usbguard-py floor install|check|remove``: USB closed from power-on."""

import os
from collections.abc import Sequence

import click

from usbguard_py import paths
from usbguard_py.cli.answers import Done, typed
from usbguard_py.cli.commands import Command, Group, option
from usbguard_py.cli.output import confirm, facts, json_out, say, show
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import phrase, word
from usbguard_py.core.requests import DriversChanged, FloorChanged
from usbguard_py.errors import DaemonUnavailable, NotRoot
from usbguard_py.i18n import N_, _
from usbguard_py.shell import bootloader
from usbguard_py.shell.client import call
from usbguard_py.shell.floor_check import OBSERVES, Part, parts, prepared
from usbguard_py.shell.floor_setup import Step, keep_drivers_away, leave_drivers, missing, present, refuse_lock_out

PARTS = {
    "grub": N_("GRUB"),
    "systemd-boot": N_("systemd-boot"),
    "boot-loader": N_("boot loader"),
    "unified-kernel": N_("unified kernel image"),
    "initramfs": N_("initramfs"),
    "module-option": N_("module option"),
    "marker": N_("mark for the initramfs"),
    "unit": N_("early unit"),
    "renewal": N_("renewal of the initramfs"),
    "udev-rules": N_("udev rules"),
    "drivers": N_("storage drivers"),
    "enrolled": N_("enrolled keyboards and mice"),
    "mode": N_("floor at this start"),
    "command-line": N_("kernel command line"),
    "this-initramfs": N_("initramfs of this start"),
    "module-parameter": N_("kernel default"),
    "buses": N_("USB buses"),
}
INSTALL = N_("Run: usbguard-py floor install")
RESTART = N_("Restart the computer. If that does not help: usbguard-py floor install")
REMEDIES = {
    "boot-loader": N_("Add usbcore.authorized_default=0 to the kernel command line of your boot loader yourself."),
    "unified-kernel": N_("Start the kernel by an entry with its own initramfs, and remove this image."),
    "udev-rules": N_("Install the package again, and remove files of these names from /etc/udev/rules.d."),
    "enrolled": N_("Look who wrote /etc/usbguard-py/floor/input; then restart usbguard-py, which writes it anew."),
    "unit": N_("Run: systemctl enable --now usbguard-py-floor"),
    "renewal": N_("Run: usbguard-py floor install; if it failed: journalctl -u usbguard-py-initramfs"),
    "drivers": N_("Run: usbguard-py floor drivers --just-in-time"),
    "mode": N_("Begin to block: usbguard-py policy use standalone; or take the floor out: usbguard-py floor remove"),
    "command-line": RESTART,
    "this-initramfs": RESTART,
    "module-parameter": N_("Run: systemctl restart usbguard-py-floor"),
    "buses": N_("Run: systemctl restart usbguard-py-floor"),
}
NO_LOADER = N_(
    "Neither GRUB nor systemd-boot was found: add usbcore.authorized_default=0 to the kernel command line yourself."
)

command = Group("floor", help=N_("USB closed from power-on: kernel command line, modules, early unit, initramfs."))


@command.command(
    "install",
    cls=Command,
    help=N_(
        "Close USB from power-on: in the boot loader, for the kernel's modules, and in the initramfs, where only the "
        "enrolled keyboards work, so that a passphrase can be typed. GRUB's menu gets one more entry, by "
        "which a dead keyboard can be replaced for one start.\n\n"
        "What will be changed is shown first. It is refused while nothing is blocked, while the system lies on a USB "
        "disk, and while no keyboard is enrolled on a port of the computer itself. It can be repeated: what is in "
        "place stays."
    ),
    examples=["usbguard-py floor install", "usbguard-py floor install --yes"],
)
@option("--no-keyboard", is_flag=True, help=N_("No USB keyboard is needed while the computer starts."))
@option("--yes", is_flag=True, help=N_("Do not ask."))
def install(no_keyboard: bool, yes: bool, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Show the steps, ask, take them, record them."""
    _root("install")
    refuse_lock_out(keyboard=not no_keyboard)
    done = _carried_out(missing(), _("Change this?"), yes=yes, as_json=as_json)
    seq = _recorded(done, installed=True)
    if as_json:
        json_out({"changed": done, "seq": seq, "restart": not all(p.closed for p in parts())})
        return
    if not done:
        say(_("Everything is in place; nothing was changed."), "good")
    elif prepared(parts()):
        say(
            _("Done. USB is closed from the next power-on. Restart, then run: usbguard-py floor check"),
            "good",
        )
    else:
        say(_("Done, but not everything is closed. See: usbguard-py floor check"), "warn")
    _tell_record(done, seq)
    if not bootloader.found():
        say(_(NO_LOADER), "warn")


@command.command(
    "check",
    cls=Command,
    help=N_(
        "Read every part of the floor back where it takes effect, and say what to do about each that is open.\n\n"
        "The exit code is 0 only when all of them are closed."
    ),
    examples=["usbguard-py floor check", "usbguard-py floor check --json"],
)
def check(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print each part with its state.

    Raises:
        Exit: with 1 when a part is open.
    """
    _root("check")
    every = parts()
    closed = all(p.closed for p in every)
    if as_json:
        listed = [{"name": p.name, "closed": p.closed, "detail": p.detail, "remedy": _remedy(p)} for p in every]
        json_out({"closed": closed, "parts": listed})
    else:
        heads = [Column(_("Part")), Column(_("State")), Column(_("Read back"), flexible=True)]
        show(heads, [_row(p) for p in every])
    if not closed:
        raise click.exceptions.Exit(1)


@command.command(
    "remove",
    cls=Command,
    help=N_(
        "Take the floor out of the start of the computer again: boot loader, module option, initramfs.\n\n"
        "The early unit stays: it closes USB when the system starts, as long as the policy blocks. "
        "This start stays closed as it is."
    ),
    examples=["usbguard-py floor remove", "usbguard-py floor remove --yes"],
)
@option("--yes", is_flag=True, help=N_("Do not ask."))
def remove(yes: bool, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Show the steps, ask, take them, record them, say what stays."""
    _root("remove")
    question = _("Take the floor out? From the next start on, USB is open until the early unit runs.")
    done = _carried_out(present(), question, yes=yes, as_json=as_json)
    seq = _recorded(done, installed=False)
    if as_json:
        json_out({"changed": done, "seq": seq})
        return
    if not done:
        say(_("The floor is not in the start of this computer; nothing was changed."))
        return
    say(_("Done. It holds from the next start on; until then USB stays closed."), "good")
    say(_("What stays: the early unit, the udev rules, the enrolled keyboards and mice, the list and the log."))
    _tell_record(done, seq)


@command.command(
    "drivers",
    cls=Command,
    help=N_(
        "Keep the storage drivers usb-storage and uas away until an approved drive needs them.\n\n"
        "Checks of hardened systems want them disabled. They are loaded when a drive of the list opens and taken "
        "away when the last one has left. Without an option: say how it is."
    ),
    examples=["usbguard-py floor drivers --just-in-time", "usbguard-py floor drivers --as-usual"],
)
@option("--just-in-time/--as-usual", "just_in_time", default=None, help=N_("Load them only when they are needed."))
def drivers(just_in_time: bool | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Change it when asked to, record it, say how it is."""
    _root("drivers")
    before = paths.DRIVERS_HIDDEN.exists()
    changed = just_in_time is not None and just_in_time != before
    if just_in_time:
        keep_drivers_away()
    elif changed:
        leave_drivers()
    seq = _told(DriversChanged(just_in_time=bool(just_in_time))) if changed else 0
    if as_json:
        json_out({"just_in_time": paths.DRIVERS_HIDDEN.exists(), "changed": changed, "seq": seq})
        return
    if paths.DRIVERS_HIDDEN.exists():
        say(_("The storage drivers are loaded only when an approved drive opens."))
    else:
        say(_("The storage drivers are loaded as usual; a drive that is not approved does not get them."))
    _tell_record(["drivers"] if changed else [], seq)


def _root(verb: str) -> None:
    if os.geteuid() != 0:
        raise NotRoot(command=f"usbguard-py floor {verb}")


def _carried_out(steps: Sequence[Step], question: str, *, yes: bool, as_json: bool) -> list[str]:
    """Show the steps, ask, and take them one by one; their names."""
    if steps and not as_json:
        facts([(_named(step.name), step.what) for step in steps])
    if steps and not yes:
        confirm(question, as_json=as_json)
    for step in steps:
        if step.name == "initramfs" and not as_json:
            say(_("The initramfs of every kernel is built anew; this takes a while…"))
        step.act()
    return [step.name for step in steps]


def _recorded(done: Sequence[str], *, installed: bool) -> int:
    """The number of the record, 0 when nothing was changed or the daemon does not run."""
    return _told(FloorChanged(installed=installed, parts=tuple(done))) if done else 0


def _told(request: FloorChanged | DriversChanged) -> int:
    try:
        return typed(call(request), Done).seq
    except DaemonUnavailable:
        return 0


def _tell_record(done: Sequence[str], seq: int) -> None:
    if seq:
        say(_("Written into the log as record {seq}.").format(seq=seq))
    elif done:
        say(_("The daemon does not run: this was NOT written into the log."), "warn")


def _row(part: Part) -> Row:
    cells = [_named(part.name), _("closed") if part.closed else _("OPEN"), phrase(part.detail)]
    return Row(cells, "" if part.closed else "bad", note="" if part.closed else "→ " + _(_remedy(part)))


def _remedy(part: Part) -> str:
    """What to do about a part that is open; empty when it is closed."""
    if part.closed:
        return ""
    if part.name == "mode" and part.detail != OBSERVES:
        return RESTART
    return REMEDIES.get(part.name, INSTALL)


def _named(name: str) -> str:
    """A part's name for people: ``initramfs 6.1.0-1-amd64`` keeps its version."""
    first, space, rest = name.partition(" ")
    return word(PARTS, first) + space + rest

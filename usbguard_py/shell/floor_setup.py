"""Puts the floor into the start of the machine, and takes it out again: small steps, each of which can be repeated.

The order matters: the boot loader closes only after every initramfs can admit the enrolled keyboard.
"""

from collections.abc import Callable, Iterator

import msgspec

from usbguard_py import paths
from usbguard_py.core.bootline import closes
from usbguard_py.errors_floor import (
    FloorLocksOut,
    FloorObserves,
    FloorOnTrial,
    FloorOnUsb,
    FloorTrouble,
    FloorUnified,
    FloorUnsupported,
)
from usbguard_py.shell import bootloader, floor, initramfs
from usbguard_py.shell.disks import on_usb
from usbguard_py.shell.files import put, text_of
from usbguard_py.shell.floor_check import DRIVERS_UNIT, HIDDEN, OPTION, RENEWAL, UNIT
from usbguard_py.shell.tools import asked, run

MADE = "kernel-cmdline made\n"  # a line of the marker: /etc/kernel/cmdline was not there before
MARKER = "# The USB floor is in the start of this machine; see usbguard-py floor check.\n"


class Step(msgspec.Struct, frozen=True):
    """A step: its name as in ``floor check``, what it changes, and the change."""

    name: str
    what: str
    act: Callable[[], object]


def refuse_lock_out(*, keyboard: bool) -> None:
    """Nobody must be locked out by the next start; ``keyboard`` false when no USB keyboard is needed.

    Raises:
        FloorUnsupported: the initramfs is built by something else than initramfs-tools or dracut.
        FloorUnified: a unified kernel image can be started, into which nothing is put.
        FloorOnTrial: the machine blocks on trial only; its next start would lock somebody out.
        FloorObserves: the machine only observes.
        FloorOnUsb: the system lies on a USB disk.
        FloorLocksOut: no enrolled keyboard could work in the initramfs.
    """
    if not initramfs.supported():
        raise FloorUnsupported
    if unified := bootloader.unified():
        raise FloorUnified(path=str(unified[0]))
    if floor.lasting() != "enforce":
        raise FloorOnTrial if paths.TRIAL.exists() else FloorObserves
    for path in ("/", "/usr", "/boot"):
        if on_usb(path):
            raise FloorOnUsb(path=path)
    # Behind an external hub nothing works before the daemon has judged the hub.
    if keyboard and not any("." not in port for port in floor.keyboard_ports()):
        raise FloorLocksOut


def missing() -> tuple[Step, ...]:
    """The steps that are still to be taken for an installed floor, in their order."""
    return tuple(_missing())


def _missing() -> Iterator[Step]:
    if text_of(paths.MODULE_OPTION) != OPTION:
        yield Step("module-option", str(paths.MODULE_OPTION), lambda: put(paths.MODULE_OPTION, OPTION))
    if not paths.FLOOR_INSTALLED.exists():
        yield Step("marker", str(paths.FLOOR_INSTALLED), lambda: put(paths.FLOOR_INSTALLED, MARKER))
    boot = bootloader.found()
    entries_open = "systemd-boot" in boot and not bootloader.closed("systemd-boot")
    if entries_open:
        yield Step("command-line", str(paths.KERNEL_CMDLINE), _close_command_line)
    if any(asked("systemctl", "is-enabled", unit) != "enabled" for unit in (UNIT, *RENEWAL)):
        yield Step("unit", f"systemctl enable {UNIT} {RENEWAL[0]}", _enable)
    if not _images_hold():
        yield Step("initramfs", _building(), _update_initramfs)
    if entries_open or bootloader.old_images():
        yield Step("systemd-boot", "kernel-install add", bootloader.write_loader_entries)
    if "grub" in boot and not (bootloader.closed("grub") and text_of(paths.GRUB_ENTRY) == bootloader.GRUB_ENTRY):
        yield Step("grub", f"{paths.GRUB_DROP_IN}, {paths.GRUB_ENTRY}, update-grub", bootloader.close_grub)


def present() -> tuple[Step, ...]:
    """The steps that take the floor out again, in their order: the boot loader first."""
    return tuple(_present())


def _present() -> Iterator[Step]:
    if paths.GRUB_DROP_IN.exists() or paths.GRUB_ENTRY.exists():
        yield Step("grub", f"{paths.GRUB_DROP_IN}, {paths.GRUB_ENTRY}, update-grub", bootloader.open_grub)
    made = MADE in text_of(paths.FLOOR_INSTALLED)
    if closes(text_of(paths.KERNEL_CMDLINE).split()):
        yield Step("command-line", str(paths.KERNEL_CMDLINE), lambda: bootloader.open_command_line(made=made))
    if paths.MODULE_OPTION.exists():
        yield Step("module-option", str(paths.MODULE_OPTION), lambda: paths.MODULE_OPTION.unlink(missing_ok=True))
    if paths.FLOOR_INSTALLED.exists():
        yield Step("marker", str(paths.FLOOR_INSTALLED), lambda: paths.FLOOR_INSTALLED.unlink(missing_ok=True))
    if paths.DRIVERS_HIDDEN.exists():
        yield Step("drivers", f"{paths.DRIVERS_HIDDEN}, systemctl disable {DRIVERS_UNIT}", leave_drivers)
    if any(asked("systemctl", "is-enabled", unit) == "enabled" for unit in RENEWAL):
        yield Step("renewal", f"systemctl disable {RENEWAL[0]}", lambda: run("systemctl", "disable", *RENEWAL))
    if initramfs.supported() and any(initramfs.holds_floor(image) for image in initramfs.images()):
        yield Step("initramfs", _building(), _update_initramfs)
    if "systemd-boot" in bootloader.found() and any(e.closed for e in bootloader.entries("systemd-boot")):
        yield Step("systemd-boot", "kernel-install add", bootloader.write_loader_entries)


def keep_drivers_away() -> None:
    """From here on the storage drivers are loaded by :mod:`usbguard_py.daemon.drivers` alone.

    Raises:
        CannotWrite, FloorTrouble: nothing was changed.
    """
    put(paths.DRIVERS_HIDDEN, HIDDEN)
    try:
        run("systemctl", "enable", "--now", DRIVERS_UNIT)
    except FloorTrouble:
        # Away for good, with nobody to load them for an approved drive.
        paths.DRIVERS_HIDDEN.unlink(missing_ok=True)
        raise


def leave_drivers() -> None:
    """Have them loaded as usual again. The file goes first: without it nothing is asked of the unit any more."""
    paths.DRIVERS_HIDDEN.unlink(missing_ok=True)
    run("systemctl", "disable", "--now", DRIVERS_UNIT)


def _images_hold() -> bool:
    found = initramfs.images()
    return bool(found) and not any(initramfs.problems(image) for image in found)


def _close_command_line() -> None:
    if bootloader.close_command_line():
        put(paths.FLOOR_INSTALLED, MARKER + MADE)


def _enable() -> None:
    run("systemctl", "enable", UNIT, *RENEWAL)
    if (paths.ROOT / "run/systemd/system").is_dir():  # systemd runs, sd_booted(3)
        run("systemctl", "start", RENEWAL[0])


def _building() -> str:
    return "; ".join(" ".join(command) for command in initramfs.commands())


def _update_initramfs() -> None:
    for command in initramfs.commands():
        run(*command)

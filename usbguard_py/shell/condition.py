"""Looks at the computer for ``doctor``: reads only, and says what this account could not see."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import usbguard_py
from usbguard_py import paths
from usbguard_py.core import condition
from usbguard_py.core.list_notes import too_old
from usbguard_py.core.moments import days_between
from usbguard_py.errors import DatabaseTrouble, GuardError, PermissionRefused
from usbguard_py.errors_paper import BadPaperFile
from usbguard_py.i18n import N_
from usbguard_py.shell import bootloader, disks, enforcers, floor_check, initramfs, papers
from usbguard_py.shell.groups import members
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.systemd import booted, units

ROLES = ("usbguard-admin", "usbguard-manager", "usbguard-auditor")
UNITS = (
    "usbguard-py.service",
    "usbguard-py-floor.service",
    "usbguard-py-hands.socket",
    "usbguard-py-trial.path",
)
NEIGHBOURS = {"udisks2.service": "udisks2", "ModemManager.service": "ModemManager", "bolt.service": "bolt"}
SESSIONS = ("usr/share/xsessions", "usr/share/wayland-sessions")
GVFS = ("gvfs-mtp-volume-monitor", "gvfs-gphoto2-volume-monitor")
SWITCHES = ("authorized_default", "interface_authorized_default")  # Documentation/usb/authorization.rst

BUSES = {"0011", "0018"}  # the keyboard controller, I2C (include/uapi/linux/input.h)
KEYS = 1 << 1 | 1 << 20  # EV_KEY and EV_REP (include/uapi/linux/input-event-codes.h)
_INPUT_BUS = re.compile(r"^I: Bus=([0-9a-f]{4})", re.MULTILINE)
_INPUT_EVENTS = re.compile(r"^B: EV=([0-9a-f]+)$", re.MULTILINE)

FLOOR_UNSEEN = N_("the parts of the floor")
LIST_UNSEEN = N_("the list and the log")

Found = TypeVar("Found")


def seen(asked: condition.Condition) -> condition.Condition:
    """What the daemon said, completed by everything that can be read without it."""
    unseen = list(asked.unseen)
    start = _start()
    if start.open_parts is None:
        unseen.append(FLOOR_UNSEEN)
    books, refused = _books()
    if refused:
        unseen.append(LIST_UNSEEN)
    given = {name: getattr(asked, name) for name in ("now_enforces", "trial", "daemon", "answers", "fail_safe")}
    return condition.Condition(
        **given,
        devices=asked.devices,
        enrolled=asked.enrolled,
        other_keyboard=_other_keyboard(),
        units=_units(),
        groups={name: members(name) for name in ROLES},
        agency=_agency(),
        books=books,
        start=start,
        beside=_beside(),
        clock=_clock(),
        kernel=_kernel(),
        rooms=_rooms(start),
        unseen=tuple(unseen),
    )


def _units() -> tuple[condition.Unit, ...] | None:
    return tuple(condition.Unit(*fields) for fields in units(*UNITS)) if booted() else None


def _agency() -> str | None:
    if not os.path.lexists(paths.AGENCY):
        return None
    try:
        papers.agency()
    except BadPaperFile as error:
        return f"{error.facts['where']}: {error.facts['detail']}"
    return ""


def _books() -> tuple[condition.Books | None, bool]:
    """The books, and whether this account may not look."""
    try:
        with Reader(paths.DATABASE) as reader:
            standing, today = reader.standing(), reader.today()
            return condition.Books(
                newest=reader.newest(),
                assets=reader.find_count(),
                list_age=days_between(standing.as_of, today) if too_old(standing, today) else 0,
                list_max_age=standing.max_age,
            ), False
    except PermissionRefused:
        return None, True
    except DatabaseTrouble as error:
        return condition.Books(trouble=str(error.facts.get("detail", "")) or type(error).__name__), False
    except GuardError as error:
        return condition.Books(trouble=str(error)), False


def _start() -> condition.Start:
    installed = paths.FLOOR_INSTALLED.exists()
    return condition.Start(
        installed=installed,
        open_parts=_parts() if installed else (),
        builder=initramfs.builder(),
        unified=_look(lambda: tuple(str(p) for p in bootloader.unified()), ()),
        image=_look(lambda: max((image.stat().st_size for image in initramfs.images()), default=0), 0),
        encrypted=disks.encrypted("/"),
        on_usb=tuple(p for p in disks.SYSTEM if disks.on_usb(p)),
        fstab_usb=disks.fstab_on_usb(),
    )


def _parts() -> tuple[tuple[str, str], ...] | None:
    if os.geteuid() != 0:
        return None
    return tuple((p.name, p.detail) for p in floor_check.parts() if not p.closed)


def _beside() -> condition.Beside:
    there = {NEIGHBOURS[unit] for unit, _load, _enabled, active in units(*NEIGHBOURS) if active == "active"}
    if any(any((paths.ROOT / folder).glob("*.desktop")) for folder in SESSIONS):
        there.add("desktop")
    if any((paths.ROOT / "usr/libexec" / name).exists() for name in GVFS):
        there.add("gvfs")
    levels = [_text(p / "security") for p in (paths.SYS / "bus/thunderbolt/devices").glob("domain*")]
    return condition.Beside(
        running=enforcers.running(),
        installed=enforcers.installed(),
        rules=enforcers.rules(),
        programs=frozenset(there),
        thunderbolt="none" if "none" in levels else next(iter(levels), ""),
    )


def _clock() -> condition.Clock:
    built = Path(usbguard_py.__file__).stat().st_mtime
    battery = any((paths.SYS / "class/rtc").glob("rtc*"))
    return condition.Clock(now=int(time.time()), built=int(built), battery=battery)


def _kernel() -> condition.Kernel:
    buses = sorted(paths.USB_DEVICES.glob("usb[0-9]*"))
    missing = tuple(name for name in SWITCHES if any(not (bus / name).exists() for bus in buses))
    return condition.Kernel(release=os.uname().release, buses=len(buses), missing=missing)


def _rooms(start: condition.Start) -> tuple[condition.Room, ...]:
    """``/boot`` counts only while the floor, which needs an initramfs made anew, is not in it."""
    wanted = {"/var/lib/usbguard-py": paths.STATE, **({} if start.installed else {"/boot": paths.BOOT})}
    rooms = ((name, disks.free(path)) for name, path in wanted.items())
    return tuple(condition.Room(name, free) for name, free in rooms if free is not None)


def _other_keyboard() -> bool:
    """Whether a keyboard is there that is not on USB: it hangs on one of BUSES and repeats its keys."""
    blocks = _text(paths.ROOT / "proc/bus/input/devices").split("\n\n")
    found = ((_INPUT_BUS.search(block), _INPUT_EVENTS.search(block)) for block in blocks)
    return any(bus and ev and bus[1] in BUSES and int(ev[1], 16) & KEYS == KEYS for bus, ev in found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _look(read: Callable[[], Found], otherwise: Found) -> Found:
    try:
        return read()
    except OSError:
        return otherwise

"""Each part of the floor, read back where it takes effect: nothing here is remembered or believed."""

import stat
from collections.abc import Callable, Iterator

import msgspec

from usbguard_py import paths
from usbguard_py.shell import bootloader, floor, initramfs
from usbguard_py.shell.files import text_of
from usbguard_py.shell.tools import asked

OPTION = "options usbcore authorized_default=0\n"
HIDDEN = """\
# usb-storage and uas are loaded when an approved drive opens, and taken away when no drive has them any more.
# Written by usbguard-py floor drivers.
install usb-storage /bin/false
install uas /bin/false
blacklist usb-storage
blacklist uas
"""
DRIVERS_UNIT = "usbguard-py-drivers.path"
UNIT = "usbguard-py-floor.service"
RENEWAL = ("usbguard-py-initramfs.path", "usbguard-py-initramfs.service")
OBSERVES = "this computer only observes"
RULES = ("10-usbguard-py.rules", "72-usbguard-py.rules", "99-usbguard-py.rules")


class Part(msgspec.Struct, frozen=True):
    """A part of the floor: its stable name, whether it closes, and what was read."""

    name: str
    closed: bool
    detail: str


def parts() -> tuple[Part, ...]:
    """Every part, in the order in which a start of the machine meets them."""
    read = (Part(name, *look()) for name, look in _READ.items())
    return (*_boot_loaders(), *_initramfs(), *read, *_drivers())


def prepared(parts_: tuple[Part, ...]) -> bool:
    """Whether the next start of the machine is closed, whatever this one was."""
    return all(p.closed for p in parts_ if p.name not in THIS_START)


def _boot_loaders() -> Iterator[Part]:
    for loader in bootloader.found():
        entries = bootloader.entries(loader)
        opened = [e.name for e in entries if not e.closed]
        detail = f"{len(entries)} entries start closed" if not opened else f"the entry {opened[0]} starts open"
        old = bootloader.old_images() if loader == "systemd-boot" and not opened else ()
        if old:
            detail = f"the entry {old[0][0]} starts an initramfs in which {old[0][1]}"
        yield Part(loader, bool(entries) and not opened and not old, detail if entries else "it has no entry")
    for image in bootloader.unified():
        yield Part("unified-kernel", closed=False, detail=f"{image.name} has its own command line and initramfs")
    if not bootloader.found():
        yield Part("boot-loader", closed=False, detail="neither GRUB nor systemd-boot was found")


def _initramfs() -> Iterator[Part]:
    if not initramfs.supported():
        yield Part("initramfs", closed=False, detail="it is built by neither initramfs-tools nor dracut")
        return
    for image in initramfs.images():
        bad = initramfs.problems(image)
        yield Part(f"initramfs {initramfs.version(image)}", not bad, bad[0] if bad else "as on the disk")
    if not initramfs.images():
        yield Part("initramfs", closed=False, detail="there is no image")


def _drivers() -> Iterator[Part]:
    """Only where they are kept away; a drive may need them at this moment, which opens nothing."""
    text = text_of(paths.DRIVERS_HIDDEN)
    if not text:
        return
    active = asked("systemctl", "is-active", DRIVERS_UNIT)
    good = text == HIDDEN and active == "active"
    detail = f"{DRIVERS_UNIT}: {active or '–'}" if text == HIDDEN else f"{paths.DRIVERS_HIDDEN} is missing or differs"
    yield Part("drivers", good, "loaded when an approved drive opens" if good else detail)


def _module_option() -> tuple[bool, str]:
    text = text_of(paths.MODULE_OPTION)
    return (text == OPTION, "as on the disk" if text == OPTION else f"{paths.MODULE_OPTION} is missing or differs")


def _command_line() -> tuple[bool, str]:
    text = text_of(paths.CMDLINE)
    seen = [w for w in text.split() if w.startswith("usbcore.")]
    return floor.kernel_parameter(), " ".join(seen) or "usbcore.authorized_default is not there"


def _this_initramfs() -> tuple[bool, str]:
    if not paths.INITRAMFS_KNEW.exists():
        return False, "it had no floor"
    return (not floor.stale(), "it knew the enrolled devices" if not floor.stale() else "it knew other devices")


def _module_parameter() -> tuple[bool, str]:
    seen = text_of(paths.USBCORE_DEFAULT).strip()
    return (seen == "0", f"{seen} reads back") if seen else (True, "usbcore is not loaded")


def _buses() -> tuple[bool, str]:
    buses = sorted(paths.USB_DEVICES.glob("usb[0-9]*"))
    names = ("authorized_default", "interface_authorized_default")
    opened = [b.name for b in buses if any(text_of(b / n).strip() != "0" for n in names)]
    return (False, f"bus {opened[0]} is open") if opened else (True, f"{len(buses)} buses are closed")


def _unit() -> tuple[bool, str]:
    enabled, active = asked("systemctl", "is-enabled", UNIT), asked("systemctl", "is-active", UNIT)
    return ((enabled, active) == ("enabled", "active"), f"{enabled or '–'}, {active or '–'}")


def _renewal() -> tuple[bool, str]:
    states = {name: asked("systemctl", "is-enabled", name) for name in RENEWAL}
    failed = asked("systemctl", "is-failed", RENEWAL[1]) == "failed"
    bad = next((f"{n}: {s or '–'}" for n, s in states.items() if s != "enabled"), "")
    return (False, f"{RENEWAL[1]}: failed") if failed else (not bad, bad or "enabled")


def _rules() -> tuple[bool, str]:
    for name in RULES:
        if not (paths.ROOT / "usr/lib/udev/rules.d" / name).exists():
            return False, f"{name} is missing"
        for folder in ("etc/udev/rules.d", "run/udev/rules.d"):  # they win over /usr/lib, udev(7)
            if (paths.ROOT / folder / name).exists():
                return False, f"{name} is replaced in /{folder}"
    return True, "as installed"


def _enrolled() -> tuple[bool, str]:
    try:
        facts = paths.FLOOR_INPUT.lstat()
    except OSError:
        return True, "none is enrolled"
    if not stat.S_ISREG(facts.st_mode) or facts.st_uid != 0 or facts.st_mode & 0o022:
        return False, "others than root may have written it"
    return True, f"{len(floor.lines())} enrolled"


def _mode() -> tuple[bool, str]:
    if floor.lasting() != "enforce":
        return False, OBSERVES
    return (True, "enforcing") if paths.ENFORCING.exists() else (False, "the floor did not run at this start")


_READ: dict[str, Callable[[], tuple[bool, str]]] = {
    "module-option": _module_option,
    "unit": _unit,
    "renewal": _renewal,
    "udev-rules": _rules,
    "enrolled": _enrolled,
    "mode": _mode,
    "command-line": _command_line,
    "this-initramfs": _this_initramfs,
    "module-parameter": _module_parameter,
    "buses": _buses,
}
THIS_START = {"unit", "mode", "command-line", "this-initramfs", "module-parameter", "buses"}
"""Parts that only the next start of the machine changes, or that are about this one."""

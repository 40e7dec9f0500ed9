"""The floor: what holds without Python and without the database, and the two small files it reads."""

import hashlib
import os
from pathlib import Path

from usbguard_py import paths
from usbguard_py.core.bootline import closes
from usbguard_py.core.device import Device
from usbguard_py.core.passport import passport_of
from usbguard_py.core.whitelist import Peripheral
from usbguard_py.shell import luns, sysfs

FIELDS = 5
HEADER = "# Written by usbguard-py from its list. Port, id, SHA-256 of descriptors, interfaces, kind.\n"


def mode() -> str:
    """``enforce`` or ``observe`` at this moment: a trial enforces, whatever the next start of the machine does."""
    return "enforce" if paths.TRIAL.exists() else lasting()


def lasting() -> str:
    """The mode of the next start: a missing file means nothing was set up yet; anything unknown enforces."""
    try:
        word = paths.FLOOR_MODE.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return "observe"
    except OSError:
        return "enforce"
    return "observe" if word == "observe" else "enforce"


def write_mode(word: str) -> None:
    """Store the mode for the next start of the machine."""
    _replace(paths.FLOOR_MODE, word + "\n")


def write_input(path: Path, peripherals: tuple[Peripheral, ...]) -> None:
    """Store the enrolled keyboards and mice for the floor, and for udev an empty file named after each port.

    By these udev tells, without starting a shell for every device, whether the floor is to be asked. A port is there
    before the file that enrols it, and leaves after: between the two the floor is asked in vain.

    Raises:
        OSError: the folder cannot be written.
    """
    ports = path.parent / "ports"
    ports.mkdir(mode=0o755, parents=True, exist_ok=True)
    wanted = {p.port for p in peripherals}
    for port in wanted:
        (ports / port).touch(mode=0o600)
    lines = [
        f"{p.port} {p.passport.vid:04x}:{p.passport.pid:04x} {p.passport.descriptors_sha256} "
        + ",".join(str(n) for n in p.passport.granted)
        + f" {p.kind}\n"
        for p in peripherals
    ]
    _replace(path, HEADER + "".join(lines))
    for stale in ports.iterdir():
        if stale.name not in wanted:
            stale.unlink()


def peripherals(device: Device) -> tuple[Peripheral, ...]:
    """The enrolment of ``device`` in the floor's file, for when the list itself cannot be read."""
    digest = hashlib.sha256(device.descriptors).hexdigest()
    for fields in lines():
        if fields[:3] == (device.name, device.usb_id, digest):
            granted = tuple(int(n) for n in fields[3].split(",") if n.isdigit())
            return (Peripheral(id="floor", kind=fields[4], port=device.name, passport=passport_of(device, granted)),)
    return ()


def lines() -> tuple[tuple[str, ...], ...]:
    """The fields of each line of the floor's file; the kind is empty where an older program wrote it."""
    try:
        text = paths.FLOOR_INPUT.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ()
    found = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return tuple((*fields, "")[:FIELDS] for fields in found if FIELDS - 1 <= len(fields) <= FIELDS)


def keyboard_ports() -> set[str]:
    """The ports of the enrolled keyboards, from the floor's file."""
    return {fields[0] for fields in lines() if fields[4] == "keyboard"}


def close() -> tuple[str, ...]:
    """Close the kernel's defaults and say so to udev; what could not be closed."""
    paths.OPEN_FLAGS.mkdir(mode=0o755, parents=True, exist_ok=True)
    paths.ENFORCING.touch()  # first: from here on udev probes the units that are not on USB
    return (*sysfs.close_world(), *luns.held())


def kernel_parameter() -> bool:
    """Whether the kernel was started with ``usbcore.authorized_default=0``."""
    try:
        words = paths.CMDLINE.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return False
    return closes(words)


def stale() -> bool:
    """Whether the initramfs knew other enrolled keyboards and mice, at the start or when it was last renewed."""
    try:
        return paths.INITRAMFS_KNEW.read_bytes().split() != paths.FLOOR_INPUT.read_bytes().split()
    except OSError:
        return False  # no floor in the initramfs, or nothing enrolled yet


def _replace(path: Path, text: str) -> None:
    """Write a root-only file so that a power cut leaves the old or the new one; nothing when it is as it should be.

    Raises:
        OSError: the folder cannot be written.
    """
    if path.is_file() and path.read_text(encoding="ascii", errors="replace") == text:
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    fd = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, text.encode("ascii"))
        os.fsync(fd)
    finally:
        os.close(fd)
    new.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

"""What the file systems of the machine lie on: USB disks, encryption, and how much room there is."""

import os
from collections.abc import Iterator
from pathlib import Path

from usbguard_py import paths
from usbguard_py.shell.files import text_of

SYSTEM = ("/", "/usr", "/boot", "/boot/efi")
SOURCES = {"UUID": "uuid", "LABEL": "label", "PARTUUID": "partuuid", "PARTLABEL": "partlabel"}  # fstab(5), udev's links


def on_usb(path: str) -> bool:
    """Whether the file system at ``path`` lies on a USB device, also below encryption or a volume group."""
    device = _device(path)
    return device is not None and _below_usb(device)


def encrypted(path: str) -> bool:
    """Whether the file system at ``path`` lies on LUKS."""
    device = _device(path)
    return device is not None and _luks(device)


def fstab_on_usb() -> tuple[str, ...]:
    """The places in ``/etc/fstab`` that lie on a connected USB disk and for which the start waits (no ``nofail``)."""
    return tuple(place for place in _fstab() if place not in SYSTEM)


def free(path: Path) -> int | None:
    """Bytes that are free for everybody, ``None`` when it cannot be seen."""
    try:
        figures = os.statvfs(path)
    except OSError:
        return None
    return figures.f_bavail * figures.f_frsize


def _fstab() -> Iterator[str]:
    for line in text_of(paths.ROOT / "etc/fstab").splitlines():
        fields = line.split()
        if len(fields) < 2 or fields[0].startswith("#"):  # noqa: PLR2004 - what is mounted, and where; fstab(5)
            continue
        options = fields[3].split(",") if len(fields) > 3 else []  # noqa: PLR2004 - the fourth field
        if {"nofail", "noauto"} & set(options):
            continue
        device = _node(_source(fields[0]))
        if device is not None and _below_usb(device):
            yield fields[1]


def _source(text: str) -> Path:
    """The node that the first field of fstab means."""
    kind, equals, value = text.partition("=")
    if equals and kind in SOURCES:
        return paths.ROOT / "dev/disk" / f"by-{SOURCES[kind]}" / value.strip('"')
    return paths.ROOT / text.lstrip("/")


def _device(path: str) -> Path | None:
    """The sysfs directory of the block device at a mount point. Some file systems (btrfs) show only their source."""
    fields = next((f for f in _mounts() if f[4] == path), None)
    if fields is None:
        return None
    known = paths.SYS / "dev/block" / fields[2]
    return known if known.exists() else _node(_source(fields[fields.index("-") + 2]))


def _node(node: Path) -> Path | None:
    try:
        number = os.stat(node).st_rdev
    except OSError:
        return None
    return paths.SYS / "dev/block" / f"{os.major(number)}:{os.minor(number)}" if number else None


def _mounts() -> Iterator[list[str]]:
    """The lines of mountinfo as fields: the third is the device, the fifth the place, proc_pid_mountinfo(5)."""
    return (line.split() for line in reversed(text_of(paths.ROOT / "proc/self/mountinfo").splitlines()))


def _below_usb(device: Path) -> bool:
    real = device.resolve()
    if any(part.startswith("usb") and part[3:].isdigit() for part in real.parts):
        return True
    return any(_below_usb(slave) for slave in real.glob("slaves/*"))


def _luks(device: Path) -> bool:
    """device-mapper's own identifier says by which target it was made: ``CRYPT-LUKS2-…`` (dmsetup(8))."""
    real = device.resolve()
    if text_of(real / "dm/uuid").startswith("CRYPT-"):
        return True
    return any(_luks(slave) for slave in real.glob("slaves/*"))

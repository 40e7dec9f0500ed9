"""The logical units below a USB device in sysfs, and the SCSI bus's hold on their drivers.

Sources: drivers/scsi/scsi_sysfs.c and drivers/base/bus.c. While ``drivers_autoprobe`` of the bus is 0, a unit has
its attributes, its INQUIRY data and its raw nodes, and no driver until its name is written into ``drivers_probe``.
"""

import re
from pathlib import Path

import msgspec

from usbguard_py import paths
from usbguard_py.core.media import Lun
from usbguard_py.errors import DeviceGone, SysfsTrouble
from usbguard_py.errors_device import MediaTrouble
from usbguard_py.i18n import N_
from usbguard_py.shell.sysfs import Directory, put, value

# What udev is told with the event (Documentation/ABI/testing/sysfs-uevent): a UUID, which has to be there and says
# nothing, and a word, which 99-usbguard-py.rules knows.
GIVEN = "change 00000000-0000-4000-8000-000000000000 USBGUARDPY=given"
MAX_UNITS = 64  # usb-storage has 16 at most (GET_MAX_LUN, Bulk-Only Transport 1.0, 3.2)
SECTOR = 512  # bytes; the unit of `size` whatever the medium's own (Documentation/ABI/stable/sysfs-block)
_HOST = re.compile(r"host[0-9]+\Z")
_TARGET = re.compile(r"target[0-9]+:[0-9]+:[0-9]+\Z")
_TYPE = re.compile(rb"[0-9]{1,2}\n\Z")  # five bits (SPC-4, table 142)
_UNIT = re.compile(r"[0-9]+:([0-9]+):([0-9]+):([0-9]+)\Z")  # host, channel, id, LUN


class Unit(msgspec.Struct, frozen=True):
    """One unit: its address ``H:C:I:L``, its directory below the device's, and what it is."""

    address: str
    place: str
    lun: Lun


def bus() -> bool:
    """Whether the kernel has its SCSI bus."""
    return paths.SCSI_AUTOPROBE.exists()


def defaults() -> dict[str, str]:
    """What the bus's hold is now, by place; ``"0"`` in a closed world, nothing while there is no SCSI bus."""
    return {"scsi/drivers_autoprobe": value(paths.SCSI_AUTOPROBE)} if bus() else {}


def hold() -> bool:
    """Have the bus bind no driver by itself, and see it read back; ``False`` while there is no SCSI bus yet.

    Raises:
        SysfsTrouble: the kernel did not take it.
    """
    if not bus():
        return False
    if value(paths.SCSI_AUTOPROBE) != "0":
        _written(paths.SCSI_AUTOPROBE, "0")
    return True


def held() -> tuple[str, ...]:
    """:func:`hold`, and no waiting before a drive is scanned; what could not be set, as paths.

    The wait (``delay_use``, one second) is for media that the kernel uses at once; here they are looked at first.
    """
    unheld = []
    for path, set_ in ((paths.SCSI_AUTOPROBE, hold), (paths.DELAY_USE, _at_once)):
        try:
            set_()
        except SysfsTrouble:
            unheld.append(str(path))
    return tuple(unheld)


def _at_once() -> None:
    if paths.DELAY_USE.exists() and value(paths.DELAY_USE) != "0":
        _written(paths.DELAY_USE, "0")


def _written(path: Path, text: str) -> None:
    try:
        put(path, text)
        seen = value(path)
    except OSError as error:
        raise SysfsTrouble(value=text, attribute=path.name, name="scsi", detail=error.strerror or "?") from error
    if seen != text:
        raise SysfsTrouble(value=text, attribute=path.name, name="scsi", detail=f"{seen!r} reads back")


def addresses(directory: Directory) -> tuple[str, ...]:
    """Places of the units below the device, as paths from its directory."""
    return tuple(
        f"{host}/{target}/{unit}"
        for host in _hosts(directory)
        for target in directory.names(host, _TARGET)
        for unit in directory.names(f"{host}/{target}", _UNIT)
    )[:MAX_UNITS]


def complete(directory: Directory) -> None:
    """Wait until the scan of each host is over, so that the units that are there then are all of its one target.

    No event says so, but a scan asked for by hand waits for the one under way (``scan_mutex`` in
    drivers/scsi/scsi_scan.c) and leaves the units that it found as they are.

    Raises:
        SysfsTrouble: the kernel refused.
    """
    for host in _hosts(directory):
        directory.put(f"{host}/scsi_host/{host.rpartition('/')[2]}/scan", "0 0 -")


def units(directory: Directory) -> tuple[Unit, ...]:
    """The units as INQUIRY described them.

    Raises:
        DeviceGone: the device left.
        MediaTrouble: one cannot be read, or lies on a second target, which no drive of ours has.
    """
    found = []
    for place in addresses(directory):
        address = place.rpartition("/")[2]
        match = _UNIT.match(address)
        texts = [directory.read(f"{place}/{name}") for name in ("vendor", "model", "rev", "type")]
        if match is None or None in texts:
            raise MediaTrouble(name=directory.name, detail=N_("a logical unit cannot be read"))
        if not _TYPE.match(texts[3] or b""):
            raise MediaTrouble(name=directory.name, detail=N_("a logical unit cannot be read"))
        channel, target, number = (int(part) for part in match.groups())
        if (channel, target) != (0, 0):
            raise MediaTrouble(name=directory.name, detail=N_("there is a second target"))
        vendor, model, revision, kind = (text.removesuffix(b"\n") for text in texts if text is not None)
        fields = {"vendor": vendor.hex(), "model": model.hex(), "revision": revision.hex(), "type": int(kind)}
        interface = int(place.partition("/")[0].rpartition(".")[2])
        found.append(Unit(address, place, Lun(interface, number, **fields)))  # type: ignore[arg-type] # as above
    if not directory.present():
        raise DeviceGone(name=directory.name)
    return tuple(sorted(found, key=lambda unit: (unit.lun.interface, unit.lun.number)))


def attach(unit: Unit) -> None:
    """Have the bus look for a driver for the unit; returns when its driver is through with it.

    Success says nothing about a bind.

    Raises:
        SysfsTrouble: the kernel refused the write.
    """
    try:
        put(paths.SCSI_PROBE, unit.address)
    except OSError as error:
        raise SysfsTrouble(
            value=unit.address, attribute="drivers_probe", name="scsi", detail=error.strerror or "?"
        ) from error


def driver_loaded(unit: Unit) -> bool:
    """Whether the kernel has the driver of this type of unit."""
    return (paths.SCSI / "drivers" / unit.lun.driver).exists()


def bound(directory: Directory, unit: Unit) -> bool:
    """Whether the driver of its type, and no other, has the unit."""
    return directory.driver(unit.place) == unit.lun.driver


def sized(directory: Directory, unit: Unit) -> Lun:
    """The unit with the capacity of its medium, 0 without one; a disc's is not known before it is opened.

    Raises:
        MediaTrouble: a disk that shows no size.
    """
    if unit.lun.driver != "sd":
        return unit.lun
    seen = capacity(directory, unit.place)
    if seen is None:
        raise MediaTrouble(name=directory.name, detail=N_("a logical unit cannot be read"))
    return msgspec.structs.replace(unit.lun, capacity=seen)


def capacity(directory: Directory, place: str) -> int | None:
    """Bytes on the medium of the unit at ``place`` as the kernel last saw it, 0 without one; ``None`` for no disk."""
    for name in directory.names(f"{place}/block", None):
        size = (directory.read(f"{place}/block/{name}/size") or b"").strip()
        if size.isdigit():
            return int(size) * SECTOR
    return None


def disk(directory: Directory, place: str) -> str:
    """Kernel name of the disk of the unit at ``place``, ``sda``; empty when there is none."""
    return next(iter(directory.names(f"{place}/block", None)), "")


def announce(directory: Directory, *, raw: bool = False) -> None:
    """Have udev look at the block nodes below the device again, partitions after their disk, and have the table read.

    The kernel opens a disk to read its table of partitions as whoever probes it, and the judge may open no device
    (``DevicePolicy=`` of its unit): until now there are none. docs/adr/0094-no-table-before-the-gate.md.
    ``raw`` has it look at the units' ``sg`` nodes too.

    Raises:
        SysfsTrouble: the kernel refused.
    """
    for unit in addresses(directory):
        for name in directory.names(f"{unit}/block", None):
            disk = f"{unit}/block/{name}"
            parts = [part for part in directory.names(disk, None) if directory.read(f"{disk}/{part}/partition")]
            for place in (disk, *(f"{disk}/{part}" for part in parts)):
                directory.put(f"{place}/uevent", GIVEN)
        for name in directory.names(f"{unit}/scsi_generic", None) if raw else ():
            directory.put(f"{unit}/scsi_generic/{name}/uevent", GIVEN)


def _hosts(directory: Directory) -> tuple[str, ...]:
    return tuple(
        f"{interface.name}/{host}"
        for interface in directory.interfaces()
        for host in directory.names(interface.name, _HOST)
    )

"""What is connected and what the gates would say of it, read from sysfs and the list, without the daemon."""

import msgspec

from usbguard_py import paths
from usbguard_py.core import condition
from usbguard_py.core.account import account
from usbguard_py.core.facts import Facts
from usbguard_py.core.gates import judge
from usbguard_py.core.whitelist import Peripheral
from usbguard_py.errors import DatabaseTrouble, DeviceGone, PermissionRefused
from usbguard_py.policy.knobs import Policy
from usbguard_py.shell import capture, rehearsal
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.sysfs import Directory, present

_UNKNOWN = Policy(name="standalone")


def enrolled() -> tuple[condition.Enrolled, ...] | None:
    """The enrolled devices of the workplace; ``None`` when the list cannot be read."""
    try:
        with Reader(paths.DATABASE) as reader:
            return tuple(_enrolled(one) for one in reader.peripherals())
    except (DatabaseTrouble, PermissionRefused):
        return None


def _enrolled(one: Peripheral) -> condition.Enrolled:
    return condition.Enrolled(one.id, one.kind, one.port)


def devices() -> tuple[condition.Device, ...] | None:
    """Every connected device but the root hubs, judged by itself; ``None`` when this account may not read the list.

    Where the list cannot be used, nothing but a hub would open: that is what the daemon does, too.
    """
    try:
        with Reader(paths.DATABASE) as reader:
            return _judged(reader)
    except PermissionRefused:
        return None
    except DatabaseTrouble:
        return _judged(None)


def _judged(reader: Reader | None) -> tuple[condition.Device, ...]:
    found = (_device(name, reader) for name in present() if not name.startswith("usb"))
    return tuple(one for one in found if one is not None)


def _device(name: str, reader: Reader | None) -> condition.Device | None:
    try:
        device = capture.device(capture.take(name))
    except DeviceGone:
        return None
    facts = Facts(_UNKNOWN, fail_safe="no list") if reader is None else rehearsal.facts(reader, device.serial)
    said = account(device, judge(device, facts))
    maker, product = str(said["manufacturer"]), str(said["product"])
    named = product.casefold().startswith(maker.casefold())
    title = product if named else " ".join(text for text in (maker, product) if text)
    return msgspec.convert({**said, "title": title, "built_in": built_in(name)}, condition.Device)


def built_in(name: str) -> bool:
    """Whether the kernel says that nobody can unplug the device ``name``: by the firmware's tables or its hub."""
    try:
        directory = Directory(name)
    except DeviceGone:
        return False
    try:
        return (directory.read("removable") or b"").strip() == b"fixed"
    finally:
        directory.close()

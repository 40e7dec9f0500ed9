"""The USB bus: sysfs attributes to a device.

Sources: Documentation/ABI/{stable,testing}/sysfs-bus-usb and drivers/usb/core/sysfs.c for the attributes and
their formats. What follows from a decision is in :mod:`usbguard_py.buses.usb_enforcement`.
"""

from collections.abc import Mapping

from usbguard_py.buses.usb_classes import offers
from usbguard_py.buses.usb_descriptors import ParsedDescriptors, parse
from usbguard_py.buses.usb_enforcement import (
    awaited,
    effective,
    expected_interfaces,
    interface_number,
    not_kept,
    only_missing,
    plan,
)
from usbguard_py.core.device import Device, Problem
from usbguard_py.core.text import MAX_STRING, escaped, hidden
from usbguard_py.errors import BadDescriptors

__all__ = [
    "READS",
    "awaited",
    "describe",
    "effective",
    "expected_interfaces",
    "interface_number",
    "not_kept",
    "only_missing",
    "plan",
]

READS: tuple[str, ...] = (
    "busnum",
    "devnum",
    "idVendor",
    "idProduct",
    "bcdDevice",
    "version",
    "bDeviceClass",
    "bNumConfigurations",
    "speed",
    "authorized",
    "serial",
    "manufacturer",
    "product",
    "descriptors",
)

# usb_get_device_speed's words in speed_show, drivers/usb/core/sysfs.c, in Mbit/s
SPEEDS = frozenset({"1.5", "12", "480", "5000", "10000", "20000"})
MAX_DEVNUM = 127  # USB 2.0, 8.3.2.1: a device address has seven bits


class _Attributes:
    """The attributes of one device with the problems found on the way."""

    def __init__(self, values: Mapping[str, bytes | None]) -> None:
        self._values = values
        self.problems: list[Problem] = []

    def problem(self, facet: str, detail: str) -> None:
        self.problems.append(Problem(facet, detail))

    def text(self, name: str) -> str:
        """An attribute that the kernel itself writes; empty when it cannot be read."""
        raw = self._values.get(name)
        if raw is None:
            self.problem(name, "cannot be read")
            return ""
        text = raw.decode("ascii", "replace").strip()
        if not text:
            self.problem(name, "is empty")
        return text

    def number(self, name: str, lowest: int, highest: int) -> int:
        """A decimal number; 0 and a problem when it is none within the bounds."""
        text = self.text(name)
        if text and not (text.isascii() and text.isdigit() and lowest <= int(text[:10]) <= highest):
            self.problem(name, f"{escaped(text[:32].encode())} is no number from {lowest} to {highest}")
        elif text:
            return int(text)
        return 0

    def same(self, name: str, expected: str) -> None:
        """See that the kernel's text says what the raw descriptors say."""
        text = self.text(name)
        if text and text != expected:
            self.problem(name, f"{escaped(text[:32].encode())} in sysfs, {expected} in the descriptors")

    def string(self, name: str) -> bytes | None:
        """A string of the device's own making, without the newline that sysfs adds."""
        raw = self._values.get(name)
        if raw is None:
            return None
        value = raw[:-1] if raw.endswith(b"\n") else raw
        if len(value) > MAX_STRING:
            self.problem(name, f"longer than {MAX_STRING} bytes")
            return value[:MAX_STRING]
        return value

    def serial(self) -> bytes | None:
        """The serial number; ambiguous when it holds anything that cannot be seen on paper.

        The kernel ends its text at a NUL and hands line breaks through, so that two different serials can look
        alike. A serial that is missing, blank or generic is no reading problem; a gate judges it.
        """
        value = self.string("serial")
        if value is None:
            return None
        try:
            shown = value.decode()
        except UnicodeDecodeError:
            self.problem("serial", "no UTF-8, which the kernel never writes")
            return value
        if not (shown.isascii() and shown.isprintable()) and any(hidden(c) for c in shown):
            self.problem("serial", "holds control or invisible characters")
        return value


def describe(name: str, syspath: str, attributes: Mapping[str, bytes | None]) -> Device:
    """The device ``name`` as its ``attributes`` show it.

    Never raises for what a device says: whatever is unreadable, malformed or contradicts itself is a
    ``Problem``, and a device with a problem does not pass its first gate.
    """
    read = _Attributes(attributes)
    busnum = read.number("busnum", 1, 0xFFFF)
    devnum = read.number("devnum", 1, MAX_DEVNUM)
    if busnum and name.removeprefix("usb").partition("-")[0] != str(busnum):
        read.problem("busnum", f"bus {busnum} does not fit the name")
    raw = attributes.get("descriptors") or b""
    parsed = _parsed(read, raw)
    if parsed is not None:
        _cross_check(read, parsed)
    speed = read.text("speed")
    if speed and speed not in SPEEDS:
        read.problem("speed", f"{escaped(speed[:32].encode())} is no speed of USB")
    authorized = read.number("authorized", 0, 1) == 1
    serial, manufacturer, product = read.serial(), read.string("manufacturer"), read.string("product")
    configurations = () if parsed is None else parsed.configurations
    return Device(
        name=name,
        syspath=syspath,
        busnum=busnum,
        devnum=devnum,
        vid=0 if parsed is None else parsed.vid,
        pid=0 if parsed is None else parsed.pid,
        bcd_device=0 if parsed is None else parsed.bcd_device,
        bcd_usb=0 if parsed is None else parsed.bcd_usb,
        device_class=0 if parsed is None else parsed.device_class,
        serial=serial,
        manufacturer=manufacturer,
        product=product,
        speed=speed,
        descriptors=raw,
        configurations=configurations,
        offers=offers((i for c in configurations for i in c.interfaces), parsed.device_class if parsed else 0),
        authorized=authorized,
        problems=tuple(read.problems),
    )


def _parsed(read: _Attributes, raw: bytes) -> ParsedDescriptors | None:
    if not raw:
        read.problem("descriptors", "cannot be read")
        return None
    try:
        return parse(raw)
    except BadDescriptors as error:
        read.problem("descriptors", f"byte {error.facts['offset']}: {error.facts['detail']}")
        return None


def _cross_check(read: _Attributes, parsed: ParsedDescriptors) -> None:
    """Formats as drivers/usb/core/sysfs.c writes them."""
    read.same("idVendor", f"{parsed.vid:04x}")
    read.same("idProduct", f"{parsed.pid:04x}")
    read.same("bcdDevice", f"{parsed.bcd_device:04x}")
    read.same("version", f"{parsed.bcd_usb >> 8:x}.{parsed.bcd_usb & 0xFF:02x}")
    read.same("bDeviceClass", f"{parsed.device_class:02x}")
    read.same("bNumConfigurations", str(parsed.num_configurations))

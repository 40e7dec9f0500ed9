"""The raw descriptors of a USB device, read strictly and within bounds.

The kernel's ``descriptors`` file is the device descriptor as 18 bytes, then every configuration with
all that belongs to it, in bus order (Documentation/ABI/stable/sysfs-bus-usb). The bytes are the
device's own. Before it shows them the kernel cuts a configuration off at the first descriptor that is
too short or too long (usb_parse_configuration, drivers/usb/core/config.c), so what is wrong inside
often shows here as a ``wTotalLength`` that is larger than what follows.

Two readers that understand the same bytes differently are the attack, so whatever the kernel would
skip with a warning is refused here. Tolerated, because kernel and parser agree on what follows:

* a configuration, interface or endpoint descriptor longer than its table says: the extra bytes are
  ignored (USB 2.0, 9.5)
* descriptors of other types (HID, interface association, class-specific, SuperSpeed companion), which
  are skipped by their length (USB 2.0, 9.5; USB 3.2, 9.6.7)
* interface numbers with gaps or out of order, and alternate settings that are not side by side: the
  kernel sorts by number
* reserved bits, and ``bmAttributes`` without its fixed bit 7
"""

from collections.abc import Iterator

import msgspec

from usbguard_py.core.device import Configuration, Interface
from usbguard_py.errors import BadDescriptors

# USB 2.0, table 9-5 (descriptor types)
DEVICE, CONFIGURATION, INTERFACE, ENDPOINT = 0x01, 0x02, 0x04, 0x05
DEVICE_QUALIFIER, OTHER_SPEED = 0x06, 0x07

DEVICE_SIZE = 18  # bytes; USB 2.0, table 9-8
CONFIGURATION_SIZE = 9  # bytes; USB 2.0, table 9-10
INTERFACE_SIZE = 9  # bytes; USB 2.0, table 9-12
ENDPOINT_SIZE = 7  # bytes; USB 2.0, table 9-13

# wTotalLength has 16 bits (USB 2.0, table 9-10). A device with several configurations never opens, so
# nothing that could is larger than the device descriptor and one full configuration.
MAX_SIZE = DEVICE_SIZE + 0xFFFF  # bytes
MAX_CONFIGURATIONS = 8  # USB_MAXCONFIG, drivers/usb/core/config.c
MAX_INTERFACES = 32  # USB_MAXINTERFACES, include/linux/usb.h
# Interfaces with all alternate settings in one configuration. The kernel takes 128 of one interface
# (USB_MAXALTSETTING, drivers/usb/core/config.c); cameras and sound cards have a few dozen in all.
MAX_SETTINGS = 128


class ParsedDescriptors(msgspec.Struct, frozen=True):
    """What the raw descriptors say (USB 2.0, tables 9-8, 9-10 and 9-12)."""

    vid: int
    pid: int
    bcd_device: int
    bcd_usb: int
    device_class: int
    subclass: int
    protocol: int
    num_configurations: int
    configurations: tuple[Configuration, ...]


class _Item(msgspec.Struct, frozen=True):
    """One descriptor at its place."""

    offset: int
    data: bytes

    @property
    def type(self) -> int:
        return self.data[1]


def parse(raw: bytes) -> ParsedDescriptors:
    """What ``raw``, the whole ``descriptors`` file, says.

    Raises:
        BadDescriptors: anything outside the specification or the bounds, with its offset in bytes.
    """
    if len(raw) > MAX_SIZE:
        raise BadDescriptors(offset=MAX_SIZE, detail=f"more than {MAX_SIZE} bytes")
    if len(raw) < DEVICE_SIZE:
        raise BadDescriptors(offset=len(raw), detail="the device descriptor is cut off")
    if raw[0] != DEVICE_SIZE or raw[1] != DEVICE:
        raise BadDescriptors(offset=0, detail="no device descriptor")
    configurations = tuple(_configurations(raw))
    promised = raw[17]
    if promised == 0:
        raise BadDescriptors(offset=17, detail="no configuration")
    if promised != len(configurations):
        raise BadDescriptors(offset=17, detail=f"{promised} configurations promised, {len(configurations)} found")
    values = [c.value for c in configurations]
    if len(set(values)) != len(values):
        raise BadDescriptors(offset=DEVICE_SIZE, detail="two configurations have the same number")
    return ParsedDescriptors(
        vid=_u16(raw, 8),
        pid=_u16(raw, 10),
        bcd_device=_u16(raw, 12),
        bcd_usb=_u16(raw, 2),
        device_class=raw[4],
        subclass=raw[5],
        protocol=raw[6],
        num_configurations=promised,
        configurations=configurations,
    )


def _configurations(raw: bytes) -> Iterator[Configuration]:
    """Every configuration in turn, each exactly as long as it says."""
    offset = DEVICE_SIZE
    for _ in range(MAX_CONFIGURATIONS):
        if offset == len(raw):
            return
        end = _end(raw, offset)
        yield _configuration(list(_items(raw, offset, end)))
        offset = end
    if offset != len(raw):
        raise BadDescriptors(offset=offset, detail=f"more than {MAX_CONFIGURATIONS} configurations")


def _end(raw: bytes, offset: int) -> int:
    """Where the configuration at ``offset`` ends by its own word."""
    if len(raw) - offset < CONFIGURATION_SIZE:
        raise BadDescriptors(offset=offset, detail="the configuration descriptor is cut off")
    if raw[offset + 1] != CONFIGURATION:
        raise BadDescriptors(offset=offset, detail=f"a configuration is expected, type {raw[offset + 1]:#04x} found")
    if raw[offset] < CONFIGURATION_SIZE:
        raise BadDescriptors(offset=offset, detail=f"a configuration descriptor of {raw[offset]} bytes")
    total = _u16(raw, offset + 2)
    if total < raw[offset]:
        raise BadDescriptors(offset=offset + 2, detail=f"wTotalLength {total} is too small")
    if offset + total > len(raw):
        raise BadDescriptors(offset=offset + 2, detail=f"wTotalLength {total}, but {len(raw) - offset} bytes follow")
    return offset + total


def _items(raw: bytes, offset: int, end: int) -> Iterator[_Item]:
    """The descriptors from ``offset`` to ``end``, one after another by their lengths."""
    while offset < end:
        length = raw[offset]
        if length < 2:  # noqa: PLR2004 - bLength and bDescriptorType themselves (USB 2.0, 9.5)
            raise BadDescriptors(offset=offset, detail=f"bLength {length}")
        if offset + length > end:
            raise BadDescriptors(offset=offset, detail="a descriptor reaches beyond its configuration")
        yield _Item(offset, raw[offset : offset + length])
        offset += length


def _configuration(items: list[_Item]) -> Configuration:
    """One configuration of its own descriptor (the first item) and all that follows."""
    head, *rest = items
    value = head.data[5]
    if value == 0:
        # Zero means "not configured" (USB 2.0, 9.4.7).
        raise BadDescriptors(offset=head.offset + 5, detail="bConfigurationValue 0")
    interfaces = tuple(_interfaces(rest))
    _check_numbers(head, interfaces)
    return Configuration(value=value, interfaces=interfaces, attributes=head.data[7], max_power=head.data[8])


def _interfaces(items: list[_Item]) -> Iterator[Interface]:
    """The interface descriptors with their alternate settings, endpoints counted."""
    current: _Item | None = None
    endpoints: list[int] = []
    settings = 0
    for item in items:
        if item.type in (DEVICE, CONFIGURATION, DEVICE_QUALIFIER, OTHER_SPEED):
            raise BadDescriptors(offset=item.offset, detail=f"a descriptor of type {item.type:#04x} inside")
        if item.type == INTERFACE:
            if current is not None:
                yield _interface(current, endpoints)
            current, endpoints, settings = item, [], settings + 1
            if settings > MAX_SETTINGS:
                raise BadDescriptors(offset=item.offset, detail=f"more than {MAX_SETTINGS} alternate settings")
        elif item.type == ENDPOINT:
            if current is None:
                raise BadDescriptors(offset=item.offset, detail="an endpoint outside an interface")
            endpoints.append(_endpoint(item, endpoints))
    if current is not None:
        yield _interface(current, endpoints)


def _interface(item: _Item, endpoints: list[int]) -> Interface:
    data, offset = item.data, item.offset
    if len(data) < INTERFACE_SIZE:
        raise BadDescriptors(offset=offset, detail=f"an interface descriptor of {len(data)} bytes")
    if data[2] >= MAX_INTERFACES:
        raise BadDescriptors(offset=offset + 2, detail=f"interface number {data[2]}")
    if data[4] != len(endpoints):
        raise BadDescriptors(offset=offset + 4, detail=f"{data[4]} endpoints promised, {len(endpoints)} found")
    return Interface(
        number=data[2], alternate=data[3], class_=data[5], subclass=data[6], protocol=data[7], endpoints=data[4]
    )


def _endpoint(item: _Item, before: list[int]) -> int:
    """The endpoint's address: a direction bit and a number from 1 to 15 (USB 2.0, table 9-13)."""
    if len(item.data) < ENDPOINT_SIZE:
        raise BadDescriptors(offset=item.offset, detail=f"an endpoint descriptor of {len(item.data)} bytes")
    address = item.data[2]
    if not address & 0x0F or address & 0x70:
        raise BadDescriptors(offset=item.offset + 2, detail=f"endpoint address {address:#04x}")
    if address in before:
        raise BadDescriptors(offset=item.offset + 2, detail=f"two endpoints with address {address:#04x}")
    return address


def _check_numbers(head: _Item, interfaces: tuple[Interface, ...]) -> None:
    """See that the interfaces are as many as promised, each with its default setting, none twice."""
    seen = [(i.number, i.alternate) for i in interfaces]
    if len(set(seen)) != len(seen):
        twice = next(s for s in seen if seen.count(s) > 1)
        raise BadDescriptors(offset=head.offset, detail=f"interface {twice[0]}, setting {twice[1]} appears twice")
    numbers = {number for number, _ in seen}
    if head.data[4] != len(numbers):
        raise BadDescriptors(offset=head.offset + 4, detail=f"{head.data[4]} interfaces promised, {len(numbers)} found")
    if missing := numbers - {number for number, alternate in seen if alternate == 0}:
        # An interface comes up in alternate setting 0 (USB 2.0, 9.2.3).
        raise BadDescriptors(offset=head.offset, detail=f"interface {min(missing)} has no setting 0")


def _u16(raw: bytes, offset: int) -> int:
    """Multi-byte fields are little-endian (USB 2.0, 8.1)."""
    return raw[offset] | raw[offset + 1] << 8

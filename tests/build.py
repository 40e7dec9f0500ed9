"""Devices for tests, built the way a device builds itself: bytes first, everything else read from them.

``attributes(...)`` gives what sysfs would show, ``device(...)`` what the bus makes of it, and ``a_stick()``,
``a_keyboard()``, … the usual guests. All serials are visibly fake.
"""

import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from usbguard_py.buses import USB
from usbguard_py.core.device import Device
from usbguard_py.core.facts import Connected, Facts
from usbguard_py.core.functions import INPUT, default_grant, functions, input_grant
from usbguard_py.core.kinds import KINDS, grant, told
from usbguard_py.core.passport import passport_of
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint, Peripheral
from usbguard_py.policy.knobs import Policy

Triple = tuple[int, int, int]

STORAGE: Triple = (0x08, 0x06, 0x50)
UAS: Triple = (0x08, 0x06, 0x62)
KEYBOARD: Triple = (0x03, 0x01, 0x01)
MOUSE: Triple = (0x03, 0x01, 0x02)
TABLET: Triple = (0x03, 0x00, 0x00)
HUB: Triple = (0x09, 0x00, 0x00)
MTP: Triple = (0x06, 0x01, 0x01)
ADB: Triple = (0xFF, 0x42, 0x01)
RNDIS: Triple = (0x02, 0x02, 0xFF)
ECM: Triple = (0x02, 0x06, 0x00)
ACM: Triple = (0x02, 0x02, 0x01)
CDC_DATA: Triple = (0x0A, 0x00, 0x00)
AUDIO: Triple = (0x01, 0x01, 0x00)
PRINTER: Triple = (0x07, 0x01, 0x02)
VIDEO: Triple = (0x0E, 0x01, 0x00)
CCID: Triple = (0x0B, 0x00, 0x00)
BLUETOOTH: Triple = (0xE0, 0x01, 0x01)
VENDOR: Triple = (0xFF, 0xFF, 0xFF)


class Part(msgspec.Struct, frozen=True):
    """One alternate setting to build; ``extra`` is put between it and its endpoints."""

    number: int
    triple: Triple
    alternate: int = 0
    endpoints: int = 2
    extra: bytes = b""


def interface(part: Part) -> bytes:
    """An interface descriptor with its endpoints (USB 2.0, tables 9-12 and 9-13)."""
    head = bytes((9, 4, part.number, part.alternate, part.endpoints, *part.triple, 0))
    ends = b"".join(
        struct.pack("<BBBBHB", 7, 5, (0x81 + i // 2) if i % 2 == 0 else (0x01 + i // 2), 2, 512, 0)
        for i in range(part.endpoints)
    )
    return head + part.extra + ends


def configuration(parts: Sequence[Part], value: int = 1) -> bytes:
    """A configuration with all that belongs to it (USB 2.0, table 9-10)."""
    body = b"".join(interface(part) for part in parts)
    numbers = len({part.number for part in parts})
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), numbers, value, 0, 0x80, 50) + body


def device_descriptor(configurations: int = 1, **fields: int) -> bytes:
    """A device descriptor (USB 2.0, table 9-8)."""
    ids = {"bcd_usb": 0x0200, "device_class": 0, "vid": 0x1234, "pid": 0x0001, "bcd_device": 0x0100} | fields
    return struct.pack(
        "<BBHBBBBHHHBBBB",
        18,
        1,
        ids["bcd_usb"],
        ids["device_class"],
        0,
        0,
        64,
        ids["vid"],
        ids["pid"],
        ids["bcd_device"],
        1,
        2,
        3,
        configurations,
    )


def descriptors(*configurations: Sequence[Part], **fields: int) -> bytes:
    """The whole sysfs file."""
    blobs = [configuration(parts, value) for value, parts in enumerate(configurations, 1)]
    return device_descriptor(len(blobs), **fields) + b"".join(blobs)


def attributes(raw: bytes, name: str = "1-2", **more: bytes | None) -> dict[str, bytes | None]:
    """What sysfs shows of a device with these descriptors; ``more`` replaces single attributes."""
    _, _, bcd_usb, class_, _, _, _, vid, pid, bcd, _, _, _, count = struct.unpack_from("<BBHBBBBHHHBBBB", raw)
    shown: dict[str, bytes | None] = {
        "busnum": name.removeprefix("usb").partition("-")[0].encode() + b"\n",
        "devnum": b"5\n",
        "idVendor": b"%04x\n" % vid,
        "idProduct": b"%04x\n" % pid,
        "bcdDevice": b"%04x\n" % bcd,
        "version": b"%2x.%02x\n" % (bcd_usb >> 8, bcd_usb & 0xFF),
        "bDeviceClass": b"%02x\n" % class_,
        "bNumConfigurations": b"%d\n" % count,
        "speed": b"480\n",
        "authorized": b"0\n",
        "serial": b"SAMPLE-0001\n",
        "manufacturer": b"Sample Maker\n",
        "product": b"Sample Device\n",
        "descriptors": raw,
    }
    return shown | more


def device(*parts: Part, name: str = "1-2", serial: bytes | None = b"SAMPLE-0001", **more: Any) -> Device:
    """A device with one configuration of ``parts``; whole numbers go into its device descriptor."""
    fields = {key: value for key, value in more.items() if isinstance(value, int)}
    texts = {key: value for key, value in more.items() if not isinstance(value, int)}
    raw = descriptors(parts, **fields)
    shown = attributes(raw, name, serial=None if serial is None else serial + b"\n", **texts)
    return USB.describe(name, f"/devices/pci0000:00/usb/{name}", shown)


def a_stick(serial: bytes | None = b"SAMPLE-0001", **more: Any) -> Device:
    """A stick with one storage interface."""
    return device(Part(0, STORAGE), serial=serial, **more)


def a_uas_drive(serial: bytes | None = b"SAMPLE-0001", **more: Any) -> Device:
    """A drive that speaks both storage protocols, in two alternate settings."""
    return device(Part(0, STORAGE), Part(0, UAS, alternate=1, endpoints=4), serial=serial, **more)


def a_stick_with(*triples: Triple, serial: bytes | None = b"SAMPLE-0001", **more: Any) -> Device:
    """A stick that brings further interfaces along."""
    return device(Part(0, STORAGE), *(Part(n, t, endpoints=1) for n, t in enumerate(triples, 1)), serial=serial, **more)


def a_keyboard(name: str = "1-3", **more: Any) -> Device:
    """A boot keyboard with a second interface for media keys."""
    return device(
        Part(0, KEYBOARD, endpoints=1, extra=bytes((9, 0x21, 0x11, 0x01, 0, 1, 0x22, 63, 0))),
        Part(1, TABLET, endpoints=1),
        **({"name": name, "serial": None, "vid": 0x0627, "product": b"Sample Keyboard\n"} | more),
    )


def a_mouse(name: str = "1-4", **more: Any) -> Device:
    """A boot mouse."""
    return device(Part(0, MOUSE, endpoints=1), **({"name": name, "serial": None, "vid": 0x0628} | more))


def a_receiver(*more: Triple) -> Device:
    """The receiver of a wireless keyboard and mouse."""
    parts = (Part(n, t, endpoints=1) for n, t in enumerate((KEYBOARD, MOUSE, *more)))
    return device(*parts, name="1-5", serial=None, vid=0x0629)


def a_printer(*others: Triple, name: str = "1-6", serial: bytes | None = b"SAMPLE-0001") -> Device:
    """A printer that brings ``others`` along."""
    parts = (Part(n, t) for n, t in enumerate((PRINTER, *others)))
    return device(*parts, name=name, serial=serial, vid=0x0701)


def a_token(name: str = "1-7") -> Device:
    """A token, or the reader of a smart card."""
    return device(Part(0, CCID, endpoints=3), name=name, vid=0x0B01)


def a_scanner(name: str = "1-9") -> Device:
    """A scanner of its maker's own class."""
    return device(Part(0, VENDOR), name=name, vid=0x0601)


def a_ups(name: str = "1-10") -> Device:
    """A power supply: HID without boot protocol."""
    return device(Part(0, TABLET, endpoints=1), name=name, vid=0x0301)


def a_phone(**more: Any) -> Device:
    """A phone in file transfer mode, as QEMU's usb-mtp describes itself."""
    return device(Part(0, MTP, endpoints=3), **more)


def a_network(**more: Any) -> Device:
    """A network adapter with two configurations, as QEMU's usb-net describes itself."""
    rndis = (Part(0, RNDIS, endpoints=1), Part(1, CDC_DATA))
    ecm = (Part(0, ECM, endpoints=1), Part(1, CDC_DATA, endpoints=0), Part(1, CDC_DATA, alternate=1))
    name = more.pop("name", "1-2")
    return USB.describe(name, f"/devices/{name}", attributes(descriptors(rndis, ecm, device_class=2), name, **more))


def two_configurations(first: Triple, second: Triple, name: str = "1-2") -> Device:
    """A device of which the kernel, or a program, chooses what it is."""
    raw = descriptors((Part(0, first),), (Part(0, second),))
    return USB.describe(name, f"/devices/{name}", attributes(raw, name))


def a_serial_port(**more: Any) -> Device:
    """A modem or serial adapter."""
    return device(Part(0, ACM, endpoints=1), Part(1, CDC_DATA), **more)


def a_hub(name: str = "1-5", **more: Any) -> Device:
    """A hub with one translator for each port, in an alternate setting."""
    parts = (Part(0, HUB, endpoints=1), Part(0, (9, 0, 2), alternate=1, endpoints=1))
    return device(*parts, **({"name": name, "serial": None, "device_class": 9} | more))


def an_asset(device: Device, state: Custody = Custody.IN_USE, id_: str = "TB-0001", **more: Any) -> Asset:
    """An asset whose only fingerprint is ``device`` as it is."""
    fields = {
        "id": id_,
        "label": "Sample",
        "printed_serial": "P-0001",
        "electronic_serial": (device.serial or b"").hex(),
        "holder": "Nguyen Van Mau",
        "unit": "Mau",
        "document": "MAU-01/2026",
        "state": state,
        "fingerprints": (Fingerprint("first", passport_of(device, default_grant(device))),),
    }
    return Asset(**(fields | more))


def a_peripheral(device: Device, id_: str = "NV-0001", **more: Any) -> Peripheral:
    """``device`` enrolled where it is."""
    kind = more.pop("kind", told(device))
    opens = input_grant(device) if functions(device) <= INPUT else grant(device, KINDS[kind])
    fields = {"id": id_, "kind": kind, "port": device.name, "passport": passport_of(device, opens)}
    return Peripheral(**(fields | more))


def facts(
    *assets: Asset,
    peripherals: Sequence[Peripheral] = (),
    connected: Sequence[Connected] = (),
    fail_safe: str = "",
    failures: int = 0,
    today: str = "2026-11-21",
    **knobs: Any,
) -> Facts:
    """Facts with the strict policy unless ``knobs`` say otherwise."""
    return Facts(
        policy=Policy(**({"name": "standalone"} | knobs)),
        policy_digest="00" * 32,
        candidates=tuple(assets),
        peripherals=tuple(peripherals),
        connected=tuple(connected),
        fail_safe=fail_safe,
        failures=failures,
        today=today,
    )

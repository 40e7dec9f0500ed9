"""Raw descriptors for a person to read: one line for each, whatever they say; nothing is judged by it.

Unlike :mod:`usbguard_py.buses.usb_descriptors` this refuses nothing: what is malformed is shown as it is.
Layouts: USB 2.0, tables 9-5, 9-8, 9-10, 9-12 and 9-13; HID 1.11, 6.2.1; interface association ECN, table 9-Z.
"""

from collections.abc import Iterator
from typing import NamedTuple

from usbguard_py.buses.usb_classes import function
from usbguard_py.buses.usb_descriptors import CONFIGURATION, DEVICE, ENDPOINT, INTERFACE
from usbguard_py.core.device import Interface

MANY = 512  # descriptors that are shown; more only a device that wants to annoy has
NAMES = {0x01: "device", 0x02: "configuration", 0x04: "interface", 0x05: "endpoint", 0x0B: "association", 0x21: "HID",
         0x24: "class-specific", 0x25: "class-specific endpoint", 0x30: "SuperSpeed companion"}  # fmt: skip
SIZES = {DEVICE: 18, CONFIGURATION: 9, INTERFACE: 9, ENDPOINT: 7}  # bytes that a table has at least


class Item(NamedTuple):
    """One descriptor: where it begins, its bytes, its name and its fields, in the words of the specification."""

    offset: int
    raw: bytes
    name: str
    fields: str


def items(raw: bytes) -> Iterator[Item]:
    """The descriptors in their order; the last is what could not be taken apart."""
    offset = count = 0
    while offset < len(raw):
        length = raw[offset]
        piece = raw[offset : offset + length]
        if length < 2 or len(piece) < length or count == MANY:  # noqa: PLR2004 - length and type are two bytes
            yield Item(offset, raw[offset:], "rest", "")
            return
        yield Item(offset, piece, NAMES.get(piece[1], f"type {piece[1]:02x}"), _fields(piece))
        offset += length
        count += 1


def _fields(piece: bytes) -> str:
    kind = piece[1]
    if len(piece) < SIZES.get(kind, len(piece)):
        return "too short"
    if kind == DEVICE:
        class_, id_ = piece[4:7].hex(":"), f"{_u16(piece, 8):04x}:{_u16(piece, 10):04x}"
        return f"USB {_bcd(piece, 2)}, class {class_}, id {id_}, release {_bcd(piece, 12)}, configurations {piece[17]}"
    if kind == CONFIGURATION:
        return f"value {piece[5]}, interfaces {piece[4]}, {_u16(piece, 2)} bytes, {piece[8] * 2} mA"
    if kind == INTERFACE:
        found = Interface(piece[2], piece[3], *piece[5:8])
        return f"number {piece[2]}.{piece[3]}, {found.triple()} ({function(found)}), endpoints {piece[4]}"
    if kind == ENDPOINT:
        way = "in" if piece[2] & 0x80 else "out"
        ways = ("control", "isochronous", "bulk", "interrupt")
        return f"{piece[2] & 0x0F} {way}, {ways[piece[3] & 3]}, {_u16(piece, 4) & 0x07FF} bytes"
    return ""


def _u16(raw: bytes, offset: int) -> int:
    return int.from_bytes(raw[offset : offset + 2], "little")


def _bcd(raw: bytes, offset: int) -> str:
    value = _u16(raw, offset)
    return f"{value >> 8:x}.{value & 0xFF:02x}"

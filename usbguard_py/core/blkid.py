"""What ``blkid -o export`` and ``partx --pairs`` print, parsed strictly: a hostile medium chose most of it.

Anything that is not exactly one of the lines that are expected makes the whole unreadable.
"""

import re
from typing import TypeVar

import msgspec

from usbguard_py.core.content import Content, Partition

MAX_OUTPUT = 65536  # bytes; 128 partitions of a GPT make 20 KiB
SECTOR = 512  # bytes; partx counts in these whatever the medium's own (partx(8))

TAGS = {"TYPE": "type", "UUID": "uuid", "PTTYPE": "table", "PTUUID": "table_uuid"}
COLUMNS = ("NR", "START", "SECTORS", "TYPE", "UUID")
_Kind = TypeVar("_Kind")
_LINE = re.compile(r"([A-Z_]{2,16})=([\x21-\x7e]{0,64})\n")
_ROW = re.compile("".join(rf'{name}="([0-9A-Za-z-]{{0,64}})" ?' for name in COLUMNS) + r"\n")


class Strange(ValueError):
    """Output that is not understood."""


class Extent(msgspec.Struct, frozen=True):
    """An entry of a partition table, and where it lies, in bytes."""

    entry: Partition
    offset: int
    size: int


def tags(output: bytes) -> Content:
    """What ``blkid -p -o export`` found; empty when it printed nothing.

    Raises:
        Strange: another line than these tags and the device's name, a tag twice, or a value out of its bounds.
    """
    found: dict[str, str] = {}
    for name, value in _lines(output, _LINE):
        if name in found or (name != "DEVNAME" and name not in TAGS):
            raise Strange(name)
        found[name] = value
    return _converted({TAGS[name]: value for name, value in found.items() if name != "DEVNAME"}, Content)


def extents(output: bytes) -> tuple[Extent, ...]:
    """The partitions that ``partx --pairs`` printed, in the order of their numbers.

    Raises:
        Strange: another line, a number twice, or a value out of its bounds.
    """
    found = []
    for number, start, sectors, kind, uuid in _lines(output, _ROW):
        if not (number.isdigit() and start.isdigit() and sectors.isdigit()):
            raise Strange(number)
        entry = _converted({"number": int(number), "kind": kind, "id": uuid}, Partition)
        found.append(Extent(entry, int(start) * SECTOR, int(sectors) * SECTOR))
    if len({one.entry.number for one in found}) != len(found):
        raise Strange("a number twice")
    return tuple(sorted(found, key=lambda one: one.entry.number))


def _lines(output: bytes, pattern: re.Pattern[str]) -> list[tuple[str, ...]]:
    if len(output) > MAX_OUTPUT or not output.isascii():
        raise Strange("length or bytes")
    text, found, at = output.decode("ascii"), [], 0
    while at < len(text):
        match = pattern.match(text, at)
        if match is None:
            raise Strange("a line")
        found.append(match.groups())
        at = match.end()
    return found


def _converted(fields: dict[str, object], kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise Strange(str(error)) from error

"""What a disk unit holds, as an identity: types and UUIDs alone, never a label, a name or data."""

from itertools import zip_longest
from typing import Annotated, Literal

import msgspec

MAX_PARTITIONS = 16  # a stick has one or two; the kernel's sd gives sixteen minors to a disk (drivers/scsi/sd.c)

# Names of superblocks ("vfat", "crypto_LUKS", "LVM2_member") and partition tables ("dos", "gpt") as libblkid has them.
Type = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.+-]{0,32}\Z")]
# What libblkid calls a UUID: RFC 9562's 36 characters, FAT's "1234-ABCD", NTFS's 16 digits, a date for ISO 9660.
Uuid = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Za-z-]{0,64}\Z")]
# Type of an entry in a table: "0x83" of an MBR, a GUID of a GPT.
Kind = Annotated[str, msgspec.Meta(pattern=r"\A(0x[0-9a-f]{1,2}|[0-9a-f-]{36})?\Z")]
Number = Annotated[int, msgspec.Meta(ge=1, le=999)]

# Why there is no identity; none of these is ever what was enrolled.
Problem = Literal[
    "more than one file system",
    "not readable",
    "no answer in time",
    "too many partitions",
    "no medium",
]
AMBIGUOUS: Problem = "more than one file system"
UNREADABLE: Problem = "not readable"
LATE: Problem = "no answer in time"
TOO_MANY: Problem = "too many partitions"
NO_MEDIUM: Problem = "no medium"
NOTHING = "nothing known"
NONE = "none"


class Partition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One partition: its entry in the table (number, type, UUID) and the file system or LUKS header in it."""

    number: Number
    kind: Kind = ""
    id: Uuid = ""
    type: Type = ""
    uuid: Uuid = ""


Partitions = Annotated[tuple[Partition, ...], msgspec.Meta(max_length=MAX_PARTITIONS)]


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What lies on a whole disk: a file system or LUKS header, a partition table, both (a hybrid image), or nothing."""

    type: Type = ""
    uuid: Uuid = ""
    table: Type = ""
    table_uuid: Uuid = ""
    partitions: Partitions = ()


Found = Content | Problem


def told(found: Found) -> tuple[str, ...]:
    """The disk, then each of its partitions, as short texts ready to be shown."""
    if not isinstance(found, Content):
        return (found,)
    disk = _joined(found.type, found.uuid, found.table, found.table_uuid)
    return (disk or NOTHING, *(_partition(one) for one in found.partitions))


def differing(expected: Found, seen: Found) -> tuple[str, str] | None:
    """Both sides of the first thing that differs; ``None`` when ``seen`` is what is expected.

    A problem is never what is expected, whatever a passport says.
    """
    if isinstance(expected, Content) and expected == seen:
        return None
    sides = list(zip_longest(told(expected), told(seen), fillvalue=NONE))
    return next((pair for pair in sides if pair[0] != pair[1]), sides[0])


def _partition(one: Partition) -> str:
    entry = _joined(f"#{one.number}", one.kind, one.id)
    held = _joined(one.type, one.uuid)
    return f"{entry}: {held}" if held else entry


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)

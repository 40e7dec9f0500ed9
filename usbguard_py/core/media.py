"""The media of a drive: its logical units as they answer SCSI INQUIRY, and what each of them holds."""

from typing import Annotated

import msgspec

from usbguard_py.core.content import Found
from usbguard_py.core.text import escaped

# The drivers that give a type of unit its node: sd_probe and sr_probe in drivers/scsi/{sd,sr}.c; the numbers are
# SPC-4, table 144 (0 disk, 4 write-once, 5 CD or DVD, 7 optical memory, 14 reduced block commands). Any other type
# gets no driver from us, so it has no node but the raw ones, which stay with root.
DRIVERS = {0x00: "sd", 0x07: "sd", 0x0E: "sd", 0x04: "sr", 0x05: "sr"}

READ_ONLY = "ro"  # the word for the access of an asset whose media nobody writes to

Hex8 = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{2}){0,8}\Z")]
Hex16 = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{2}){0,16}\Z")]
Hex4 = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{2}){0,4}\Z")]
Small = Annotated[int, msgspec.Meta(ge=0, le=255)]
Wide = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Lun(msgspec.Struct, frozen=True):
    """One logical unit.

    ``number`` is its LUN on the storage interface ``interface``; ``type`` the peripheral device type. ``vendor``,
    ``model`` and ``revision`` are hex of the bytes as the kernel shows them, blanks included (8, 16 and 4 bytes; SPC-4,
    table 142). ``capacity`` is in bytes; ``None`` where it was not read or is not part of a passport. ``content`` is
    what a disk holds; left out, also of the canonical form, where it was not read or is not part of a passport.
    """

    interface: Small
    number: Wide
    type: Small
    vendor: Hex8
    model: Hex16
    revision: Hex4
    capacity: Wide | None = None
    content: Found | msgspec.UnsetType = msgspec.UNSET

    @property
    def driver(self) -> str:
        """The driver that gives it a node; empty for a type that gets none."""
        return DRIVERS.get(self.type, "")


Media = tuple[Lun, ...]


def facets(lun: Lun, *, blanks: bool = False) -> dict[str, str]:
    """What identifies a unit, ready to be shown, most telling first; no capacity when it is not known.

    ``blanks`` keeps those at the end, by which two units may differ.
    """
    texts = {
        "type": str(lun.type),
        "vendor": _shown(lun.vendor, blanks=blanks),
        "model": _shown(lun.model, blanks=blanks),
        "revision": _shown(lun.revision, blanks=blanks),
    }
    return texts if lun.capacity is None else texts | {"capacity": f"{lun.capacity} bytes"}


def described(lun: Lun) -> str:
    """What a unit calls itself, on one line."""
    return " ".join(text for raw in (lun.vendor, lun.model, lun.revision) if (text := _text(raw)))


def enrolled(media: Media) -> Media:
    """The facets that go into a passport: a unit without medium has no capacity that could be expected."""
    return tuple(msgspec.structs.replace(lun, capacity=lun.capacity or None) for lun in media)


def _text(raw: str, *, blanks: bool = False) -> str:
    text = bytes.fromhex(raw)
    return escaped(text if blanks else text.rstrip(b" "))


def _shown(raw: str, *, blanks: bool) -> str:
    return f'"{_text(raw, blanks=blanks)}"'

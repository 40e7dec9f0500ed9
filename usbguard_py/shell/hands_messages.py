"""The messages between the judge and the hands.

Sequenced packets on an AF_UNIX socket, one JSON object of at most 64 KiB each way, tagged by ``verb``. A request
holds numbers, kernel names and deadlines, never text that a device chose.
"""

from typing import Annotated, Literal

import msgspec

from usbguard_py.core.content import Found

MAX_MESSAGE = 65536  # bytes
MAX_DISKS = 16  # in one question: usb-storage has no more units, and with all their partitions the answer fits

# Kernel names of USB devices: bus, then at most six ports (USB 3.2, 10.1: five hubs in a row), each one byte.
DeviceName = Annotated[str, msgspec.Meta(pattern=r"\A[1-9][0-9]{0,2}-[1-9][0-9]{0,2}(\.[1-9][0-9]{0,2}){0,5}\Z")]
Number = Annotated[int, msgspec.Meta(ge=1, le=999)]  # busnum and devnum: drivers/usb/core, three digits in /dev/bus/usb
Milliseconds = Annotated[int, msgspec.Meta(ge=1, le=60_000)]
DiskName = Annotated[str, msgspec.Meta(pattern=r"\A[a-z]{2,16}[0-9]{0,6}\Z")]  # kernel name of a block device: "sda"
DiskNames = Annotated[tuple[DiskName, ...], msgspec.Meta(max_length=MAX_DISKS)]


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="hold"):
    """Cut every mount of the device's media, and keep writers still until :class:`Release`."""

    device: DeviceName
    devnum: Number
    deadline_ms: Milliseconds = 5000


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="release"):
    """Thaw and continue what was held for the device."""

    device: DeviceName


class Examine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="examine"):
    """Read the device's descriptors from the device itself."""

    busnum: Number
    devnum: Number
    timeout_ms: Milliseconds = 5000


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="floor"):
    """Close the floor, open it again for observation, or open it with all that was closed meanwhile (`return`)."""

    what: Literal["close", "open", "return"]


class ReadOnly(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="read-only"):
    """Have the kernel refuse every write to the device's media, before anybody is given them."""

    device: DeviceName
    devnum: Number


class Identify(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="identify"):
    """Read what the device's disks ``disks`` hold: types and UUIDs, by their kernel names."""

    device: DeviceName
    devnum: Number
    disks: DiskNames
    timeout_ms: Milliseconds = 10_000


class MountCut(msgspec.Struct, frozen=True):
    """One mount: its point (the first 256 bytes) in hex and escaped, and why it stayed.

    ``namespace`` is ``host`` or the inode number of the mount namespace.
    """

    point: str
    shown: str
    fstype: str
    namespace: str
    detached: bool
    why: str = ""


class HolderSeen(msgspec.Struct, frozen=True):
    """A process that held it: ``comm`` is escaped; ``how`` is file, map, cwd, root or node."""

    pid: int
    comm: str
    uid: int
    how: str


class Held(msgspec.Struct, frozen=True, tag_field="verb", tag="held"):
    """What was done.

    ``flushed``: ``nothing-mounted``; ``unmounted`` (nobody used it: a clean unmount); ``frozen`` (complete on the
    medium, writers wait); ``synced`` (writers stopped, everything written out); ``partial`` (data was left at the
    deadline). ``ok``: every mount is detached and every node shut. ``mounts`` and ``holders`` are bounded;
    ``mounts_total`` and ``holders_total`` count all. ``search_complete`` is false when the search for holders was ended
    before it had looked everywhere, so that there may be more. ``stacked`` are kernel names of dm, md and loop devices
    on top.
    """

    ok: bool
    flushed: Literal["nothing-mounted", "unmounted", "frozen", "synced", "partial"]
    dirty_left: bool
    ms: int
    mounts: tuple[MountCut, ...] = ()
    holders: tuple[HolderSeen, ...] = ()
    mounts_total: int = 0
    holders_total: int = 0
    search_complete: bool = True
    stopped: int = 0
    nodes: tuple[str, ...] = ()
    nodes_open: tuple[str, ...] = ()
    stacked: tuple[str, ...] = ()


class Released(msgspec.Struct, frozen=True, tag_field="verb", tag="released"):
    """File systems thawed, programs continued, and how many of either the kernel has not let go of yet."""

    thawed: int
    continued: int
    pending: int
    ms: int


class StringRead(msgspec.Struct, frozen=True):
    """One string descriptor as the device sent it, in hex (USB 2.0, 9.6.7); ``""`` when it refused."""

    index: int
    raw: str


class Examined(msgspec.Struct, frozen=True, tag_field="verb", tag="examined"):
    """Descriptors as the device sent them, in hex: device, each configuration in full, languages, strings.

    ``language`` is the one the strings were asked in: the device's first, 0 when it has none.
    """

    device: str
    configurations: tuple[str, ...]
    languages: str
    language: int
    strings: tuple[StringRead, ...]
    ms: int = 0

    @property
    def descriptors(self) -> bytes:
        """The device descriptor and all configurations, laid out as in the kernel's ``descriptors`` file."""
        return bytes.fromhex(self.device + "".join(self.configurations))


class FloorDone(msgspec.Struct, frozen=True, tag_field="verb", tag="floor-done"):
    """The floor's exit status (0 done; negative: ended by that signal)."""

    status: int


class ReadOnlyDone(msgspec.Struct, frozen=True, tag_field="verb", tag="read-only-done"):
    """Kernel names of the block devices that take no writes now, and of those that still do; read back, bounded."""

    nodes: tuple[str, ...]
    writable: tuple[str, ...] = ()


class DiskRead(msgspec.Struct, frozen=True):
    """What one disk holds, or why nobody can say."""

    name: DiskName
    found: Found


class Identified(msgspec.Struct, frozen=True, tag_field="verb", tag="identified"):
    """An answer for each disk that was asked about, in that order."""

    disks: tuple[DiskRead, ...]


class Refused(msgspec.Struct, frozen=True, tag_field="verb", tag="refused"):
    """The request was not carried out."""

    reason: Literal["gone", "examination", "trouble"]
    detail: str


Request = Hold | Release | Examine | Floor | ReadOnly | Identify
Answer = Held | Released | Examined | FloorDone | ReadOnlyDone | Identified | Refused

"""What a disk holds after the power went: everything up to its last flush, nothing later.

QEMU's `blklogwrites` filter records every request to the state disk in the format of the kernel's dm-log-writes
(Documentation/admin-guide/device-mapper/log-writes.rst, drivers/md/dm-log-writes.c). After a power cut the log is
played onto the image as it was at boot, and stops at the last flush: a write the guest never flushed is gone.
"""

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .image import LabError

MAGIC = 0x6A736677736872  # WRITE_LOG_MAGIC
FLUSH, DISCARD = 1, 4  # LOG_*_FLAG
SUPER = struct.Struct("<QQQI")  # magic, version, number of entries, sector size
HEAD = struct.Struct("<QQQQ")  # sector, number of sectors, flags, length of data
SECTOR = 512  # bytes; the filter runs with log-sector-size=512
SIZE = 512 << 20  # bytes of a fresh state disk


@dataclass(frozen=True)
class Entry:
    """One request to the disk; a discard carries the zeros it leaves."""

    sector: int
    flags: int
    data: bytes


@dataclass(frozen=True)
class StateDisk:
    """The optional second drive, mounted at /var/lib/usbguard-py."""

    initial: Path  # as it was at boot
    current: Path  # what QEMU writes
    log: Path

    @classmethod
    def create(cls, folder: Path, after: Path | None = None) -> "StateDisk":
        """Make a fresh ext4 disk in `folder`, or go on with the one `after`."""
        disk = cls(folder / "state-initial.raw", folder / "state.raw", folder / "state.log")
        if after is not None:
            copy_sparse(after, disk.initial)
        else:
            with disk.initial.open("wb") as file:
                file.truncate(SIZE)
            subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "lab-state", str(disk.initial)], check=True)
        copy_sparse(disk.initial, disk.current)
        disk.log.touch()
        return disk

    def blockdev(self) -> dict[str, object]:
        """Return the drive for QEMU's `-blockdev`."""
        return {
            "driver": "blklogwrites",
            "node-name": "state",
            "file": {"driver": "file", "filename": str(self.current)},
            "log": {"driver": "file", "filename": str(self.log)},
            "log-sector-size": SECTOR,
        }

    def after_cut(self, target: Path) -> int:
        """Write to `target` what survived, and return how many writes had reached the disk and were lost."""
        copy_sparse(self.initial, target)
        counted, entries = self._entries()
        flushes = [index for index, entry in enumerate(entries[:counted]) if entry.flags & FLUSH]
        durable = flushes[-1] + 1 if flushes else 0
        with target.open("r+b") as disk:
            for entry in entries[:durable]:
                disk.seek(entry.sector * SECTOR)
                disk.write(entry.data)
        return sum(1 for entry in entries[durable:] if entry.data)

    def _entries(self) -> tuple[int, list[Entry]]:
        """Return the superblock's count and all entries in the file.

        The filter brings the count up to date with every flush, so no entry beyond it was flushed.
        """
        with self.log.open("rb") as file:
            head = file.read(SECTOR)
            if len(head) < SECTOR:
                return 0, []
            magic, version, counted, sector_size = SUPER.unpack_from(head)
            if (magic, version, sector_size) != (MAGIC, 1, SECTOR):
                raise LabError(f"{self.log} is not a write log of version 1")
            entries = []
            while len(head := file.read(SECTOR)) == SECTOR:
                sector, count, flags, _length = HEAD.unpack_from(head)
                length = count * SECTOR
                data = bytes(length) if flags & DISCARD else file.read(length)
                if len(data) < length:
                    break
                entries.append(Entry(sector, flags, data))
            return counted, entries


def copy_sparse(source: Path, target: Path) -> None:
    """Copy a disk image, holes kept."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(source), str(target)], check=True)

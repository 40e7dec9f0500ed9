"""Whether there is room for the log: said once at each threshold, long before it is full."""

from enum import IntEnum

from usbguard_py.core import record_machine
from usbguard_py.daemon.books import Books
from usbguard_py.shell.reserve import Free, free

MIB = 1024 * 1024
LOW, VERY_LOW = 512 * MIB, 64 * MIB  # bytes; a busy workplace writes about 1 MiB a day
LOW_SHARE, VERY_LOW_SHARE = 10, 50  # of a small disk the tenth and the fiftieth part
MORE = 5, 4  # by so much (5/4) room must have grown before a threshold counts as left: no word at each entry


class Level(IntEnum):
    """How much room there is."""

    ENOUGH = 0
    LOW = 1
    VERY_LOW = 2


def level(room: Free, before: Level) -> Level:
    """The level of ``room``, which was ``before`` when it was looked at last."""
    low, very_low = min(LOW, room.total // LOW_SHARE), min(VERY_LOW, room.total // VERY_LOW_SHARE)
    if room.free < very_low * (MORE[0] if before >= Level.VERY_LOW else MORE[1]) // MORE[1]:
        return Level.VERY_LOW
    if room.free < low * (MORE[0] if before >= Level.LOW else MORE[1]) // MORE[1]:
        return Level.LOW
    return Level.ENOUGH


class Room:
    """Looks at the disk of the ledger, and lays its reserve aside."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._level = Level.ENOUGH
        self._free: Free | None = None
        self._reserved = True

    def look(self) -> None:
        """Look once; costs one statvfs(2)."""
        try:
            self._free = free(self._books.path.parent)
        except OSError:
            self._free = None
            return
        self._reserved = self._books.reserve.lay_aside()
        now = level(self._free, self._level)
        if now != self._level:
            self._level = now
            body = record_machine.disk(
                now.name.lower().replace("_", "-"), self._free.free // MIB, self._free.total // MIB
            )
            self._books.append_or_keep("disk", {**body, "alarm": now > Level.ENOUGH})

    def problems(self) -> list[str]:
        """What ``status`` says of it."""
        if self._free is None or (self._level is Level.ENOUGH and self._reserved):
            return []
        left = self._free.free // MIB
        said = [f"the disk of the log is nearly full: {left} MiB are free"] if self._level else []
        return said + ([] if self._reserved else ["no room is kept free for the last records of the log"])

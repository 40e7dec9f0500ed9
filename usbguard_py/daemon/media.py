"""The media of drives on the real machine, as :mod:`usbguard_py.media` asks for them."""

import time
from collections.abc import Callable, Generator
from typing import Any

from msgspec.structs import replace

from usbguard_py.core.content import UNREADABLE, Found
from usbguard_py.core.media import READ_ONLY, Lun
from usbguard_py.daemon import drivers
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Ask, Bound, Wait
from usbguard_py.daemon.helper import Helper, Task
from usbguard_py.shell import luns, nodes
from usbguard_py.shell.hands import Hands
from usbguard_py.shell.hands_messages import Identified
from usbguard_py.shell.luns import Unit

SCAN_DEADLINE = 15.0  # seconds for the first unit; the kernel's own wait is one (delay_use) where it cannot be set
# Seconds for udev to load sd_mod or sr_mod. It does so in its turn: on a machine that was busy starting, 10 s were not
# enough for a stick that was plugged in before (emulated). Nobody is given anything meanwhile.
DRIVER_DEADLINE = 30.0
ANSWER_DEADLINE = 25.0  # seconds; a disk that spins up takes ten
CONTENT_DEADLINE = 10.0  # seconds to read what all disks of a drive hold: 0.1 s for four partitions seen, on a loop
HANDS_DEADLINE = 10.0  # seconds; they may have to be started first


class Media:
    """Implements :class:`usbguard_py.media.Media`."""

    def __init__(self, helper: Helper, hands: Hands) -> None:
        self._helper = helper
        self._hands = hands

    def drivers(self, connection: Connection) -> Generator[Wait, Any, None]:
        """See that the storage drivers are there, where they are kept away."""
        return drivers.wanted(connection.name)

    def scsi(self) -> Bound:
        """A wait for the SCSI bus; udev loads it with the storage driver once the interfaces are there, closed."""
        return Bound(luns.bus, time.monotonic() + DRIVER_DEADLINE)

    def hold(self) -> bool:
        """Have the bus bind nothing by itself, and see it read back."""
        return luns.hold()

    def appeared(self, connection: Connection) -> Bound:
        """A wait for the first unit."""
        return self._of(connection, lambda: bool(luns.addresses(connection.directory)), SCAN_DEADLINE)

    def table(self, connection: Connection) -> Task:
        """All units, when the scan is over."""
        directory = connection.directory

        def read() -> tuple[Unit, ...]:
            luns.complete(directory)
            return luns.units(directory)

        return self._helper.aside(read)

    def ready(self, connection: Connection, unit: Unit) -> Bound:
        """A wait until the driver for this type of unit is loaded: one that comes later binds nothing by itself."""
        return self._of(connection, lambda: luns.driver_loaded(unit), DRIVER_DEADLINE)

    def attach(self, connection: Connection, unit: Unit) -> Task:
        """Give the unit its driver, unless it has it; whether it has it then."""
        directory = connection.directory

        def probe() -> bool:
            if not luns.bound(directory, unit):
                luns.attach(unit)
            return luns.bound(directory, unit)

        return self._helper.aside(probe)

    def sized(self, connection: Connection, unit: Unit) -> Lun:
        """The unit with its capacity."""
        return luns.sized(connection.directory, unit)

    def over(self, connection: Connection, task: Task) -> Bound:
        """A wait for the end of ``task``, or of the device."""
        return Bound(lambda: task.done or not connection.directory.present(), time.monotonic() + ANSWER_DEADLINE)

    def lock(self, connection: Connection) -> Ask:
        """Ask the hands to have the kernel refuse writes."""
        pending = self._hands.begin_read_only(connection.name, connection.device.devnum)
        return Ask(pending, time.monotonic() + HANDS_DEADLINE)

    def contents(self, connection: Connection, places: tuple[str, ...]) -> Generator[Wait, Any, tuple[Found, ...]]:
        """Ask the hands what the disks of the units at ``places`` hold; one without an answer is not readable."""
        names = tuple(luns.disk(connection.directory, place) for place in places)
        asked = tuple(name for name in names if name)
        begun = (connection.name, connection.device.devnum, asked, int(CONTENT_DEADLINE * 1000))
        pending = self._hands.begin_identify(*begun)
        answer: Identified = yield Ask(pending, time.monotonic() + CONTENT_DEADLINE + HANDS_DEADLINE)
        found = {disk.name: disk.found for disk in answer.disks}
        return tuple(found.get(name, UNREADABLE) for name in names)

    def hand_over(self, connection: Connection) -> None:
        """Set the flag by which udev gives the nodes out, then have it look at those that are there already."""
        read_only, login_tool = connection.access == READ_ONLY, connection.login_tool
        place = (connection.name, connection.device.devnum)
        nodes.flag(*place, granted=True, read_only=read_only, login_tool=login_tool)
        luns.announce(connection.directory, raw=login_tool)

    def grown(self, connection: Connection) -> str:
        """Address of a unit that was not there when the drive was handed over; empty when there is none."""
        new = (p for p in luns.addresses(connection.directory) if p not in connection.units)
        return next(new, "").rpartition("/")[2]

    def shown(self, connection: Connection) -> tuple[Lun, ...]:
        """The units that were handed over, with the capacities that the kernel shows now; 0 without a medium."""
        directory = connection.directory
        return tuple(
            lun if (bytes_ := luns.capacity(directory, place)) is None else replace(lun, capacity=bytes_)
            for place, lun in zip(connection.units, connection.media, strict=True)
        )

    def _of(self, connection: Connection, look: Callable[[], bool], seconds: float) -> Bound:
        return Bound(lambda: look() or not connection.directory.present(), time.monotonic() + seconds)

"""The media stage of the flow: an open drive's units are looked at, and only then get drivers and nodes.

Called by :mod:`usbguard_py.pipeline` between "interface bound" and "handed over". The kernel holds every unit
meanwhile (``/sys/bus/scsi/drivers_autoprobe`` is 0): there is no disk and no disc until the table of units was found
to be as the passport says. Capacities come next, while the nodes belong to root alone, then what the disks hold where a
passport says what that must be; then the nodes are given out.
"""

from collections.abc import Generator
from typing import Any, Protocol

from usbguard_py.contents import Reader, with_contents
from usbguard_py.core import gates_media
from usbguard_py.core.media import READ_ONLY, Lun
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Ask, Bound, Wait
from usbguard_py.daemon.helper import Task
from usbguard_py.errors import DeviceGone
from usbguard_py.errors_device import MediaTrouble
from usbguard_py.i18n import N_
from usbguard_py.shell.hands_messages import ReadOnlyDone
from usbguard_py.shell.luns import Unit


class Media(Reader, Protocol):
    """What the stage needs of the machine; :class:`usbguard_py.daemon.media.Media` is the real one.

    Each ``Task`` runs beside the helper, because a device can keep it waiting for as long as it likes.
    """

    def drivers(self, connection: Connection) -> Generator[Wait, Any, None]:
        """See that the storage drivers are there, if they are kept away. Raises ``MediaTrouble``."""

    def scsi(self) -> Bound:
        """A wait for the kernel's SCSI bus, which comes with the first storage driver."""

    def hold(self) -> bool:
        """Have the bus bind nothing by itself; whether there is a bus. Raises ``SysfsTrouble``."""

    def appeared(self, connection: Connection) -> Bound:
        """A wait for the first unit."""

    def table(self, connection: Connection) -> Task:
        """All units, when the scan is over."""

    def ready(self, connection: Connection, unit: Unit) -> Bound:
        """A wait until the driver for this type of unit is loaded."""

    def attach(self, connection: Connection, unit: Unit) -> Task:
        """Give the unit its driver; whether it has it now."""

    def sized(self, connection: Connection, unit: Unit) -> Lun:
        """The unit with its capacity."""

    def over(self, connection: Connection, task: Task) -> Bound:
        """A wait for the end of ``task``, or of the device."""

    def shown(self, connection: Connection) -> tuple[Lun, ...]:
        """The units that were handed over, with the capacities that the kernel shows now."""

    def lock(self, connection: Connection) -> Ask:
        """Have the kernel refuse writes to the media."""

    def hand_over(self, connection: Connection) -> None:
        """Give the nodes out: the flag, and one look of udev at those that are there."""


class Host(Protocol):
    """The part of the flow's host that is used here."""

    @property
    def media(self) -> Media:
        """The media of drives."""

    def release_nodes(self, connection: Connection, *, granted: bool) -> None:
        """Set or take away the flag by which udev gives nodes out."""


def held(connection: Connection, host: Host) -> Generator[Wait, Any, None]:
    """Before an interface opens: a drive's units will be held, and its nodes stay with root; others get theirs.

    Raises:
        MediaTrouble: there is no SCSI bus to hold the units on, or no driver.
        SysfsTrouble: the kernel did not take it.
    """
    if not connection.faces:
        host.release_nodes(connection, granted=True)
        return
    yield from host.media.drivers(connection)
    yield host.media.scsi()
    if not host.media.hold():
        raise MediaTrouble(name=connection.name, detail=N_("the kernel has no SCSI bus"))


def judged(connection: Connection, media: Media) -> Generator[Wait, Any, bool]:
    """Ask the media gate; when it passes, the drive has its drivers and its nodes. Anything but a drive passes.

    Raises:
        MediaTrouble, SysfsTrouble, DeviceGone: it could not be asked.
    """
    if not connection.faces:
        return True
    connection.media, connection.units = (), ()
    units = yield from table(connection, media)
    if not _passes(connection, tuple(unit.lun for unit in units)):
        return False
    places = tuple(unit.place for unit in units)
    sized = yield from attached(connection, media, units)
    if not _passes(connection, sized):
        return False
    if not _passes(connection, (yield from with_contents(connection, media, places, sized))):
        return False
    if connection.access == READ_ONLY:
        yield from _locked(connection, media)
    connection.units = places
    media.hand_over(connection)
    return True


def _locked(connection: Connection, media: Media) -> Generator[Wait, Any, None]:
    """See that the kernel refuses writes, while the nodes are still nobody's.

    Raises:
        MediaTrouble: a block device still takes them.
        HandsTrouble: the hands could not be asked.
    """
    done: ReadOnlyDone = yield media.lock(connection)
    disks = [lun for lun in connection.media if lun.driver]
    if done.writable or len(done.nodes) < len(disks):
        raise MediaTrouble(name=connection.name, detail=N_("a logical unit still takes writes"))


def _passes(connection: Connection, seen: tuple[Lun, ...]) -> bool:
    connection.media = seen
    result = gates_media.media(connection.faces, seen)
    connection.decision = gates_media.decided(connection.decision, result)
    return result.code is None


def table(connection: Connection, media: Media) -> Generator[Wait, Any, tuple[Unit, ...]]:
    """All units of a drive that is open, still without drivers.

    Raises:
        MediaTrouble: none appeared, or one could not be read.
    """
    if not (yield media.appeared(connection)):
        raise MediaTrouble(name=connection.name, detail=N_("no logical unit appeared"))
    units: tuple[Unit, ...] = yield from _ended(connection, media, media.table(connection))
    return units


def attached(connection: Connection, media: Media, units: tuple[Unit, ...]) -> Generator[Wait, Any, tuple[Lun, ...]]:
    """Give each unit the driver of its type, one after the other, and read the capacities.

    Raises:
        MediaTrouble: one did not get its driver.
    """
    seen = []
    for unit in units:
        if not unit.lun.driver:
            seen.append(unit.lun)
            continue
        yield media.ready(connection, unit)
        if not (yield from _ended(connection, media, media.attach(connection, unit))):
            raise MediaTrouble(name=connection.name, detail=N_("a logical unit got no driver"))
        seen.append(media.sized(connection, unit))
    return tuple(seen)


def _ended(connection: Connection, media: Media, task: Task) -> Generator[Wait, Any, Any]:
    yield media.over(connection, task)
    if connection.gone or not (task.done or connection.directory.present()):
        raise DeviceGone(name=connection.name)
    if not task.done:
        raise MediaTrouble(name=connection.name, detail=N_("a logical unit did not answer in time"))
    return task.result()

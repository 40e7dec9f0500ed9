"""What the disks of a drive hold, as part of the media stage: asked of the hands, and only where a passport says so.

Called by :mod:`usbguard_py.media` after the capacities, while the nodes are still nobody's, and again when the kernel
says that a medium of a drive in use was exchanged (docs/adr/0141-content-where-enrolled.md).
"""

from collections.abc import Callable, Generator
from enum import Enum
from typing import Any, Protocol

import msgspec

from usbguard_py.core.content import NO_MEDIUM, Content, Found
from usbguard_py.core.gates_media import read_for
from usbguard_py.core.media import Lun, Media
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Wait
from usbguard_py.errors_device import MediaTrouble
from usbguard_py.i18n import N_


class Wanted(Enum):
    """Whether an examination reads contents: not; of the disks, if the drive has one; yes, or it fails."""

    NO = 0
    OF_DISKS = 1
    YES = 2


class Reader(Protocol):
    """What is needed of the machine; :class:`usbguard_py.daemon.media.Media` is the real one."""

    def contents(self, connection: Connection, places: tuple[str, ...]) -> Generator[Wait, Any, tuple[Found, ...]]:
        """What the disks of the units at ``places`` hold, in that order. Raises ``HandsTrouble``."""


def expected(connection: Connection) -> bool:
    """Whether a passport that fits the drive says what a unit holds."""
    return bool(read_for(connection.faces))


def with_contents(
    connection: Connection, reader: Reader, places: tuple[str, ...], seen: Media
) -> Generator[Wait, Any, Media]:
    """``seen``, the units at ``places``, each with what it holds where a passport says what that must be.

    Raises:
        HandsTrouble: the hands could not be asked.
    """
    wanted = read_for(connection.faces)
    return (yield from _read(connection, reader, places, seen, lambda lun: (lun.interface, lun.number) in wanted))


def enrolled_contents(
    connection: Connection, reader: Reader, places: tuple[str, ...], seen: Media, wanted: Wanted = Wanted.YES
) -> Generator[Wait, Any, Media]:
    """``seen`` with what each disk with a medium holds, all of which can be recognised again.

    ``OF_DISKS`` is enough for a face of a stick that shows a CD alone before its login; an empty reader still fails,
    because a face without a content lets any medium pass.

    Raises:
        MediaTrouble: nothing was found on one, or it is not known what, or no unit is a disk with a medium.
    """
    if wanted is Wanted.NO or (wanted is Wanted.OF_DISKS and not any(lun.driver == "sd" for lun in seen)):
        return seen
    found = yield from _read(connection, reader, places, seen, lambda lun: lun.driver == "sd" and bool(lun.capacity))
    read = [lun.content for lun in found if not isinstance(lun.content, msgspec.UnsetType)]
    detail = next((one for one in read if not isinstance(one, Content)), "")
    if not read:
        detail = N_("there is no disk with a medium in it")
    elif not detail and Content() in read:
        detail = N_("nothing on it says what it is: no file system, no LUKS header, no partition table")
    if detail:
        raise MediaTrouble(name=connection.name, detail=detail)
    return found


def again(connection: Connection, reader: Reader, shown: Callable[[Connection], Media]) -> Generator[Wait, Any, Media]:
    """The units of a drive in use, with what they hold now; of a unit without a medium that is not known.

    A drive that is being unplugged cannot be read: its removal is waited for then.

    Raises:
        HandsTrouble: the hands could not be asked.
    """
    seen = yield from with_contents(connection, reader, connection.units, connection.media)
    if not all(_known(lun) for lun in seen):
        yield connection.removal()
    if connection.gone or not connection.directory.present():
        return ()
    read = {(lun.interface, lun.number): lun.content for lun in seen if lun.content != NO_MEDIUM}
    return tuple(
        msgspec.structs.replace(lun, content=read.get((lun.interface, lun.number), msgspec.UNSET))
        for lun in shown(connection)  # sizes as they are since the disks were opened
    )


def _known(lun: Lun) -> bool:
    return isinstance(lun.content, Content | msgspec.UnsetType)


def _read(
    connection: Connection, reader: Reader, places: tuple[str, ...], seen: Media, wanted: Callable[[Lun], bool]
) -> Generator[Wait, Any, Media]:
    connection.exchanged = False  # what is exchanged from here on is read once more
    asked = [index for index, lun in enumerate(seen) if wanted(lun)]
    if not asked:
        return seen
    read = yield from reader.contents(connection, tuple(places[index] for index in asked))
    contents = dict(zip(asked, read, strict=True))
    return tuple(
        msgspec.structs.replace(lun, content=contents[index]) if index in contents else lun
        for index, lun in enumerate(seen)
    )

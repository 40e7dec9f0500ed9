"""Examination of a connected device by request of a manager: its real descriptors and, of a drive, its media.

Begin and end are entries. The descriptors are read while nothing of the device is open. A drive is then opened for us
alone: its nodes belong to root with no permission at all, since its flag is not set, and it is closed again before the
end is recorded. docs/flow.md.
"""

import time
from typing import Any

import msgspec

from usbguard_py.buses import USB
from usbguard_py.closing import deauthorised
from usbguard_py.contents import Wanted, enrolled_contents
from usbguard_py.core import record
from usbguard_py.core.codes import Code
from usbguard_py.core.connection import State
from usbguard_py.core.functions import default_grant
from usbguard_py.core.media import Media, enrolled
from usbguard_py.core.passport import passport_of
from usbguard_py.core.requests import Examine
from usbguard_py.core.text import escaped
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Ask, Bound, Flow
from usbguard_py.daemon.host import HANDS_SLACK, Host
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import GuardError, NotFound
from usbguard_py.errors_device import ExaminationFailed, MediaTrouble
from usbguard_py.i18n import N_
from usbguard_py.media import attached, table
from usbguard_py.shell.hands_messages import Examined
from usbguard_py.shell.peer import Peer

Answer = dict[str, Any]

EXAMINATION = 5.0  # seconds for all descriptor requests of one examination
MEDIA = 40.0  # seconds for opening a drive, its units and their capacities, what they hold, and closing it


def by(caller: Peer) -> dict[str, object]:
    """Who made a change: the account, and the person who logged in."""
    who: dict[str, object] = {"user": caller.user, "login": caller.login, "uid": caller.uid}
    return {**who, **credentials(caller)}


def credentials(caller: Peer) -> dict[str, object]:
    """What else the kernel says of who asked; what there is none of is left out."""
    known: dict[str, object] = {"pid": caller.pid, "gid": caller.gid, "role": caller.role}
    if caller.login_uid is not None:
        known["login_uid"] = caller.login_uid
    return {**known, **({"behind": caller.behind} if caller.behind else {})}


def connected(judge: Judge, name: str) -> Connection:
    """The connection with kernel name ``name``; raises ``NotFound``."""
    connection = judge.host.connections.get(name)
    if connection is None:
        raise NotFound(what="device", name=escaped(name.encode()[:64]))
    return connection


def examine(judge: Judge, request: Examine, caller: Peer) -> Flow:
    """The answer to a request for an examination."""
    connection = connected(judge, request.name)
    passport = yield from examined(judge, connection, caller, content=Wanted.YES if request.content else Wanted.NO)
    return {
        "name": connection.name,
        "passport": msgspec.to_builtins(passport),
        "serial": escaped(connection.device.serial or b""),
        "manufacturer": escaped(connection.device.manufacturer or b""),
        "product": escaped(connection.device.product or b""),
        "interfaces": [i.triple() for i in connection.device.interfaces],
    }


def examined(judge: Judge, connection: Connection, caller: Peer, *, content: Wanted = Wanted.NO) -> Flow:
    """Begin entry, descriptors, media, end entry; the passport that the device shows.

    ``content``: whether what its disks hold is part of it.
    """
    books, device = judge.host.books, connection.device
    if device.problems:
        raise ExaminationFailed(name=device.name, detail=device.problems[0].detail)
    books.append("examination-begin", record.examination(device, by(caller)))
    problem = "ended without a result"
    try:
        problem = yield from _descriptors(judge.host, connection)
        media: Media | None = None if problem else (yield from _media(judge, connection, content=content))
    except MediaTrouble as error:
        problem = str(error.facts["detail"])
        raise ExaminationFailed(name=device.name, detail=problem) from error
    finally:
        books.append_or_keep("examination-end", record.examination(device, by(caller), problem))
    if problem:
        raise ExaminationFailed(name=device.name, detail=problem)
    passport = passport_of(device, default_grant(device))
    return msgspec.structs.replace(passport, media=enrolled(media)) if media else passport


def _descriptors(host: Host, connection: Connection) -> Flow:
    """Real descriptor requests through the hands; what differs from the kernel's copy, or nothing."""
    device = connection.device
    pending = host.hands.begin_examine(device.busnum, device.devnum, int(EXAMINATION * 1000), device.name)
    real: Examined = yield Ask(pending, time.monotonic() + EXAMINATION + HANDS_SLACK)
    same = real.device + "".join(real.configurations) == device.descriptors.hex()
    return "" if same else "what the device answers differs from the kernel's copy"


class _Look:
    """What a look at a drive's media found; made by a flow of the drive's own, read by the examination."""

    def __init__(self, *, content: Wanted) -> None:
        self.content = content
        self.media: Media | None = None
        self.error: GuardError | None = None
        self.over = False

    def flow(self, connection: Connection, host: Host) -> Flow:
        try:
            self.media = yield from _seen(connection, host, content=self.content)
        except GuardError as error:
            self.error = error
        finally:
            self.over = True


def _media(judge: Judge, connection: Connection, *, content: Wanted) -> Flow:
    """The units of a drive, in the drive's turn; ``None`` for a device without storage, or when only observing.

    Raises:
        MediaTrouble: it could not be opened, its units could not be read, or it does not close; or what they hold is
            wanted and cannot be had.
    """
    if not default_grant(connection.device) or not judge.host.enforcing:
        if content is Wanted.YES:
            raise MediaTrouble(
                name=connection.name, detail=N_("what it holds is read of drives alone, while enforcing")
            )
        return None
    look = _Look(content=content)
    judge.run(connection, look.flow(connection, judge.host))
    yield Bound(lambda: look.over, time.monotonic() + MEDIA)
    if look.error is not None and not isinstance(look.error, MediaTrouble):
        raise MediaTrouble(name=connection.name, detail=str(look.error)) from look.error
    if look.error is not None:
        raise look.error
    if not look.over:
        raise MediaTrouble(name=connection.name, detail=N_("a logical unit did not answer in time"))
    return look.media


def _seen(connection: Connection, host: Host, *, content: Wanted) -> Flow:
    """The media of a drive that is open; one that is closed is opened for the look."""
    if connection.opened:
        shown = yield from enrolled_contents(connection, host.media, connection.units, connection.media, content)
        return shown or None
    try:
        media = yield from _opened(connection, host, content=content)
    except GuardError:
        yield from _closed(connection, host)
        raise
    yield from _closed(connection, host)
    return media


def _opened(connection: Connection, host: Host, *, content: Wanted) -> Flow:
    granted = default_grant(connection.device)
    opening = msgspec.structs.replace(connection.decision, allow=True, code=Code.ALLOWED, granted=granted)
    close_bus, configure, *steps = USB.plan(connection.device, opening)
    connection.enter(State.SEEN)
    yield host.claimed(connection)
    connection.enter(State.OPENED)
    yield host.configure(connection, close_bus, configure)
    yield from host.media.drivers(connection)
    yield host.media.scsi()
    if not host.media.hold():
        raise MediaTrouble(name=connection.name, detail=N_("the kernel has no SCSI bus"))
    yield host.begin(connection, *steps)
    units = yield from table(connection, host.media)
    seen = yield from attached(connection, host.media, units)
    return (yield from enrolled_contents(connection, host.media, tuple(unit.place for unit in units), seen, content))


def _closed(connection: Connection, host: Host) -> Flow:
    """Close it again; what does not close is an alarm, and no result."""
    if connection.gone:
        return
    problems: list[str] = []
    seen = yield from deauthorised(connection, host, problems)
    if not seen.closed:
        detail = N_("the device could not be closed after its examination")
        host.books.append_or_keep("alarm", record.alarm(connection.name, detail))
        raise MediaTrouble(name=connection.name, detail=detail)

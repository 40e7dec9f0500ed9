"""THE FLOW, on one screen: event → device → gates → decision → record → enforcement → read-back.

Every device comes through :func:`handle`, whether it was plugged in, found present, or is looked at
again because the list or the policy changed. Rules that live here and nowhere else:

* nothing is opened before its entry is on disk; a block never waits for one
* the bus's interface default is closed, and read back, before each authorisation of a device
* what is recorded is what was read back
* when anything fails on the way to opening, the device is closed
"""

import contextlib
from collections.abc import Generator
from typing import Any

from usbguard_py import media
from usbguard_py.buses import USB
from usbguard_py.closing import close, cut, cut_failed, cut_twin
from usbguard_py.core.codes import Code
from usbguard_py.core.connection import State
from usbguard_py.core.decision import Decision
from usbguard_py.core.enforcement import ReadBack
from usbguard_py.core.gates_input import keys
from usbguard_py.core.gates_media import closed_by_media, decided
from usbguard_py.core.passport import Passport
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Flow, Wait
from usbguard_py.errors import GuardError
from usbguard_py.machine import Host


def handle(connection: Connection, host: Host, *, anew: bool = False) -> Flow:
    """Judge one device and carry the decision out; ``anew``: as if it had just been found, whatever its last entry."""
    before, faces = connection.decision, connection.faces
    yield host.describe(connection)
    if connection.gone:
        return
    decision = host.decide(connection)
    if connection.seq and not anew and (yield from _settled(connection, before, faces, host)):
        connection.decision = before
        return
    for name in decision.cut:
        other = host.connection(name)
        if other is not None:
            host.queue(other, cut_twin(other, host))
    if not host.enforcing:
        yield from observe(connection, host)
    elif not decision.allow:
        yield from refuse(connection, host)
    elif connection.device.authorized:
        yield from adopt(connection, host, known=anew)
    else:
        yield from admit(connection, host)


def observe(connection: Connection, host: Host) -> Flow:
    """Record what would have been done; touch nothing."""
    seen = yield host.look(connection)
    connection.enter(State.SEEN)
    host.record_block(connection, seen, ())


def admit(connection: Connection, host: Host) -> Flow:
    """Open what the decision grants: close the bus's default and configure beside the record, open last."""
    close_bus, configure, *opening = USB.plan(connection.device, connection.decision)
    connection.seq = 0
    connection.enter(State.SEEN)
    try:
        yield host.claimed(connection)
        configuring = host.configure(connection, close_bus, configure)
        try:
            host.record_decision(connection)
        finally:
            yield configuring
        if not _still_granted(connection, host):
            yield from close(connection, host, ("the list changed while the device was configured",))
            return
        connection.move(State.CONFIGURED)
        yield from media.held(connection, host)
        connection.move(State.OPENED)
        yield host.begin(connection, *opening)
        yield host.bound(connection)
    except GuardError as error:
        yield from close(connection, host, (str(error),))
        return
    seen = yield from _not_kept(connection, host)
    problems = USB.effective(connection.decision, connection.device, seen)
    if problems:
        yield from close(connection, host, problems)
        return
    yield from hand_over(connection, host, seen)


def hand_over(connection: Connection, host: Host, seen: ReadBack, *, used: bool = False) -> Flow:
    """What can be asked of an open device alone: keys, then the media gate of a drive, then its nodes.

    One that fails is cut. ``used``: its nodes were given out before.
    """
    if (yield from _typed(connection, host, seen)):
        return
    try:
        passed = yield from media.judged(connection, host.media)
        if passed:
            connection.move(State.HANDED_OVER)
    except GuardError as error:
        yield from (cut_failed if used else close)(connection, host, (str(error),))
        return
    if not passed:
        yield from cut(connection, host, used=used)
        return
    host.record_outcome(connection, seen)
    host.announce(connection)


def grown(connection: Connection, host: Host) -> Flow:
    """A drive in use shows one more unit: it is judged with all of them, and cut when no passport knows them so.

    The flag is taken back meanwhile, so that the node of the further unit is nobody's until it was judged.
    """
    if connection.state is not State.HANDED_OVER:
        return
    seen: ReadBack = yield host.look(connection)
    if connection.gone or seen.gone:
        return
    host.release_nodes(connection, granted=False)
    connection.enter(State.OPENED)
    yield from hand_over(connection, host, seen, used=True)


def _still_granted(connection: Connection, host: Host) -> bool:
    """Whether the gates still say what the entry says: the list, or a twin, may have come in between."""
    if host.unchanged(connection):
        return True
    recorded = connection.decision
    now = host.decide(connection)
    return (now.allow, now.granted, now.asset) == (recorded.allow, recorded.granted, recorded.asset)


def woken(connection: Connection, host: Host) -> Flow:
    """The machine slept: a device that the kernel kept is judged as if it had just been found open."""
    seen: ReadBack = yield host.look(connection)
    if not (connection.gone or seen.gone):
        yield from handle(connection, host, anew=True)


def adopt(connection: Connection, host: Host, *, known: bool = False) -> Flow:
    """A device that was open before we looked: keep it if it is exactly as it should be, else start it over.

    ``known``: it was opened by ourselves, before the machine slept.
    """
    seen = yield from (_still_there if known else _not_kept)(connection, host)
    if known and (connection.gone or seen.gone):
        return
    if USB.effective(connection.decision, connection.device, seen):
        yield from cut(connection, host, recorded=False)
        if not connection.gone:
            yield from admit(connection, host)
        return
    if connection.decision.code is Code.ALLOWED and not known:
        connection.decision = connection.decision_as(Code.ADOPTED)
    connection.seq = 0
    try:
        yield from media.held(connection, host)
        host.record_decision(connection)
    except GuardError as error:
        yield from close(connection, host, (str(error),))
        return
    connection.enter(State.OPENED)
    yield from hand_over(connection, host, seen, used=True)


def refuse(connection: Connection, host: Host) -> Flow:
    """See that the device is closed, cut it when it is not, and record both."""
    seen = yield host.look(connection)
    if not seen.closed:
        yield from cut(connection, host)
        return
    connection.enter(State.CLOSED)
    host.release_nodes(connection, granted=False)
    if not connection.gone:
        host.record_block(connection, seen, ())


def verify(connection: Connection, host: Host) -> Flow:
    """See that an open device still is as it was left; one that somebody else changed is recorded and cut."""
    if connection.state is not State.HANDED_OVER:
        return
    seen = yield from _still_there(connection, host)
    if connection.gone or seen.gone or (yield from _typed(connection, host, seen)):
        return
    problems = USB.effective(connection.decision, connection.device, seen)
    if problems:
        host.record_drift(connection, seen, problems)
        connection.decision = connection.closed_decision()
        yield from cut(connection, host)


def _typed(connection: Connection, host: Host, seen: ReadBack) -> Generator[Wait, Any, bool]:
    """Cut what types and is enrolled as something else than a keyboard; whether it was so."""
    found = keys(connection.decision, seen)
    if found is not None:
        connection.decision = decided(connection.decision, found)
        yield from cut(connection, host)
    return found is not None


def _still_there(connection: Connection, host: Host) -> Generator[Wait, Any, ReadBack]:
    """Look at a device that was as it should be; wait for the end of its removal, which is nobody's doing either."""
    seen: ReadBack = yield from _not_kept(connection, host)
    asked = connection.decision, connection.device, seen
    if not seen.gone and USB.effective(*asked) and USB.only_missing(*asked):
        yield connection.removal()
        seen = yield from _not_kept(connection, host)
    return seen


def _not_kept(connection: Connection, host: Host) -> Generator[Wait, Any, ReadBack]:
    """Look at an open device, and see that a drive does not outlast sleep.

    Each reset, also one by which the driver recovers from an error, sets the kernel's default again
    (drivers/usb/core/hub.c, hub_port_init): nobody's doing, so it is no drift.
    """
    seen: ReadBack = yield host.look(connection)
    steps = USB.not_kept(connection.device, connection.decision)
    if seen.persist and steps:
        with contextlib.suppress(GuardError):  # what did not take shows in the look
            yield host.begin(connection, *steps)
        seen = yield host.look(connection)
    return seen


def _settled(
    connection: Connection, before: Decision, faces: tuple[Passport, ...], host: Host
) -> Generator[Wait, Any, bool]:
    """Whether a device that is looked at again is as its last entry says, so that there is nothing to record.

    A drive that the media gate closed is not opened for it again while the same passports would be asked.
    """
    now = connection.decision
    if host.enforcing and closed_by_media(before) and now.allow and faces == connection.faces:
        seen: ReadBack = yield host.look(connection)
        return connection.state is State.CLOSED and seen.closed
    opened_by = {Code.ADOPTED: Code.ALLOWED}
    if opened_by.get(before.code, before.code) is not now.code or before.asset != now.asset or now.cut:
        return False
    if not host.enforcing:
        return connection.state is State.SEEN
    if now.allow:
        return connection.state is State.HANDED_OVER and before.granted == now.granted
    seen = yield host.look(connection)
    return connection.state is State.CLOSED and seen.closed

"""The way back: an open device is closed, and what was read back is recorded. Called by :mod:`usbguard_py.pipeline`."""

from collections.abc import Generator
from typing import Any

from usbguard_py.buses import USB
from usbguard_py.core.codes import Code
from usbguard_py.core.connection import State
from usbguard_py.core.enforcement import ReadBack, Write
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Flow, Wait
from usbguard_py.errors import GuardError
from usbguard_py.machine import Host

ATTEMPTS = 3  # to deauthorise a device before it is an alarm that it stays open


def cut(
    connection: Connection, host: Host, *, recorded: bool = True, used: bool = True, problems: tuple[str, ...] = ()
) -> Flow:
    """Close a device that is open: no new opens, flush, detach, deauthorise, let go, read back.

    Of a drive that is not ``used`` nothing can be mounted: its nodes were never given out.
    """
    host.release_nodes(connection, granted=False)
    found = list(problems)
    held: object = None
    ask = host.hold(connection) if used else None
    try:
        held = None if ask is None else (yield ask)
    except GuardError as error:
        found.append(str(error))
    seen = yield from deauthorised(connection, host, found)
    if ask is not None:
        try:
            yield host.release(connection)
        except GuardError as error:
            found.append(str(error))
    found += USB.effective(connection.closed_decision(), connection.device, seen)
    if recorded:
        host.record_cut(connection, held, seen, tuple(found))


def close(connection: Connection, host: Host, problems: tuple[str, ...]) -> Flow:
    """Take back an opening that did not go through, and say so."""
    host.release_nodes(connection, granted=False)
    found = list(problems)
    seen = yield from deauthorised(connection, host, found)
    connection.decision = connection.closed_decision()
    if connection.seq:
        host.record_outcome(connection, seen, tuple(found))
    else:
        host.record_block(connection, seen, tuple(found))


def cut_twin(other: Connection, host: Host) -> Flow:
    """Cut a device because another one matches its passport too; what is not open stays closed."""
    other.decision = other.decision_as(Code.DUPLICATE, allow=False)
    if other.opened:
        yield from cut(other, host)


def cut_failed(connection: Connection, host: Host, problems: tuple[str, ...]) -> Flow:
    """Cut a drive in use of which the media could not be judged."""
    connection.decision = connection.closed_decision()
    yield from cut(connection, host, problems=problems)


def deauthorised(connection: Connection, host: Host, problems: list[str]) -> Generator[Wait, Any, ReadBack]:
    """Deauthorise the device, more than once if it does not take, and say what the kernel shows then."""
    attempts = 0
    while True:
        attempts += 1
        try:
            yield host.begin(connection, _deauthorise(connection))
        except GuardError as error:
            problems.append(str(error))
        seen: ReadBack = yield host.look(connection)
        if seen.closed:
            connection.enter(State.CLOSED)
        elif connection.state is State.CLOSED:
            connection.enter(State.OPENED)  # it was, until somebody opened it; now it is not
        if seen.closed or attempts == ATTEMPTS:
            return seen


def _deauthorise(connection: Connection) -> Write:
    return Write(device=connection.name, attribute="authorized", value="0", shows="0")

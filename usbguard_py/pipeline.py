"""THE FLOW, on one screen: event → device → gates → decision → record → enforcement → read-back.

Every device comes through :func:`handle`, whether it was plugged in, found present, or is looked at
again because the list or the policy changed. Rules that live here and nowhere else:

* nothing is opened before its entry is on disk; a block never waits for one
* the bus's interface default is closed, and read back, before each authorisation of a device
* what is recorded is what was read back
* when anything fails on the way to opening, the device is closed
"""

from collections.abc import Generator
from typing import Any, Protocol

from usbguard_py import media
from usbguard_py.buses import USB
from usbguard_py.core.codes import Code
from usbguard_py.core.connection import State
from usbguard_py.core.decision import Decision
from usbguard_py.core.enforcement import ReadBack, Step, Write
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Ask, Bound, Flow, Wait
from usbguard_py.daemon.helper import Task
from usbguard_py.errors import GuardError

ATTEMPTS = 3  # to deauthorise a device before it is an alarm that it stays open


class Host(Protocol):
    """What the flow needs of the machine; :class:`usbguard_py.daemon.host.Host` is the real one."""

    @property
    def enforcing(self) -> bool:
        """Whether decisions are carried out, or only recorded."""

    @property
    def media(self) -> media.Media:
        """What the media stage needs."""

    def describe(self, connection: Connection) -> Task:
        """Read the device anew into ``connection.device``."""

    def look(self, connection: Connection) -> Task:
        """Read back how the kernel shows the device now."""

    def queue(self, connection: Connection, flow: Flow) -> None:
        """Run a flow for another connection, after those that wait for it."""

    def decide(self, connection: Connection) -> Decision:
        """Ask the gates."""

    def connection(self, name: str) -> Connection | None:
        """The connection of another device."""

    def apply(self, connection: Connection, step: Step) -> None:
        """Carry out one step and see it read back; raises a ``GuardError``."""

    def begin(self, connection: Connection, *steps: Step) -> Task:
        """The same in the helper thread."""

    def same(self, connection: Connection) -> Task:
        """Fail with ``DeviceGone`` unless the device still is what was judged."""

    def release_nodes(self, connection: Connection, *, granted: bool) -> None:
        """Set or take away the flag by which udev gives nodes out."""

    def claimed(self, connection: Connection) -> Bound:
        """A wait for the kernel's own driver of the whole device."""

    def bound(self, connection: Connection) -> Bound:
        """A wait for the granted interfaces' drivers."""

    def hold(self, connection: Connection) -> Ask | None:
        """Ask the hands to detach what is mounted; ``None`` when there is nothing to detach."""

    def release(self, connection: Connection) -> Ask:
        """Ask the hands to let go of what they hold."""

    def record_decision(self, connection: Connection) -> None:
        """Write the decision's entry; durable on return. Raises ``DatabaseTrouble``."""

    def record_outcome(self, connection: Connection, seen: ReadBack, problems: tuple[str, ...] = ()) -> None:
        """Write what was read back; kept for later when the ledger cannot take it."""

    def record_block(self, connection: Connection, seen: ReadBack, problems: tuple[str, ...]) -> None:
        """Write a block and its read-back together; kept for later when the ledger cannot take it."""

    def record_cut(self, connection: Connection, held: object, seen: ReadBack, problems: tuple[str, ...]) -> None:
        """Write how an open device was cut; kept for later when the ledger cannot take it."""


def handle(connection: Connection, host: Host) -> Flow:
    """Judge one device and carry the decision out."""
    before = connection.decision
    yield host.describe(connection)
    if connection.gone:
        return
    decision = host.decide(connection)
    if connection.seq and (yield from _settled(connection, before, host)):
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
        yield from adopt(connection, host)
    else:
        yield from admit(connection, host)


def observe(connection: Connection, host: Host) -> Flow:
    """Record what would have been done; touch nothing."""
    seen = yield host.look(connection)
    connection.enter(State.SEEN)
    host.record_block(connection, seen, ())


def admit(connection: Connection, host: Host) -> Flow:
    """Open what the decision grants: configure beside the record, open last."""
    close_bus, configure, *opening = USB.plan(connection.device, connection.decision)
    connection.seq = 0
    connection.enter(State.SEEN)
    try:
        host.apply(connection, close_bus)
        yield host.claimed(connection)
        configuring = host.begin(connection, configure)
        try:
            host.record_decision(connection)
        finally:
            yield configuring
        yield host.same(connection)
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
    seen = yield host.look(connection)
    problems = USB.effective(connection.decision, connection.device, seen)
    if problems:
        yield from close(connection, host, problems)
        return
    yield from hand_over(connection, host, seen)


def hand_over(connection: Connection, host: Host, seen: ReadBack, *, used: bool = False) -> Flow:
    """The media gate of a drive, then its nodes; one that fails is cut. ``used``: its nodes were given out before."""
    try:
        passed = yield from media.judged(connection, host.media)
    except GuardError as error:
        yield from (cut_failed if used else close)(connection, host, (str(error),))
        return
    if not passed:
        yield from cut(connection, host, used=used)
        return
    connection.move(State.HANDED_OVER)
    host.record_outcome(connection, seen)


def _still_granted(connection: Connection, host: Host) -> bool:
    """Whether the gates still say what the entry says: the list, or a twin, may have come in between."""
    recorded = connection.decision
    now = host.decide(connection)
    return (now.allow, now.granted, now.asset) == (recorded.allow, recorded.granted, recorded.asset)


def adopt(connection: Connection, host: Host) -> Flow:
    """A device that was open before we looked: keep it if it is exactly as it should be, else start it over."""
    seen = yield host.look(connection)
    if USB.effective(connection.decision, connection.device, seen):
        yield from cut(connection, host, recorded=False)
        if not connection.gone:
            yield from admit(connection, host)
        return
    if connection.decision.code is Code.ALLOWED:
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


def cut_twin(other: Connection, host: Host) -> Flow:
    """Cut a device because another one matches its passport too; what is not open stays closed."""
    other.decision = other.decision_as(Code.DUPLICATE, allow=False)
    if other.opened:
        yield from cut(other, host)


def cut_failed(connection: Connection, host: Host, problems: tuple[str, ...]) -> Flow:
    """Cut a drive in use of which the media could not be judged."""
    connection.decision = connection.closed_decision()
    yield from cut(connection, host, problems=problems)


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
        if seen.closed or attempts == ATTEMPTS:
            return seen


def _settled(connection: Connection, before: Decision, host: Host) -> Generator[Wait, Any, bool]:
    """Whether a device that is looked at again is as its last entry says, so that there is nothing to record."""
    now = connection.decision
    opened_by = {Code.ADOPTED: Code.ALLOWED}
    if opened_by.get(before.code, before.code) is not now.code or before.asset != now.asset or now.cut:
        return False
    if not host.enforcing:
        return connection.state is State.SEEN
    if now.allow:
        return connection.state is State.HANDED_OVER and before.granted == now.granted
    seen: ReadBack = yield host.look(connection)
    return connection.state is State.CLOSED and seen.closed


def _deauthorise(connection: Connection) -> Write:
    return Write(device=connection.name, attribute="authorized", value="0", shows="0")

"""The judge: turns events into flows and remembers the connections.

It decides nothing itself (the gates do) and touches nothing itself (the host does).
"""

import re
from collections.abc import Iterable

import msgspec

from usbguard_py import contents
from usbguard_py.closing import close, cut
from usbguard_py.core import record
from usbguard_py.core.connection import State
from usbguard_py.core.event import Event
from usbguard_py.core.gates_media import decided, known_by_media, media, more
from usbguard_py.core.media import enrolled
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Flow
from usbguard_py.daemon.host import Host
from usbguard_py.daemon.loop import Loop
from usbguard_py.errors import DeviceGone, GuardError
from usbguard_py.exchange import exchanged
from usbguard_py.pipeline import grown, handle, verify
from usbguard_py.shell import sysfs
from usbguard_py.shell.udev import EventsLost, Monitor

_ROOT_HUB = re.compile(r"[0-9]+-0:1\.0\Z")  # kernel name of a root hub's only interface


class Judge:
    """Owns the connections; a source of the loop through its monitor."""

    def __init__(self, host: Host, loop: Loop, monitor: Monitor) -> None:
        self.host = host
        self.loop = loop
        self.monitor = monitor
        self.switching = False  # from one policy to another

    def descriptors(self) -> list[int]:
        """The netlink socket."""
        return [self.monitor.fileno()]

    def readable(self, _fd: int) -> None:
        """Take all waiting events; when some were lost, read everything anew."""
        try:
            for event in self.monitor.events():
                self.event(event)
        except EventsLost:
            self.host.books.append_or_keep("events-lost", record.events_lost("the kernel dropped events", 0))
            for connection in self.host.connections.values():
                connection.exchanged = True
            self.scan()

    def event(self, event: Event) -> None:
        """One kernel event, one way through."""
        if event.subsystem != "usb":
            self._below(event)
        elif event.devtype == "usb_device":
            if event.action == "add":
                self.arrived(event.name, 0 if event.reminder else event.devnum)
            elif event.action == "remove":
                self._removed(event.name)
            elif event.action == "bind":
                self.loop.runner.bound()
        elif event.devtype == "usb_interface":
            if event.action == "bind":
                self.loop.runner.bound()
                self._looked_at(event.name)
            elif event.action == "add" and _ROOT_HUB.match(event.name):
                self._close_bus("usb" + event.name.partition("-")[0])
            elif event.action == "add":
                self._looked_at(event.name)

    def _below(self, event: Event) -> None:
        """Something appeared below a device, or a driver that is waited for was loaded."""
        self.loop.runner.bound()
        connection = self.host.connections.get(event.usb_device)
        if event.exchanged and connection is not None:
            connection.exchanged = True
        if event.subsystem == "input":
            self._see_keys(connection)
        else:
            self.see_media(connection)

    def scan(self) -> None:
        """Everything that is connected now, through the same door; what is not there any more has left."""
        names = list(sysfs.present())
        for name in set(self.host.connections) - set(names):
            self.left(name)
        for name in names:
            self.arrived(name)

    def arrived(self, name: str, devnum: int = 0) -> None:
        """A device is there. A reminder of one that is known is no arrival; ``devnum`` is what the kernel announced."""
        if name.startswith("usb"):
            self._close_bus(name)
            return
        known = self.host.connections.get(name)
        if known is not None:
            if known.directory.present():
                self._announced(known, devnum)
                return
            self.left(name)
        try:
            connection = Connection(sysfs.Directory(name))
        except DeviceGone:
            self._missed(name, devnum)
            return
        connection.announced = devnum
        self.host.connections[name] = connection
        self.run(connection, handle(connection, self.host))

    def _announced(self, known: Connection, devnum: int) -> None:
        """The kernel announces a device that is known: when it said another number before, that one has left again."""
        if devnum and known.announced not in (0, devnum):
            self._missed(known.name, known.announced)
        known.announced = devnum or known.announced

    def _missed(self, name: str, devnum: int) -> None:
        """A device came and left before anything of it could be read; its arrival counts all the same."""
        if not devnum:
            return
        connection = Connection(sysfs.Directory.gone(name))
        connection.device = msgspec.structs.replace(connection.device, devnum=devnum)
        connection.state = State.GONE
        self.host.record_removed(connection, was_open=False)

    def _removed(self, name: str) -> None:
        """A remove event may be about the device that was there before, or sent by somebody (udevadm trigger)."""
        known = self.host.connections.get(name)
        if known is not None and not known.directory.present():
            self.left(name)

    def left(self, name: str) -> None:
        """A device was removed."""
        connection = self.host.connections.pop(name, None)
        if connection is None:
            return
        was_open = connection.opened
        connection.state = State.GONE
        connection.waiting.clear()
        self.host.release_nodes(connection, granted=False)
        self.loop.runner.bound()
        if not connection.device.root_hub:
            self.host.record_removed(connection, was_open=was_open)
        if not connection.busy:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        """Let go of a device that has gone, unless another one stands at its place already."""
        connection.directory.close()
        if connection.name not in self.host.connections:
            self.host.hands.dismiss(connection.name)

    def judge_again(self, names: Iterable[str] | None = None) -> None:
        """Judge connected devices anew because the list or the policy changed."""
        for name in list(self.host.connections if names is None else names):
            connection = self.host.connections.get(name)
            if connection is not None:
                self.run(connection, handle(connection, self.host))

    def run(self, connection: Connection, flow: Flow) -> None:
        """Run a flow for a connection, after those that wait for it already."""
        connection.waiting.append(flow)
        if not connection.busy:
            self.loop.runner.start(self._in_turn(connection))

    def _in_turn(self, connection: Connection) -> Flow:
        connection.busy = True
        try:
            while connection.waiting:
                yield from self._watched(connection, connection.waiting.popleft())
        finally:
            connection.busy = False
            if connection.gone:
                self._forget(connection)
            elif connection.waiting:
                self.loop.runner.start(self._in_turn(connection))
            else:
                self.see_closed(connection)
                self.see_media(connection)
            self.loop.runner.bound()

    def _watched(self, connection: Connection, flow: Flow) -> Flow:
        """Run a flow; when a fault of ours ends it, the device is closed, whatever the flow was doing."""
        ended = False
        try:
            yield from flow
            ended = True
        except GuardError as error:
            ended = True
            self.host.books.append_or_keep("alarm", record.alarm(connection.name, str(error)))
        finally:
            if not ended and self.host.enforcing and not connection.gone:
                connection.waiting.clear()
                connection.waiting.append(close(connection, self.host, ("a fault in usbguard-py",)))

    def _close_bus(self, name: str) -> None:
        """A host controller that appears later has its interface default open: close it before anything."""
        if not self.host.enforcing:
            return
        try:
            sysfs.close_bus(name)
        except DeviceGone:
            return
        except GuardError as error:
            self.host.books.append_or_keep("alarm", record.alarm(name, str(error)))

    def _looked_at(self, interface: str) -> None:
        """An interface appeared or got a driver: was that our doing?"""
        connection = self.host.connections.get(interface.partition(":")[0])
        if connection is not None and not connection.busy:
            self.see_closed(connection)

    def see_closed(self, connection: Connection) -> None:
        """A device that is closed has no interface; one that has was opened by somebody else."""
        if connection.state is not State.CLOSED or not self.host.enforcing:
            return
        interfaces = connection.directory.interfaces()
        if interfaces:
            detail = f"interface {interfaces[0].name} was opened by somebody else"
            self.host.books.append_or_keep("alarm", record.alarm(connection.name, detail))
            self.run(connection, cut(connection, self.host))

    def _see_keys(self, connection: Connection | None) -> None:
        """An input device appeared below an open one: may it type? Its driver may have come later than itself."""
        if connection is not None and connection.decision.silent and not connection.busy:
            self.run(connection, verify(connection, self.host))

    def see_media(self, connection: Connection | None) -> None:
        """A drive has the units that were handed over, with their media; one that shows others is not what it was."""
        if connection is None or connection.busy or connection.state is not State.HANDED_OVER or not connection.units:
            return
        if not self.host.enforcing:
            return
        unit = self.host.media.grown(connection)
        if unit and known_by_media(connection.faces):
            self.run(connection, grown(connection, self.host))
            return
        seen = self.host.media.shown(connection)
        result = more(unit) if unit else media(connection.faces, enrolled(seen))
        if result.code is not None:
            connection.media = seen
            connection.decision = decided(connection.decision, result)
            self.run(connection, cut(connection, self.host))
        elif connection.exchanged and contents.expected(connection):
            self.run(connection, exchanged(connection, self.host))

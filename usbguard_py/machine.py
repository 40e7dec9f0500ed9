"""The machine as the flow needs it: one line a thing that is asked or done."""

from typing import Protocol

from usbguard_py.core.decision import Decision
from usbguard_py.core.enforcement import ReadBack, Step
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Ask, Bound, Flow
from usbguard_py.daemon.helper import Task
from usbguard_py.media import Media


class Host(Protocol):
    """What the flow needs of the machine; :class:`usbguard_py.daemon.host.Host` is the real one."""

    @property
    def enforcing(self) -> bool:
        """Whether decisions are carried out, or only recorded."""

    @property
    def media(self) -> Media:
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

    def begin(self, connection: Connection, *steps: Step) -> Task:
        """Carry out steps in the helper thread and see each read back; fails with a ``GuardError``."""

    def configure(self, connection: Connection, *steps: Step) -> Task:
        """The same, then see that the device still is what was judged; fails with ``DeviceGone`` when it is not."""

    def unchanged(self, connection: Connection) -> bool:
        """Whether the gates would be asked about the same facts as when they last were."""

    def release_nodes(self, connection: Connection, *, granted: bool) -> None:
        """Set or take away the flag by which udev gives nodes out."""

    def announce(self, connection: Connection) -> None:
        """Tell the programs that drive the device that they may."""

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

    def record_drift(self, connection: Connection, seen: ReadBack, problems: tuple[str, ...]) -> None:
        """Write that somebody else changed an open device; kept for later when the ledger cannot take it."""

    def record_cut(self, connection: Connection, held: object, seen: ReadBack, problems: tuple[str, ...]) -> None:
        """Write how an open device was cut; kept for later when the ledger cannot take it."""

"""A start for maintenance, as the judge sees it: which keyboard is let in, and what the log says of it."""

from usbguard_py.core import record
from usbguard_py.core.device import Device
from usbguard_py.core.maintenance import plain_keyboard, stand_in
from usbguard_py.core.passport import differences
from usbguard_py.core.whitelist import Peripheral
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.connection import Connection
from usbguard_py.shell import floor, maintenance

STARTED = "the computer was started for maintenance: one keyboard may stand in for the enrolled one"
ACCEPTED = "a keyboard that is not enrolled works until the next start"


class Maintenance:
    """Asked once whether this is such a start: that holds until the next one."""

    def __init__(self, books: Books) -> None:
        self.started = maintenance.started()
        self._books = books

    def stand_in(self, device: Device, enrolled: tuple[Peripheral, ...]) -> tuple[Peripheral, ...]:
        """``device`` as if it were enrolled, if it is the keyboard that this start lets in; it takes the place then."""
        if not (self.started and self._books.policy.enforce and plain_keyboard(device)):
            return ()
        ports = {p.port for p in self._books.peripherals if p.kind == "keyboard"} | floor.keyboard_ports()
        itself = any(p.port == device.name and not differences(p.passport, device) for p in enrolled)
        if device.name not in ports or itself or not maintenance.take(device):
            return ()
        return (stand_in(device),)

    def record_start(self) -> None:
        """Write that this is such a start."""
        if self.started:
            self._books.append_or_keep("maintenance", record.alarm("", STARTED))

    def record_accepted(self, connection: Connection) -> None:
        """Write that a keyboard was let in that is not enrolled."""
        about = record.identity(connection.device, connection.decision)
        said = record.alarm(connection.name, ACCEPTED)
        self._books.append_or_keep("maintenance", {**about, **said, "of": connection.seq})

    def shown(self) -> dict[str, object]:
        """For `status`."""
        return {"started": self.started, "accepted": maintenance.taken() if self.started else ""}

"""What stood around a decision: the device's place in the machine, who sat there. Evidence, never a reason."""

from usbguard_py.core.device import Device
from usbguard_py.core.record import Body, bounded
from usbguard_py.shell.seats import Seats


class Surroundings:
    """Reads a few files of logind at most; a decision waits for nobody."""

    def __init__(self) -> None:
        self._seats = Seats()

    def seen(self, device: Device) -> Body:
        """``path`` in sysfs, through controller and hubs, and ``sessions``; null where no logind keeps any."""
        return {"path": bounded(device.syspath), "sessions": self._seats.sessions()}

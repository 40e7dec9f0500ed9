"""One thing that happened to a device, as the kernel told it."""

import msgspec


class Event(msgspec.Struct, frozen=True):
    """A kernel uevent, or a device found present (``action`` ``"present"``).

    ``reminder`` is true for an ``add`` that somebody asked for (``SYNTH_UUID``): no arrival.
    ``seqnum`` is the kernel's SEQNUM, 0 for a device found present.
    """

    action: str
    devpath: str
    subsystem: str = "usb"
    devtype: str = ""
    seqnum: int = 0
    reminder: bool = False
    driver: str = ""

    @property
    def name(self) -> str:
        """Kernel name: the last part of the device path."""
        return self.devpath.rpartition("/")[2]

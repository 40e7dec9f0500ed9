"""One thing that happened to a device, as the kernel told it."""

import re

import msgspec

_DEVICE = re.compile(r"[0-9]+-[0-9]+(\.[0-9]+)*\Z")  # bus and ports, as drivers/usb/core/usb.c names devices


class Event(msgspec.Struct, frozen=True):
    """A kernel uevent, or a device found present (``action`` ``"present"``).

    ``reminder`` is true for an ``add`` that somebody asked for (``SYNTH_UUID``): no arrival.
    ``seqnum`` is the kernel's SEQNUM, 0 for a device found present; ``devnum`` the number that a USB device has on its
    bus, 0 when the event tells none. ``exchanged`` is true when a disk has, or may have, another medium.
    """

    action: str
    devpath: str
    subsystem: str = "usb"
    devtype: str = ""
    seqnum: int = 0
    reminder: bool = False
    driver: str = ""
    devnum: int = 0
    exchanged: bool = False

    @property
    def name(self) -> str:
        """Kernel name: the last part of the device path."""
        return self.devpath.rpartition("/")[2]

    @property
    def usb_device(self) -> str:
        """Kernel name of the USB device that it is about, or that it happened below; empty when there is none."""
        return next((part for part in reversed(self.devpath.split("/")) if _DEVICE.match(part)), "")

"""Devices with descriptors no gadget could have: truncated, empty, contradicting, full of control characters.

They live on vhci_hcd, the kernel's USB/IP host controller, whose remote end is a small program in the guest
(inside/hostile). Loading it adds two buses at run time, as dummy_hcd does.
"""

import json
import re
import signal
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from .control import Control, Process
from .image import LabError
from .witness import Event, Witness

PROGRAM = Path(__file__).parent / "inside/hostile/__main__.py"
REMOTE = "/run/lab-hostile.py"
PORTS = 8  # ports of each speed, VHCI_HC_PORTS in drivers/usb/usbip/vhci.h
HIGH_SPEED = 3  # enum usb_device_speed, linux/usb/ch9.h
CONTROLLER = "/devices/platform/vhci_hcd.0"


def device_descriptor(
    vid: int = 0x1209, pid: int = 0x0001, *, strings: tuple[int, int, int] = (1, 2, 3), configurations: int = 1
) -> bytes:
    """Return a sound device descriptor (USB 2.0 table 9-8) to start from; strings: manufacturer, product, serial."""
    return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, vid, pid, 0x0100, *strings, configurations)


def configuration(*parts: bytes, interfaces: int = 1, number: int = 1, total: int | None = None) -> bytes:
    """Return a configuration (USB 2.0 table 9-10) around `parts`; `total` lies about its length when given."""
    body = b"".join(parts)
    length = 9 + len(body) if total is None else total
    return struct.pack("<BBHBBBBB", 9, 2, length, interfaces, number, 0, 0x80, 50) + body


def storage_interface(number: int = 0) -> bytes:
    """Return a bulk-only storage interface with its two endpoints (USB 2.0 tables 9-12 and 9-13)."""
    return (
        struct.pack("<9B", 9, 4, number, 0, 2, 8, 6, 0x50, 0)
        + struct.pack("<BBBBHB", 7, 5, 0x81, 2, 512, 0)
        + struct.pack("<BBBBHB", 7, 5, 0x02, 2, 512, 0)
    )


def string_descriptor(text: str) -> bytes:
    """Return a string descriptor (USB 2.0 table 9-16); cut at the 126 units its length byte can hold."""
    data = text.encode("utf-16-le", "surrogatepass")[:252]
    return bytes([len(data) + 2, 3]) + data


class HostileDevice:
    """One such device. `port` is the kernel's name of it, once it was announced."""

    def __init__(self, owner: "Hostile", slot: int, described: str) -> None:
        self._owner, self.slot, self._described = owner, slot, described
        self.port = self.devpath = ""
        self.added: Event | None = None
        self.process: Process | None = None

    def plug(self, *, wait: bool = True) -> "HostileDevice":
        """Attach it. The kernel may refuse to announce it at all: then plug with `wait=False` and ask `requests`."""
        since = self._owner.witness.mark
        arguments = [str(self.slot), str(HIGH_SPEED), self._described]
        self.process = self._owner.start(["python3", "-I", REMOTE, *arguments])
        self.process.wait_output("attached")
        if wait:
            # The first bus of the controller is the one of high speed.
            ending = rf"^{CONTROLLER}/usb(\d+)/\1-{self.slot + 1}$"
            event = self._owner.witness.wait_uevent("add", since=since, devpath=ending, DEVTYPE="usb_device")
            self.added, self.devpath, self.port = event, event.devpath, event.port
        return self

    def change(self) -> None:
        """Answer with the other device descriptor from now on; the kernel asks when it resets the device."""
        if self.process is None:
            raise LabError("plug it in before it changes")
        self.process.kill(signal.SIGUSR1)
        self.process.wait_output("changed")

    @property
    def requests(self) -> list[str]:
        """What the kernel has asked of it so far."""
        output = self.process.output if self.process else ""
        return [line for line in output.splitlines() if line.startswith(("request", "data"))]

    def unplug(self) -> None:
        """Break its connection, and wait until the kernel has said that it is gone when it had announced it."""
        if self.process is None:
            return
        since = self._owner.witness.mark
        self.process.kill()
        self.process.wait()
        self.process = None
        if self.devpath:
            pattern = f"^{re.escape(self.devpath)}$"
            self._owner.witness.wait_uevent("remove", since=since, devpath=pattern, DEVTYPE="usb_device")
        self._owner.free_slot(self.slot)


class Hostile(Control):
    """The calls of a guest for such devices."""

    witness: Witness

    def _init_hostile(self) -> None:
        self._hostile_slots: set[int] = set()

    def load_vhci(self) -> None:
        """Load vhci_hcd; to the product two buses appear."""
        since = self.witness.mark
        self.put(PROGRAM, REMOTE)
        self.run(["modprobe", "vhci-hcd"])
        self.witness.wait_uevent("bind", since=since, devpath=rf"^{CONTROLLER}/usb\d+/\d+-0:1\.0$")
        # There is a second root hub, for SuperSpeed: what the kernel said of it must not run into the next mark.
        self.witness.fence()

    def hostile(
        self,
        device: bytes | None = None,
        configurations: Sequence[bytes] = (),
        strings: Mapping[int, str | bytes] | None = None,
        later: bytes = b"",
    ) -> HostileDevice:
        """Describe a device by raw bytes; what is left out is sound. Strings as text, or as raw descriptors.

        String 0, the table of languages, is US English unless given. `later` is its device descriptor after `change`.
        """
        slot = next((number for number in range(PORTS) if number not in self._hostile_slots), None)
        if slot is None:
            raise LabError(f"all {PORTS} ports of vhci_hcd are taken")
        texts: dict[int, str | bytes] = {0: bytes([4, 3, 9, 4]), 1: "Sample", 2: "Sample device", 3: "SAMPLE-0009"}
        texts.update(strings or {})
        raw = {i: text if isinstance(text, bytes) else string_descriptor(text) for i, text in texts.items()}
        described = {
            "device": (device_descriptor() if device is None else device).hex(),
            "configurations": [one.hex() for one in configurations or [configuration(storage_interface())]],
            "later": later.hex(),
            "strings": {str(index): text.hex() for index, text in raw.items()},
        }
        self._hostile_slots.add(slot)
        return HostileDevice(self, slot, json.dumps(described))

    def free_slot(self, slot: int) -> None:
        """Give a port back (`HostileDevice.unplug`)."""
        self._hostile_slots.discard(slot)

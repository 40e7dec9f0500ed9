"""Steps that carry out a decision, and what must read back afterwards.

A plan is data, so that it can be printed, recorded and tried without a machine
(kernel documentation, usb/authorization.rst).
"""

import msgspec

# Whether the kernel takes what it finds at a port after sleep for the device that was there before, mounts and all, as
# long as the descriptors are the same; 1 for every new device (Documentation/driver-api/usb/persist.rst).
PERSIST = "power/persist"


class Write(msgspec.Struct, frozen=True, tag="write"):
    """Write ``value`` into ``attribute`` below ``device`` (kernel name) and expect ``shows`` to read back."""

    device: str
    attribute: str
    value: str
    shows: str


class Probe(msgspec.Struct, frozen=True, tag="probe"):
    """Ask the bus to look for a driver for one interface (``drivers_probe``)."""

    interface: str  # kernel name "1-2:1.0"
    driver: str = ""  # ask only this one; any that matches when empty


Step = Write | Probe


class InterfaceState(msgspec.Struct, frozen=True):
    """One interface as read back; ``types`` when the kernel takes letters or digits from it."""

    name: str
    authorized: bool
    driver: str = ""
    types: bool = False


class ReadBack(msgspec.Struct, frozen=True):
    """A device as read back after enforcement; ``persist`` when the kernel would keep it through sleep unseen."""

    authorized: bool
    configuration: int | None
    interfaces: tuple[InterfaceState, ...] = ()
    gone: bool = False
    persist: bool = False

    @property
    def closed(self) -> bool:
        """Whether nothing of the device is open: unauthorised, unconfigured, no interface."""
        return self.gone or (not self.authorized and self.configuration is None and not self.interfaces)

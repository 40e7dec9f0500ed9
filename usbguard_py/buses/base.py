"""The small interface that every bus implements. Pure: attributes in, values and steps out."""

from collections.abc import Mapping
from typing import Protocol

from usbguard_py.core.decision import Decision
from usbguard_py.core.device import Device
from usbguard_py.core.enforcement import ReadBack, Step


class Bus(Protocol):
    """What the flow asks of a bus."""

    READS: tuple[str, ...]  # sysfs attributes that `describe` wants

    def describe(self, name: str, syspath: str, attributes: Mapping[str, bytes | None]) -> Device:
        """The device with kernel name ``name``; whatever cannot be read is among its ``problems``."""

    def plan(self, device: Device, decision: Decision) -> tuple[Step, ...]:
        """The steps that carry ``decision`` out, in order."""

    def awaited(self, decision: Decision, device: Device) -> frozenset[int]:
        """The numbers of the granted interfaces that are open only when they have a driver."""

    def not_kept(self, device: Device, decision: Decision) -> tuple[Step, ...]:
        """The steps by which the kernel does not keep the device while the machine sleeps."""

    def expected_interfaces(self, device: Device) -> tuple[str, ...]:
        """Kernel names of the interfaces that the device has once it is authorised."""

    def interface_number(self, name: str) -> int:
        """The interface number in an interface's kernel name."""

    def effective(self, decision: Decision, device: Device, seen: ReadBack) -> tuple[str, ...]:
        """What was read back and is not what was decided; empty when all is as it should be."""

    def only_missing(self, decision: Decision, device: Device, seen: ReadBack) -> bool:
        """Whether nothing is open that was not decided, so that the kernel may just be taking the device away."""

"""The devices of the storms: gadgets that the guest plays for itself, two of them on the list.

Vendor and product number are pid.codes' test pair, for nobody's product.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.campaign.evidence import APPROVED, TWIN, UNKNOWN
from tests.lab import Guest
from tests.lab.gadgets import Function, Gadget, acm, ecm, hid, mass_storage
from tests.scenarios.rig import Rig

VID, PID = 0x1209, 0x0001
MEDIA = "/var/tmp/campaign"  # noqa: S108 - in the guest
# Whatever gets a driver is written into the kernel's log by its own driver core (drivers/base/dd.c).
RECORD = "file drivers/base/dd.c func really_probe +p"
CMDLINE = f'usbcore.authorized_default=0 dyndbg="{RECORD}" log_buf_len=4M'
# Linux 6.1 names the device in the message, 6.12 before it: "usb-storage 7-1:1.0: bus: 'usb': really_probe: bound …".
BOUND = re.compile(
    r"(?:bound device (\d+-[\d.]+:\S+)|(\d+-[\d.]+:\d+\.\d+): bus: 'usb': really_probe: bound device) to driver (\S+)"
)
DISK = "disk"


@dataclass(frozen=True)
class Role:
    """One device: what it is to the list, what it says of itself; ``DISK`` stands for a medium of its own."""

    kind: str
    serial: str
    functions: tuple[Function | str, ...]


ROLES = {
    "approved": Role(APPROVED, "SAMPLE-0101", (DISK,)),
    "twin": Role(TWIN, "SAMPLE-0102", (DISK,)),
    "copy": Role(TWIN, "SAMPLE-0102", (DISK,)),
    "stranger": Role(UNKNOWN, "SAMPLE-9901", (DISK,)),
    "armed": Role(UNKNOWN, "SAMPLE-0101", (DISK, hid())),
    "keyboard": Role(UNKNOWN, "SAMPLE-9902", (hid(),)),
    "network": Role(UNKNOWN, "SAMPLE-9903", (ecm(), hid())),
    "modem": Role(UNKNOWN, "SAMPLE-9904", (acm(), DISK)),
}
ENLISTED = ("approved", "twin")
STAYS = "approved"
PORTS = 32  # the most that dummy_hcd has


def crowd() -> dict[str, Role]:
    """The devices of the storms, and strangers at all the other ports, for the soak.

    The kernel has four gadgets with keys and eight with serial ports (HIDG_MINORS, MAX_U_SERIAL_PORTS).
    """
    special = {0: (DISK, hid()), 1: (acm(),), 2: (ecm(),), 3: (acm(), DISK)}
    more = range(PORTS - len(ROLES))
    return ROLES | {f"stranger-{n}": Role(UNKNOWN, f"SAMPLE-98{n:02}", special.get(n, (DISK,))) for n in more}


def bound(log: str) -> list[list[str]]:
    """Interface and driver of each binding in the kernel's log."""
    return [[named or before, driver] for named, before, driver in BOUND.findall(log)]


class World:
    """The described gadgets of a guest, each with the port it will have."""

    def __init__(self, guest: Guest, roles: Mapping[str, Role] = ROLES) -> None:
        self.roles = roles
        guest.load_dummy_hcd(len(self.roles))
        guest.run(f"echo '{RECORD}' > /proc/dynamic_debug/control; mkdir -p {MEDIA}")
        guest.run(["truncate", "-s", "8M", *(f"{MEDIA}/{name}" for name in self.roles)])
        self.gadgets = {name: self._describe(guest, name, role) for name, role in self.roles.items()}
        listed = guest.run("ls -d /sys/devices/platform/dummy_hcd.*/usb*").stdout
        buses = dict(re.findall(r"dummy_hcd\.(\d+)/usb(\d+)$", listed, re.MULTILINE))
        self.ports = {name: f"{buses[str(gadget.controller)]}-1" for name, gadget in self.gadgets.items()}

    def _describe(self, guest: Guest, name: str, role: Role) -> Gadget:
        made = [mass_storage(f"{MEDIA}/{name}") if one == DISK else one for one in role.functions]
        functions = [one for one in made if isinstance(one, Function)]
        return guest.gadget(VID, PID, functions, serial=role.serial)

    def devices(self, names: Iterable[str] = ROLES) -> dict[str, str]:
        """Port and kind of each of these."""
        return {self.ports[name]: self.roles[name].kind for name in names}

    def described(self, names: Iterable[str] = ROLES) -> dict[str, dict[str, Any]]:
        """For the programs in the guest: where each gadget is, and what puts it into its port."""
        return {
            name: {
                "folder": str(gadget.folder),
                "controller": f"dummy_udc.{gadget.controller}",
                "device": f"/sys/bus/usb/devices/{self.ports[name]}",
                "port": self.ports[name],
            }
            for name, gadget in self.gadgets.items()
            if name in names
        }


def enlist(rig: Rig, world: World, names: Sequence[str] = ENLISTED) -> None:
    """Put devices on the list, as a manager does: plugged in, looked at, approved."""
    for name in names:
        before = rig.seq()
        gadget = world.gadgets[name].plug()
        rig.await_entry(before, name=gadget.port, code="NOT_LISTED")
        rig.approve(gadget)
        rig.await_entry(before, kind="outcome", name=gadget.port, code="ALLOWED")
        gadget.unplug()
        rig.await_entry(before, kind="removed", name=gadget.port)

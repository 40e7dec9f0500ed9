"""Who takes turns in the guest: our judge, the peer's daemon, and the kernel with nobody judging."""

import json
import time
from pathlib import Path
from typing import Protocol

from tests.lab import Guest
from tests.lab.image import LabError
from tests.scenarios.rig import DATABASE

INSIDE = Path(__file__).parent / "inside"
UNIT = "usbguard-py.service"
PEER = "usbguard.service"
RULES = "/etc/usbguard/rules.conf"
READY = 240.0  # seconds; the peer reads 100 000 rules in several

# The world as it is without us, the SCSI bus and usb-storage's second of waiting included: what the kernel authorises
# by itself is for the peer, or the kernel line, to say.
OPEN = (
    "/usr/lib/usbguard-py/floor open anyway; rm -f /run/usbguard-py/enforcing; "
    "echo {device} > /sys/module/usbcore/parameters/authorized_default; for d in /sys/bus/usb/devices/usb*; do "
    "echo {device} > $d/authorized_default; echo 1 > $d/interface_authorized_default; done"
)


class Contender(Protocol):
    """One who takes turns. ``name`` is its key in a figure's samples, ``commands`` what people ask it.

    ``listings`` print the whole list and take as long as it is.
    """

    name: str
    commands: tuple[str, ...]
    listings: tuple[str, ...]

    def start(self) -> float | None:
        """Take over; seconds until it could judge, ``None`` when it judges nothing."""

    def stop(self) -> None:
        """Let go."""

    def pid(self) -> int:
        """Its process, 0 for none."""


class Ours:
    """Our judge with its floor."""

    name = "ours"
    commands = ("usbguard-py status", "usbguard-py devices", "usbguard-py log --limit 10")
    listings = ("usbguard-py whitelist list",)

    def __init__(self, guest: Guest) -> None:
        self.guest = guest

    def use(self, database: str) -> None:
        """Let a copy of ``database``, a path in the guest, be the list from the next start on."""
        self.guest.run(f"rm -f {DATABASE}-wal {DATABASE}-shm; cat {database} > {DATABASE}; sync", timeout=READY)

    def start(self) -> float:
        """Seconds from the process's start to READY, as systemd dates them."""
        self.guest.run(f"systemctl start {UNIT}", timeout=READY)
        shown = self.guest.run(
            f"systemctl show --value -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic {UNIT}"
        )
        began, ready = map(int, shown.stdout.split())
        return (ready - began) / 1e6

    def stop(self) -> None:
        """Stop the judge; the floor stays closed until somebody opens it."""
        self.guest.run(f"systemctl stop {UNIT} usbguard-py-hands.service", timeout=READY)

    def pid(self) -> int:
        """The judge."""
        return int(self.guest.run(f"systemctl show --value -p MainPID {UNIT}").stdout)


class Theirs:
    """Debian's usbguard with its own configuration and the rules it is given."""

    name = "peer"
    commands = ("usbguard list-devices",)
    listings = ()

    def __init__(self, guest: Guest) -> None:
        self.guest = guest

    def use(self, rules: str) -> None:
        """Let a copy of ``rules``, a path in the guest, be the policy from the next start on."""
        self.guest.run(f"cat {rules} > {RULES}; chmod 600 {RULES}; sync")

    def start(self) -> float:
        """Seconds from its process's start to its first answer; its unit is active before it has read its rules."""
        self.guest.run(OPEN.format(device=0))
        self.guest.run(f"systemctl unmask {PEER} && systemctl start {PEER}", timeout=READY)
        answered = json.loads(
            self.guest.run("python3 -I /opt/lab/answers.py usbguard list-devices", timeout=READY).stdout
        )
        shown = self.guest.run(f"systemctl show --value -p ExecMainStartTimestampMonotonic {PEER}")
        return float(answered["first"] - answered["usual"] - int(shown.stdout) / 1e6)

    def stop(self) -> None:
        """Stop it and mask it again."""
        self.guest.run(f"systemctl stop {PEER}; systemctl mask {PEER}", timeout=READY)

    def pid(self) -> int:
        """Its daemon."""
        return int(self.guest.run(f"systemctl show --value -p MainPID {PEER}").stdout)


class Kernel:
    """Nobody judges: the kernel authorises everything at once."""

    name = "kernel"
    commands: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()

    def __init__(self, guest: Guest) -> None:
        self.guest = guest

    def start(self) -> None:
        """Open the kernel's defaults."""
        self.guest.run(OPEN.format(device=1))

    def stop(self) -> None:
        """Nothing runs."""

    def pid(self) -> int:
        """None."""
        return 0


def memory(guest: Guest, pid: int) -> tuple[float, float]:
    """PSS and RSS of a process, MiB (/proc/PID/smaps_rollup)."""
    lines = guest.read(f"/proc/{pid}/smaps_rollup").splitlines()
    sizes = {line.split()[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
    return sizes["Pss:"], sizes["Rss:"]


def settled(guest: Guest, seconds: float = 30.0) -> None:
    """Wait until the guest has had little to do for a second: what a start leaves to do must not slow a plug."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if float(guest.run("python3 -I /opt/lab/idle.py").stdout) > 0.7:
            return
    raise LabError(f"the guest was not idle within {seconds:g} s")

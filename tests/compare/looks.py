"""What the witness says, as findings; no log of either side is asked."""

from typing import Any

from tests.compare.findings import Finding
from tests.lab import Guest
from tests.lab.image import LabError
from tests.lab.witness import Event

PATIENCE = 15.0  # seconds for an opening, emulated
GONE = 5.0  # seconds within which what was opened must be closed again


def witnessed(guest: Guest, plugged: Any) -> Finding:
    """The verdict over a device since its last plug."""
    verdict = guest.witness.dead(plugged.port)
    drivers = {e.env["DRIVER"] for e in verdict.events if e.action == "bind" and "DRIVER" in e.env} - {"usb"}
    return Finding("dead" if verdict.dead else "alive", ", ".join(sorted(drivers)), (), tuple(verdict.alive[:4]))


def usable(guest: Guest, stick: Any, since: int, timeout: float = PATIENCE) -> Finding:
    """Whether the witness got a byte out of a disk of the stick since mark ``since``; seconds from *add* to then."""

    def byte(event: Event) -> bool:
        below = event.devpath.startswith(f"{stick.devpath}/") and event.data.get("subsystem") == "block"
        return event.kind == "read" and below

    try:
        event = guest.witness.wait(byte, timeout, since, "byte of a disk")
    except LabError:
        return Finding("dead", f"no byte within {timeout:g} s", (), _about(guest, stick.port))
    return Finding("alive", "", ((event.t - stick.added.t) / 1e9,), (str(event),))


def bound(guest: Guest, plugged: Any, since: int, timeout: float = PATIENCE) -> Finding:
    """Whether a driver was bound to an interface of the device since mark ``since``; seconds from *add* to then."""

    def binding(event: Event) -> bool:
        mine = event.kind == "uevent" and event.action == "bind" and event.port == plugged.port
        return mine and event.env.get("DEVTYPE") == "usb_interface"

    try:
        event = guest.witness.wait(binding, timeout, since, "bind")
    except LabError:
        return Finding("dead", f"no driver within {timeout:g} s", (), _about(guest, plugged.port))
    return Finding("alive", event.env.get("DRIVER", ""), ((event.t - plugged.added.t) / 1e9,), (str(event),))


def reads(guest: Guest, path: str = "/dev/sda") -> Finding:
    """Whether a block can be read from a disk, not from memory."""
    command = f"dd if={path} of=/dev/null bs=4096 count=1 iflag=direct"
    done = guest.run(command, check=False)
    return Finding("alive" if done.returncode == 0 else "dead", "", (), (command, done.stderr.strip()[-200:]))


def gone(guest: Guest, path: str, timeout: float = GONE) -> bool:
    """Whether ``path`` is gone within ``timeout`` seconds."""
    try:
        guest.wait_path(path, present=False, timeout=timeout)
    except LabError:
        return False
    return True


def disk(guest: Guest, plugged: Any, since: int, timeout: float = GONE) -> Finding:
    """Whether the device ever had a disk or disc: a block node that the kernel announced."""

    def node(event: Event) -> bool:
        below = event.devpath.startswith(f"{plugged.devpath}/")
        return event.kind == "uevent" and event.action == "add" and event.subsystem == "block" and below

    try:
        event = guest.witness.wait(node, timeout, since, "block node")
    except LabError:
        guest.witness.fence(plugged.port)
        return Finding("dead", "", (), ("no block node was announced",))
    return Finding("alive", event.env.get("DEVNAME", ""), (), (str(event),))


def uptime(guest: Guest) -> float:
    """Seconds since the guest's boot: CLOCK_BOOTTIME, which the witness's CLOCK_MONOTONIC equals without sleep."""
    return float(guest.read("/proc/uptime").split()[0])


def _about(guest: Guest, port: str) -> tuple[str, ...]:
    return tuple(str(event) for event in guest.witness.of(port)[-4:])

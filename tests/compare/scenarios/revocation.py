"""A stick is taken off the list while it is mounted: how soon it is dead, and what is on it afterwards."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.compare.findings import Finding, Row
from tests.compare.looks import GONE, gone, uptime, usable, witnessed
from tests.compare.registry import Findings, scenario
from tests.compare.sides import Side
from tests.lab.media import medium
from tests.scenarios.rig import APPROVED

POINT = "/mnt/s"
WORDS = b"written before\n"
SLOW = 5_000_000  # bytes a second: a slow stick


@scenario(
    Row(
        "idle, seconds",
        "a mounted, idle stick is revoked",
        "from the command to the kernel's unbind",
        "dead",
        "s",
        0.2,
        remark="usbguard takes the driver away at once; we unmount or flush first, which other rows ask about.",
    ),
    Row("idle, clean", "a mounted, idle stick is revoked", "its file system was unmounted: nothing to repair", "yes"),
    Row("idle, mount", "a mounted, idle stick is revoked", "no mount of it is left", "yes"),
    Row("replugged", "the revoked stick is plugged in again", "it is dead", "dead"),
)
def revoked_while_idle(side: Side) -> Findings:
    """All was written long before."""
    with tempfile.TemporaryDirectory() as folder:
        image = medium(Path(folder) / "image")
        stick = mounted(side, image)
        side.guest.run("sync")
        cut = revoked(side, stick)
        left = mounts(side)
        side.pull(stick)
        clean = checked(image)
    mark = side.mark()
    again = side.guest.plug_stick(serial=APPROVED)
    side.judged(again, mark)
    return cut, clean, left, witnessed(side.guest, again)


@scenario(
    Row(
        "busy, seconds",
        "a mounted stick is revoked while a program writes to it",
        "from the command to the kernel's unbind",
        "dead",
        "s",
        0.2,
    ),
    Row(
        "busy, data",
        "a stick is revoked after a file was saved that had not yet reached the slow medium",
        "it is whole on the stick",
        "yes",
    ),
)
def revoked_while_busy(side: Side) -> Findings:
    """The medium is read on the host afterwards."""
    guest = side.guest
    with tempfile.TemporaryDirectory() as folder:
        image = medium(Path(folder) / "image")
        stick = mounted(side, image, write_bps=SLOW)
        guest.run("sysctl -w vm.dirty_writeback_centisecs=0")
        guest.run(f"sync; printf 'written before\\n' > {POINT}/before")
        writer = guest.start(f"exec 7>>{POINT}/log; echo ready; while :; do echo more >&7; done")
        writer.wait_output("ready")
        cut = revoked(side, stick)
        writer.kill()
        side.pull(stick)
        whole = WORDS in image.read_bytes()
    return cut, Finding("yes" if whole else "no", "" if whole else "lost", (), (f"on the medium: {whole}",))


def mounted(side: Side, image: Path, **speed: int) -> Any:
    """The approved stick with this image, mounted."""
    guest, since = side.guest, side.guest.witness.mark
    stick = guest.plug_stick(serial=APPROVED, image=image, **speed)
    usable(guest, stick, since)
    guest.run(f"udevadm settle; mkdir -p {POINT}; mount /dev/sda {POINT}; echo mau > {POINT}/a")
    return stick


def revoked(side: Side, stick: Any) -> Finding:
    """Revoke it; seconds from the command's start to the unbind of its interface, as the witness got it."""
    guest, command = side.guest, side.revocation(stick)
    begin = uptime(guest)
    guest.run(command, timeout=90)
    closed = gone(guest, f"/sys/bus/usb/devices/{stick.port}/{stick.port}:1.0/driver", timeout=2 * GONE)
    guest.witness.fence()
    mine = [e for e in guest.witness.events if e.port == stick.port and e.action == "unbind"]
    found = [e.t / 1e9 - begin for e in mine if e.env.get("DEVTYPE") == "usb_interface" and e.t / 1e9 > begin]
    if not closed or not found:
        return Finding("alive", f"after {2 * GONE:g} s", (), (command,))
    return Finding("dead", "", (found[0],), (command,))


def mounts(side: Side) -> Finding:
    """Whether any process still has it mounted."""
    count = side.guest.run("cat /proc/[0-9]*/mountinfo | grep -c /dev/sda", check=False).stdout.strip()
    return Finding("yes" if count == "0" else "no", "" if count == "0" else "still mounted", (), (f"{count} lines",))


def checked(image: Path) -> Finding:
    """What the file system checker says, changing nothing."""
    done = subprocess.run(["fsck.vfat", "-n", str(image)], capture_output=True, text=True, check=False)
    clean = done.returncode == 0 and "not properly unmounted" not in done.stdout
    return Finding("yes" if clean else "no", "" if clean else "marked as torn out", (), (done.stdout[-300:],))

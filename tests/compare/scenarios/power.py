"""The power goes when a driver was just bound; then the machine is switched on with devices in its ports.

Each side has a guest of its own, whose state disk loses what was written and not flushed (tests/lab/powercut.py). The
witness is not there at power-on: these findings are the kernel's own log, the verdict from then on and sysfs.
"""

import contextlib
import re
import tempfile
from pathlib import Path
from typing import Any

from tests.compare.findings import Finding, Row
from tests.compare.looks import PATIENCE
from tests.compare.registry import Findings, scenario
from tests.compare.sides import STATE, Peer, lab_files
from tests.lab import Guest, Lab
from tests.lab.devices import at_boot
from tests.lab.image import LabError
from tests.lab.media import medium
from tests.scenarios.rig import APPROVED, CMDLINE, boot

KEYBOARD, STRANGER, STICK = "1-1", "2-2", "2-3"
_LINE = re.compile(r"^\[\s*(\d+\.\d+)\] (.*)$")


@scenario(
    Row(
        "power cut",
        "the power is cut as soon as the driver of an approved stick is bound",
        "the log on the disk has the plug",
        "yes",
    ),
    Row("power-on, stranger", "a stranger is in its port at power-on", "no driver since the kernel started", "dead"),
    Row(
        "power-on, approved",
        "an approved stick is in its port at power-on",
        "seconds from the kernel's start to its driver",
        "alive",
        "s",
        0.5,
    ),
    Row(
        "power-on, keyboard",
        "an enrolled keyboard is in its port at power-on",
        "seconds from the kernel's start until it types",
        "alive",
        "s",
        0.5,
    ),
    own=True,
)
def power(kind: Any) -> Findings:
    """Two boots."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with boot(Lab(), state_disk=True) as guest:
            side, before = _cut(kind, guest)
            survived = guest.cut_power()
            kept = folder / "state.raw"
            survived.rename(kept)
            root = guest.save_disk(folder / "root.qcow2")
        extra = (
            *at_boot("usb-kbd", 1),
            *at_boot("usb-storage", 2, medium(folder / "a.raw", size=8 << 20), serial="SAMPLE-9999", removable="on"),
            *at_boot("usb-storage", 3, medium(folder / "b.raw", size=8 << 20), serial=APPROVED, removable="on"),
        )
        with Lab().boot("debian12", cmdline=CMDLINE, overlay=root, after=kept, extra=extra) as later:
            side = kind(later)
            return (_kept(side, before), *_since_power_on(later))


def _cut(kind: Any, guest: Guest) -> tuple[Any, int]:
    """Prepare, enrol a keyboard, plug the stick in; back at its bind, with the number of records before."""
    lab_files(guest)
    side = kind(guest)
    if side.name == "peer":  # its log, too, on the disk that keeps only what was flushed
        guest.run(f"mount --bind {STATE} {side.log}")
    side.prepare()
    mark = side.mark()
    keyboard = guest.plug_keyboard(port=1)
    side.judged(keyboard, mark)
    side.enrol(keyboard)
    side.pull(keyboard)
    guest.run("sync")
    before = side.records(APPROVED)
    since = guest.witness.mark
    stick = guest.plug_stick(serial=APPROVED)
    guest.witness.wait_uevent("bind", since=since, devpath=rf"/{stick.port}:1\.0$")
    return side, before


def _kept(side: Any, before: int) -> Finding:
    """Whether one record more than before is there, the present boot's own not counted."""
    if isinstance(side, Peer):
        words = f"grep -F 'serial \"{APPROVED}\"' {STATE}/usbguard-audit.log | grep -cE 'Device.(Insert|Present)'"
        count = int(side.guest.run(words, check=False).stdout or 0)
    else:
        boot_id = side.guest.read("/proc/sys/kernel/random/boot_id").strip()
        count = len([e for e in side.rig.entries(kind="decision", serial=APPROVED) if e["boot"] != boot_id])
    return Finding("yes" if count > before else "no", "", (), (f"{before} records before, {count} after the cut",))


def _since_power_on(guest: Guest) -> tuple[Finding, Finding, Finding]:
    guest.run("udevadm settle")
    guest.wait_path("/sys/bus/usb/devices/2-2")
    stranger = guest.witness.dead(STRANGER)
    drivers = [line for _, line in _log(guest) if re.match(rf"(usb-storage|uas) {STRANGER}:", line)]
    alive = [*stranger.alive[:2], *drivers]
    return (
        Finding("alive" if alive else "dead", "", (), alive or ["no driver in the kernel's log, none in sysfs"]),
        _first(guest, rf"usb-storage {STICK}:1\.0: USB Mass Storage", "block device", f"/sys/bus/usb/devices/{STICK}"),
        _first(guest, rf"input: .*/usb1/{KEYBOARD}/", "keyboard", f"/sys/bus/usb/devices/{KEYBOARD}"),
    )


def _first(guest: Guest, pattern: str, what: str, place: str) -> Finding:
    """When the kernel's log first says so, in seconds since it started."""
    with contextlib.suppress(LabError):
        guest.wait_path(f"{place}/{place.rpartition('/')[2]}:1.0/driver", timeout=PATIENCE)
    found = [(at, line) for at, line in _log(guest) if re.search(pattern, line)]
    if not found:
        state = guest.run(f"cat {place}/authorized", check=False).stdout.strip()
        return Finding("dead", f"no {what}", (), (f"authorized: {state}",))
    return Finding("alive", "", (found[0][0],), (found[0][1],))


def _log(guest: Guest) -> list[tuple[float, str]]:
    lines = (_LINE.match(line) for line in guest.kernel_messages())
    return [(float(m[1]), m[2]) for m in lines if m]

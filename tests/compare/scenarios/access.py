"""What may be done with a device: read only, its nodes, programs on it, modules that it would load."""

import errno
from typing import Any

from tests.attacks.test_modules import BAIT, loaded
from tests.attacks.test_nodes import RULES, USER, node, talk
from tests.compare.findings import Finding, Row
from tests.compare.looks import usable
from tests.compare.registry import Findings, scenario
from tests.compare.sides import Side
from tests.scenarios.rig import APPROVED, Rig
from tests.scenarios.test_access import PERSON

DRIVE = "SAMPLE-0710"


def approved(side: Side, *, read_only: bool = False, **medium: Any) -> Any:
    """Another stick, approved, plugged in and usable."""
    guest, mark, since = side.guest, side.mark(), side.guest.witness.mark
    stick = guest.plug_stick(serial=DRIVE, **medium)
    side.judged(stick, mark)
    side.approve(stick, read_only=read_only)
    usable(guest, stick, since)
    guest.run("udevadm settle")
    return stick


@scenario(
    Row(
        "read only",
        "a stick may only be read; the seat user, in the group disk, writes in every way there is",
        "no write comes through",
        "yes",
    )
)
def read_only_stick(side: Side) -> Findings:
    """Plainly, and by raw SCSI commands, on each of its nodes."""
    guest = side.guest
    approved(side, read_only=True, partition=True)
    command = f"{PERSON} python3 -I /opt/lab/writes.py $(ls /dev/sda1 /dev/sda /dev/sg* /dev/bsg/*)"
    tried = guest.run(command).stdout
    written = '"written"' in tried
    return (Finding("no" if written else "yes", "written" if written else "", (), (tried.strip()[:600],)),)


@scenario(
    Row(
        "node of a blocked device",
        "a rule of another package gives USB nodes to everybody; the seat user talks to a blocked stick",
        "it cannot be opened",
        "yes",
    )
)
def usbfs_node(side: Side) -> Findings:
    """Endpoint 0 and a raw SET_CONFIGURATION."""
    guest, rig = side.guest, Rig(side.guest)
    rule = "60-a-phone-tool.rules"
    guest.write(f"/etc/udev/rules.d/{rule}", RULES[rule])
    guest.run("udevadm control --reload")
    mark = side.mark()
    stick = guest.plug_stick(serial="SAMPLE-9999")
    side.judged(stick, mark)
    guest.witness.fence(stick.port)
    answer = talk(rig, node(rig, stick), USER)
    refused = answer == {"open": errno.EACCES}
    return (Finding("yes" if refused else "no", "" if refused else "opened", (), (str(answer),)),)


@scenario(
    Row(
        "raw nodes",
        "a burner's rule gives raw SCSI nodes to everybody; an approved stick is plugged in",
        "the seat user cannot open them",
        "yes",
    )
)
def raw_scsi_nodes(side: Side) -> Findings:
    """Through them a write passes every file permission."""
    guest, rule = side.guest, "70-a-burner.rules"
    guest.write(f"/etc/udev/rules.d/{rule}", RULES[rule])
    guest.run("udevadm control --reload; modprobe sg")
    since = guest.witness.mark
    stick = guest.plug_stick(serial=APPROVED)
    usable(guest, stick, since)
    guest.run("udevadm settle")
    nodes = guest.run("ls /dev/sg* /dev/bsg/* 2>/dev/null; true").stdout.split()
    opened = [n for n in nodes if guest.run(f"test -r {n} || test -w {n}", user=USER, check=False).returncode == 0]
    return (Finding("no" if opened else "yes", " ".join(opened), (), (" ".join(nodes),)),)


@scenario(
    Row("programs", "a program on an approved stick is started from where udisks mounted it", "it does not run", "yes")
)
def program_on_a_stick(side: Side) -> Findings:
    """On ext4, where files can be programs."""
    guest = side.guest
    approved(side, partition=True, kind="ext4")
    guest.run("udisksctl mount --no-user-interaction -b /dev/sda1", timeout=60)
    options = guest.run("findmnt -n -o OPTIONS /dev/sda1").stdout.strip()
    point = guest.run("findmnt -n -o TARGET /dev/sda1").stdout.strip()
    guest.run(f"cp /bin/true {point}/program")
    code = guest.run(f"{point}/program", check=False).returncode
    return (Finding("no" if code == 0 else "yes", "it ran" if code == 0 else "", (), (options, f"code {code}")),)


@scenario(
    Row(
        "module bait",
        "a blocked serial adapter and a sound card, their drivers not loaded",
        "no driver is loaded for them",
        "yes",
    )
)
def module_bait(side: Side) -> Findings:
    """Each driver is code that a hostile device could attack."""
    guest, rig = side.guest, Rig(side.guest)
    guest.run(f"modprobe -r {' '.join(BAIT)}")
    mark = side.mark()
    for plugged in (guest.plug_serial(), guest.plug_audio()):
        side.judged(plugged, mark)
    guest.run("udevadm settle")
    drivers = sorted(loaded(rig) & set(BAIT))
    return (Finding("no" if drivers else "yes", " ".join(drivers), (), (f"of {' '.join(BAIT)}: {drivers}",)),)

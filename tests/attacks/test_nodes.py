"""The seat user and the nodes: a rule of another package hands them out, and the product takes them back."""

import errno
import json
from pathlib import Path

import pytest

from tests.lab import Plugged
from tests.scenarios.rig import APPROVED, Rig

EP0 = Path(__file__).parent / "inside/ep0.py"
USER = "soanthao"
# As packages for phones, programmers and tokens do it; 60 comes before uaccess is acted on, 95 after.
RULES = {
    "60-a-phone-tool.rules": 'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", MODE="0666", TAG+="uaccess"\n',
    "95-a-programmer.rules": 'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", MODE="0666", GROUP="plugdev"\n',
    "70-a-burner.rules": 'SUBSYSTEM=="scsi_generic|bsg|block", MODE="0666", TAG+="uaccess"\n',
}


def node(rig: Rig, stick: Plugged) -> str:
    """The usbfs node of a device."""
    folder = f"/sys/bus/usb/devices/{stick.port}"
    bus, device = (int(rig.guest.read(f"{folder}/{name}")) for name in ("busnum", "devnum"))
    return f"/dev/bus/usb/{bus:03d}/{device:03d}"


def talk(rig: Rig, path: str, user: str | None) -> dict[str, int]:
    """What came of talking to the device through ``path``."""
    rig.guest.put(EP0, "/opt/lab/ep0.py")
    answer: dict[str, int] = json.loads(rig.guest.run(["python3", "-I", "/opt/lab/ep0.py", path], user=user).stdout)
    return answer


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_of_another_package_hands_no_blocked_device_out(rig: Rig, rule: str) -> None:
    """Its endpoint 0 stays out of reach of the seat user, whatever mode and tag the rule gives the node."""
    rig.guest.write(f"/etc/udev/rules.d/{rule}", RULES[rule])
    rig.guest.run("udevadm control --reload")
    before = rig.seq()
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.blocked(stick, before, "NOT_LISTED")
    path = node(rig, stick)
    assert talk(rig, path, USER) == {"open": errno.EACCES}
    rig.guest.run("udevadm trigger --action=change --settle")
    assert talk(rig, path, USER) == {"open": errno.EACCES}
    rig.guest.witness.assert_dead(stick.port)


def test_root_can_talk_to_a_blocked_device_and_gets_no_function_by_it(rig: Rig) -> None:
    """The check can fail: root opens the node and is answered. SET_CONFIGURATION makes no driver bind all the same."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.blocked(stick, before, "NOT_LISTED")
    answer = talk(rig, node(rig, stick), None)
    assert (answer["open"], answer["descriptor"]) == (0, 18)
    rig.guest.witness.assert_dead(stick.port)


def test_raw_scsi_nodes_of_an_approved_stick_stay_with_root(rig: Rig) -> None:
    """A burner's rule gives sg and bsg to everybody; through them a write passes every file permission."""
    rig.guest.write("/etc/udev/rules.d/70-a-burner.rules", RULES["70-a-burner.rules"])
    rig.guest.run("udevadm control --reload; modprobe sg")
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(stick, before)
    rig.guest.wait_path("/dev/sda")
    rig.guest.run("udevadm settle")
    nodes = rig.guest.run("ls /dev/sg* /dev/bsg/* 2>/dev/null; true").stdout.split()
    assert any("sg" in name for name in nodes)
    for name in nodes:
        assert rig.guest.run(f"test -r {name} || test -w {name}", user=USER, check=False).returncode != 0, name

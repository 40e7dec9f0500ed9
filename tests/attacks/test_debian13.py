"""The main story on Debian 13: another kernel, another systemd, Python 3.13; installed by apt."""

import pytest

from tests.lab import Lab
from tests.lab.evidence import Evidence
from tests.lab.gadgets import hid, mass_storage
from tests.scenarios.rig import APPROVED, CMDLINE, Rig, approve_sample, package

VID, PID = 0x1209, 0x0001  # pid.codes' test pair, for nobody's product
DRIVERS = "usb-storage usbhid hid-generic evdev vfat"


def installed(rig: Rig) -> None:
    """As an administrator does on a machine without network; then the strict policy and one stick on the list."""
    guest = rig.guest
    guest.put(package(), "/root/usbguard-py.deb")
    guest.run("DEBIAN_FRONTEND=noninteractive apt-get install -y /root/usbguard-py.deb", timeout=240)
    guest.run("systemctl is-active --wait usbguard-py.service", timeout=60)
    guest.run(f"modprobe -a {DRIVERS}")
    rig.cli("policy use standalone")
    approve_sample(rig)


@pytest.mark.own_guest
def test_the_main_story_on_debian_13(lab: Lab, request: pytest.FixtureRequest) -> None:
    """Unknown dead, approved allowed, killed dead, keyboard dead, clone with a keyboard named; the log is whole."""
    with (
        lab.boot("debian13", cmdline=CMDLINE) as guest,
        Evidence().scenario(request.node.name, guest) as scene,
    ):
        scene.facts["distribution"] = guest.run(". /etc/os-release; echo $PRETTY_NAME").stdout.strip()
        scene.facts["python"] = guest.run("python3 --version").stdout.strip()
        assert "3.13" in scene.facts["python"]
        rig = Rig(guest, scene.facts)
        installed(rig)
        strangers_are_dead(rig)
        the_approved_stick_works(rig)
        a_killed_judge_opens_nothing(rig)
        assert rig.cli("log verify").returncode == 0
        scene.ledger = (1, rig.seq())


def strangers_are_dead(rig: Rig) -> None:
    """A stick, a keyboard, and a device that claims the approved serial number and brings a keyboard."""
    guest, before = rig.guest, rig.seq()
    stick = guest.plug_stick(serial="SAMPLE-9999")
    rig.blocked(stick, before, "NOT_LISTED")
    stick.unplug()
    keyboard = guest.plug_keyboard()
    rig.blocked(keyboard, before, "INPUT_NOT_ENROLLED")
    keyboard.unplug()
    guest.load_dummy_hcd(1)
    guest.run("truncate -s 8M /root/medium")
    both = guest.gadget(VID, PID, [mass_storage("/root/medium"), hid()], serial=APPROVED).plug()
    entry = rig.blocked(both, before, "MISMATCH")
    assert entry["alarm"] is True
    both.unplug()


def the_approved_stick_works(rig: Rig) -> None:
    """A driver, a node, and a file that can be written and read."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(stick, before)
    rig.guest.wait_path("/dev/sda")
    rig.guest.run("udevadm settle && mkdir -p /mnt/s && mount /dev/sda /mnt/s && echo mau > /mnt/s/a && umount /mnt/s")
    stick.unplug()
    rig.await_entry(before, kind="removed", name=stick.port)


def a_killed_judge_opens_nothing(rig: Rig) -> None:
    """Dead while nobody judges, also the approved one; judged when it is back."""
    before = rig.seq()
    rig.guest.run("systemctl mask --runtime usbguard-py; systemctl kill -s KILL usbguard-py")
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.guest.witness.assert_dead(stick.port)
    rig.guest.run("systemctl unmask --runtime usbguard-py && systemctl start usbguard-py", timeout=90)
    start = rig.await_entry(before, kind="start")
    assert start["gap"]["clean"] is False
    rig.allowed(stick, before)

"""An open stick is changed behind our back: re-configured under its mount, its driver exchanged, its bus toggled."""

import pytest

from tests.scenarios.rig import APPROVED, Rig
from tests.scenarios.test_revocation import mounted

CHANGES = {
    "configuration 0": "echo 0 > /sys/bus/usb/devices/{port}/bConfigurationValue",
    "the same configuration once more": "echo 1 > /sys/bus/usb/devices/{port}/bConfigurationValue",
    "its driver taken away": "echo {port}:1.0 > /sys/bus/usb/drivers/usb-storage/unbind",
    "its interface closed": "echo 0 > /sys/bus/usb/devices/{port}:1.0/authorized",
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_open_stick_that_is_changed_under_its_mount_is_cut(rig: Rig, change: str) -> None:
    """Noticed, recorded as drift with what was seen, cut; what is left of its mount leads nowhere, as after a pull."""
    port = mounted(rig)
    before = rig.seq()
    rig.guest.run(CHANGES[change].format(port=port), timeout=60)
    drift = rig.await_entry(before, kind="drift", name=port)
    assert drift["problems"]
    rig.await_entry(before, timeout=30, kind="cut", name=port)
    rig.dead_again(port)
    assert rig.guest.run("echo 3 > /proc/sys/vm/drop_caches; cat /mnt/s/a", check=False).returncode != 0


def test_a_device_that_is_let_in_by_hand_again_is_closed_again(rig: Rig) -> None:
    """Root authorises what was blocked, three times: each time it is closed, and every time is in the log."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.blocked(stick, before, "NOT_LISTED")
    for _ in range(3):
        before = rig.seq()
        rig.guest.write_attribute(f"/sys/bus/usb/devices/{stick.port}/authorized", "1")
        rig.await_entry(before, kind="cut", name=stick.port)
    rig.guest.witness.assert_dead(stick.port)


def test_another_stick_at_the_same_port_inherits_nothing(rig: Rig) -> None:
    """Swapped as fast as can be: the stranger at the port of the approved stick is a stranger."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED, port=3)
    rig.allowed(stick, before)
    before = rig.seq()
    stick.unplug()
    stranger = rig.guest.plug_stick(serial="SAMPLE-9999", port=3)
    assert stranger.port == stick.port
    rig.blocked(stranger, before, "NOT_LISTED")


def test_a_device_mapper_on_top_does_not_outlive_the_cut(rig: Rig) -> None:
    """A mapping holds the disk open: the stick is cut all the same, and the mapping leads nowhere."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(stick, before)
    rig.guest.wait_path("/dev/sda")
    rig.guest.run("udevadm settle; echo 0 2048 linear /dev/sda 0 | dmsetup create mau")
    rig.guest.run("dd if=/dev/mapper/mau of=/dev/null bs=4096 count=1 iflag=direct")
    before = rig.seq()
    rig.cli("whitelist revoke TB-0001 --reason 'het nhiem vu' --document MAU-02/2026 --yes", timeout=90)
    rig.await_entry(before, timeout=30, kind="cut", name=stick.port)
    tree = rig.guest.witness.fence(stick.port).data["tree"] or {}
    assert tree.get("interfaces", {}) == {}
    read = rig.guest.run("dd if=/dev/mapper/mau of=/dev/null bs=4096 count=1 skip=8 iflag=direct", check=False)
    assert read.returncode != 0

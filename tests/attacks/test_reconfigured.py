"""An open stick is changed behind our back: re-configured under its mount, its driver exchanged, its bus toggled."""

from pathlib import Path

import pytest

from tests.attacks.test_identity import PID, VID, medium
from tests.lab import Guest
from tests.lab.gadgets import acm, ecm, mass_storage
from tests.lab.hostile import configuration, device_descriptor, storage_interface
from tests.scenarios.rig import APPROVED, Rig
from tests.scenarios.test_revocation import mounted

INSIDE = Path(__file__).parent / "inside"

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


def usbfs(guest: Guest, port: str, act: str) -> str:
    """Do something to a device through its usbfs node, as root; what came of each step."""
    guest.put(INSIDE / "usbfs.py", "/run/usbfs.py")
    numbers = [int(guest.read(f"/sys/bus/usb/devices/{port}/{name}")) for name in ("busnum", "devnum")]
    node = "/dev/bus/usb/{:03d}/{:03d}".format(*numbers)
    return guest.start(["python3", "-I", "/run/usbfs.py", node, act]).wait_output("done").splitlines()[0]


def test_an_open_stick_that_a_program_resets_goes_on_and_one_that_it_takes_over_is_cut(rig: Rig) -> None:
    """Through its usbfs node. After a reset the kernel compares the descriptors: the same stick, under its mount.

    It has the kernel's default again, by which it would outlast sleep: that is put back. Then its driver is thrown out
    and an alternate setting chosen.
    """
    port = mounted(rig)
    before, since = rig.seq(), rig.guest.witness.mark
    assert usbfs(rig.guest, port, "reset") == "0"
    rig.guest.run("echo mau > /mnt/s/b && sync && echo 3 > /proc/sys/vm/drop_caches && grep mau /mnt/s/b", timeout=60)
    rig.guest.wait_text(f"/sys/bus/usb/devices/{port}/power/persist", "0")
    rig.guest.witness.fence(port)
    assert [str(e) for e in rig.guest.witness.events[since:] if e.action == "bind" and e.port == port] == []
    assert rig.entries(before, name=port) == []
    assert usbfs(rig.guest, port, "claim") == "0 0 0"
    rig.await_entry(before, kind="drift", name=port)
    rig.await_entry(before, timeout=30, kind="cut", name=port)
    rig.dead_again(port)


def test_a_device_that_shows_other_descriptors_after_a_reset_is_judged_anew(rig: Rig) -> None:
    """It begins as a stranger and becomes, without leaving its port, one that bears the listed serial."""
    rig.guest.load_vhci()
    before = rig.seq()
    storage, listed = configuration(storage_interface()), {3: APPROVED}
    later = device_descriptor(0x46F4, 0x0001)
    first = rig.guest.hostile(device_descriptor(strings=(1, 2, 0)), [storage], listed, later=later).plug()
    rig.blocked(first, before, "NO_SERIAL")
    before, since = rig.seq(), rig.guest.witness.mark
    first.change()
    usbfs(rig.guest, first.port, "reset")
    rig.guest.witness.wait_uevent("add", since=since, devpath=f"/{first.port}$", DEVTYPE="usb_device")
    entry = rig.blocked(first, before, "MISMATCH")
    assert entry["alarm"] is True
    rig.await_entry(before, kind="removed", name=first.port)


TOGGLED = {
    "authorized": "cd {usb}; echo 0 > authorized; echo 1 > authorized",
    "configuration": "cd {usb}; echo 0 > bConfigurationValue; echo 1 > bConfigurationValue",
}


def test_a_root_hub_that_somebody_toggles_lets_nothing_in_and_its_bus_lives_on(rig: Rig) -> None:
    """Our own default keeps its interface closed: without help the bus would be dead, and nobody could type on it."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(stick, before)
    stranger = rig.guest.plug_stick(serial="SAMPLE-9999")
    bus = f"usb{stick.port[0]}"
    for way, script in TOGGLED.items():
        before = rig.seq()
        rig.guest.run(script.format(usb=f"/sys/bus/usb/devices/{bus}"), timeout=60)
        # A look in the middle of it sees a bus that is turned off, and says so first.
        drift = rig.await_entry(before, kind="drift", name=f"{bus}/hub", restored=True)
        assert drift["seen"] == "no driver", way
        removed = rig.await_entry(before, kind="removed", name=stick.port)
        rig.await_entry(before, timeout=30, kind="outcome", name=stick.port, code="ALLOWED")
        rig.allowed(stick, int(removed["seq"]))
        rig.blocked(stranger, int(removed["seq"]), "NOT_LISTED")


def test_a_modem_that_switches_its_mode_is_dead_in_both(rig: Rig) -> None:
    """First it is a drive with its own driver on it, and even approved as such; then it comes back as a modem."""
    rig.guest.load_dummy_hcd(1)
    before = rig.seq()
    disc = mass_storage(medium(rig), cdrom=True)
    drive = rig.guest.gadget(VID, PID, [disc], serial="SAMPLE-0500").plug()
    rig.blocked(drive, before, "NOT_LISTED")
    rig.approve(drive)
    rig.allowed(drive, before)
    drive.unplug()
    drive.remove()
    before = rig.seq()
    modem = rig.guest.gadget(VID, PID + 1, [ecm(), acm(), disc], serial="SAMPLE-0500").plug()
    assert modem.port == drive.port
    entry = rig.blocked(modem, before, "MISMATCH")
    assert (entry["facet"], entry["alarm"]) == ("pid", True)


def test_a_stick_at_another_speed_is_another_face_and_a_hub_that_is_configured_anew_is_cut(rig: Rig) -> None:
    """Behind an older hub the same stick shows other descriptors: approved as that as well, it is allowed at both.

    Then somebody configures the hub anew: it is cut with all that hangs on it, and nothing comes back by itself.
    """
    before = rig.seq()
    hub = rig.guest.plug_hub()
    rig.await_entry(before, kind="outcome", name=hub.port, code="HUB")
    slow = rig.guest.plug_stick(serial=APPROVED, port=f"{hub.slot}.1")
    entry = rig.blocked(slow, before, "MISMATCH")
    assert entry["facet"] in ("interfaces", "descriptors")
    rig.approve(slow)
    assert rig.allowed(slow, before)["asset"] == "TB-0002"
    before = rig.seq()
    path = f"/sys/bus/usb/devices/{hub.port}/bConfigurationValue"
    rig.guest.run(f"echo 0 > {path}; echo 1 > {path}", timeout=60)
    rig.await_entry(before, kind="drift", name=hub.port)
    rig.await_entry(before, timeout=30, kind="cut", name=hub.port)
    rig.await_entry(before, kind="removed", name=slow.port)
    rig.dead_again(hub.port)
    rig.guest.unplug(slow, wait=False)  # to the kernel it has gone already
    fast = rig.guest.plug_stick(serial=APPROVED)
    assert rig.allowed(fast, before)["asset"] == "TB-0001"


def test_a_medium_of_another_size_in_a_reader_cuts_it(rig: Rig) -> None:
    """The kernel only notices; it is compared with the passport as at the handing over."""
    before = rig.seq()
    reader = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(reader, before)
    rig.guest.wait_path("/dev/sda")
    before = rig.seq()
    rig.guest.change_medium(reader, 16 << 20)
    cut = rig.await_entry(before, timeout=30, kind="cut", name=reader.port, code="MISMATCH")
    assert (cut["facet"], cut["expected"], cut["seen"]) == ("lun 0 capacity", "67108864 bytes", "16777216 bytes")
    assert cut["alarm"] is True
    rig.dead_again(reader.port)

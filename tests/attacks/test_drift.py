"""Read-back that never sleeps: what somebody else with root opens is noticed within 2 s, closed again and recorded."""

import pytest

from tests.attacks.test_identity import PID, VID, medium
from tests.lab.gadgets import hid, mass_storage
from tests.scenarios.rig import Rig

pytestmark = pytest.mark.alone
NOTICED = 2000  # milliseconds of CLOCK_BOOTTIME from the change to the entry: the promise
UPTIME = "/proc/uptime"  # seconds since the boot, the same clock as an entry's mono_ms (proc(5))


def now(rig: Rig) -> int:
    """Milliseconds since the boot of the guest."""
    return int(float(rig.guest.read(UPTIME).split()[0]) * 1000)


PLACES = {
    "usbcore.authorized_default": "/sys/module/usbcore/parameters/authorized_default",
    "usb1/authorized_default": "/sys/bus/usb/devices/usb1/authorized_default",
    "usb1/interface_authorized_default": "/sys/bus/usb/devices/usb1/interface_authorized_default",
    "scsi/drivers_autoprobe": "/sys/bus/scsi/drivers_autoprobe",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_default_that_somebody_opens_is_closed_again(rig: Rig, place: str) -> None:
    """Each of the kernel's defaults; a stick that comes right afterwards stays dead."""
    path = PLACES[place]
    before, at = rig.seq(), now(rig)
    rig.guest.write_attribute(path, "1")
    entry = rig.await_entry(before, kind="drift", name=place)
    assert (entry["expected"], entry["seen"], entry["restored"]) == ("0", "1", True)
    assert entry["mono_ms"] - at <= NOTICED
    assert rig.guest.read(path).strip() == "0"
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.blocked(stick, before, "NOT_LISTED")
    assert len(rig.entries(before, kind="drift")) == 1


def test_the_udev_rules_flag_that_somebody_removes_comes_back(rig: Rig) -> None:
    """Without it udev would give the nodes of blocked devices out."""
    before, at = rig.seq(), now(rig)
    rig.guest.run("rm /run/usbguard-py/enforcing")
    entry = rig.await_entry(before, kind="drift", name="enforcing")
    assert entry["mono_ms"] - at <= NOTICED
    rig.guest.run("test -e /run/usbguard-py/enforcing")


def test_a_hidden_keyboard_that_somebody_opens_costs_the_stick(rig: Rig) -> None:
    """The keyboard of an approved stick is authorised behind our back: the whole stick is cut, and the log says why."""
    rig.guest.load_dummy_hcd(1)
    before = rig.seq()
    both = rig.guest.gadget(VID, PID, [mass_storage(medium(rig)), hid()], serial="SAMPLE-0300").plug()
    rig.await_entry(before, name=both.port, code="NOT_LISTED")
    rig.approve(both)
    rig.allowed(both, before)
    before, at = rig.seq(), now(rig)
    rig.guest.write_attribute(f"/sys/bus/usb/devices/{both.port}:1.1/authorized", "1")
    entry = rig.await_entry(before, kind="drift", name=both.port)
    assert entry["mono_ms"] - at <= NOTICED
    assert any(f"{both.port}:1.1" in problem for problem in entry["problems"])
    cut = rig.await_entry(before, kind="cut", name=both.port)
    assert cut["outcome"] == "cut"
    rig.dead_again(both.port)


def test_status_says_since_when_the_world_is_closed(rig: Rig) -> None:
    """A default that was opened begins a new time."""
    first = rig.answer("status")["closed_since"]
    assert first
    before = rig.seq()
    rig.guest.write_attribute("/sys/bus/usb/devices/usb1/authorized_default", "1")
    rig.await_entry(before, kind="drift")
    closed = 'usbguard-py status --json | grep -q \'"closed_since":"2\''
    rig.guest.run(f"until {closed}; do :; done", timeout=30)
    assert rig.answer("status")["closed_since"] > first
    assert "Closed since" in rig.cli("status --lang en").stdout
    assert "Đóng kín từ" in rig.cli("status", lang="vi").stdout

"""Storage drivers that are there only while an approved drive is, so that checks of hardened systems pass."""

from collections.abc import Iterator

import pytest

from tests.scenarios.rig import APPROVED, Rig

MODULES = "/sys/module/usb_storage /sys/module/uas"
BASELINE = "install /bin/false"  # what such a check wants `modprobe -n -v usb-storage` to say


@pytest.fixture
def hidden(rig: Rig) -> Iterator[Rig]:
    """A machine on which an administrator keeps them away."""
    rig.cli("floor drivers --just-in-time")
    gone(rig)
    yield rig
    rig.cli("floor drivers --as-usual")


def gone(rig: Rig) -> None:
    """Waits until neither driver is loaded."""
    rig.guest.run(f"until ! ls -d {MODULES} 2>/dev/null; do :; done", timeout=30)


def absent(rig: Rig) -> bool:
    """Whether none is loaded."""
    return not rig.guest.run(f"ls -d {MODULES} 2>/dev/null", check=False).stdout.strip()


def test_storage_drivers_are_there_only_for_an_approved_drive(hidden: Rig) -> None:
    """Unavailable to everybody else, loaded for the approved stick, used through its file system, away again."""
    rig = hidden
    assert rig.answer("floor drivers")["just_in_time"] is True
    for module in ("usb-storage", "uas"):
        assert BASELINE in rig.guest.run(f"modprobe -n -v {module}").stdout
    before = rig.seq()
    assert rig.entries(0, kind="drivers-just-in-time")
    stranger = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.blocked(stranger, before, "NOT_LISTED")
    assert absent(rig)
    stranger.unplug()
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(stick, before)
    rig.guest.run(
        "udevadm settle && mkdir -p /mnt/t && mount /dev/sda /mnt/t && cp /etc/hostname /mnt/t/ && umount /mnt/t"
    )
    stick.unplug()
    gone(rig)


def test_storage_drivers_come_back_for_a_stick_that_is_swapped_fast(hidden: Rig) -> None:
    """Each time they are about to leave when the next one comes; and again after the judge was killed meanwhile."""
    rig = hidden
    for _ in range(3):
        before = rig.seq()
        stick = rig.guest.plug_stick(serial=APPROVED)
        rig.allowed(stick, before)
        stick.unplug()
        rig.await_entry(before, kind="removed", name=stick.port)
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(stick, before)
    rig.guest.run("systemctl kill -s KILL usbguard-py.service")
    rig.await_entry(before, kind="decision", name=stick.port, code="ADOPTED")
    stick.unplug()
    gone(rig)

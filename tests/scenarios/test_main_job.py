"""The main job: the approved stick works, everything else stays dead and is logged."""

import pytest

from tests.scenarios.rig import APPROVED, Rig

OTHERS = {
    "phone": ("plug_phone", "PHONE"),
    "network adapter": ("plug_network", "NETWORK"),
    "serial adapter": ("plug_serial", "VENDOR_CLASS"),
    "sound card": ("plug_audio", "AUDIO"),
    "smart-card reader": ("plug_ccid", "SMART_CARD"),
    "keyboard": ("plug_keyboard", "INPUT_NOT_ENROLLED"),
    "mouse": ("plug_mouse", "INPUT_NOT_ENROLLED"),
}


def test_the_approved_stick_works(rig: Rig) -> None:
    """Node there, mounts, reads, writes; the entry came before the function."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    decision = rig.allowed(stick, before)
    assert decision["holder"]
    rig.guest.wait_path("/dev/sda")
    rig.guest.run("udevadm settle && mkdir -p /mnt/s && mount /dev/sda /mnt/s && echo mau > /mnt/s/a && sync")
    rig.guest.run("umount /mnt/s && mount /dev/sda /mnt/s && grep -q mau /mnt/s/a && umount /mnt/s")


def test_an_approved_stick_with_a_cd_and_a_disk_works(rig: Rig) -> None:
    """Both logical units of one device."""
    before = rig.seq()
    stick = rig.guest.plug_cd_and_disk()
    rig.blocked(stick, before, "NOT_LISTED")
    rig.approve(stick)
    rig.allowed(stick, before)
    rig.guest.wait_path("/dev/sr0")
    rig.guest.wait_path("/dev/sda")
    rig.guest.run(
        "udevadm settle; dd if=/dev/sda of=/dev/null bs=4096 count=1; dd if=/dev/sr0 of=/dev/null bs=2048 count=1"
    )


def test_an_unknown_stick_is_dead(rig: Rig) -> None:
    """Not on the list: no driver, no node, no byte."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    entry = rig.blocked(stick, before, "NOT_LISTED")
    assert entry["serial"] == "SAMPLE-9999"
    assert entry["authorized"] is False
    assert entry["interfaces_now"] == []


@pytest.mark.parametrize("kind", OTHERS)
def test_everything_else_is_dead(rig: Rig, kind: str) -> None:
    """Each kind by its own code, by what its descriptors say."""
    plug, code = OTHERS[kind]
    before = rig.seq()
    plugged = getattr(rig.guest, plug)()
    rig.blocked(plugged, before, code)


@pytest.mark.parametrize("kind", ["unknown stick", "keyboard", "network adapter"])
def test_the_witness_sees_life_when_nothing_enforces(rig: Rig, kind: str) -> None:
    """Negative control: with the daemon masked and the floor open the same checks fail."""
    rig.open_the_world()
    if kind == "unknown stick":
        plugged = rig.guest.plug_stick(serial="SAMPLE-9999")
    else:
        plugged = getattr(rig.guest, OTHERS[kind][0])()
    rig.guest.witness.wait_uevent("bind", devpath=f"/{plugged.port}:", DEVTYPE="usb_interface")
    with pytest.raises(AssertionError, match="is not dead"):
        rig.guest.witness.assert_dead(plugged.port)

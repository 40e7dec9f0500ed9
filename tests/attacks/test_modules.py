"""Module bait: a blocked device makes the kernel load nothing; a driver that takes nothing opens nothing."""

import struct

from tests.lab.hostile import configuration, device_descriptor
from tests.scenarios.rig import Rig
from usbguard_py.errors_device import ExaminationFailed

BAIT = ("ftdi_sio", "cdc_acm", "rndis_host", "usblp", "snd_usb_audio")
# Bulk-only storage with a command set that no driver of the kernel takes (USB Mass Storage overview, table 1).
NO_DRIVER = struct.pack("<9B", 9, 4, 0, 0, 2, 8, 0x7E, 0x50, 0) + bytes.fromhex("07058102000200" + "07050202000200")


def loaded(rig: Rig) -> set[str]:
    """The modules of the kernel."""
    return {line.split()[0] for line in rig.guest.read("/proc/modules").splitlines()}


def test_a_blocked_device_loads_no_driver(rig: Rig) -> None:
    """Its interfaces never appear, so udev is never asked for a module: each driver is one attack less."""
    rig.guest.run(f"modprobe -r {' '.join(BAIT)}")
    assert not loaded(rig) & set(BAIT)
    before = rig.seq()
    serial = rig.guest.plug_serial()
    rig.blocked(serial, before, "VENDOR_CLASS")
    sound = rig.guest.plug_audio()
    rig.blocked(sound, before, "AUDIO")
    rig.guest.run("udevadm settle")
    assert not loaded(rig) & set(BAIT)


def test_a_drive_that_no_driver_takes_cannot_be_put_on_the_list(rig: Rig) -> None:
    """The probe succeeds and binds nothing: what shows no unit is not approved, and closed again after the look."""
    rig.guest.load_vhci()
    before = rig.seq()
    drive = rig.guest.hostile(device_descriptor(), [configuration(NO_DRIVER)]).plug()
    rig.await_entry(before, name=drive.port, code="NOT_LISTED")
    words = f"whitelist add --device {drive.port} --holder Mau --document MAU-01/2026 --unit Mau --yes"
    added = rig.cli(words, check=False, timeout=90)
    assert added.returncode == ExaminationFailed.exit_code, added.stderr
    assert "no logical unit appeared" in added.stderr
    rig.guest.witness.assert_dead(drive.port)
    assert rig.answer("status")["assets"] == 1

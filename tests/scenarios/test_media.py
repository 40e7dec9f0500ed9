"""Media are part of a passport: the kernel holds a drive's units until they were found to be what was approved."""

import json
from dataclasses import replace

import pytest

from tests.lab import Guest, Plugged
from tests.lab.devices import Unit
from tests.scenarios.rig import APPROVED, Rig

AUTOPROBE = "/sys/bus/scsi/drivers_autoprobe"
DRIVE = "SAMPLE-0700"
SAMPLE = Unit()
DIFFERENT: dict[str, tuple[tuple[Unit, ...], str, str, str]] = {
    "vendor": ((replace(SAMPLE, vendor="OTHER"),), "lun 0 vendor", '"SAMPLE"', '"OTHER"'),
    "model": ((replace(SAMPLE, product="Stock"),), "lun 0 model", '"Stick"', '"Stock"'),
    "revision": ((replace(SAMPLE, ver="9.99"),), "lun 0 revision", '"1.00"', '"9.99"'),
    "type": ((replace(SAMPLE, kind="scsi-cd"),), "lun 0 type", "0", "5"),
    "one more": ((SAMPLE, SAMPLE), "luns", "0", "0 1"),
}


def plug(rig: Rig, *units: Unit, driver: str = "usb-bot") -> Plugged:
    """The sample drive, with these units in it."""
    return rig.guest.plug_units(*units, serial=DRIVE, driver=driver)


def approved(rig: Rig, driver: str = "usb-bot") -> None:
    """The sample drive on the list, and pulled out again."""
    before = rig.seq()
    drive = plug(rig, SAMPLE, driver=driver)
    rig.blocked(drive, before, "NOT_LISTED")
    rig.approve(drive)
    rig.allowed(drive, before)
    drive.unplug()
    rig.await_entry(before, kind="removed", name=drive.port)


def scan(rig: Rig, drive: Plugged) -> None:
    """Have the kernel look for further units of the drive."""
    hosts = f"/sys/bus/usb/devices/{drive.port}/*/host*/scsi_host/host*"
    rig.guest.run(f"for host in {hosts}; do echo '- - -' > $host/scan; done")


def nodes(rig: Rig, since: int) -> list[str]:
    """Block nodes and drivers of units that the kernel ever announced."""
    return [
        str(event)
        for event in rig.guest.witness.events[since:]
        if event.kind == "uevent"
        and event.action in ("add", "bind")
        and (event.subsystem == "block" or event.env.get("DRIVER") in ("sd", "sr"))
        and "/usb" in event.devpath
    ]


def test_a_drive_that_is_pulled_out_was_changed_by_nobody(rig: Rig) -> None:
    """The kernel takes many units away one after the other: the judge looks in the middle of it, and waits."""
    units = (SAMPLE,) * 8
    before = rig.seq()
    drive = plug(rig, *units)
    rig.blocked(drive, before, "NOT_LISTED")
    rig.approve(drive)
    for _pull in range(4):
        rig.allowed(drive, before)
        before = rig.seq()
        drive.unplug()
        removed = rig.await_entry(before, kind="removed", name=drive.port)
        assert removed["was_open"] is True
        assert [e["kind"] for e in rig.entries(before)] == ["removed"]
        drive = plug(rig, *units)


@pytest.mark.parametrize("facet", DIFFERENT)
def test_a_drive_with_another_unit_is_cut_before_there_is_a_node(rig: Rig, facet: str) -> None:
    """Same USB identity to the last byte; the facet is named, and no disk or disc ever existed."""
    approved(rig)
    units, name, expected, seen = DIFFERENT[facet]
    before, since = rig.seq(), rig.guest.witness.mark
    clone = plug(rig, *units)
    entry = rig.await_entry(before, kind="cut", name=clone.port, code="MISMATCH")
    assert (entry["facet"], entry["expected"], entry["seen"]) == (name, expected, seen)
    assert entry["alarm"] is True
    assert len(entry["media"]) == len(units)
    rig.dead_again(clone.port)
    assert nodes(rig, since) == []


def test_a_drive_of_another_size_is_cut_before_it_is_given_out(rig: Rig) -> None:
    """Known only with its driver; the node never was anybody's but root's, and nothing was mounted."""
    approved(rig)
    before = rig.seq()
    clone = plug(rig, replace(SAMPLE, size=16 << 20))
    entry = rig.await_entry(before, kind="cut", name=clone.port, code="MISMATCH")
    assert (entry["facet"], entry["expected"], entry["seen"]) == ("lun 0 capacity", "8388608 bytes", "16777216 bytes")
    assert entry["media"][0]["capacity"] == 16 << 20
    rig.dead_again(clone.port)


def test_the_passport_shows_its_media(rig: Rig) -> None:
    """In the list, and in the words of the command."""
    approved(rig)
    asset = rig.answer("whitelist show TB-0002")["asset"]
    (unit,) = asset["fingerprints"][0]["passport"]["media"]
    assert (unit["type"], bytes.fromhex(unit["vendor"]), unit["capacity"]) == (0, b"SAMPLE  ", 8 << 20)
    assert "SAMPLE Stick 1.00, 8.4 MB (8,388,608 bytes)" in rig.cli("whitelist show TB-0002").stdout
    assert "Ổ logic 0" in rig.cli("whitelist show TB-0002", lang="vi").stdout


def test_a_passport_given_by_hand_works_and_its_media_are_recorded(rig: Rig) -> None:
    """The list says that they are not part of the passport."""
    before = rig.seq()
    drive = plug(rig, SAMPLE)
    rig.await_entry(before, name=drive.port, code="NOT_LISTED")
    capture = json.loads(rig.cli(f"explain {drive.port} --json").stdout)
    rig.guest.write("/root/capture.json", json.dumps(capture))
    rig.cli("whitelist add --passport /root/capture.json --holder Mau --document MAU-01/2026 --json")
    rig.allowed(drive, before)
    outcome = rig.await_entry(before, kind="outcome", name=drive.port, code="ALLOWED")
    assert (outcome["media_listed"], outcome["media"][0]["vendor"]) == (False, "SAMPLE  ")
    assert "not part of the passport" in rig.cli("whitelist show TB-0002").stdout


def test_a_unit_that_appears_later_cuts_the_drive(rig: Rig) -> None:
    """Found by a scan that somebody asked for, since no USB drive announces one; it never has a node."""
    approved(rig, "usb-uas")
    before = rig.seq()
    drive = plug(rig, SAMPLE, driver="usb-uas")
    rig.allowed(drive, before)
    since = rig.guest.witness.mark
    rig.guest.add_unit(drive, SAMPLE, 1)
    scan(rig, drive)
    entry = rig.await_entry(before, kind="cut", name=drive.port, code="MISMATCH")
    assert (entry["facet"], entry["expected"], entry["seen"]) == ("luns", "0", "0 1")
    rig.dead_again(drive.port)
    assert nodes(rig, since) == []


def test_a_killed_judge_leaves_units_held_and_the_next_finishes(rig: Rig) -> None:
    """Between the opening of the interface and the media gate: no node until somebody judges."""
    rig.guest.run("systemctl stop usbguard-py.service")
    since = rig.guest.witness.mark
    stick = rig.guest.plug_stick(serial=APPROVED)
    authorise_by_hand(rig.guest, stick)
    rig.guest.witness.wait_uevent("add", since=since, DEVTYPE="scsi_device")
    rig.guest.witness.fence(stick.port)
    assert nodes(rig, since) == []
    before = rig.seq()
    rig.guest.run("systemctl start usbguard-py.service")
    rig.await_entry(before, kind="outcome", name=stick.port, code="ADOPTED")
    rig.guest.wait_path("/dev/sda")


def authorise_by_hand(guest: Guest, drive: Plugged) -> None:
    """What a judge had done before it was killed."""
    device = f"/sys/bus/usb/devices/{drive.port}"
    guest.write_attribute(f"{device}/authorized", "1")
    guest.write_attribute(f"{device}/{drive.port}:1.0/authorized", "1")
    guest.write_attribute("/sys/bus/usb/drivers_probe", f"{drive.port}:1.0")


def test_disks_inside_the_machine_are_not_held(rig: Rig) -> None:
    """A SCSI disk that is plugged into the machine itself, while the bus is held and while the judge is down."""
    assert rig.guest.read(AUTOPROBE).strip() == "0"
    rig.guest.run("systemctl stop usbguard-py.service; modprobe scsi_debug dev_size_mb=8", timeout=60)
    rig.guest.witness.wait_uevent("bind", DRIVER="sd")
    rig.guest.run("udevadm settle; test -b /dev/sda && dd if=/dev/sda of=/dev/null bs=4096 count=1")


def test_observing_leaves_the_kernel_s_own_way(rig: Rig) -> None:
    """Drives get their drivers by themselves, after the kernel's own wait."""
    rig.cli("policy use observe")
    assert rig.guest.read(AUTOPROBE).strip() == "1"
    assert rig.guest.read("/sys/module/usb_storage/parameters/delay_use").strip() == "1"
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    # The kernel parameter of this guest is no part of the policy.
    rig.guest.write_attribute(f"/sys/bus/usb/devices/{stick.port}/authorized", "1")
    rig.guest.witness.wait_uevent("bind", devpath=f"/{stick.port}:", DRIVER="sd")
    rig.cli("policy use standalone")
    assert rig.guest.read(AUTOPROBE).strip() == "0"

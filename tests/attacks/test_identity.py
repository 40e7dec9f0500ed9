"""A serial number is not identity: clones, twins, hidden interfaces, hubs, many at once."""

import json

import pytest

from tests.lab.gadgets import Function, acm, ecm, hid, mass_storage, printer, rndis
from tests.scenarios.rig import APPROVED, Rig

VID, PID = 0x1209, 0x0001  # pid.codes' test pair, for nobody's product


def medium(rig: Rig, name: str = "medium") -> str:
    """A file in the guest for a gadget's disk."""
    path = f"/tmp/{name}.img"  # noqa: S108 - in the guest
    rig.guest.run(f"truncate -s 8M {path}")
    return path


CLASSES: dict[str, tuple[Function, str]] = {
    "rndis": (rndis(), "NETWORK"),
    "ecm": (ecm(), "NETWORK"),
    "acm": (acm(), "SERIAL_PORT"),
    "printer": (printer(), "PRINTER"),
    "hid": (hid(), "INPUT_NOT_ENROLLED"),
}


@pytest.mark.parametrize("kind", CLASSES)
def test_gadgets_of_other_classes_are_dead(rig: Rig, kind: str) -> None:
    """Each by what its descriptors say."""
    function, code = CLASSES[kind]
    rig.guest.load_dummy_hcd(1)
    before = rig.seq()
    gadget = rig.guest.gadget(VID, PID, [function], serial="SAMPLE-0100").plug()
    rig.blocked(gadget, before, code)


def test_a_stick_without_serial_is_dead(rig: Rig) -> None:
    """Its origin cannot be known."""
    rig.guest.load_dummy_hcd(1)
    before = rig.seq()
    gadget = rig.guest.gadget(VID, PID, [mass_storage(medium(rig))], serial=None).plug()
    rig.blocked(gadget, before, "NO_SERIAL")


def test_a_listed_serial_on_another_device_is_a_mismatch_and_cuts_nobody(rig: Rig) -> None:
    """The first facet that differs is named, an alarm is raised, the genuine stick keeps working."""
    before = rig.seq()
    genuine = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(genuine, before)
    rig.guest.load_dummy_hcd(1)
    before = rig.seq()
    clone = rig.guest.gadget(VID, PID, [mass_storage(medium(rig))], serial=APPROVED).plug()
    entry = rig.blocked(clone, before, "MISMATCH")
    assert (entry["facet"], entry["expected"], entry["seen"]) == ("vid", "46f4", "1209")
    assert entry["alarm"] is True
    assert rig.entries(before, kind="cut") == []
    assert not rig.guest.witness.dead(genuine.port).dead
    rig.guest.run("dd if=/dev/sda of=/dev/null bs=4096 count=1")


def test_two_devices_that_match_one_passport_are_both_cut(rig: Rig) -> None:
    """Nobody can tell which is the genuine one."""
    before = rig.seq()
    first = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(first, before)
    before = rig.seq()
    second = rig.guest.plug_stick(serial=APPROVED)
    rig.blocked(second, before, "DUPLICATE")
    rig.await_entry(before, kind="cut", name=first.port, code="DUPLICATE")
    rig.dead_again(first.port)


def test_an_approved_stick_that_now_brings_a_keyboard_is_a_mismatch(rig: Rig) -> None:
    """Same identity, one interface more."""
    rig.guest.load_dummy_hcd(1)
    before = rig.seq()
    disk = mass_storage(medium(rig))
    plain = rig.guest.gadget(VID, PID, [disk], serial="SAMPLE-0200").plug()
    rig.await_entry(before, name=plain.port, code="NOT_LISTED")
    rig.approve(plain)
    rig.allowed(plain, before)
    plain.unplug()
    plain.remove()
    before = rig.seq()
    armed = rig.guest.gadget(VID, PID, [disk, hid()], serial="SAMPLE-0200").plug()
    entry = rig.blocked(armed, before, "MISMATCH")
    assert entry["facet"] == "interfaces"


def test_a_keyboard_that_is_expected_but_not_granted_stays_dead(rig: Rig) -> None:
    """Only storage opens; the keyboard has no driver and types nothing."""
    rig.guest.load_dummy_hcd(1)
    before = rig.seq()
    both = rig.guest.gadget(VID, PID, [mass_storage(medium(rig)), hid()], serial="SAMPLE-0300").plug()
    rig.await_entry(before, name=both.port, code="NOT_LISTED")
    rig.approve(both)
    rig.allowed(both, before)
    drivers = json.loads(rig.cli(f"explain {both.port} --json").stdout)["open_interfaces"]
    assert drivers == [0]
    verdict = rig.guest.witness.dead(both.port)
    assert not [reason for reason in verdict.alive if "usbhid" in reason or " input " in reason or "hidraw" in reason]
    state = rig.guest.run(f"cat /sys/bus/usb/devices/{both.port}:1.1/authorized").stdout.strip()
    assert state == "0"


def test_behind_a_hub_each_stick_is_judged_by_itself(rig: Rig) -> None:
    """The hub opens, the good stick opens, the other does not."""
    before = rig.seq()
    hub = rig.guest.plug_hub()
    rig.await_entry(before, kind="outcome", name=hub.port, code="HUB")
    good = rig.guest.plug_stick(serial=APPROVED, port=f"{hub.slot}.1")
    bad = rig.guest.plug_stick(serial="SAMPLE-9999", port=f"{hub.slot}.2")
    rig.blocked(bad, before, "NOT_LISTED")
    # QEMU's hub is USB 2.0, so the same stick shows other descriptors there: another face, not yet on the list.
    entry = rig.await_entry(before, name=good.port, kind="decision")
    assert entry["code"] in ("ALLOWED", "MISMATCH")
    if entry["code"] == "MISMATCH":
        assert entry["facet"] in ("interfaces", "descriptors")
        rig.guest.witness.assert_dead(good.port)


def test_sixteen_at_once_are_each_judged_and_recorded_once(rig: Rig) -> None:
    """No event is lost, none counted twice."""
    rig.guest.load_dummy_hcd(16)
    before = rig.seq()
    gadgets = [rig.guest.gadget(VID, PID, [ecm()], serial=f"SAMPLE-1{n:03d}") for n in range(16)]
    since = rig.guest.witness.mark
    for gadget in gadgets:
        gadget.plug(wait=False)
    for gadget in gadgets:
        gadget.await_kernel(since)
        rig.await_entry(before, name=gadget.port)
    for gadget in gadgets:
        rig.guest.witness.assert_dead(gadget.port)
        assert [e["code"] for e in rig.entries(before, name=gadget.port)] == ["NETWORK"]


def test_a_controller_that_appears_later_is_closed_before_its_first_device(rig: Rig) -> None:
    """Its interface default is open when the kernel makes it."""
    rig.guest.load_dummy_hcd(2)
    before = rig.seq()
    gadget = rig.guest.gadget(VID, PID, [ecm()], serial="SAMPLE-0400").plug()
    rig.blocked(gadget, before, "NETWORK")
    bus = f"/sys/bus/usb/devices/usb{gadget.port.split('-')[0]}"
    for attribute in ("authorized_default", "interface_authorized_default"):
        assert rig.guest.read(f"{bus}/{attribute}").strip() == "0"

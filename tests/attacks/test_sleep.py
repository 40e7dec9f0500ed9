"""What somebody does while the machine sleeps: drives are exchanged, and nothing that was open before is believed."""

from dataclasses import replace

from tests.lab import Plugged
from tests.lab.devices import Unit
from tests.scenarios.rig import APPROVED, Rig
from tests.scenarios.test_media import nodes

PORT, TWIN, KEYBOARD, STRANGER = 3, 4, 5, 6
SAMPLE = Unit()
RTC_SECONDS = 3  # so that the clock of the guest, which knows whole seconds in sleep, has something to count


def plug_twin(rig: Rig, unit: Unit, *, wait: bool = True) -> Plugged:
    """A drive with these media; its USB descriptors are the same to the last byte, whatever they are."""
    return rig.guest.plug_units(unit, serial="SAMPLE-0710", port=TWIN, wait=wait)


def prepared(rig: Rig) -> tuple[Plugged, Plugged, Plugged]:
    """The approved stick, mounted; a second approved drive; an enrolled keyboard."""
    before = rig.seq()
    keyboard = rig.guest.plug_keyboard(port=KEYBOARD)
    twin = plug_twin(rig, SAMPLE)
    rig.await_entry(before, name=twin.port, code="NOT_LISTED")
    rig.approve(twin)
    rig.allowed(twin, before)
    rig.cli(f"peripheral enrol {keyboard.port} --yes")
    rig.await_entry(before, kind="outcome", name=keyboard.port, code="INPUT_ENROLLED")
    stick = rig.guest.plug_stick(serial=APPROVED, port=PORT)
    rig.allowed(stick, before)
    for drive in (stick, twin):
        assert rig.guest.read(f"/sys/bus/usb/devices/{drive.port}/power/persist").strip() == "0"
    return stick, twin, keyboard


def test_a_drive_that_is_exchanged_while_the_machine_sleeps_is_dead(rig: Rig) -> None:
    """Its descriptors are the same to the last byte, so that the kernel would go on with the mount of the old one.

    A stranger comes into another's place. The approved stick stays plugged in and works again; the keyboard types;
    each has an entry; the sleep has one.
    """
    stick, twin, keyboard = prepared(rig)
    blocked = rig.guest.plug_stick(serial="SAMPLE-9998", port=STRANGER)
    guest, before, since = rig.guest, rig.seq(), rig.guest.witness.mark
    guest.fall_asleep()
    guest.unplug(twin, wait=False)
    guest.unplug(blocked, wait=False)
    stranger = guest.plug_stick(serial="SAMPLE-9999", port=STRANGER, wait=False)
    clone = plug_twin(rig, replace(SAMPLE, product="Stock"), wait=False)
    guest.sleep_on(RTC_SECONDS)
    guest.wake()
    for device in (clone, stranger):
        guest.await_kernel(device, since)
    slept = rig.await_entry(before, timeout=30, kind="sleep")
    assert slept["ms"] >= 1000
    cut = rig.await_entry(before, timeout=30, kind="cut", name=clone.port, code="MISMATCH")
    assert (cut["facet"], cut["expected"], cut["seen"]) == ("lun 0 model", '"Stick"', '"Stock"')
    rig.dead_again(clone.port)
    assert [line for line in nodes(rig, since) if f"/{clone.port}/" in line] == []
    rig.blocked(stranger, before, "NOT_LISTED")
    removed = rig.await_entry(before, kind="removed", name=stick.port)
    assert removed["was_open"] is True
    rig.allowed(stick, int(removed["seq"]))
    typing = rig.await_entry(before, timeout=30, kind="outcome", name=keyboard.port, code="INPUT_ENROLLED")
    assert typing["outcome"] == "allowed"
    assert len(rig.entries(before, kind="sleep")) == 1
    assert "slept" in rig.cli("log --kind sleep").stdout
    assert "máy ngủ" in rig.cli("log --kind sleep", lang="vi").stdout

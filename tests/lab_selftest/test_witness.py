"""The witness must be able to say both words. With the floor: dead. Without it: alive, and by what."""

from collections.abc import Callable

import pytest

from tests.lab import Event, Guest, LabError, Plugged
from tests.lab.gadgets import Function, acm, ecm, hid, mass_storage, printer, rndis

from .conftest import Clock

PLUGS: dict[str, Callable[[Guest], Plugged]] = {
    "stick": Guest.plug_stick,
    "uas": Guest.plug_uas,
    "cd and disk": Guest.plug_cd_and_disk,
    "keyboard": Guest.plug_keyboard,
    "mouse": Guest.plug_mouse,
    "phone": Guest.plug_phone,
    "network": Guest.plug_network,
    "serial": Guest.plug_serial,
    "audio": Guest.plug_audio,
    "smart-card reader": Guest.plug_ccid,
    "hub": Guest.plug_hub,
}
# What shows that the device works when nobody holds it back: a subsystem, or bytes read from one.
ALIVE = {
    "stick": "block", "uas": "block", "cd and disk": "block", "keyboard": "input", "mouse": "input",
    "network": "net", "serial": "usb-serial", "audio": "sound",
}  # fmt: skip
GADGETS: dict[str, list[Function]] = {
    "disk": [mass_storage("/root/medium")],
    "keyboard": [hid()],
    "rndis": [rndis()],
    "ecm": [ecm()],
    "modem": [acm()],
    "printer": [printer()],
    "disk and keyboard": [mass_storage("/root/medium"), hid()],
}


def let_everything_in(guest: Guest) -> None:
    guest.run("for bus in /sys/bus/usb/devices/usb*; do echo 1 > $bus/authorized_default; done")


def has(subsystem: str) -> Callable[[Event], bool]:
    return lambda event: event.action == "add" and event.subsystem == subsystem


def await_listening(guest: Guest, port: str) -> None:
    """Wait until its event node is open and its driver has ended its probe, before which reports are dropped.

    drivers/hid/hid-core.c: a report that comes in while `driver_input_lock` is held gets -EBUSY.
    """
    guest.witness.wait(
        lambda event: (
            event.kind == "opened" and event.port == port and event.data["path"].startswith("/dev/input/event")
        )
    )
    guest.witness.wait_uevent("bind", devpath=f"/{port}/", SUBSYSTEM="hid")


def test_with_the_floor_every_device_is_dead(guest: Guest, clock: Clock) -> None:
    for name, plug in PLUGS.items():
        with clock(f"plug {name} until announced"):
            device = plug(guest)
        with clock("  verdict"):
            guest.witness.assert_dead(device.port)


@pytest.mark.parametrize("name", ALIVE)
def test_without_the_floor_it_is_alive(guest: Guest, name: str) -> None:
    let_everything_in(guest)
    device = PLUGS[name](guest)
    guest.witness.wait(has(ALIVE[name]), what=f"{ALIVE[name]} of the {name}")
    with pytest.raises(AssertionError, match="is not dead") as caught:
        guest.witness.assert_dead(device.port)
    assert "a driver was bound" in str(caught.value)
    assert "a function appeared" in str(caught.value)
    assert "sysfs: " in str(caught.value)


def test_bytes_are_read_from_a_stick_as_soon_as_it_is_there(guest: Guest, clock: Clock) -> None:
    let_everything_in(guest)
    stick = guest.plug_stick()
    with clock("stick announced until the first bytes"):
        event = guest.witness.wait(lambda event: event.kind == "read" and event.subsystem == "block")
    assert event.data["bytes"] == 512
    assert event.port == stick.port
    assert any("could be read" in reason for reason in guest.witness.dead(stick.port).alive)


def test_keys_are_read_from_a_keyboard_only_without_the_floor(guest: Guest) -> None:
    def typed(event: Event) -> bool:
        return event.kind == "read" and event.subsystem == "input"

    silent = guest.plug_keyboard()
    guest.type_keys("abc")
    guest.witness.assert_dead(silent.port)
    assert not any(typed(event) for event in guest.witness.events)
    silent.unplug()
    let_everything_in(guest)
    loud = guest.plug_keyboard()
    await_listening(guest, loud.port)
    guest.type_keys("abc")
    assert guest.witness.wait(typed).port == loud.port


def test_a_device_nobody_saw_gets_no_verdict(guest: Guest) -> None:
    with pytest.raises(LabError, match="never saw a device"):
        guest.witness.dead("1-9")


def test_a_hub_is_not_its_children(guest: Guest) -> None:
    hub = guest.plug_hub()
    guest.write_attribute(f"/sys{hub.devpath}/authorized", "1")
    guest.witness.wait_uevent("bind", devpath=f"{hub.port}:1.0$")
    stick = guest.plug_stick(port=f"{hub.slot}.1")
    assert stick.port == f"{hub.port}.1"
    guest.witness.assert_dead(stick.port)
    assert all("hub" in reason for reason in guest.witness.dead(hub.port).alive)


def test_a_later_plug_is_judged_by_itself(guest: Guest) -> None:
    let_everything_in(guest)
    first = guest.plug_mouse(port=3)
    guest.witness.wait(has("input"))
    first.unplug()
    guest.run("for bus in /sys/bus/usb/devices/usb*; do echo 0 > $bus/authorized_default; done")
    second = guest.plug_mouse(port=3)
    assert second.port == first.port
    guest.witness.assert_dead(second.port)


def test_gadgets_are_dead_with_the_floor_and_alive_without(guest: Guest, clock: Clock) -> None:
    guest.run("truncate -s 8M /root/medium")
    for number, (name, functions) in enumerate(GADGETS.items()):
        with clock(f"gadget {name}: described and announced"):
            gadget = guest.gadget(0x1209, number + 1, functions, serial=f"SAMPLE-{number:04}").plug()
        guest.witness.assert_dead(gadget.port)
        since = guest.witness.mark
        guest.write_attribute(f"/sys{gadget.devpath}/authorized", "1")
        guest.witness.wait_uevent("bind", since=since, devpath=rf"/{gadget.port}:1\.0$")
        assert not guest.witness.dead(gadget.port).dead, name
        gadget.unplug()
        gadget.remove()


def test_a_gadget_says_what_it_was_told_to_say(guest: Guest) -> None:
    hostile = 'x\x1b[31m"\n\u202e'
    gadget = guest.gadget(0x1234, 0x0001, [hid()], bcd_device=0x0205, serial=hostile, manufacturer=None).plug()
    folder = f"/sys{gadget.devpath}"
    assert guest.read(f"{folder}/serial") == hostile + "\n"
    assert guest.read(f"{folder}/idVendor") == "1234\n"
    assert guest.read(f"{folder}/bcdDevice") == "0205\n"
    guest.write_attribute(f"{folder}/authorized", "1")
    await_listening(guest, gadget.port)
    gadget.press(bytes([0, 0, 4, 0, 0, 0, 0, 0]))  # the key A, HID usage tables chapter 10
    guest.witness.wait(lambda event: event.kind == "read" and event.port == gadget.port)

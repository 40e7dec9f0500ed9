"""Devices by raw descriptors: what the kernel makes of them is what the product will meet."""

import pytest

from tests.lab import Guest
from tests.lab.hostile import configuration, device_descriptor, storage_interface


@pytest.fixture
def ready(guest: Guest) -> Guest:
    guest.load_vhci()
    # A restored guest has vhci's buses as new ones: closed, by the floor's parameter.
    return guest


def test_a_sound_device_is_announced_dead_and_works_when_let_in(ready: Guest) -> None:
    device = ready.hostile().plug()
    assert ready.read(f"/sys{device.devpath}/serial") == "SAMPLE-0009\n"
    ready.witness.assert_dead(device.port)
    since = ready.witness.mark
    ready.write_attribute(f"/sys{device.devpath}/authorized", "1")
    ready.witness.wait_uevent("bind", since=since, devpath=rf"/{device.port}:1\.0$", DRIVER="usb-storage")
    device.unplug()


STRINGS = {
    "escape sequence": "\x1b[2J\x1b[31mred",
    "line end": "one\ntwo",
    "bidirectional mark": "a\u202eb",
    "quotes": "'\"`$(reboot)",
    "maximum length": "x" * 126,
}


def test_strings_arrive_as_they_were_given(ready: Guest) -> None:
    for name, text in STRINGS.items():
        device = ready.hostile(strings={3: text}).plug()
        assert ready.read_bytes(f"/sys{device.devpath}/serial").decode() == text + "\n", name
        device.unplug()


def test_broken_descriptors_are_announced_without_a_function(ready: Guest) -> None:
    whole = configuration(storage_interface())
    table = {
        "truncated": [whole[:-3]],
        "zero length inside": [configuration(b"\0" * 9)],
        "a length that lies": [configuration(storage_interface(), total=9)],
        "several configurations": [whole, configuration(storage_interface(), number=2)],
        "interface counted, not there": [configuration(interfaces=4)],
    }
    for name, configurations in table.items():
        described = device_descriptor(configurations=len(configurations))
        device = ready.hostile(described, configurations).plug()
        raw = ready.read_bytes(f"/sys{device.devpath}/descriptors")
        assert raw[:18] == described, name
        ready.witness.assert_dead(device.port)
        device.unplug()


def test_a_device_without_a_device_descriptor_never_comes(ready: Guest) -> None:
    since = ready.witness.mark
    device = ready.hostile(device=b"\x12\x01\x00").plug(wait=False)
    assert device.process is not None
    device.process.wait_output("value 0x0100")
    ready.witness.fence()
    announced = [event for event in ready.witness.events[since:] if event.env.get("DEVTYPE") == "usb_device"]
    assert [str(event) for event in announced if event.port] == []
    device.unplug()

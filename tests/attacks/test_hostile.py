"""Hostile devices: descriptors that lie, strings that attack the reader. Dead, recorded, and shown harmlessly."""

import json

import pytest

from tests.lab.hostile import configuration, device_descriptor, storage_interface
from tests.scenarios.rig import Rig

ZERO_LENGTH = b"\x00\x24"
# Calls itself a hub, with the numbers of a drive in the kernel's unusual_devs.h, which match whatever the class.
PRETENDER = device_descriptor(0x04B8, 0x0602)
BULK_HUB = (
    bytes([9, 4, 0, 0, 2, 9, 2, 0x50, 0])
    + bytes([7, 5, 0x81, 2, 0x00, 0x02, 0])
    + bytes([7, 5, 0x02, 2, 0x00, 0x02, 0])
)
PLAIN_HUB = bytes([9, 4, 0, 0, 1, 9, 0, 0, 0]) + bytes([7, 5, 0x81, 3, 1, 0, 12])
DESCRIPTORS: dict[str, tuple[bytes | None, list[bytes], str]] = {
    # The kernel announces each of these; what it repairs or cuts itself is judged as it shows it.
    "two configurations": (
        device_descriptor(configurations=2),
        [configuration(storage_interface()), configuration(storage_interface(), number=2)],
        "UNREADABLE",
    ),
    "a descriptor of length zero": (None, [configuration(storage_interface() + ZERO_LENGTH)], "UNREADABLE"),
    "one interface announced, two there": (
        None,
        [configuration(storage_interface(0) + storage_interface(1), interfaces=1)],
        "UNREADABLE",
    ),
    "two announced, one there": (None, [configuration(storage_interface(), interfaces=2)], "UNREADABLE"),
    "the same interface twice": (
        None,
        [configuration(storage_interface(0) + storage_interface(0), interfaces=1)],
        "UNREADABLE",
    ),
}
STRINGS = {
    "escape sequence": "SAMPLE\x1b[2J\x1b[31m",
    "quotes and markup": "'\"`<script>&|;",
    "line ends": "SAMPLE\r\nALLOWED",
    "right to left": "SAMPLE\u202e0001",
    "as long as can be": "S" * 126,
    "no text at all": "\ud800\udc00\ud800",
}


@pytest.mark.parametrize("case", DESCRIPTORS)
def test_lying_descriptors_are_dead_and_named(rig: Rig, case: str) -> None:
    """The parser refuses; the device was never authorised."""
    device, configurations, code = DESCRIPTORS[case]
    rig.guest.load_vhci()
    before = rig.seq()
    plugged = rig.guest.hostile(device, configurations).plug()
    rig.blocked(plugged, before, code)


@pytest.mark.parametrize(("interface", "code"), [(BULK_HUB, "TOPOLOGY"), (PLAIN_HUB, "HUB")], ids=["bulk", "plain"])
def test_a_drive_that_calls_itself_a_hub_gets_no_driver_but_the_hubs(rig: Rig, interface: bytes, code: str) -> None:
    """Hubs need no listing, so nothing but the hub driver may ever take one; this one answers no hub request."""
    rig.guest.load_vhci()
    before = rig.seq()
    plugged = rig.guest.hostile(PRETENDER, [configuration(interface)]).plug()
    entry = rig.await_entry(before, timeout=30, name=plugged.port, kind="decision")
    assert entry["code"] == code
    if code == "HUB":
        assert rig.await_entry(before, timeout=30, name=plugged.port, kind="outcome")["outcome"] == "failed"
    # After a refusal the kernel resets the device, and it comes anew again and again: every event counts.
    rig.guest.witness.fence(plugged.port)
    mine = [e for e in rig.guest.witness.events if e.port == plugged.port and e.kind == "uevent"]
    assert [str(e) for e in mine if e.action == "bind" and e.env.get("DRIVER") != "usb"] == []
    assert [str(e) for e in mine if e.subsystem != "usb"] == []


@pytest.mark.parametrize("case", STRINGS)
def test_hostile_strings_stay_bytes(rig: Rig, case: str) -> None:
    """As serial, maker and product: dead, in the log as bytes, and no control character reaches a reader."""
    text = STRINGS[case]
    rig.guest.load_vhci()
    before = rig.seq()
    plugged = rig.guest.hostile(strings={1: text, 2: text, 3: text}).plug()
    entry = rig.await_entry(before, name=plugged.port, kind="decision")
    rig.guest.witness.assert_dead(plugged.port)
    assert entry["allow"] is False
    raw = rig.guest.read_bytes(f"/sys/bus/usb/devices/{plugged.port}/product").rstrip(b"\n")
    assert bytes.fromhex(str(entry["product_hex"])).rstrip(b"\n") == raw
    for command in ("devices", "log", f"explain {plugged.port}"):
        shown = rig.cli(command).stdout
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\r" not in shown
    assert json.loads(rig.cli("devices --json").stdout)["devices"][0]["code"] == entry["code"]
    assert rig.cli("log verify").returncode == 0

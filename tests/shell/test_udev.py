"""Kernel messages as they come over netlink, and what is made of them."""

import pytest

from usbguard_py.core.event import Event
from usbguard_py.shell.udev import event_of

STICK = "/devices/pci0000:00/0000:00:02.0/usb2/2-3"


def message(head: str, *fields: str) -> bytes:
    return "\0".join([head, *fields, ""]).encode()


@pytest.mark.parametrize(
    ("raw", "event"),
    [
        pytest.param(
            message(
                f"add@{STICK}",
                *("ACTION=add", f"DEVPATH={STICK}", "SUBSYSTEM=usb", "MAJOR=189", "DEVNAME=bus/usb/002/004"),
                *("DEVTYPE=usb_device", "PRODUCT=46f4/1/0", "SEQNUM=1812"),
            ),
            Event("add", STICK, "usb", "usb_device", 1812),
            id="a device arrived",
        ),
        pytest.param(
            message(
                f"bind@{STICK}/2-3:1.0",
                *("ACTION=bind", f"DEVPATH={STICK}/2-3:1.0", "SUBSYSTEM=usb", "DEVTYPE=usb_interface"),
                *("DRIVER=usb-storage", "SEQNUM=1815"),
            ),
            Event("bind", f"{STICK}/2-3:1.0", "usb", "usb_interface", 1815, driver="usb-storage"),
            id="a driver was bound",
        ),
        pytest.param(
            message(
                f"add@{STICK}",
                *("ACTION=add", f"DEVPATH={STICK}", "SUBSYSTEM=usb", "SYNTH_UUID=0", "DEVTYPE=usb_device"),
                "SEQNUM=1816",
            ),
            Event("add", STICK, "usb", "usb_device", 1816, reminder=True),
            id="somebody wrote to its uevent file",
        ),
        pytest.param(
            message(
                f"change@{STICK}/2-3:1.0/host6/target6:0:0/6:0:0:0/block/sda",
                *("ACTION=change", f"DEVPATH={STICK}/block/sda", "SUBSYSTEM=block", "DISK_MEDIA_CHANGE=1"),
                *("DEVNAME=sda", "DEVTYPE=disk", "SEQNUM=1817"),
            ),
            Event("change", f"{STICK}/block/sda", "block", "disk", 1817, exchanged=True),
            id="a card was exchanged",
        ),
        pytest.param(
            b"remove@/x\0ACTION=remove\0DEVPATH=/x\0SUBSYSTEM=usb\0NAME=a=\xe9\0",
            Event("remove", "/x"),
            id="a value that is no text",
        ),
    ],
)
def test_a_message_becomes_an_event(raw: bytes, event: Event) -> None:
    assert event_of(raw) == event

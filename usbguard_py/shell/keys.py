"""Whether the kernel takes text from an interface: the input devices below it, and the keys that they say they have."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from usbguard_py.shell.sysfs import Directory

DRIVERS = frozenset({"usbhid", "usbkbd", "usbmouse"})  # those of class 3 that make input devices
# Kernel names of HID devices, bus:vendor:product.number (hid_add_device, drivers/hid/hid-core.c), and of input devices.
_HID = re.compile(r"[0-9A-F]{4}:[0-9A-F]{4}:[0-9A-F]{4}\.[0-9A-F]{4}\Z")
_INPUT = re.compile(r"input[0-9]+\Z")
# Digits and the three rows of letters (linux/input-event-codes.h: KEY_1, KEY_Q, KEY_A, KEY_Z and those after them). Not
# every key: a mouse with a wheel that tilts or a "back" button declares Enter and Escape (drivers/hid/hid-input.c).
_TEXT = sum(1 << code for code in (*range(2, 12), *range(16, 26), *range(30, 39), *range(44, 51)))


def types(directory: "Directory", interface: str) -> bool:
    """Whether an input device below ``interface`` of this device has keys that make text."""
    places = (interface, *(f"{interface}/{name}" for name in directory.names(interface, _HID)))
    return any(
        _text(directory.read(f"{place}/input/{name}/capabilities/key"))
        for place in places
        for name in directory.names(f"{place}/input", _INPUT)
    )


def _text(shown: bytes | None) -> bool:
    """The last word holds the lowest 64 keys, in hex (input_print_bitmap, drivers/input/input.c)."""
    words = (shown or b"").split()
    return bool(words) and bool(int(words[-1], 16) & _TEXT)

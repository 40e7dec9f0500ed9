"""Keys below an interface, in a tree that looks like sysfs; the bitmaps are those that a real kernel showed."""

from pathlib import Path

import pytest

from usbguard_py import paths
from usbguard_py.shell.sysfs import Directory

HID = "1-4:1.0/0003:0627:0001.0002/input/input7"
# /sys/class/input/*/capabilities/key: QEMU's keyboard and mouse; a consumer control with Enter and Escape.
KEYBOARD = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
MOUSE = "1f0000 0 0 0 0"
CONSUMER = "1 0 0 300000000 0 10000000000000 10000002"


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "USB_DEVICES", tmp_path)
    folder = tmp_path / "1-4"
    (folder / "1-4:1.0").mkdir(parents=True)
    (folder / "devnum").write_text("5\n")
    (folder / "authorized").write_text("1\n")
    (folder / "1-4:1.0/authorized").write_text("1\n")
    return folder


def driven(device: Path, driver: str) -> None:
    (device / "drivers" / driver).mkdir(parents=True)
    (device / "1-4:1.0/driver").symlink_to(device / "drivers" / driver)


def types(device: Path, keys: str, place: str = HID) -> bool:
    shown = device / place / "capabilities/key"
    shown.parent.mkdir(parents=True)
    shown.write_text(keys + "\n")
    (interface,) = Directory("1-4").read_back().interfaces
    return interface.types


@pytest.mark.parametrize(
    ("keys", "typed"),
    [(KEYBOARD, True), (MOUSE, False), (CONSUMER, False), ("0", False), ("", False), ("10000", True), ("2", False)],
    ids=["keyboard", "mouse", "media keys", "none", "empty", "the letter q", "escape"],
)
def test_letters_and_digits_are_typing(device: Path, keys: str, *, typed: bool) -> None:
    driven(device, "usbhid")
    assert types(device, keys) is typed


def test_the_driver_for_boot_keyboards_has_no_hid_device(device: Path) -> None:
    driven(device, "usbkbd")
    assert types(device, KEYBOARD, "1-4:1.0/input/input7")


def test_what_is_not_there_types_nothing(device: Path) -> None:
    driven(device, "usbhid")
    (interface,) = Directory("1-4").read_back().interfaces
    assert not interface.types

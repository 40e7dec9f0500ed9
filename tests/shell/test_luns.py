"""Logical units in a tree of plain files that looks like sysfs; what a real kernel does is shown in the scenarios."""

import os
from pathlib import Path
from typing import Any

import pytest

from usbguard_py import paths
from usbguard_py.core.media import Lun
from usbguard_py.errors import DeviceGone, SysfsTrouble
from usbguard_py.errors_device import MediaTrouble
from usbguard_py.shell import luns, nodes
from usbguard_py.shell.sysfs import Directory

UNIT = "1-2:1.0/host6/target6:0:0/6:0:0:0"


class Tree:
    """A SCSI bus, and a device with one storage interface."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.put("bus/scsi/drivers_autoprobe", "1\n")
        self.put("bus/scsi/drivers_probe", "")
        self.put("module/usb_storage/parameters/delay_use", "1\n")
        self.device("devnum", "5\n")
        self.device("1-2:1.0/authorized", "1\n")
        self.device("1-2:1.0/host6/scsi_host/host6/scan", "")

    def put(self, name: str, text: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def device(self, name: str, text: str | bytes) -> Path:
        return self.put(f"bus/usb/devices/1-2/{name}", text)

    def unit(self, place: str = UNIT, **more: str | bytes) -> None:
        values = {"vendor": "SAMPLE  \n", "model": "Stick           \n", "rev": "1.00\n", "type": "0\n", **more}
        for name, text in values.items():
            self.device(f"{place}/{name}", text)

    def open(self) -> Directory:
        return Directory("1-2")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.setattr(paths, "USB_DEVICES", tmp_path / "bus/usb/devices")
    monkeypatch.setattr(paths, "SCSI", tmp_path / "bus/scsi")
    monkeypatch.setattr(paths, "SCSI_AUTOPROBE", tmp_path / "bus/scsi/drivers_autoprobe")
    monkeypatch.setattr(paths, "SCSI_PROBE", tmp_path / "bus/scsi/drivers_probe")
    monkeypatch.setattr(paths, "DELAY_USE", tmp_path / "module/usb_storage/parameters/delay_use")
    monkeypatch.setattr(paths, "OPEN_FLAGS", tmp_path / "open")
    monkeypatch.setattr(paths, "READ_ONLY_FLAGS", tmp_path / "read-only")
    monkeypatch.setattr(paths, "LOGIN_TOOL_FLAGS", tmp_path / "login-tool")
    monkeypatch.setattr(paths, "RAW_FLAGS", tmp_path / "raw")
    return Tree(tmp_path)


def test_the_bus_is_held_and_nobody_waits(tree: Tree) -> None:
    assert luns.held() == ()
    assert paths.SCSI_AUTOPROBE.read_text().strip() == "0"
    assert paths.DELAY_USE.read_text().strip() == "0"
    assert luns.hold() is True


def test_without_a_bus_there_is_nothing_to_hold_yet(tree: Tree) -> None:
    paths.SCSI_AUTOPROBE.unlink()
    paths.DELAY_USE.unlink()
    assert luns.bus() is False
    assert luns.hold() is False
    assert luns.held() == ()


def test_a_bus_that_cannot_be_held_is_told(tree: Tree) -> None:
    paths.SCSI_AUTOPROBE.unlink()
    paths.SCSI_AUTOPROBE.symlink_to("/dev/null")  # takes every write and shows nothing
    with pytest.raises(SysfsTrouble):
        luns.hold()
    assert luns.held() == (str(paths.SCSI_AUTOPROBE),)


def test_units_are_read_as_bytes_in_their_order(tree: Tree) -> None:
    tree.unit(UNIT.replace("6:0:0:0", "6:0:0:10"), type="5\n", vendor=b"\x1b\xff      \n")
    tree.unit()
    assert len(luns.addresses(tree.open())) == 2
    first, second = luns.units(tree.open())
    assert first.lun == Lun(0, 0, 0, b"SAMPLE  ".hex(), b"Stick           ".hex(), b"1.00".hex())
    assert (second.address, second.lun.number, second.lun.type, second.lun.vendor) == (
        "6:0:0:10",
        10,
        5,
        b"\x1b\xff      ".hex(),
    )


def test_a_unit_that_cannot_be_read_is_trouble(tree: Tree) -> None:
    tree.unit()
    (paths.USB_DEVICES / "1-2" / UNIT / "model").unlink()
    with pytest.raises(MediaTrouble):
        luns.units(tree.open())


@pytest.mark.parametrize("address", ["6:0:1:0", "6:1:0:0"])
def test_a_second_target_is_trouble(tree: Tree, address: str) -> None:
    tree.unit(UNIT.replace("6:0:0:0", address))
    with pytest.raises(MediaTrouble):
        luns.units(tree.open())


def test_units_of_a_device_that_left_are_not_none(tree: Tree) -> None:
    directory = tree.open()
    (paths.USB_DEVICES / "1-2/devnum").unlink()
    with pytest.raises(DeviceGone):
        luns.units(directory)


def test_asking_for_a_scan_names_the_one_target(tree: Tree) -> None:
    luns.complete(tree.open())
    assert (paths.USB_DEVICES / "1-2/1-2:1.0/host6/scsi_host/host6/scan").read_text() == "0 0 -"


def test_a_unit_is_attached_by_its_address_and_its_driver_is_read_back(tree: Tree) -> None:
    tree.unit()
    (unit,) = luns.units(tree.open())
    luns.attach(unit)
    assert paths.SCSI_PROBE.read_text() == "6:0:0:0"
    assert not luns.driver_loaded(unit)
    assert not luns.bound(tree.open(), unit)
    driver = tree.root / "bus/scsi/drivers/sd"
    driver.mkdir(parents=True)
    (paths.USB_DEVICES / "1-2" / UNIT / "driver").symlink_to(driver)
    assert luns.driver_loaded(unit)
    assert luns.bound(tree.open(), unit)


def test_the_capacity_is_in_bytes(tree: Tree) -> None:
    tree.unit()
    (unit,) = luns.units(tree.open())
    with pytest.raises(MediaTrouble):
        luns.sized(tree.open(), unit)
    tree.device(f"{UNIT}/block/sda/size", "8\n")
    assert luns.sized(tree.open(), unit).capacity == 4096
    assert luns.capacity(tree.open(), unit.place) == 4096
    assert luns.capacity(tree.open(), "1-2:1.0/host6/target6:0:0/6:0:0:9") is None


def test_udev_looks_at_the_disk_and_its_partitions_again(tree: Tree) -> None:
    tree.unit()
    disk = f"{UNIT}/block/sda"
    files = [tree.device(f"{disk}/{name}uevent", "") for name in ("", "sda1/", "queue/")]
    tree.device(f"{disk}/sda1/partition", "1\n")
    luns.announce(tree.open())
    assert [path.read_text() for path in files] == [luns.GIVEN, luns.GIVEN, ""]


def test_udev_looks_at_the_raw_node_where_it_may_be_given_out(tree: Tree) -> None:
    tree.unit()
    file = tree.device(f"{UNIT}/scsi_generic/sg1/uevent", "")
    luns.announce(tree.open())
    assert file.read_text() == ""
    luns.announce(tree.open(), raw=True)
    assert file.read_text() == luns.GIVEN


FLAGS = ("READ_ONLY_FLAGS", "LOGIN_TOOL_FLAGS", "OPEN_FLAGS", "RAW_FLAGS")  # as they are set; taken away backwards


def flags() -> list[str]:
    """The flags that stand, as ``KIND NAME:NUMBER``."""
    folders = [getattr(paths, kind) for kind in FLAGS]
    return [f"{folder.name} {file.name}" for folder in folders if folder.exists() for file in folder.iterdir()]


def test_how_a_device_is_given_out_is_marked_and_leaves_with_it(tree: Tree) -> None:
    nodes.flag("1-2", 5, granted=True, read_only=True, login_tool=True)
    assert flags() == ["read-only 1-2:5", "login-tool 1-2:5", "open 1-2:5"]
    nodes.flag("1-2", 5, granted=False)
    assert flags() == []
    nodes.flag("1-2", 6, granted=True)
    nodes.flag("1-3", 7, granted=True, login_tool=True)
    nodes.flag("1-4", 8, granted=True, raw=True)
    assert sorted(flags()) == ["login-tool 1-3:7", "open 1-2:6", "open 1-3:7", "open 1-4:8", "raw 1-4:8"]
    nodes.clear()
    assert flags() == []


@pytest.mark.parametrize("end", ["one is taken away", "all are cleared"])
def test_no_device_is_open_without_its_limits_at_any_moment(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Its nodes are looked at by udev at any time: `open` is set last, and taken away before what limits it."""
    seen: list[list[str]] = []

    def watch(name: str) -> None:
        real: Any = getattr(os, name)

        def watched(*words: Any, **more: Any) -> Any:
            seen.append(flags())
            return real(*words, **more)

        monkeypatch.setattr(os, name, watched)

    watch("open")
    watch("unlink")
    nodes.flag("1-2", 5, granted=True, read_only=True, login_tool=True)
    if end == "one is taken away":
        nodes.flag("1-2", 5, granted=False)
    else:
        nodes.clear()
    assert ["read-only 1-2:5", "login-tool 1-2:5", "open 1-2:5"] in seen
    assert [some for some in seen if "open 1-2:5" in some and "read-only 1-2:5" not in some] == []


@pytest.mark.parametrize("kind", ["", "disk\n", " 5\n", "+5\n", "1_0\n", "\u0665\n", "100\n"])
def test_a_type_that_is_no_number_is_an_error_with_its_place(tree: Tree, kind: str) -> None:
    tree.unit(type=kind)
    with pytest.raises(MediaTrouble):
        luns.units(tree.open())

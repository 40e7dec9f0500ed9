"""What somebody else changes is put back and recorded: the real sysfs code over a tree like the kernel's."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.test_pipeline import ALLOW, CLOSED, KEPT, OPEN, STICK, UNBOUND, Host, Link, run
from usbguard_py import paths
from usbguard_py.core.codes import Code
from usbguard_py.core.connection import State
from usbguard_py.daemon.drift import Drift
from usbguard_py.pipeline import verify


class World:
    """One bus, its defaults closed, the flag set; ``kept`` holds the entries."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bus = root / "devices/usb1"
        (self.bus / "1-0:1.0").mkdir(parents=True)
        self.parameter, self.flag = root / "authorized_default", root / "run/enforcing"
        self.flag.parent.mkdir()
        monkeypatch.setattr(paths, "USB_DEVICES", root / "devices")
        monkeypatch.setattr(paths, "USBCORE_DEFAULT", self.parameter)
        monkeypatch.setattr(paths, "ENFORCING", self.flag)
        self.units = root / "drivers_autoprobe"
        monkeypatch.setattr(paths, "SCSI_AUTOPROBE", self.units)
        monkeypatch.setattr(paths, "DELAY_USE", root / "delay_use")
        monkeypatch.setattr(paths, "OPEN_FLAGS", root / "run/open")
        for place in self.places().values():
            place.write_text("0\n")
        for attribute in ("devnum", "1-0:1.0/authorized"):
            (self.bus / attribute).write_text("1\n")
        monkeypatch.setattr(paths, "USB_DRIVERS", root / "drivers")
        (root / "drivers/hub").mkdir(parents=True)
        self.bind = root / "drivers/hub/bind"
        self.driver = self.bus / "1-0:1.0/driver"
        self.driver.symlink_to("../../../drivers/hub")
        self.flag.touch()
        self.kept: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[Any] = []
        books = SimpleNamespace(append_or_keep=lambda kind, body: self.kept.append((kind, body)))
        hands = SimpleNamespace(begin_floor=self.asked.append)
        self.host = SimpleNamespace(books=books, hands=hands, enforcing=True, connections={})
        runner = SimpleNamespace(start=next)
        judge: Any = SimpleNamespace(host=self.host, switching=False, loop=SimpleNamespace(runner=runner))
        self.drift = Drift(judge)

    def places(self) -> dict[str, Path]:
        return {
            "usbcore.authorized_default": self.parameter,
            "usb1/authorized_default": self.bus / "authorized_default",
            "usb1/interface_authorized_default": self.bus / "interface_authorized_default",
            "scsi/drivers_autoprobe": self.units,
        }


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, monkeypatch)
    made.drift.look()
    assert made.kept == []
    assert made.drift.closed_since
    return made


@pytest.mark.parametrize(
    "place",
    [
        "usbcore.authorized_default",
        "usb1/authorized_default",
        "usb1/interface_authorized_default",
        "scsi/drivers_autoprobe",
    ],
)
def test_a_default_that_somebody_opens_is_closed_again(world: World, place: str) -> None:
    world.places()[place].write_text("1\n")
    world.drift.look()
    [(kind, body)] = world.kept
    assert kind == "drift"
    assert (body["name"], body["expected"], body["seen"], body["restored"]) == (place, "0", "1", True)
    assert world.places()[place].read_text().strip() == "0"
    assert not world.drift.closed_since
    world.drift.look()
    assert world.drift.closed_since
    assert len(world.kept) == 1


def test_a_default_that_cannot_be_closed_is_told_once_and_never_called_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usbguard_py.shell.floor.close", tuple)
    world.parameter.write_text("1\n")
    for _ in range(3):
        world.drift.look()
        assert not world.drift.closed_since
    assert [(kind, body["restored"]) for kind, body in world.kept] == [("drift", False)]


def test_the_flag_of_the_udev_rules_comes_back_and_the_nodes_are_stated_anew(world: World) -> None:
    world.flag.unlink()
    world.drift.look()
    assert world.flag.exists()
    assert [body["name"] for _, body in world.kept] == ["enforcing"]
    assert world.asked == ["close"]


def test_a_bus_that_has_just_come_is_left_to_its_own_event(world: World) -> None:
    bus = world.bus.with_name("usb2")
    (bus / "2-0:1.0").mkdir(parents=True)
    for attribute in ("devnum", "2-0:1.0/authorized", "authorized_default", "interface_authorized_default"):
        (bus / attribute).write_text("1\n")
    (bus / "2-0:1.0/driver").symlink_to("../../../drivers/hub")
    world.drift.look()
    assert world.kept == []
    assert not world.drift.closed_since
    world.drift.look()
    assert [body["name"] for _, body in world.kept] == ["usb2/authorized_default", "usb2/interface_authorized_default"]


def test_a_root_hub_without_its_driver_gets_it_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken to 0 and back by somebody: its interface is closed by our own default, and the bus would stay dead."""
    world.driver.unlink()
    (world.bus / "1-0:1.0/authorized").write_text("0\n")
    asked = []

    def bound(interface: str, driver: str) -> None:
        asked.append((interface, driver, (world.bus / "1-0:1.0/authorized").read_text().strip()))
        world.driver.symlink_to("../../../drivers/hub")

    monkeypatch.setattr("usbguard_py.shell.hubs.probe", bound)
    world.drift.look()
    assert asked == [("1-0:1.0", "hub", "1")]
    [(kind, body)] = world.kept
    assert kind == "drift"
    assert (body["name"], body["expected"], body["seen"], body["restored"]) == ("usb1/hub", "there", "no driver", True)
    assert world.drift.closed_since, "a dead bus is not open"
    world.drift.look()
    assert len(world.kept) == 1


def test_a_bus_that_is_turned_off_is_told_once(world: World) -> None:
    """Somebody's will, maybe: it is left as it is until it is turned on again."""
    world.driver.unlink()
    (world.bus / "1-0:1.0/authorized").unlink()
    (world.bus / "1-0:1.0").rmdir()
    for _ in range(3):
        world.drift.look()
    assert [(b["name"], b["seen"], b["restored"]) for _, b in world.kept] == [("usb1/hub", "no interface", False)]


def test_nothing_is_put_back_while_observing(world: World) -> None:
    world.host.enforcing = False
    world.parameter.write_text("1\n")
    world.drift.look()
    assert (world.kept, world.parameter.read_text()) == ([], "1\n")


def test_an_open_device_that_somebody_changes_is_recorded_and_cut() -> None:
    host, link = Host(ALLOW), Link("1-2", UNBOUND, State.HANDED_OVER)
    link.device, link.decision = STICK, ALLOW
    run(verify(link, host))
    assert host.log[0] == "record drift"
    assert "1-2/authorized=0" in host.log
    assert host.outcomes == [(CLOSED, ())]
    assert (link.state, link.decision.code) == (State.CLOSED, Code.NOT_EFFECTIVE)


def test_a_drive_that_a_reset_made_one_that_outlasts_sleep_is_put_back_and_goes_on() -> None:
    """The kernel does it by itself, also when the driver recovers from an error: no drift, no cut."""
    host, link = Host(ALLOW), Link("1-2", KEPT, State.HANDED_OVER)
    link.device, link.decision = STICK, ALLOW
    run(verify(link, host))
    assert (host.log, link.state) == (["1-2/power/persist=0"], State.HANDED_OVER)


def test_an_open_device_as_it_was_left_is_not_touched() -> None:
    host, link = Host(ALLOW), Link("1-2", OPEN, State.HANDED_OVER)
    link.device, link.decision = STICK, ALLOW
    run(verify(link, host))
    assert (host.log, link.state) == ([], State.HANDED_OVER)

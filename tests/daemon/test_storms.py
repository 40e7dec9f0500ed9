"""A port that misbehaves, with the real judge, loop, helper and ledger; only sysfs is made of plain files."""

import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.build import HUB, STORAGE, Part, a_stick, an_asset, attributes, descriptors
from usbguard_py import paths
from usbguard_py.core.event import Event
from usbguard_py.core.storm import FULL, OPENINGS, WINDOW
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.helper import Helper
from usbguard_py.daemon.host import Host
from usbguard_py.daemon.judge import Judge
from usbguard_py.daemon.loop import Loop
from usbguard_py.policy.knobs import Policy

BY = {"user": "quanly", "login": "quanly", "uid": 1001}
STICK, A_HUB = descriptors((Part(0, STORAGE),)), descriptors((Part(0, HUB, endpoints=1),), class_=9)


class Machine:
    """A judge at work above a folder; the clock of the storms stands until it is moved."""

    def __init__(self) -> None:
        self.books = Books(paths.DATABASE)
        assert self.books.open(enforce_expected=False)
        self.books.policy = Policy(name="standalone")
        self.faults: list[BaseException] = []
        self.loop = Loop(Helper(), self.faults.append)
        self.host = Host(self.books, self.loop.helper)
        self.host.storms.clock = lambda: self.now
        self.judge = Judge(self.host, self.loop, None)  # type: ignore[arg-type] # its events come from the test
        self.host.queue = self.judge.run
        self.now = 0.0
        self.devnum = 0

    def plug(
        self, name: str = "1-2", raw: bytes = STICK, serial: str = "SAMPLE-9999", announced: int = 0, **more: bytes
    ) -> None:
        self.devnum += 1
        shown = attributes(raw, name, devnum=b"%d\n" % self.devnum, serial=serial.encode() + b"\n", **more)
        folder = paths.USB_DEVICES / name
        folder.mkdir(parents=True)
        (folder / "driver").symlink_to("../usb")  # the kernel's own, of the whole device
        for attribute, value in shown.items():
            if value is not None:
                (folder / attribute).write_bytes(value)
        self.judge.event(Event("add", f"/devices/x/{name}", devtype="usb_device", devnum=announced))
        self.settle()

    def unplug(self, name: str = "1-2") -> None:
        shutil.rmtree(paths.USB_DEVICES / name)
        self.judge.event(Event("remove", f"/devices/x/{name}", devtype="usb_device"))
        self.settle()
        self.now += 0.5

    def settle(self) -> None:
        self.loop.settle(time.monotonic() + 20)
        assert self.loop.runner.idle
        assert self.faults == []

    def entries(self) -> list[dict[str, Any]]:
        connection = sqlite3.connect(paths.DATABASE)
        rows = connection.execute("SELECT body FROM ledger ORDER BY seq").fetchall()
        connection.close()
        return [json.loads(body) for (body,) in rows]

    def kinds(self, name: str = "1-2") -> list[str]:
        return [e["kind"] for e in self.entries() if e.get("name") == name]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    for name, value in vars(paths).items():
        if isinstance(value, Path) and name != "ROOT":
            monkeypatch.setattr(paths, name, tmp_path / value.relative_to(paths.ROOT))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    for folder in (paths.STATE, paths.RUN, paths.USB_DEVICES / "usb1"):
        folder.mkdir(parents=True)
    for default in ("authorized_default", "interface_authorized_default"):
        (paths.USB_DEVICES / "usb1" / default).write_text("1\n", encoding="ascii")
    paths.SCSI.mkdir(parents=True)
    paths.SCSI_AUTOPROBE.write_text("0\n", encoding="ascii")  # the bus is there; without it every opening waits for it
    found = Machine()
    yield found
    assert found.books.store is not None
    found.books.store.close()


def storm(machine: Machine, times: int, plug: Callable[[], None] | None = None) -> None:
    for _ in range(times):
        (plug or machine.plug)()
        machine.unplug()


def arrivals(machine: Machine) -> int:
    return sum(e["count"] if e["kind"] == "repeated" else e["kind"] == "decision" for e in machine.entries())


def test_a_hundred_arrivals(machine: Machine) -> None:
    """Few entries, an exact sum, the evidence once, and the port is shown as held while it lasts."""
    storm(machine, 99)
    machine.plug()
    connection = machine.host.connections["1-2"]
    assert (connection.decision.allow, connection.state, connection.times) == (False, "closed", 100)
    assert machine.host.storms.storms.held() == {"1-2": 100}
    decisions = [e for e in machine.entries() if e["kind"] == "decision"]
    assert connection.seq == decisions[-1]["seq"], "the entry that says the same about it"
    machine.unplug()
    machine.now += WINDOW + 1
    machine.host.storms.look()
    kinds = machine.kinds()
    assert (kinds.count("decision"), kinds.count("removed"), kinds.count("alarm")) == (FULL, FULL, 1)
    assert len(kinds) <= 12
    assert arrivals(machine) == 100
    last = machine.entries()[-1]
    assert (last["kind"], last["ended"], last["total"], last["outcome"]) == ("repeated", True, 100, "blocked")
    connection_ = sqlite3.connect(paths.DATABASE)
    assert connection_.execute("SELECT count(*) FROM evidence").fetchone() == (1,)
    connection_.close()
    assert machine.books.today() == (100, 1)


def test_a_device_that_stays_after_its_storm_leaves_with_an_entry(machine: Machine) -> None:
    storm(machine, 10)
    machine.plug()
    machine.now += WINDOW + 1
    machine.host.storms.look()
    machine.unplug()
    assert machine.kinds()[-2:] == ["repeated", "removed"]
    assert arrivals(machine) == 11
    machine.plug()
    assert machine.kinds()[-1] == "decision"


def test_an_approved_device_on_a_held_port_is_judged_as_ever(machine: Machine) -> None:
    """Its entry is there before anything opens; in this folder it has no interface to open, so it is closed again."""
    assert machine.books.store is not None
    machine.books.store.add_asset(an_asset(a_stick()), BY)
    storm(machine, 20)
    before = len(machine.entries())
    for _ in range(20):
        machine.plug(serial="SAMPLE-0001")
        machine.unplug()
    new = [(e["kind"], e["code"]) for e in machine.entries()[before:]]
    assert new[0] == ("repeated", "NOT_LISTED"), "the count so far goes before it"
    assert new.count(("decision", "ALLOWED")) == 20, "each opening has its entry"
    assert new.count(("outcome", "NOT_EFFECTIVE")) == new.count(("removed", "NOT_EFFECTIVE")) == 20
    assert new.count(("alarm", "ALLOWED")) == 1


def test_what_leaves_before_it_is_judged_is_counted_too(machine: Machine) -> None:
    """Quicker than the helper reads: its directory is gone when it is looked at."""
    for _ in range(50):
        folder = paths.USB_DEVICES / "1-2"
        folder.mkdir()
        (folder / "devnum").write_text("7\n", encoding="ascii")
        machine.judge.event(Event("add", "/devices/x/1-2", devtype="usb_device"))
        machine.unplug()
    machine.host.storms.end()
    kinds = machine.kinds()
    assert len(kinds) <= 12
    unjudged = [e for e in machine.entries() if e["kind"] == "removed" and e["of"] == 0]
    assert arrivals(machine) + len(unjudged) == 50


def told(machine: Machine, action: str, devnum: int) -> None:
    machine.judge.event(Event(action, "/devices/x/1-2", devtype="usb_device", devnum=devnum))
    machine.settle()


def test_what_left_before_anything_of_it_was_read_is_counted_too(machine: Machine) -> None:
    """The events wait while the judge is busy; the directory of the first is gone, that of the last is there."""
    for number in range(1, 10):
        told(machine, "add", number)
        told(machine, "remove", number)
    machine.devnum = 11
    machine.plug(announced=10)  # that one has left, and number 12 is there, when the judge looks
    told(machine, "remove", 10)
    for _ in range(2):  # the event itself, and a second look
        told(machine, "add", 12)
    machine.host.storms.end()
    entries = machine.entries()
    assert [e["devnum"] for e in entries if e["kind"] == "decision"] == [12]
    counted = sum(e["count"] for e in entries if e["kind"] == "repeated")
    assert counted + len([e for e in entries if e["kind"] == "removed" and e["of"] == 0]) == 10


def test_a_change_of_the_list_writes_the_count_and_begins_anew(machine: Machine) -> None:
    storm(machine, 7)
    machine.books.ready().add_asset(an_asset(a_stick(b"SAMPLE-0005")), BY)
    assert [e["kind"] for e in machine.entries()][-2:] == ["repeated", "list-add"]
    machine.plug()
    assert machine.kinds()[-1] == "decision"
    assert arrivals(machine) == 8


def test_what_somebody_opens_on_a_held_port_is_cut_and_recorded(machine: Machine) -> None:
    storm(machine, 10)
    machine.plug()
    (paths.USB_DEVICES / "1-2/1-2:1.0").mkdir()
    machine.judge.event(Event("add", "/devices/x/1-2:1.0", devtype="usb_interface"))
    machine.settle()
    assert machine.kinds()[-2:] == ["alarm", "cut"], "once, although plain files keep the interface"
    assert machine.host.connections["1-2"].opened, "what is not closed is not called closed"
    machine.unplug()
    assert machine.kinds()[-1] == "removed"


def test_a_stopped_judge_loses_nothing(machine: Machine) -> None:
    storm(machine, 7)
    machine.host.storms.end()
    assert arrivals(machine) == 7


def test_a_killed_judge_loses_less_than_half(machine: Machine) -> None:
    storm(machine, 15)
    assert 8 <= arrivals(machine) <= 15


def test_a_hub_that_fails_again_and_again_is_not_opened_any_more(machine: Machine) -> None:
    """The kernel resets it after each opening: after three it is refused, and what follows is counted."""
    connection_of = machine.host.connections

    def hub() -> None:
        machine.plug(raw=A_HUB)

    storm(machine, 40, hub)
    hub()
    assert connection_of["1-2"].decision.code == "HELD"
    codes = [e["code"] for e in machine.entries() if e["kind"] == "decision"]
    assert codes.count("HELD") == FULL
    assert len(machine.kinds()) <= 3 * FULL + 12
    assert arrivals(machine) >= 41 // 2
    machine.unplug()
    machine.now += WINDOW + 1
    hub()
    assert connection_of["1-2"].decision.code != "HELD", "after a minute of quiet it is tried again"


def test_an_opened_device_that_comes_often_is_an_alarm_and_keeps_its_entries(machine: Machine) -> None:
    """Enrolled or approved, it has an entry for each opening; a person who looks at the alarms finds it."""
    machine.books.policy = Policy(name="observe", enforce=False)
    assert machine.books.store is not None
    machine.books.store.add_asset(an_asset(a_stick()), BY)
    storm(machine, OPENINGS + 5, lambda: machine.plug(serial="SAMPLE-0001"))
    kinds = machine.kinds()
    assert (kinds.count("decision"), kinds.count("removed"), kinds.count("alarm")) == (13, 13, 1)
    assert "repeated" not in kinds

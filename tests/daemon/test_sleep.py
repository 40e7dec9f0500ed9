"""The machine slept: the gap is an entry, and what was there before is judged again at the second look."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.test_pipeline import ALLOW, OPEN, STICK, Host, Link, run
from usbguard_py.core.connection import State
from usbguard_py.daemon.sleep import SLEPT, Sleep
from usbguard_py.shell import clock


class Machine:
    """A machine with one open stick; ``asleep`` and ``times`` are what its clocks and its kernel say."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, dict[str, Any]]] = []
        self.host: Any = Host(ALLOW)
        self.stick = self.open("1-2")
        self.host.connections = {"1-2": self.stick}
        self.host.books = SimpleNamespace(append_or_keep=lambda kind, body: self.kept.append((kind, body)))
        judge: Any = SimpleNamespace(host=self.host, run=lambda _connection, flow: run(flow))
        self.sleep = Sleep(judge)
        self.asleep, self.times = clock.asleep_ms(), clock.suspends()
        self.sleep.asleep, self.sleep.suspends = (lambda: self.asleep), (lambda: self.times)

    def open(self, name: str) -> Any:
        link = Link(name, OPEN, State.HANDED_OVER)
        link.device, link.decision, link.seq = STICK, ALLOW, 3
        return link


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_nothing_is_said_of_a_machine_that_is_awake(machine: Machine) -> None:
    for _ in range(3):
        machine.sleep.look()
    assert (machine.kept, machine.host.log) == ([], [])


def test_sleep_is_an_entry_and_everything_is_judged_again(machine: Machine) -> None:
    machine.sleep.look()
    machine.asleep += 60_000
    machine.sleep.look()
    machine.times += 1  # when the kernel is through with it
    [(kind, body)] = machine.kept
    assert (kind, body["ms"]) == ("sleep", 60_000)
    assert machine.host.log == [], "the kernel's own work comes first"
    machine.sleep.look()
    assert machine.host.log[-2:] == ["record decision", "record ALLOWED"]
    machine.sleep.look()
    assert len(machine.kept) == 1
    assert machine.host.log.count("record decision") == 1


def test_a_device_that_came_after_sleep_was_judged_by_the_door(machine: Machine) -> None:
    machine.asleep += 60_000
    late = machine.open("1-3")
    late.asleep_ms = machine.asleep
    machine.host.connections["1-3"] = late
    machine.sleep.look()
    machine.sleep.look()
    assert machine.host.log.count("record decision") == 1


def test_a_sleep_too_short_for_the_clock_is_counted_by_the_kernel(machine: Machine) -> None:
    """A clock that goes on in sleep by the real-time clock knows whole seconds only."""
    machine.times += 1
    machine.sleep.look()
    machine.sleep.look()
    assert [(kind, body["ms"]) for kind, body in machine.kept] == [("sleep", 0)]
    assert machine.host.log.count("record decision") == 1


def test_hibernation_is_known_by_the_clock_alone(machine: Machine) -> None:
    machine.asleep += SLEPT
    machine.sleep.look()
    machine.sleep.look()
    assert [(kind, body["ms"]) for kind, body in machine.kept] == [("sleep", SLEPT)]


def test_a_device_that_left_meanwhile_is_left_alone(machine: Machine) -> None:
    machine.asleep += 60_000
    machine.sleep.look()
    machine.stick.state = State.GONE
    machine.sleep.look()
    assert machine.host.log == []

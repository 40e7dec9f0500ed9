"""Flows and the helper: order, errors and deadlines, with the real thread and eventfd."""

import select
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from usbguard_py.daemon.flow import Bound, Flow, Runner
from usbguard_py.daemon.helper import Helper, Task
from usbguard_py.errors import DeviceGone, GuardError


class Faults:
    """Collects what a flow let through."""

    def __init__(self) -> None:
        self.seen: list[BaseException] = []

    def guarded(self, function: Callable[[], Any]) -> None:
        try:
            function()
        except RuntimeError as fault:
            self.seen.append(fault)


@pytest.fixture
def rig() -> tuple[Helper, Runner, Faults]:
    """A helper with its runner."""
    faults = Faults()
    return Helper(), Runner(faults.guarded), faults


def drive(helper: Helper, runner: Runner) -> None:
    """Wait for the helper until no flow waits for a task."""
    poll = select.poll()
    poll.register(helper.fileno(), select.POLLIN)
    while not runner.idle:
        assert poll.poll(5000), "the helper did not answer"
        for task in helper.ended():
            runner.ended(task)


def test_a_flow_gets_what_the_helper_returned(rig: tuple[Helper, Runner, Faults]) -> None:
    """The result comes from the other thread."""
    helper, runner, _ = rig
    got: list[object] = []

    def flow() -> Flow:
        got.append((yield helper.begin(threading.get_ident)))

    runner.start(flow())
    drive(helper, runner)
    assert len(got) == 1
    assert got[0] != threading.get_ident()


def test_work_goes_on_beside_a_call(rig: tuple[Helper, Runner, Faults]) -> None:
    """The flow does not wait for a task before it asks for its result."""
    helper, runner, _ = rig
    order: list[str] = []
    entered, release = threading.Event(), threading.Event()

    def slow() -> None:
        entered.set()
        release.wait(5)
        order.append("written")

    def flow() -> Flow:
        task = helper.begin(slow)
        assert entered.wait(5)
        order.append("recorded")
        release.set()
        yield task
        order.append("opened")

    runner.start(flow())
    drive(helper, runner)
    assert order == ["recorded", "written", "opened"]


def test_an_error_reaches_the_flow_that_asked(rig: tuple[Helper, Runner, Faults]) -> None:
    """A GuardError of the call is raised at the yield."""
    helper, runner, _ = rig
    caught: list[GuardError] = []

    def gone() -> None:
        raise DeviceGone(name="1-2")

    def flow() -> Flow:
        try:
            yield helper.begin(gone)
        except GuardError as error:
            caught.append(error)

    runner.start(flow())
    drive(helper, runner)
    assert [str(e) for e in caught] == [str(DeviceGone(name="1-2"))]


def test_one_faulty_flow_leaves_the_others(rig: tuple[Helper, Runner, Faults]) -> None:
    """A fault is reported once, and the next flow still runs."""
    helper, runner, faults = rig
    done: list[int] = []

    def bad() -> Flow:
        yield helper.begin(lambda: None)
        raise RuntimeError("fault")

    def good() -> Flow:
        yield helper.begin(lambda: None)
        done.append(1)

    runner.start(bad())
    runner.start(good())
    drive(helper, runner)
    assert len(faults.seen) == 1
    assert done == [1]


def test_a_task_that_ended_already_is_not_waited_for(rig: tuple[Helper, Runner, Faults]) -> None:
    """Otherwise a flow could wait for ever for an answer that was taken before."""
    _, runner, _ = rig
    task = Task(lambda: 7)
    task.run()
    task.done = True
    got: list[object] = []

    def flow() -> Flow:
        got.append((yield task))

    runner.start(flow())
    assert got == [7]
    assert runner.idle


@pytest.mark.parametrize(
    ("looks", "answer"),
    [pytest.param([False, True], True, id="bound by the event"), pytest.param([False, False], False, id="deadline")],
)
def test_a_wait_for_a_bind(rig: tuple[Helper, Runner, Faults], looks: list[bool], answer: bool) -> None:
    """It ends with the event that makes it true, or with the deadline and what is true then."""
    _, runner, _ = rig
    results = iter([*looks, False])
    got: list[object] = []

    def flow() -> Flow:
        got.append((yield Bound(lambda: next(results), time.monotonic() + 60)))

    runner.start(flow())
    assert got == []
    runner.bound()
    runner.expire(time.monotonic() + 61)
    assert got == [answer]
    assert runner.idle

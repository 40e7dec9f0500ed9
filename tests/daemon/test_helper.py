"""The helper thread: its calls in order, their results, and how soon the two threads hand over to each other."""

import select
import sys

import pytest

from usbguard_py.daemon import helper
from usbguard_py.daemon.helper import Helper, Task
from usbguard_py.errors import DeviceGone


def ended(one: Helper, count: int) -> list[Task]:
    """Wait until so many tasks have ended."""
    poll = select.poll()
    poll.register(one.fileno(), select.POLLIN)
    found: list[Task] = []
    while len(found) < count:
        assert poll.poll(30_000), "the helper does not answer"
        found += one.ended()
    return found


def test_calls_run_one_after_the_other() -> None:
    one, ran = Helper(), list[int]()
    tasks = [one.begin(lambda number=number: ran.append(number)) for number in range(50)]  # type: ignore[misc] # binds it
    assert ended(one, 50) == tasks
    assert ran == list(range(50))


def test_an_error_is_the_result() -> None:
    one = Helper()

    def gone() -> None:
        raise DeviceGone(name="1-2")

    task = one.begin(gone)
    ended(one, 1)
    with pytest.raises(DeviceGone):
        task.result()


def test_the_main_thread_does_not_keep_the_helper_waiting() -> None:
    """By itself Python lets a busy thread go on for 5 ms (sys.setswitchinterval), twice in every plug."""
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)
        Helper()
        assert sys.getswitchinterval() == pytest.approx(helper.HAND_OVER)
        assert helper.HAND_OVER <= 0.001
    finally:
        sys.setswitchinterval(before)

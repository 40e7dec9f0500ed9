"""One thread, one poll: events, the helper's and the hands' answers, control, signals, the watchdog.

The only broad ``except`` of the product is here: a fault while one device is handled is recorded
and must not end the handling of the others. Nothing opens by it.
"""

import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any, Protocol

from usbguard_py.daemon.flow import Runner
from usbguard_py.daemon.helper import Helper
from usbguard_py.shell.systemd import notify, watchdog_interval

TICK = 1.0  # seconds between two looks at things that send no event: what drifts is noticed within 2 s


class Source(Protocol):
    """Something whose descriptors are polled."""

    def descriptors(self) -> list[int]:
        """The descriptors to wait on now."""

    def readable(self, fd: int) -> None:
        """One of them is readable, or hung up."""


class Loop:
    """Polls until told to stop."""

    def __init__(self, helper: Helper, fault: Callable[[BaseException], None]) -> None:
        self.helper = helper
        self.runner = Runner(self.guarded)
        self.sources: list[Source] = []
        self.tick: Callable[[], None] = lambda: None
        self._fault = fault
        self._stopping = False
        self._pulse = watchdog_interval()
        self._alive = True

    def guarded(self, function: Callable[[], Any]) -> None:
        """Call ``function``; a fault is reported and goes no further."""
        try:
            function()
        except Exception as fault:  # the one place for it
            self._fault(fault)

    def stop(self) -> None:
        """End after this round."""
        self._stopping = True

    def run(self) -> None:
        """Poll until :meth:`stop`."""
        signals = _signals()
        next_tick = next_pulse = time.monotonic()
        while not self._stopping:
            now = time.monotonic()
            if now >= next_tick:
                self.guarded(self.tick)
                next_tick = now + TICK
            if self._pulse is not None and now >= next_pulse:
                self._feed()
                next_pulse = now + self._pulse
            until = min(next_tick, next_pulse if self._pulse else next_tick)
            self.guarded(lambda until=until: self._wait(signals, until))  # type: ignore[misc] # a default binds it

    def settle(self, deadline: float) -> None:
        """Run only the flows under way until none waits or ``deadline`` (monotonic seconds) passes."""
        while not self.runner.idle and time.monotonic() < deadline:
            self._wait(-1, deadline)

    def _wait(self, signals: int, until: float) -> None:
        flow_end = self.runner.deadline()
        until = until if flow_end is None else min(until, flow_end)
        owners: dict[int, Callable[[int], None]] = {self.helper.fileno(): self._helper_ended}
        owners.update(dict.fromkeys(self.runner.channels(), self.runner.readable))
        for source in self.sources:
            owners.update(dict.fromkeys(source.descriptors(), source.readable))
        if signals >= 0:
            owners[signals] = self._signalled
        poll = select.poll()
        for fd in owners:
            poll.register(fd, select.POLLIN)
        for fd, _ in poll.poll(max(0.0, until - time.monotonic()) * 1000):
            self.guarded(lambda fd=fd: owners[fd](fd))  # type: ignore[misc] # a default binds the loop variable
        self.runner.expire(time.monotonic())

    def _helper_ended(self, _fd: int) -> None:
        for task in self.helper.ended():
            self._alive = self._alive or not task.aside
            self.runner.ended(task)
            if task.aside:
                self.runner.bound()

    def _signalled(self, fd: int) -> None:
        _drain(fd)
        self.stop()

    def _feed(self) -> None:
        """Feed the watchdog only when the helper has ended a task since the last time."""
        if self._alive:
            notify("WATCHDOG=1")
            self._alive = False
            self.helper.begin(lambda: None)


def _signals() -> int:
    """A descriptor that is readable after SIGTERM or SIGINT."""
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(write)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return read


def _drain(fd: int) -> None:
    os.read(fd, 64)

"""The second thread: it carries out one blocking call at a time, owns nothing, and answers through an eventfd.

A write to sysfs can take as long as the device makes the kernel wait (control transfers time out
after 5 s, usb/core/message.c), so the main thread never does one that talks to a device.
"""

import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from usbguard_py.errors import GuardError

STACK = 256 * 1024  # bytes; the usual 8 MiB invite the kernel to back them by pages of 2 MiB
HAND_OVER = 0.0005  # seconds that one thread goes on while the other wants to: Python's 5 ms delay every plug


class Task:
    """One blocking call; ``done`` once it ended, with its result or its error."""

    def __init__(self, function: Callable[[], Any], *, aside: bool = False) -> None:
        self.function = function
        self.aside = aside  # not the helper's own: its end does not show that the helper lives
        self.done = False
        self.value: Any = None
        self.error: GuardError | OSError | None = None

    def run(self) -> None:
        """Carry the call out. Any other exception is a fault of ours and ends the thread; the watchdog notices."""
        try:
            self.value = self.function()
        except (GuardError, OSError) as error:
            self.error = error

    def result(self) -> Any:
        """What the call returned; raises what it raised."""
        if self.error is not None:
            raise self.error
        return self.value


class Helper:
    """The helper thread with its queue; ``fileno`` is readable when a task has ended."""

    def __init__(self) -> None:
        self._eventfd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._waiting: SimpleQueue[Task] = SimpleQueue()
        self._ended: deque[Task] = deque()
        sys.setswitchinterval(HAND_OVER)
        _thread("helper", self._serve)

    def fileno(self) -> int:
        """The eventfd."""
        return self._eventfd

    def begin(self, function: Callable[[], Any]) -> Task:
        """Queue a call; it runs after those queued before it."""
        task = Task(function)
        self._waiting.put(task)
        return task

    def aside(self, function: Callable[[], Any]) -> Task:
        """Run a call in a thread of its own: one that a device may keep waiting, and others must not wait for it."""
        task = Task(function, aside=True)
        _thread("aside", lambda: self._end(task))
        return task

    def ended(self) -> list[Task]:
        """The tasks that ended since the last call of this."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._eventfd)
        tasks = []
        while self._ended:
            task = self._ended.popleft()
            task.done = True
            tasks.append(task)
        return tasks

    def _serve(self) -> None:
        while True:
            self._end(self._waiting.get())

    def _end(self, task: Task) -> None:
        task.run()
        self._ended.append(task)
        os.eventfd_write(self._eventfd, 1)


def _thread(name: str, work: Callable[[], None]) -> None:
    usual = threading.stack_size(STACK)
    threading.Thread(target=work, name=name, daemon=True).start()
    threading.stack_size(usual)

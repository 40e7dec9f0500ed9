"""Sleep: noticed when the machine is awake again, because nothing tells an unprivileged process before.

While it slept nobody judged, and a device that the kernel kept made no event: the gap is an entry, and all that was
there before is judged again. Drives are not kept (``power/persist`` 0); the rest is compared by the kernel.
"""

import time
from collections.abc import Callable

from usbguard_py.core import record_machine
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.judge import Judge
from usbguard_py.pipeline import woken
from usbguard_py.shell import clock

SLEPT = 500  # milliseconds; two clocks that are read one after the other differ by far less when nobody slept


class Sleep:
    """Looks once a second; the second look after the machine woke judges what the kernel's own work has left."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.asleep: Callable[[], int] = clock.asleep_ms
        self.suspends: Callable[[], int] = clock.suspends
        self._known = (clock.asleep_ms(), clock.suspends())
        self._looked = _now()
        self._awake = True  # at the last look
        self._before: list[Connection] = []

    def look(self) -> None:
        """Look once."""
        awake = self._awake
        self._awake = True
        for connection in self._before:
            if not connection.gone:
                self._judge.run(connection, woken(connection, self._judge.host))
        self._before = []
        asleep, times = self.asleep(), self.suspends()
        ms = asleep - self._known[0]
        # The kernel counts a suspend when it is all over, which is after it let us go on: at the next look.
        if ms >= SLEPT or (awake and times != self._known[1]):
            self._slept(asleep, max(ms, 0))
        self._known = (asleep, times)
        self._looked = _now()

    def _slept(self, asleep: int, ms: int) -> None:
        self._awake = False
        self._judge.host.books.append_or_keep("sleep", record_machine.sleep(self._looked, ms))
        # One that came since the machine is awake was judged by the door.
        everything = self._judge.host.connections.values()
        self._before = [c for c in everything if ms < SLEPT or c.asleep_ms + SLEPT <= asleep]


def _now() -> str:
    return clock.rfc3339(time.time_ns() // 1_000_000)

"""Devices that never enumerate, or find no free slot at their controller, as the kernel's log tells of them.

They have no event and no directory, so there is nothing to judge and nothing that could open; that somebody plugged
them in is recorded all the same. Repetitions are put together as those of any other device (usbguard_py.core.storm).
"""

import time
from collections.abc import Callable, Iterable

from usbguard_py.core import record, record_machine
from usbguard_py.core.kernel_log import Enumeration, Failure, concerns, message
from usbguard_py.core.storm import WINDOW, Repeated, Storms
from usbguard_py.daemon.books import Books
from usbguard_py.errors import GuardError
from usbguard_py.shell import kernel_log
from usbguard_py.shell.clock import Clock, asleep_ms, rfc3339

AT_ONCE = 64  # records read in one go: a flood of them must not hold up the events of devices
AGAIN = "what is at this port failed to enumerate {count} times within {seconds} s; it is counted from now on"


class Unenumerated:
    """A source of the loop; ``fd`` is the kernel's log, or ``None`` when nobody handed it over.

    Records from before ``known_us`` (microseconds since the start, sleep left out) were read by the judge before us.
    """

    def __init__(self, books: Books, fd: int | None, known_us: int = 0) -> None:
        self._books, self._fd, self._known_us = books, fd, known_us
        self._tries = Enumeration()
        self._storms = Storms()
        self._lost_at = -WINDOW
        self.clock: Callable[[], float] = time.monotonic

    @property
    def watching(self) -> bool:
        """Whether there is a log to read."""
        return self._fd is not None

    def descriptors(self) -> list[int]:
        """The kernel's log."""
        return [] if self._fd is None else [self._fd]

    def readable(self, fd: int) -> None:
        """Take the records that wait, at most :data:`AT_ONCE`."""
        for _ in range(AT_ONCE):
            try:
                data = kernel_log.read(fd)
            except kernel_log.RecordsLost:
                self._lost()
                continue
            except OSError as error:
                self._fd = None
                self._books.append_or_keep("alarm", record.alarm("kernel log", error.strerror or "?"))
                return
            if data == kernel_log.EMPTY:
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        if not concerns(data):
            return
        try:
            seen = message(data)
        except ValueError:
            return
        failure = self._tries.told(seen)
        if failure is not None and seen.us >= self._known_us:
            self._failed(failure, seen.us // 1000)

    def _failed(self, failure: Failure, ms: int) -> None:
        body = record_machine.unenumerated(failure.port, failure.detail)
        arrival = self._storms.arrived(failure.port, body, self.clock(), _now(), folds=True)
        self._write(arrival.before)
        if arrival.begins:
            said = AGAIN.format(count=arrival.total, seconds=int(WINDOW))
            self._books.append_or_keep("alarm", {**record.alarm(failure.port, said), "of": arrival.seq})
        if not arrival.folded:
            seq = self._books.append_or_keep("unenumerated", {**body, "kernel_ms": ms})
            self._storms.recorded(failure.port, arrival.key, seq)
        self._write(arrival.after)

    def _lost(self) -> None:
        """Say so, once a while: whoever fills the log must not fill ours."""
        if self.clock() - self._lost_at >= WINDOW:
            self._lost_at = self.clock()
            self._books.append_or_keep("events-lost", record.events_lost("the kernel's log was overwritten", 0))

    def look(self) -> None:
        """Write the counts that are due."""
        self._write(self._storms.due(self.clock()))

    def end(self) -> None:
        """Write all counts."""
        self._write(self._storms.end())

    def _write(self, counted: Iterable[Repeated]) -> None:
        for repeated in counted:
            self._books.append_or_keep("repeated", repeated.body())


def known_us(books: Books) -> int:
    """Up to when the kernel's log was read already: the moment of the last entry, if that was in this boot."""
    try:
        last = books.store.last() if books.store is not None else None
    except GuardError:
        return 0
    if last is None or last.boot != Clock().read().boot:
        return 0
    return max(0, last.mono_ms - asleep_ms()) * 1000


def _now() -> str:
    return rfc3339(time.time_ns() // 1_000_000)

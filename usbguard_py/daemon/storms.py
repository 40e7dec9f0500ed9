"""The storms of the ports as the host records them: which arrival gets an entry, and when a count is written."""

import time
from collections.abc import Callable, Iterable, Mapping

from usbguard_py.core import record
from usbguard_py.core.passport import passport_of
from usbguard_py.core.storm import WINDOW, Arrival, Repeated, Storms
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.connection import Connection
from usbguard_py.shell.clock import rfc3339

REFUSED = "the same refused device came {count} times within {seconds} s; it is counted from now on"
OPENED = "the same device was opened {count} times within {seconds} s"


class Recorder:
    """Writes what :class:`usbguard_py.core.storm.Storms` says."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.storms = Storms()
        self.clock: Callable[[], float] = time.monotonic
        books.changing = self.end

    def arrived(self, connection: Connection, body: Mapping[str, object], *, folds: bool) -> bool:
        """Count the first entry of a connection; whether ``body`` is in a storm's count and needs no entry."""
        if connection.arrived:
            connection.storm, connection.folded = "", False  # judged again, otherwise than before
            return False
        connection.arrived = True
        arrival = self.storms.arrived(connection.name, body, self.clock(), _now(), folds=folds)
        self._write(arrival.before)
        if arrival.begins:
            self._alarm(connection, arrival, REFUSED if folds else OPENED)
        connection.storm, connection.folded = arrival.key, arrival.folded
        if arrival.folded:
            connection.seq, connection.times = arrival.seq, arrival.total
        self._write(arrival.after)
        return arrival.folded

    def recorded(self, connection: Connection) -> None:
        """The entry of an arrival is written and has the number ``connection.seq``."""
        self.storms.recorded(connection.name, connection.storm, connection.seq)

    def removed(self, connection: Connection) -> bool:
        """Count the removal of a device whose arrival was counted; false when it needs an entry."""
        return connection.folded and self.storms.removed(connection.name, connection.storm, self.clock(), _now())

    def failed(self, connection: Connection) -> None:
        """An opening had no effect."""
        self.storms.failed(connection.name, passport_of(connection.device, ()), self.clock())

    def failures(self, connection: Connection) -> int:
        """How many openings of this device at this port had no effect just now."""
        return self.storms.failures(connection.name, passport_of(connection.device, ()), self.clock())

    def look(self) -> None:
        """Write the counts that are due."""
        self._write(self.storms.due(self.clock()))

    def end(self) -> None:
        """Write all counts; what comes next is recorded in full."""
        self._write(self.storms.end())

    def _alarm(self, connection: Connection, arrival: Arrival, detail: str) -> None:
        said = record.alarm(connection.name, detail.format(count=arrival.total, seconds=int(WINDOW)))
        about = record.identity(connection.device, connection.decision)
        self.books.append_or_keep("alarm", {**about, **said, "of": arrival.seq})

    def _write(self, counted: Iterable[Repeated]) -> None:
        for repeated in counted:
            self.books.append_or_keep("repeated", repeated.body())


def _now() -> str:
    return rfc3339(time.time_ns() // 1_000_000)

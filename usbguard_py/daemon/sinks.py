"""Who is told of each entry beside the ledger, one thread for each: what one of them loses or waits for is its own.

The judge puts a note into a bounded queue and goes on. A sink that cannot be reached is tried again; what did not fit
meanwhile is counted, and both are said: in the ledger, by ``status``, and by the sinks that work.
"""

import errno
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from usbguard_py import paths
from usbguard_py.core import record, record_machine
from usbguard_py.core.record import Entry
from usbguard_py.core.telling import MAX_NAME, Note, note
from usbguard_py.core.text import escaped
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.helper import STACK
from usbguard_py.i18n import choose_here, machine_language
from usbguard_py.shell.clock import rfc3339
from usbguard_py.shell.told import Audit, Journal, Place, Syslog

MAX_WAITING = 1024  # notes of one sink; a storm is folded long before (core/storm.py)
RETRY = 1.0  # seconds
PATIENCE = 5.0  # seconds without a sink until it is said: a journald that is started anew needs less
QUIET = 60.0  # seconds between two words about one sink
LAST = 1.0  # seconds for what waits when the judge ends
CHOICE = "USBGUARD_PY_LOG_TO"  # names, with commas between them
MAX_SINKS = 8
_NEVER = {errno.EMSGSIZE, errno.EINVAL}  # this one will not be taken, however often it is tried

Item = tuple[str, int, str, bytes, Mapping[str, Any]]  # kind, number, time, hash and fields of an entry


class Trouble(NamedTuple):
    """What is to be said about a sink: the kernel's words, how many notes were lost, whether it works again."""

    name: str
    detail: str
    lost: int
    works: bool


class Sink:
    """One of them, with its thread and queue."""

    def __init__(self, name: str, make: Callable[[], Place]) -> None:
        self.name = name
        self.trouble = ""
        self.lost = 0
        self._make = make
        self._place: Place | None = None
        self._waiting: deque[Item] = deque()
        self._busy = False
        self._change = threading.Condition()
        self._failing_since = 0.0
        self._told = (True, 0)  # whether it worked and how many were lost, when it was last said
        self._quiet_until = 0.0
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def begin(self) -> None:
        """Start the thread; what was put before waits."""
        usual = threading.stack_size(STACK)
        self._thread.start()
        threading.stack_size(usual)

    def put(self, item: Item) -> None:
        """Queue a note; the oldest one gives way when there are too many."""
        with self._change:
            if len(self._waiting) >= MAX_WAITING:
                self._waiting.popleft()
                self.lost += 1
            self._waiting.append(item)
            self._change.notify()

    def idle(self) -> bool:
        """Whether nothing waits, and the last one has arrived."""
        with self._change:
            return not self._waiting and not self._busy

    def news(self, now: float) -> Trouble | None:
        """What has to be said about it at ``now`` (monotonic seconds); nothing twice."""
        detail = self.trouble or ("" if self._thread.is_alive() else "its thread ended")
        failing = bool(detail) and now - self._failing_since >= PATIENCE
        worked, told_lost = self._told
        if failing == worked or (not detail and self.lost != told_lost):
            if now < self._quiet_until:
                return None
            lost = self.lost
            self._told, self._quiet_until = (not failing, lost), now + QUIET
            return Trouble(self.name, detail, lost - told_lost, works=not failing)
        return None

    def _serve(self) -> None:
        choose_here(machine_language())  # the judge itself speaks English, as the ledger does
        while True:
            with self._change:
                while not self._waiting:
                    self._change.wait()
                item = self._waiting.popleft()
                self._busy = True
            arrived = self._send(item)
            with self._change:
                self._busy = False
                if arrived:
                    continue
                if len(self._waiting) < MAX_WAITING:
                    self._waiting.appendleft(item)
                else:
                    self.lost += 1
            time.sleep(RETRY)

    def _send(self, item: Item) -> bool:
        """Tell one; false when it is to be tried again."""
        try:
            if self._place is None:
                self._place = self._make()
            self._place.send(note(*item), item[-1])
        except OSError as error:
            if self._place is not None:
                self._place.close()
                self._place = None
            if error.errno in _NEVER:
                self.lost += 1
                return True
            if not self.trouble:
                self._failing_since = time.monotonic()
            self.trouble = error.strerror or str(error)
            return False
        self.trouble = ""
        return True


class Sinks:
    """All of them, fed from the books."""

    def __init__(self, books: Books, sinks: list[Sink]) -> None:
        self._books = books
        self._sinks = sinks
        books.told, books.told_late = self.committed, self.kept
        books.hear()

    def begin(self) -> None:
        """Start telling."""
        for sink in self._sinks:
            sink.begin()

    def committed(self, entry: Entry, fields: Mapping[str, Any]) -> None:
        """An entry is on disk. One that is written late was told when it happened."""
        if fields.get("late") is not True:
            self._put((entry.kind, entry.seq, entry.at, entry.hash, fields))

    def kept(self, kind: str, fields: Mapping[str, Any]) -> None:
        """An entry waits for the ledger, or was not even kept: it is told now, with number 0."""
        self._put((kind, 0, rfc3339(time.time_ns() // 1_000_000), b"", fields))

    def _put(self, item: Item) -> None:
        for sink in self._sinks:
            sink.put(item)

    def look(self) -> None:
        """Say what happened to a sink."""
        for sink in self._sinks:
            news = sink.news(time.monotonic())
            if news is not None:
                self._books.append_or_keep("sink", record_machine.sink(*news))

    def problems(self) -> list[str]:
        """What ``status`` says of them."""
        failing = [record.bounded(f"{s.name} is not told: {s.trouble}") for s in self._sinks if s.trouble]
        return [*failing, *(f"{s.name} missed {s.lost} records" for s in self._sinks if s.lost)]

    def end(self) -> None:
        """Wait a moment for what is on its way."""
        until = time.monotonic() + LAST
        while time.monotonic() < until and not all(s.idle() or s.trouble for s in self._sinks):
            time.sleep(0.01)


def usual() -> list[Sink]:
    """The sinks of this machine: those that ``USBGUARD_PY_LOG_TO`` names, else audit and journal, or syslog without it.

    A name that is none becomes a sink that cannot be reached: it is said, and no slip of a pen ends the enforcement.
    """
    known = {"audit": _audit, "journal": _journal, "syslog": _syslog}
    wanted = os.environ.get(CHOICE)
    if wanted is None:
        names = ["audit", "journal" if paths.JOURNAL_SOCKET.exists() else "syslog"]
    else:
        names = [escaped(n.strip().encode(errors="surrogateescape"))[:MAX_NAME] for n in wanted.split(",") if n.strip()]
    return [Sink(name, known.get(name, _unknown)) for name in dict.fromkeys(names[:MAX_SINKS])]


def _unknown() -> Place:
    raise OSError(errno.ENOENT, f"{CHOICE} knows audit, journal and syslog")


def _audit() -> Place:
    return Audit(_message)


def _journal() -> Place:
    return Journal(paths.JOURNAL_SOCKET, _message)


def _syslog() -> Place:
    return Syslog(paths.SYSLOG_SOCKET if not paths.JOURNAL_SOCKET.exists() else paths.SYSLOG_BEHIND_JOURNAL, _message)


def _message(told: Note, body: Mapping[str, Any]) -> str:
    from usbguard_py.telling import message  # noqa: PLC0415 - the words cost time that a start does not have

    return message(told, body)

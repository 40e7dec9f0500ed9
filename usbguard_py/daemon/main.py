"""Assembly of the judge: the only place where its parts are made and joined."""

import fcntl
import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from usbguard_py import paths
from usbguard_py.core import record
from usbguard_py.daemon.answers import Answers
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.control import Control
from usbguard_py.daemon.drift import Drift
from usbguard_py.daemon.drivers import Drivers
from usbguard_py.daemon.helper import Helper
from usbguard_py.daemon.host import Host
from usbguard_py.daemon.judge import Judge
from usbguard_py.daemon.loop import Loop
from usbguard_py.daemon.policies import Trials
from usbguard_py.daemon.room import Room
from usbguard_py.daemon.sinks import Sinks, usual
from usbguard_py.daemon.sleep import Sleep
from usbguard_py.daemon.startup import record_start, refuse_beside_another, take_the_world
from usbguard_py.daemon.unenumerated import Unenumerated, known_us
from usbguard_py.errors import AlreadyRunning, NotRoot
from usbguard_py.shell import kernel_log
from usbguard_py.shell.clock import day
from usbguard_py.shell.other_enforcers import OtherEnforcers
from usbguard_py.shell.systemd import going_down, notify
from usbguard_py.shell.udev import Monitor

STORE_TICKS = 5  # looks at the store and the clock take milliseconds of a disk: every fifth second is enough
LAST_FLOWS = 8.0  # seconds for what is under way when asked to stop


def run() -> None:
    """Run the judge until SIGTERM or SIGINT.

    Raises:
        NotRoot: started by somebody else than root.
        AlreadyRunning: a second daemon, or another enforcer.
    """
    if os.geteuid() != 0:
        raise NotRoot(command="usbguard-py daemon")
    os.umask(0o027)
    refuse_beside_another()
    lock = _only_one()
    books = Books(paths.DATABASE)
    room = Room(books)
    sinks = Sinks(books, usual())
    unclosed = take_the_world(books)
    monitor = Monitor()
    helper = Helper()
    host = Host(books, helper)
    host.unclosed = unclosed
    loop = Loop(helper, _fault(books))
    judge = Judge(host, loop, monitor)
    drift = Drift(judge)
    log = Unenumerated(books, kernel_log.handed_over(), known_us(books))
    answers = Answers(judge, time.time(), drift, lambda: [*room.problems(), *sinks.problems()])
    control = Control(paths.CONTROL_SOCKET, answers)
    host.published = control.publish
    host.queue = judge.run
    books.appended = control.publish_entry
    loop.sources = [judge, control, log]
    loop.tick = Tick(judge, drift, log, sinks.look, room.look).look
    record_start(books, unclosed, kernel_log=log.watching)
    host.maintenance.record_start()
    judge.scan()
    notify("READY=1", "STATUS=" + _status(host))
    sinks.begin()
    gc.collect()
    gc.freeze()  # what lives as long as the process is never looked through again
    gc.enable()  # off since the process began
    loop.run()
    notify("STOPPING=1")
    loop.settle(time.monotonic() + LAST_FLOWS)
    host.storms.end()
    log.end()
    _ended(books, control, sinks)
    os.close(lock)


def _ended(books: Books, control: Control, sinks: Sinks) -> None:
    """Write that the judge was stopped, after everything else it had to say, and let go."""
    books.append_or_keep("stop", record.stop(pid=os.getpid(), shutdown=going_down()))
    control.close()
    if books.store is not None:
        books.store.close()  # what is frozen is not closed at the end, and the log is to be one file
    sinks.end()


def _only_one() -> int:
    """Hold the lock that says a judge runs on this machine."""
    paths.RUN.mkdir(mode=0o755, parents=True, exist_ok=True)
    lock = os.open(paths.RUN / "judge.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AlreadyRunning(what="usbguard-py", command="systemctl stop usbguard-py") from error
    return lock


def _fault(books: Books) -> Callable[[BaseException], None]:
    def report(fault: BaseException) -> None:
        import traceback  # noqa: PLC0415 - costs a tenth of the start and is needed for faults of ours only

        where = traceback.extract_tb(fault.__traceback__)[-1]
        detail = f"{type(fault).__name__} at {Path(where.filename).name}:{where.lineno}"
        traceback.print_exception(fault, file=sys.stderr)
        books.append_or_keep("alarm", record.alarm("judge", detail))

    return report


class Tick:
    """Looks at what sends no event: drift, another enforcer, a store that works again, the clock."""

    def __init__(self, judge: Judge, drift: Drift, log: Unenumerated, *elsewhere: Callable[[], None]) -> None:
        self._judge = judge
        self._drift = drift
        self._log = log
        self._elsewhere = elsewhere
        self._sleep = Sleep(judge)
        self._looks = 0
        self._others = OtherEnforcers()
        self._drivers = Drivers()
        self._trials = Trials(judge)
        self._told = ""
        self._wall, self._date = "", judge.host.books.date()

    def look(self) -> None:
        """Look once."""
        self._sleep.look()
        self._trials.look()
        self._see_date()
        self._drift.look()
        self._drivers.look(self._judge.host.connections.values(), enforcing=self._judge.host.enforcing)
        self._judge.loop.runner.bound()  # what a flow waits for may come without an event of its own
        self._see_others()
        if self._looks % STORE_TICKS == 0:
            self._see_store()
            for look in self._elsewhere:
                look()
        self._looks += 1
        status = _status(self._judge.host)
        if status != self._told:
            notify("STATUS=" + status)
            self._told = status

    def _see_date(self) -> None:
        """A day has passed: what was approved until then is judged again. A clock that was set back is no other day."""
        wall = day(time.time_ns() // 1_000_000)
        if wall == self._wall:
            return
        books, self._wall = self._judge.host.books, wall
        date = books.date()
        if date != self._date:
            self._date = date
            listed = [name for name, c in self._judge.host.connections.items() if c.decision.asset]
            self._judge.judge_again(listed)

    def _see_store(self) -> None:
        host = self._judge.host
        if host.books.fail_safe and host.books.open(enforce_expected=host.enforcing):
            host.books.append_or_keep("alarm", record.alarm("judge", "the list and log can be used again"))
            self._trials.look()  # one that ended meanwhile was ended in memory only: nothing is cut by it again
            self._judge.judge_again()
        if host.books.store is not None and not host.books.fail_safe:
            stepped = host.books.store.clock_stepped()
            if stepped is not None:
                host.books.append_or_keep("clock-step", stepped)
        host.storms.look()
        self._log.look()

    def _see_others(self) -> None:
        host = self._judge.host
        name = self._others.look()
        if name and host.other_enforcer != name:
            host.books.append_or_keep("alarm", record.alarm("judge", f"another enforcer was started: {name}"))
        host.other_enforcer = name


def _status(host: Host) -> str:
    mode = "FAIL-SAFE" if host.books.fail_safe else ("enforcing" if host.enforcing else "OBSERVING ONLY")
    opened = sum(c.opened for c in host.connections.values())
    return f"{mode}; {opened} of {len(host.connections)} devices open"

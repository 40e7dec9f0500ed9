"""Storms: the same device comes to the same port again and again. What of it the log holds, and when.

Pure: moments come from the caller. Each arrival is judged and closed as ever; only its entry may be put together
with others, and only one that would be the same but for the device number and the time. Of a refused device the first
``FULL`` arrivals are entries of their own; one more within ``WINDOW`` is the begin of a storm: an alarm, and the port
is *held*. From then on arrivals and removals are counted. The count is written whenever it has doubled, after
``PERIOD``, when something else comes to the port, and when nothing came for ``WINDOW``: so the log always knows of at
least half of the arrivals, also when the judge is killed. What opens is never put together; a storm of it is an alarm.
"""

from collections import deque
from collections.abc import Iterator, Mapping

import msgspec

from usbguard_py.core.canonical import digest

# A loose contact makes two arrivals a second and a person some five a minute; docs/adr/0070-held-ports.md.
WINDOW = 60.0  # seconds in which arrivals count as one storm, and of quiet that end it
FULL = 3  # refused arrivals with entries of their own
OPENINGS = 8  # arrivals of an allowed device before there is an alarm
PERIOD = 600.0  # seconds a count waits at most to be written
MAX_RUNS = 4  # devices remembered for one port, so that two that take turns are held, too

_VARIES = {"devnum", "gone"}  # differ from one arrival of a device to the next
_ABOUT = ("name", "usb_id", "serial_hex", "serial", "code", "allow", "asset", "peripheral", "holder", "outcome")

Body = Mapping[str, object]


class Repeated(msgspec.Struct, frozen=True):
    """What one entry of kind ``repeated`` tells.

    ``count`` arrivals and ``removals`` that have no entries of their own, from ``first_at`` to ``last_at`` (RFC 3339);
    ``total`` arrivals since the storm began; ``of`` is the last full entry that says the same about the device.
    """

    about: Body
    of: int
    count: int
    removals: int
    total: int
    first_at: str
    last_at: str
    ended: bool

    def body(self) -> dict[str, object]:
        """The fields of the entry."""
        return {**self.about, **{f: getattr(self, f) for f in self.__struct_fields__ if f != "about"}}


class Arrival(msgspec.Struct, frozen=True):
    """What to do about one arrival.

    In order: write ``before``, raise the alarm when it ``begins`` a storm, record it unless it is ``folded`` into the
    count, write ``after``. ``seq`` is the full entry of a folded one, ``total`` how often the device came.
    """

    key: str
    folded: bool = False
    begins: bool = False
    total: int = 0
    seq: int = 0
    before: tuple[Repeated, ...] = ()
    after: tuple[Repeated, ...] = ()


class _Run(msgspec.Struct):
    """The arrivals of one device at one port with one decision."""

    about: Body
    recent: deque[float]  # arrivals, until it is held
    last: float
    held: bool = False
    folds: bool = False
    seq: int = 0
    total: int = 0
    known: int = 0  # of those, how many the log knows of
    count: int = 0
    removals: int = 0
    since: float = 0.0  # when the first came that is counted and not written
    first_at: str = ""
    last_at: str = ""

    def counted(self, now: float, at: str, *, arrival: bool) -> None:
        if not self.count and not self.removals:
            self.since, self.first_at = now, at
        self.count += arrival
        self.removals += not arrival
        self.last_at = at

    def taken(self, *, ended: bool = False) -> Iterator[Repeated]:
        """The count, if there is any, to be written; it begins anew."""
        if self.count or self.removals:
            yield Repeated(
                self.about, self.seq, self.count, self.removals, self.total, self.first_at, self.last_at, ended
            )
        self.count = self.removals = 0
        self.known = self.total


class Storms:
    """The storms of all ports. Bounded: ``MAX_RUNS`` devices a port, each forgotten after ``WINDOW`` of quiet."""

    def __init__(self) -> None:
        self._ports: dict[str, dict[str, _Run]] = {}
        self._failures: dict[str, tuple[object, int, float]] = {}

    def arrived(self, port: str, entry: Body, now: float, at: str, *, folds: bool) -> Arrival:
        """A device came to ``port``, and ``entry`` is what would be written; ``folds`` when it was refused.

        ``now`` in seconds of a clock that never goes back, ``at`` the same moment in RFC 3339.
        """
        key = digest({name: value for name, value in entry.items() if name not in _VARIES})
        runs = self._ports.setdefault(port, {})
        before = list(self._quiet(port, now))
        run = runs.pop(key, None)
        if run is None:
            about = {name: entry[name] for name in _ABOUT if name in entry}
            run = _Run(about, deque(maxlen=(FULL if folds else OPENINGS) + 1), now, folds=folds)
        begins = _begins(run, now)
        if not (run.held and run.folds):
            before += [written for other in runs.values() for written in other.taken()]
        while len(runs) >= MAX_RUNS:
            before += runs.pop(next(iter(runs))).taken()
        runs[key] = run
        self._ports[port] = runs
        failed = self._failures.pop(port, None)
        if failed is not None and now - failed[2] <= WINDOW:
            self._failures[port] = (failed[0], failed[1], now)
        if not (run.held and run.folds):
            return Arrival(key, begins=begins, total=run.total, before=tuple(before))
        run.counted(now, at, arrival=True)
        after = run.taken() if run.total >= 2 * run.known else ()
        return Arrival(
            key, folded=True, begins=begins, total=run.total, seq=run.seq, before=tuple(before), after=tuple(after)
        )

    def recorded(self, port: str, key: str, seq: int) -> None:
        """The full entry of an arrival has the number ``seq``."""
        run = self._ports.get(port, {}).get(key)
        if run is not None:
            run.seq = seq

    def removed(self, port: str, key: str, now: float, at: str) -> bool:
        """A device was unplugged whose arrival was folded; whether that is counted, and needs no entry."""
        run = self._ports.get(port, {}).get(key)
        if run is None or not (run.held and run.folds):
            return False
        run.last = now
        run.counted(now, at, arrival=False)
        return True

    def due(self, now: float) -> tuple[Repeated, ...]:
        """What is to be written by ``now``: storms that ended, and counts that waited for long."""
        found = [written for port in list(self._ports) for written in self._quiet(port, now)]
        for runs in self._ports.values():
            for run in runs.values():
                if (run.count or run.removals) and now - run.since >= PERIOD:
                    found += run.taken()
        self._failures = {port: known for port, known in self._failures.items() if now - known[2] <= WINDOW}
        return tuple(found)

    def end(self) -> tuple[Repeated, ...]:
        """End all storms: everything counted, to be written; the ports are held no longer."""
        runs = [run for runs in self._ports.values() for run in runs.values()]
        self._ports, self._failures = {}, {}
        return tuple(written for run in runs for written in run.taken(ended=True))

    def total(self, port: str, key: str = "") -> int:
        """How often the device came that holds ``port``; of the last one when no ``key`` is given; 0 when not held."""
        runs = self._ports.get(port, {})
        run = runs.get(key) if key else next((r for r in reversed(runs.values()) if r.held and r.folds), None)
        return run.total if run is not None and run.held and run.folds else 0

    def held(self) -> dict[str, int]:
        """The ports that are held, each with how often its device came."""
        return {port: total for port in sorted(self._ports) if (total := self.total(port))}

    def failed(self, port: str, device: object, now: float) -> None:
        """An opening of ``device`` (any value that compares equal for the same one) at ``port`` had no effect."""
        self._failures[port] = (device, self.failures(port, device, now) + 1, now)

    def failures(self, port: str, device: object, now: float) -> int:
        """How many openings of this device had no effect, without ``WINDOW`` of quiet at the port in between."""
        known, count, last = self._failures.get(port, (None, 0, now))
        return count if known == device and now - last <= WINDOW else 0

    def _quiet(self, port: str, now: float) -> Iterator[Repeated]:
        """End what was quiet for ``WINDOW``."""
        runs = self._ports.get(port, {})
        for key in [key for key, run in runs.items() if now - run.last > WINDOW]:
            yield from runs.pop(key).taken(ended=True)
        if not runs:
            self._ports.pop(port, None)


def _begins(run: _Run, now: float) -> bool:
    """Count an arrival; whether a storm begins with it."""
    run.last = now
    run.total += 1
    if run.held:
        return False
    run.recent.append(now)
    if len(run.recent) != run.recent.maxlen or now - run.recent[0] > WINDOW:
        return False
    run.held = True
    run.total = run.known = len(run.recent)  # the alarm says so
    return True

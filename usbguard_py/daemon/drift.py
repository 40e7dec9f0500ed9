"""Read-back that never sleeps: whether the world is as it was left, looked at once a second.

Most changes send no event: a default is only a file. What somebody else opened is closed again and
recorded with what was expected and what was seen.
"""

import contextlib
import time

from usbguard_py import paths
from usbguard_py.core import record
from usbguard_py.core.connection import State
from usbguard_py.daemon.flow import Ask, Flow
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import GuardError
from usbguard_py.pipeline import verify
from usbguard_py.shell import floor, hubs, luns, sysfs
from usbguard_py.shell.hands import FLOOR_SECONDS

CLOSED = "0"  # every default of a closed world (Documentation/usb/authorization.rst)
FLAG = "enforcing"  # of udev's rules, /run/usbguard-py/enforcing
THERE, MISSING = "there", "missing"


class Drift:
    """Looks, restores, records. ``closed_since`` is seconds since 1970, 0 while something is open."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._before: frozenset[str] = frozenset()
        self._told: set[tuple[str, str]] = set()
        self._hubs: frozenset[str] = frozenset()
        self._dead: dict[str, tuple[str, bool]] = {}
        self.closed_since = 0.0

    def look(self) -> None:
        """Look once."""
        if not self._judge.host.enforcing or self._judge.switching:
            self.closed_since = 0.0
            return
        self._defaults()
        self._buses()
        self._devices()

    def _defaults(self) -> None:
        seen = _standing()
        # A bus that was not there a second ago is closed by its own event, which may still wait.
        drifted = {place: value for place, value in seen.items() if value not in {CLOSED, THERE}}
        known = {place: value for place, value in drifted.items() if place in self._before}
        self._before = frozenset(seen)
        if known:
            floor.close()
            left = _standing()
            for place, value in known.items():
                self._tell(place, value, restored=left.get(place, CLOSED) in {CLOSED, THERE})
            if FLAG in known:
                self._judge.loop.runner.start(self._nodes())
        self._told &= set(drifted.items())
        if known or drifted:
            self.closed_since = 0.0
        elif not self.closed_since:
            self.closed_since = time.time()

    def _tell(self, place: str, value: str, *, restored: bool) -> None:
        """Record a change once for as long as it lasts."""
        if (place, value) not in self._told:
            expected = THERE if place == FLAG else CLOSED
            self._judge.host.books.append_or_keep("drift", record.drift(place, expected, value, restored=restored))
        self._told.add((place, value))

    def _buses(self) -> None:
        """A bus is dead without its root hub's driver: not open, but nobody can type on it. It gets it back."""
        seen = hubs.seen()
        # One that has just come may still wait for its driver.
        dead = {place: what for place, what in seen.items() if what != THERE and place in self._hubs}
        told = {}
        for place, what in dead.items():
            with contextlib.suppress(GuardError):
                hubs.revive(place.partition("/")[0])
            told[place] = (what, hubs.seen().get(place, THERE) == THERE)
            if self._dead.get(place) != told[place]:
                body = record.drift(place, THERE, what, restored=told[place][1])
                self._judge.host.books.append_or_keep("drift", body)
        self._hubs, self._dead = frozenset(seen), told

    def _nodes(self) -> Flow:
        """Without the flag udev gave nodes out: let the floor state all of them anew."""
        host = self._judge.host
        try:
            yield Ask(host.hands.begin_floor("close"), time.monotonic() + FLOOR_SECONDS)
        except GuardError as error:
            host.books.append_or_keep("alarm", record.alarm("udev", str(error)))

    def _devices(self) -> None:
        for connection in list(self._judge.host.connections.values()):
            if connection.busy:
                continue
            if connection.state is State.CLOSED:
                self._judge.see_closed(connection)
            elif connection.state is State.HANDED_OVER:
                self._judge.see_media(connection)
                self._judge.run(connection, verify(connection, self._judge.host))


def _standing() -> dict[str, str]:
    flag = THERE if paths.ENFORCING.exists() else MISSING
    return {**sysfs.defaults(), **luns.defaults(), FLAG: flag}

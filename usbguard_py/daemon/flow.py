"""Flows: what the judge does for one device, written top to bottom, run piece by piece.

A flow is a generator. It yields what it waits for and is resumed with the answer, so that the
main thread owns all state and never blocks while a device is slow:

* a ``Task`` of the helper: the flow gets its result, or its exception
* ``Bound``: drivers have bound to the interfaces (the kernel's ``bind`` events), or the deadline passed
* ``Ask``: an answer of the hands, or the deadline passed
"""

from collections.abc import Callable, Generator
from typing import Any, Protocol

import msgspec

from usbguard_py.daemon.helper import Task
from usbguard_py.errors import GuardError
from usbguard_py.errors_device import HandsTrouble


class Channel(Protocol):
    """A request to the hands under way."""

    def fileno(self) -> int:
        """Readable when the answer is there."""

    def receive(self) -> Any:
        """The answer; raises a ``GuardError`` when it is an error."""

    def close(self) -> None:
        """Wait no longer: an answer that comes late must not be taken for that to another question."""


class Bound(msgspec.Struct, eq=False):
    """Wait until ``look`` is true; it is asked again at each ``bind`` event and at the deadline."""

    look: Callable[[], bool]
    deadline: float  # seconds of time.monotonic()


class Ask(msgspec.Struct, eq=False):
    """Wait for the hands' answer on ``channel``."""

    channel: Channel
    deadline: float  # seconds of time.monotonic()


Wait = Task | Bound | Ask
Flow = Generator[Wait, Any, Any]


class Runner:
    """Drives flows; ``fault`` is told of an exception that a flow let through.

    The flow's own faults are caught by the caller (:mod:`usbguard_py.daemon.loop`), through ``guarded``.
    """

    def __init__(self, guarded: Callable[[Callable[[], Any]], None]) -> None:
        self._guarded = guarded
        self._waiting: dict[int, tuple[Flow, Wait]] = {}

    def start(self, flow: Flow) -> None:
        """Run ``flow`` to its first wait."""
        self._resume(flow, None, None)

    @property
    def idle(self) -> bool:
        """Whether no flow waits for anything."""
        return not self._waiting

    def channels(self) -> dict[int, tuple[Flow, Ask]]:
        """Descriptors of the hands' answers that are awaited; a connection that was closed has none."""
        asks = [(flow, wait) for flow, wait in self._waiting.values() if isinstance(wait, Ask)]
        return {wait.channel.fileno(): (flow, wait) for flow, wait in asks if wait.channel.fileno() >= 0}

    def deadline(self) -> float | None:
        """When the earliest wait ends, in seconds of ``time.monotonic()``."""
        return min((w.deadline for _, w in self._waiting.values() if not isinstance(w, Task)), default=None)

    def ended(self, task: Task) -> None:
        """The helper finished ``task``."""
        found = self._waiting.pop(id(task), None)
        if found is not None:
            self._resume(found[0], task.value, task.error)

    def bound(self) -> None:
        """A ``bind`` event came: look again."""
        for flow, wait in self._of(Bound):
            if wait.look() and self._waiting.pop(id(wait), None) is not None:
                self._resume(flow, True, None)

    def readable(self, fd: int) -> None:
        """The hands answered on ``fd``."""
        flow, wait = self.channels()[fd]
        del self._waiting[id(wait)]
        try:
            answer, error = wait.channel.receive(), None
        except (GuardError, OSError) as problem:
            answer, error = None, problem
        self._resume(flow, answer, error)

    def expire(self, now: float) -> None:
        """End the waits whose deadline has passed at ``now``."""
        for flow, wait in self._of(Bound):
            if wait.deadline <= now and self._waiting.pop(id(wait), None) is not None:
                self._resume(flow, wait.look(), None)
        for flow, ask in self._of(Ask):
            ended = ask.channel.fileno() < 0
            if (ended or ask.deadline <= now) and self._waiting.pop(id(ask), None) is not None:
                why = "the connection ended" if ended else "no answer before the deadline"
                ask.channel.close()
                self._resume(flow, None, HandsTrouble(detail=why))

    def _of(self, kind: type[Any]) -> list[tuple[Flow, Any]]:
        return [(flow, wait) for flow, wait in self._waiting.values() if isinstance(wait, kind)]

    def _resume(self, flow: Flow, value: Any, error: BaseException | None) -> None:
        self._guarded(lambda: self._run(flow, value, error))

    def _run(self, flow: Flow, value: Any, error: BaseException | None) -> None:
        while True:
            try:
                wait = flow.throw(error) if error is not None else flow.send(value)
            except StopIteration:
                return
            error = None
            if isinstance(wait, Task) and wait.done:
                value, error = wait.value, wait.error
            elif isinstance(wait, Bound) and wait.look():
                value = True
            else:
                self._waiting[id(wait)] = (flow, wait)
                return

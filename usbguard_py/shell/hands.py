"""The judge's side of the hands' socket: asking, and taking the typed answer or a ``GuardError``."""

import select
import socket
from pathlib import Path
from typing import Generic, Literal, TypeVar

import msgspec

from usbguard_py import paths
from usbguard_py.errors import DeviceGone
from usbguard_py.errors_device import ExaminationFailed, HandsTrouble
from usbguard_py.shell.hands_messages import (
    MAX_MESSAGE,
    Answer,
    Examine,
    Examined,
    Floor,
    FloorDone,
    Held,
    Hold,
    Identified,
    Identify,
    ReadOnly,
    ReadOnlyDone,
    Refused,
    Release,
    Released,
    Request,
)

FLOOR_SECONDS = 10.0
START_SECONDS = 5.0  # on top of every deadline: the service may have to be started first

A = TypeVar("A", bound=Held | Released | Examined | FloorDone | ReadOnlyDone | Identified)


class Pending(Generic[A]):
    """A request under way: readable when the answer is there."""

    def __init__(self, connection: socket.socket, kind: type[A], name: str, *, last: bool = True) -> None:
        """``last``: the connection is closed with the answer; ``name`` is only for the error's sentence."""
        self._connection = connection
        self._kind = kind
        self._name = name
        self._last = last

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._connection.fileno()

    def receive(self) -> A:
        """The answer.

        Raises:
            HandsTrouble: no answer, or not one to this question.
            DeviceGone: no such device any more.
            ExaminationFailed: with a plain reason.
        """
        try:
            text = self._connection.recv(MAX_MESSAGE, socket.MSG_DONTWAIT)
        except OSError as error:
            self._connection.close()  # a late answer must not be taken for the answer to the next question
            raise HandsTrouble(detail=error.strerror or "no answer") from error
        if self._last or not text:
            self._connection.close()
        return _typed(text, self._kind, self._name)

    def close(self) -> None:
        """Wait no longer; the hands let go of what they were asked to hold."""
        self._connection.close()

    def wait(self, seconds: float) -> A:
        """The answer, awaited for at most ``seconds``."""
        select.select([self._connection], [], [], seconds)
        return self.receive()


class Hands:
    """The judge's side. One connection for each device that is held, from ``hold`` to ``release``; closed with it.

    The ``begin_`` methods return at once, for a thread that polls; the others wait. Connecting starts the service.
    When nobody listens, it is ``receive`` that raises: a cut goes on without the hands.
    """

    def __init__(self, path: Path = paths.HANDS_SOCKET) -> None:
        self._path = path
        self._holding: dict[str, socket.socket] = {}

    def stand_by(self, device: str) -> None:
        """Have the hands started and a connection open, so that a later hold of ``device`` loses no time."""
        if device not in self._holding:
            connection = self._connect()
            if connection is not None:
                self._holding[device] = connection

    def dismiss(self, device: str) -> None:
        """The device has gone: end its connection."""
        connection = self._holding.pop(device, None)
        if connection is not None:
            connection.close()

    def begin_hold(self, device: str, devnum: int, deadline_ms: int = 5000) -> Pending[Held]:
        """Ask to cut the mounts of ``device`` within ``deadline_ms`` and to keep its writers still until release."""
        connection = self._ask(Hold(device, devnum, deadline_ms), self._holding.pop(device, None))
        self._holding[device] = connection
        return Pending(connection, Held, device, last=False)

    def begin_release(self, device: str) -> Pending[Released]:
        """Ask to let go what is held for ``device``, after it was deauthorised."""
        return Pending(self._ask(Release(device), self._holding.pop(device, None)), Released, device)

    def begin_examine(self, busnum: int, devnum: int, timeout_ms: int = 5000, name: str = "") -> Pending[Examined]:
        """Ask to read the descriptors from the device itself."""
        connection = self._ask(Examine(busnum, devnum, timeout_ms))
        return Pending(connection, Examined, name or f"{busnum:03d}/{devnum:03d}")

    def begin_floor(self, what: Literal["close", "open", "return"]) -> Pending[FloorDone]:
        """Ask to close or open the floor; the answer is its exit status."""
        return Pending(self._ask(Floor(what)), FloorDone, what)

    def begin_read_only(self, device: str, devnum: int) -> Pending[ReadOnlyDone]:
        """Ask to have the kernel refuse writes to the media of ``device``."""
        return Pending(self._ask(ReadOnly(device, devnum)), ReadOnlyDone, device)

    def begin_identify(
        self, device: str, devnum: int, disks: tuple[str, ...], timeout_ms: int = 10_000
    ) -> Pending[Identified]:
        """Ask what the disks ``disks`` of ``device`` hold, by their kernel names."""
        return Pending(self._ask(Identify(device, devnum, disks, timeout_ms)), Identified, device)

    def hold(self, device: str, devnum: int, deadline_ms: int = 5000) -> Held:
        """:meth:`begin_hold`, awaited."""
        return self.begin_hold(device, devnum, deadline_ms).wait(deadline_ms / 1000 + START_SECONDS)

    def release(self, device: str) -> Released:
        """:meth:`begin_release`, awaited."""
        return self.begin_release(device).wait(START_SECONDS)

    def examine(self, busnum: int, devnum: int, timeout_ms: int = 5000, name: str = "") -> Examined:
        """:meth:`begin_examine`, awaited."""
        return self.begin_examine(busnum, devnum, timeout_ms, name).wait(timeout_ms / 1000 + START_SECONDS)

    def identify(self, device: str, devnum: int, disks: tuple[str, ...], timeout_ms: int = 10_000) -> Identified:
        """:meth:`begin_identify`, awaited."""
        return self.begin_identify(device, devnum, disks, timeout_ms).wait(timeout_ms / 1000 + START_SECONDS)

    def floor(self, what: Literal["close", "open", "return"]) -> FloorDone:
        """:meth:`begin_floor`, awaited."""
        return self.begin_floor(what).wait(FLOOR_SECONDS + START_SECONDS)

    def close(self) -> None:
        """End all connections; what is still held is let go by the hands themselves."""
        for connection in self._holding.values():
            connection.close()
        self._holding.clear()

    def _connect(self) -> socket.socket | None:
        connection = _unconnected()
        try:
            connection.connect(str(self._path))
        except OSError:
            connection.close()
            return None
        return connection

    def _ask(self, request: Request, connection: socket.socket | None = None) -> socket.socket:
        if connection is not None and not _alive(connection):
            connection.close()
            connection = None
        connection = connection or _unconnected()
        try:
            if not _connected(connection):
                connection.connect(str(self._path))
            connection.send(msgspec.json.encode(request), socket.MSG_NOSIGNAL)
        except OSError as error:
            connection.close()
            return _ended(request, str(error.strerror))
        return connection


def _unconnected() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)


def _alive(connection: socket.socket) -> bool:
    """Whether the other end still holds a connection on which nothing was asked yet."""
    try:
        return bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _ended(request: Request, detail: str) -> socket.socket:
    """A connection on which the answer is waiting already: it could not be asked."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.send(msgspec.json.encode(Refused("trouble", f"{type(request).__name__}: {detail}")))
    theirs.close()
    return ours


def _connected(connection: socket.socket) -> bool:
    try:
        connection.getpeername()
    except OSError:
        return False
    return True


def _typed(text: bytes, kind: type[A], name: str) -> A:
    try:
        answer = msgspec.json.decode(text, type=Answer)
    except msgspec.DecodeError as error:
        raise HandsTrouble(detail="the connection ended" if not text else str(error)) from error
    if isinstance(answer, Refused):
        if answer.reason == "gone":
            raise DeviceGone(name=name)
        if answer.reason == "examination":
            raise ExaminationFailed(name=name, detail=answer.detail)
        raise HandsTrouble(detail=answer.detail)
    if not isinstance(answer, kind):
        raise HandsTrouble(detail="an answer to another question")
    return answer

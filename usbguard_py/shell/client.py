"""The client's end of the control socket: one request, one answer or a stream of them."""

import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from usbguard_py import paths
from usbguard_py.errors import DaemonUnavailable, NoAnswer
from usbguard_py.shell.frames import Frames, error_from, question

TYPE_CHECKING = False  # usbguard_py.plain says why
if TYPE_CHECKING:
    from typing import Any

    from usbguard_py.core.requests import Request

MAX_ANSWER = 16 * 1024 * 1024  # bytes; 127 devices on each of some buses, each with its gates and descriptors
TIMEOUT = 5.0  # seconds for a question; the daemon answers one in milliseconds
TIMEOUT_CHANGE = 60.0  # seconds for a change: an examination, or a busy drive that is cut at its deadline


def ask(
    method: str, parameters: "Mapping[str, str]" = MappingProxyType({}), seconds: float = TIMEOUT
) -> "dict[str, Any]":
    """Ask the daemon a question whose parameters are texts; as :func:`call`, which any request is for."""
    return _exchanged(question(method, parameters), seconds, None)


def call(request: "Request", timeout: float | None = None, path: Path | None = None) -> "dict[str, Any]":
    """Ask the daemon and return its answer.

    Args:
        request: what to ask.
        timeout: seconds for the whole exchange; by default what the kind of request needs.
        path: the control socket; by default the installed one.

    Raises:
        DaemonUnavailable: nobody listens.
        NoAnswer: somebody listens but did not answer in time, or hung up.
        GuardError: the daemon's refusal, as the very class it raised.
    """
    seconds = timeout if timeout is not None else TIMEOUT_CHANGE if request.CHANGES else TIMEOUT
    return _exchanged(_framed(request), seconds, path)


def _framed(request: "Request", *, more: bool = False) -> bytes:
    from usbguard_py.shell.wire import call_message, encode  # noqa: PLC0415 - whoever has a request has loaded it

    return encode(call_message(request, more=more))


def _exchanged(data: bytes, seconds: float, path: Path | None) -> "dict[str, Any]":
    deadline = time.monotonic() + seconds
    with _connected(path, seconds) as sock:
        _send(sock, data)
        for message in _messages(sock, deadline, seconds):
            return _answer(message)
    raise NoAnswer(seconds=round(seconds))


def stream(request: "Request", path: Path | None = None) -> "Iterator[dict[str, Any]]":
    """Ask the daemon and yield its answers until it ends the stream; waits without a deadline.

    Raises:
        As :func:`call`; ``DaemonUnavailable`` also when the daemon goes away in between.
    """
    with _connected(path, TIMEOUT) as sock:
        _send(sock, _framed(request, more=True))
        sock.settimeout(None)
        for message in _messages(sock, None, TIMEOUT):
            yield _answer(message)
            if not message.get("continues"):
                return
    raise DaemonUnavailable


def _connected(path: Path | None, seconds: float) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    sock.settimeout(seconds)
    try:
        sock.connect(str(path or paths.CONTROL_SOCKET))
    except OSError as error:
        sock.close()
        raise DaemonUnavailable from error
    return sock


def _send(sock: socket.socket, data: bytes) -> None:
    try:
        sock.sendall(data)
    except OSError as error:
        raise DaemonUnavailable from error


def _messages(sock: socket.socket, deadline: float | None, seconds: float) -> "Iterator[dict[str, Any]]":
    frames = Frames(MAX_ANSWER)
    while True:
        if deadline is not None:
            # Never zero, which would mean "do not block": one last look at what has arrived already.
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            data = sock.recv(65536)
        except TimeoutError as error:
            raise NoAnswer(seconds=round(seconds)) from error
        except OSError as error:
            raise DaemonUnavailable from error
        if not data:
            return
        yield from frames.feed(data)


def _answer(message: "dict[str, Any]") -> "dict[str, Any]":
    if "error" in message:
        raise error_from(message)
    parameters = message.get("parameters")
    return parameters if isinstance(parameters, dict) else {}

"""The control socket: Varlink's wire format, typed requests, roles from the kernel's credentials.

A client that sends rubbish, too much, or nothing at all costs a bounded amount of memory and no time.
"""

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from usbguard_py.core import record
from usbguard_py.core.requests import INTERFACE, METHODS, Request, Watch
from usbguard_py.daemon.answers import Answers, described
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.flow import Flow
from usbguard_py.errors import GuardError, PermissionRefused, Usage
from usbguard_py.shell.peer import Peer, peer
from usbguard_py.shell.wire import Frames, encode, error_message

MAX_CLIENTS = 64
MAX_OF_ONE = 8  # connections of one account that is not root, so that nobody takes all places
MAX_PIPELINE = 16  # requests in one read
REFUSAL_SECONDS = 60.0  # refusals of one account within this time become one entry
_ABOUT_DEVICES = {"decision", "outcome", "removed", "cut"}  # told by `publish`, with the device as it is
_PLAIN = (str, int, bool)
MAX_UNSENT = 1024 * 1024  # bytes; a watcher that does not read is let go


class Client:
    """One connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.peer: Peer = peer(sock)
        self.frames = Frames()
        self.watching = False

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send one message; false when the client is gone or does not read."""
        try:
            data = encode(message)
            return self.sock.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL) == len(data)
        except OSError:
            return False


class Control:
    """A source of the loop: the listening socket and its clients."""

    def __init__(self, path: Path, answers: Answers) -> None:
        self._answers = answers
        self._path = path
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._listener.bind(str(path))
        path.chmod(0o666)  # who may ask what is decided by credentials, request by request
        self._listener.listen(16)
        self._clients: dict[int, Client] = {}
        self._refusals: dict[int, tuple[float, int]] = {}  # by uid: when one was recorded, how many since

    def close(self) -> None:
        """Take the socket away, so that clients see at once that nobody answers."""
        self._path.unlink(missing_ok=True)
        for fd in list(self._clients):
            self._drop(fd)
        self._listener.close()

    def descriptors(self) -> list[int]:
        """The listener and every client."""
        return [self._listener.fileno(), *self._clients]

    def readable(self, fd: int) -> None:
        """A new client, or a request of one."""
        if fd == self._listener.fileno():
            self._accept()
        elif fd in self._clients:
            self._receive(fd, self._clients[fd])

    def publish(self, kind: str, connection: Connection) -> None:
        """Tell those who watch of an entry about a device."""
        if self._watched():
            self._tell({"event": kind, **described(connection)})

    def publish_entry(self, kind: str, seq: int, body: Mapping[str, object]) -> None:
        """Tell those who watch of an entry that is about no connected device: the list, an alarm, a start."""
        if kind not in _ABOUT_DEVICES and self._watched():
            self._tell({"event": kind, "seq": seq, **{k: v for k, v in body.items() if isinstance(v, _PLAIN)}})

    def _watched(self) -> bool:
        return any(c.watching for c in self._clients.values())

    def _tell(self, event: Mapping[str, Any]) -> None:
        for fd, client in list(self._clients.items()):
            if client.watching and not client.send({"parameters": event, "continues": True}):
                self._drop(fd)

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MAX_UNSENT)
        client = Client(sock)
        of_one = sum(c.peer.uid == client.peer.uid for c in self._clients.values())
        if client.peer.uid != 0 and (of_one >= MAX_OF_ONE or len(self._clients) >= MAX_CLIENTS):
            sock.close()
            return
        self._clients[sock.fileno()] = client

    def _receive(self, fd: int, client: Client) -> None:
        try:
            data = client.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(fd)
            return
        try:
            messages = client.frames.feed(data)
        except GuardError as error:
            client.send(error_message(error))
            self._drop(fd)
            return
        for message in messages[:MAX_PIPELINE]:
            if not self._request(client, message):
                self._drop(fd)
                return
        if len(messages) > MAX_PIPELINE:
            self._drop(fd)

    def _request(self, client: Client, message: Mapping[str, Any]) -> bool:
        """Answer one request; false when its sender may not ask it, and is hung up on."""
        try:
            request = _typed(message)
            if not client.peer.may(request.ROLE):
                self._refused(client, request)
                client.send(error_message(PermissionRefused(role=request.ROLE)))
                return False
            if isinstance(request, Watch):
                client.watching = True
                return True
            self._answers.judge.loop.runner.start(self._answering(client, request))
        except GuardError as error:
            client.send(error_message(error))
        return True

    def _answering(self, client: Client, request: Request) -> Flow:
        try:
            message = {"parameters": (yield from self._answers.answer(request, client.peer))}
        except GuardError as error:
            message = dict(error_message(error))
        fd = client.sock.fileno()
        if not client.send(message) and fd in self._clients:
            self._drop(fd)  # a client that does not read must not wait for ever for the rest

    def _refused(self, client: Client, request: Request) -> None:
        """Record it; of many by one account within a minute the first, and with the next one how many there were."""
        books, now = self._answers.judge.host.books, time.monotonic()
        when, count = self._refusals.get(client.peer.uid, (-REFUSAL_SECONDS, 0))
        if now - when < REFUSAL_SECONDS:
            self._refusals[client.peer.uid] = (when, count + 1)
            return
        self._refusals[client.peer.uid] = (now, 0)
        body = record.refused(type(request).__name__, request.ROLE, by(client.peer))
        books.append_or_keep("refused", {**body, "more_before": count})

    def _drop(self, fd: int) -> None:
        client = self._clients.pop(fd, None)
        if client is not None:
            client.sock.close()


def _typed(message: Mapping[str, Any]) -> Request:
    interface, _, method = str(message.get("method", "")).rpartition(".")
    kind = METHODS.get(method)
    if interface != INTERFACE or kind is None:
        raise Usage(detail=f"unknown method {method[:64]!r}")
    try:
        return msgspec.convert(message.get("parameters") or {}, kind)
    except msgspec.ValidationError as error:
        raise Usage(detail=str(error)[:200]) from error

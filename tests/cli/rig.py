"""A judge for the commands to talk to: the real socket, the real wire, answers that a test chooses."""

import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from usbguard_py.core.requests import INTERFACE, METHODS, Request
from usbguard_py.errors import GuardError, NotFound
from usbguard_py.shell.wire import Frames, encode, error_message

Answer = Mapping[str, Any] | GuardError | bytes | Iterator[Mapping[str, Any]]


class Judge:
    """Implements the daemon's end; ``answers`` maps a method to an answer or to a function of the request.

    Bytes are sent as they are, ``None`` hangs up without an answer. What was asked is in ``asked``.
    """

    def __init__(self, path: Path) -> None:
        self.asked: list[Request] = []
        self.answers: dict[str, Any] = {}
        judge = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                frames = Frames()
                while data := self.request.recv(65536):
                    for message in frames.feed(data):
                        judge.reply(message, self.request.sendall)

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        self._server = Server(str(path), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def reply(self, message: Mapping[str, Any], send: Callable[[bytes], None]) -> None:
        interface, _dot, method = message["method"].rpartition(".")
        assert interface == INTERFACE
        request = msgspec.convert(message["parameters"], METHODS[method])
        self.asked.append(request)
        answer = self.answers.get(method, NotFound(what="answer", name=method))
        try:
            answer = answer(request) if callable(answer) else answer
        except GuardError as error:
            answer = error
        for one in _frames(answer, stream=bool(message.get("more"))):
            send(one)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _frames(answer: Any, *, stream: bool) -> Iterator[bytes]:
    if isinstance(answer, bytes):
        yield answer
    elif isinstance(answer, GuardError):
        yield encode(error_message(answer))
    elif stream:
        events = list(answer)
        for index, event in enumerate(events):
            yield encode({"parameters": event, "continues": index < len(events) - 1})
    else:
        yield encode({"parameters": answer})


def described(name: str = "1-2", **more: Any) -> dict[str, Any]:
    """A device as the judge describes it."""
    return {
        "name": name,
        "devnum": 5,
        "usb_id": "46f4:0001",
        "kind": "storage",
        "serial": "SAMPLE-0001",
        "manufacturer": "QEMU",
        "product": "QEMU USB HARDDRIVE",
        "interfaces": ["08:06:50"],
        "state": "closed",
        "open": False,
        "open_interfaces": [],
        "allow": False,
        "code": "NOT_LISTED",
        "facet": "",
        "expected": "",
        "seen": "",
        "asset": "",
        "peripheral": "",
        "alarm": False,
        "seq": 12,
    } | more


STATUS: dict[str, Any] = {
    "mode": "enforce",
    "fail_safe": "",
    "since": "2026-11-21T08:00:00+0700",
    "closed_since": "2026-11-21T08:00:01+0700",
    "policy": {"name": "standalone", "digest": "ab" * 32, "edited": False},
    "list_version": 7,
    "assets": 1234,
    "ledger": {"seq": 56789, "head": "cd" * 32},
    "floor": {"kernel_parameter": True, "enforcing_flag": True, "mode": "enforce"},
    "connected": 5,
    "open": 3,
    "blocked_today": 2,
    "alarms": 0,
    "kept_entries": 0,
    "other_enforcer": "",
    "version": "0.1.0",
}

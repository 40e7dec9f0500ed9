"""A blocking client for QEMU's machine protocol (QMP, docs/interop/qmp-spec in QEMU's source) on a unix socket."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .image import LabError

Event = dict[str, Any]
ANSWER_SECONDS = 60.0  # a snapshot takes the longest


class QmpError(LabError):
    """QEMU refused a command; carries its own description."""


class Qmp:
    """One connection to one QEMU. A reader thread sorts answers from events; commands and waits block."""

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._file = self._socket.makefile("rb")
        self._news = threading.Condition()
        self._answers: list[dict[str, Any]] = []
        self._turn = threading.Lock()
        self._closed = False
        self.events: list[Event] = []
        json.loads(self._file.readline())  # the greeting
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.execute("qmp_capabilities")

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._file:  # QEMU's end is a reset or half a line
            for line in self._file:
                message = json.loads(line)
                with self._news:
                    (self.events if "event" in message else self._answers).append(message)
                    self._news.notify_all()
        with self._news:
            self._closed = True
            self._news.notify_all()

    def execute(self, command: str, /, **arguments: Any) -> Any:
        """Run one command and return its result. Raises QmpError when QEMU refuses it or is gone."""
        request = {"execute": command, "arguments": arguments}
        with self._turn:
            self._answers.clear()
            try:
                self._socket.sendall(json.dumps(request).encode() + b"\n")
            except OSError as error:
                raise QmpError(f"{command}: QEMU is gone ({error})") from error
            with self._news:
                self._news.wait_for(lambda: self._answers or self._closed, ANSWER_SECONDS)
                answer = self._answers.pop(0) if self._answers else None
        if answer is None:
            raise QmpError(f"{command}: QEMU gave no answer")
        if "error" in answer:
            raise QmpError(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    def monitor(self, line: str) -> None:
        """Run a command of the human monitor that prints nothing when it succeeds (`savevm`, `loadvm`)."""
        said = self.execute("human-monitor-command", **{"command-line": line}).strip()
        if said:
            raise QmpError(f"{line}: {said}")

    def wait(self, name: str, match: Callable[[Event], bool], since: int, timeout: float = 30.0) -> Event:
        """Wait for an event called `name` that `match` accepts, among those from index `since` on."""

        def found() -> Event | None:
            hits = (event for event in self.events[since:] if event["event"] == name and match(event.get("data", {})))
            return next(hits, None)

        with self._news:
            self._news.wait_for(lambda: found() or self._closed, timeout)
            event = found()
        if event is None:
            raise QmpError(f"no {name} from QEMU within {timeout:g} s")
        return event

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):  # QEMU closed it first
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()

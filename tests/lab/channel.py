"""JSON lines over a virtio-serial port: the host's end."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .image import LabError

Record = dict[str, Any]


class Channel:
    """One port. A reader thread hands every complete record to `receive`; broken lines are dropped.

    A line can be broken only where a restored snapshot cut it; both ends begin a record with a fresh line.
    """

    def __init__(self, path: Path, receive: Callable[[Record], None]) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._receive = receive
        self._sending = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError), self._socket.makefile("rb") as lines:  # QEMU's end is a reset
            for line in lines:
                with contextlib.suppress(ValueError):
                    record = json.loads(line)
                    if isinstance(record, dict):
                        self._receive(record)

    def send(self, record: Record) -> None:
        """Send one record. Raises LabError when the guest is gone."""
        try:
            with self._sending:
                self._socket.sendall(b"\n" + json.dumps(record).encode() + b"\n")
        except OSError as error:
            raise LabError(f"the guest is gone ({error})") from error

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):  # QEMU closed it first
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()

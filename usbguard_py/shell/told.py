"""Where entries are told beside the ledger: the kernel's audit log, the journal, syslog.

Each has the same small form: made when it can be reached, ``send`` one note or raise OSError, ``close``. They may be
slow: each belongs into a thread of its own.
"""

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from usbguard_py.core import telling
from usbguard_py.core.telling import Note
from usbguard_py.shell.audit import AuditLog

PATIENCE = 5.0  # seconds until a reader that does not read counts as gone

Message = Callable[[Note, Mapping[str, Any]], str]


class Place(Protocol):
    """Somewhere to tell entries."""

    def send(self, note: Note, body: Mapping[str, Any]) -> None:
        """Tell one; OSError when it did not arrive."""

    def close(self) -> None:
        """Let go."""


class Audit:
    """Records of the kernel's audit log."""

    def __init__(self, _message: Message) -> None:
        self._log = AuditLog()
        self._exe = os.readlink("/proc/self/exe")

    def send(self, note: Note, _body: Mapping[str, Any]) -> None:
        """Tell one."""
        self._log.send(telling.audit_type(note.kind), telling.audit(note, self._exe))

    def close(self) -> None:
        """Let go."""
        self._log.close()


class _Datagrams:
    """A local socket that takes datagrams."""

    def __init__(self, path: Path, message: Message) -> None:
        self.message = message
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(PATIENCE)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    def write(self, data: bytes) -> None:
        self._socket.send(data)

    def close(self) -> None:
        """Let go."""
        self._socket.close()


class Journal(_Datagrams):
    """The journal, with its fields."""

    def send(self, note: Note, body: Mapping[str, Any]) -> None:
        """Tell one."""
        self.write(telling.journal(note, self.message(note, body)))


class Syslog(_Datagrams):
    """A syslog daemon, RFC 5424."""

    def send(self, note: Note, body: Mapping[str, Any]) -> None:
        """Tell one."""
        self.write(telling.syslog(note, self.message(note, body), socket.gethostname(), os.getpid()))

"""Who sits at the machine: logind's sessions, from its files below /run, without a question to anybody.

``/run/systemd/sessions/ID`` is what the functions of libsystemd read (sd-login(3)), with elogind, too.
A file is replaced as a whole, so that its folder changes with it. Whether a screen is locked is not in them: logind
tells that by D-Bus only (org.freedesktop.login1(5), LockedHint).
"""

import os
import re
import stat
import time
from pathlib import Path

from usbguard_py import paths
from usbguard_py.core.text import escaped

MAX_SESSIONS = 16
SETTLED = 1_000_000_000  # nanoseconds: two changes within one tick of the kernel have the same time
MAX_FILE = 4096  # bytes; one has about 400
_ID = re.compile(r"[A-Za-z0-9]{1,32}")  # what logind makes; beside them lie FIFOs named ID.ref
_FIELDS = {"USER": "user", "SEAT": "seat", "TYPE": "type", "CLASS": "class", "SERVICE": "service", "TTY": "tty"}

Session = dict[str, object]


class Seats:
    """The sessions, read again when logind wrote one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or paths.SESSIONS
        self._changed = -1
        self._sessions: list[Session] | None = None

    def sessions(self) -> list[Session] | None:
        """All sessions in the order of their names, 16 at most; ``None`` where nobody keeps any (no logind)."""
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed != self._changed or time.time_ns() - changed < SETTLED:
                names = sorted(n for n in os.listdir(self._folder) if _ID.fullmatch(n))
                found = [_session(self._folder / name) for name in names[:MAX_SESSIONS]]
                self._sessions, self._changed = [s for s in found if s], changed
        except OSError:
            self._sessions, self._changed = None, -1
        return self._sessions


def _session(path: Path) -> Session:
    """One session; empty when it has ended meanwhile."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return {}
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return {}
        text = os.read(fd, MAX_FILE).decode("utf-8", "replace")
    except OSError:
        return {}
    finally:
        os.close(fd)
    known = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    told: Session = {name: escaped(known[key].encode()[:128]) for key, name in _FIELDS.items() if known.get(key)}
    uid = known.get("UID", "")
    return {
        "id": path.name,
        **({"uid": int(uid)} if uid.isascii() and uid.isdigit() and len(uid) < 11 else {}),  # noqa: PLR2004 - 32 bits
        **told,
        "active": known.get("ACTIVE") == "1",
        "remote": known.get("REMOTE") == "1",
    }

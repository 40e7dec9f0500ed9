"""Other enforcers among the processes: the judge refuses to run beside one, and `doctor` names it."""

import os

from usbguard_py import paths

OTHER_ENFORCERS = {"usbguard-daemon": "USBGuard"}  # process name (comm) to the name people know
FULL_LOOK = 60  # one look in a minute is a full one: a process can become another program


class OtherEnforcers:
    """Looks for other enforcers among the processes.

    Nothing tells an unprivileged process of a new one, and reading the names of all costs milliseconds: a look reads
    those of processes that were not there at both looks before, and every ``FULL_LOOK``-th look reads all.
    """

    def __init__(self) -> None:
        self._before: set[str] = set()
        self._known: set[str] = set()
        self._looks = 0

    def look(self) -> str:
        """The name of another enforcer that is running, or nothing."""
        pids = {entry.name for entry in os.scandir(paths.ROOT / "proc") if entry.name.isdigit()}
        if self._looks % FULL_LOOK == 0:
            self._known = set()
        self._looks += 1
        found = {pid: name for pid in pids - self._known if (name := OTHER_ENFORCERS.get(_comm(pid)))}
        self._known = (pids & self._before) - found.keys()
        self._before = pids
        return next(iter(found.values()), "")


def _comm(pid: str) -> str:
    """The name of a process of root, empty when it has gone."""
    try:
        fd = os.open(f"{paths.ROOT}/proc/{pid}/comm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        if os.fstat(fd).st_uid != 0:
            return ""  # anybody may give a program any name
        return os.read(fd, 64).decode("ascii", "replace").strip()
    except OSError:
        return ""
    finally:
        os.close(fd)

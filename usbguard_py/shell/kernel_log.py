"""The kernel's log, as the unit hands it over: standard input is ``/dev/kmsg``, opened by systemd for reading.

So the judge needs neither the capability nor the path that opening it takes (docs/adr/0110-kernel-log-as-input.md).
"""

import errno
import os
import stat

KMSG = os.makedev(1, 11)  # Documentation/admin-guide/devices.txt
MAX_RECORD = 8192  # bytes; the kernel's own are at most 2048 with what it puts before (PRINTKRB_RECORD_MAX and prefix)
EMPTY = b""


class RecordsLost(OSError):
    """Records were overwritten before they were read (EPIPE, Documentation/ABI/testing/dev-kmsg)."""


def handed_over() -> int | None:
    """A descriptor of the kernel's log, taken from standard input; ``None`` when something else is there."""
    try:
        seen = os.fstat(0)
    except OSError:
        return None
    if not stat.S_ISCHR(seen.st_mode) or seen.st_rdev != KMSG:
        return None
    own = os.dup(0)
    os.set_blocking(own, False)
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(nothing, 0)
    os.close(nothing)
    return own


def read(fd: int) -> bytes:
    """The next record; :data:`EMPTY` when there is none.

    Raises:
        RecordsLost: some were overwritten; the next read goes on with the oldest that is left.
        OSError: it cannot be read any more.
    """
    try:
        return os.read(fd, MAX_RECORD)
    except BlockingIOError:
        return EMPTY
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise RecordsLost(errno.EPIPE, "records of the kernel's log were overwritten") from error
        raise

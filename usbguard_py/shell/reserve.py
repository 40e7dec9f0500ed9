"""Room kept free beside the ledger, so that the last entries can still be written when the disk is full."""

import contextlib
import errno
import os
from pathlib import Path
from typing import NamedTuple

SIZE = 4 * 1024 * 1024  # bytes: about a thousand entries with their share of the write-ahead log
WORTH = (
    4  # times that size must be free for it to be laid aside; on a smaller disk it would be the cause of what it is for
)


class Free(NamedTuple):
    """Bytes of a file system: those that a service may still take, and all."""

    free: int
    total: int


def free(folder: Path) -> Free:
    """How much room there is where ``folder`` lies.

    Raises:
        OSError: nobody knows.
    """
    figures = os.statvfs(folder)
    return Free(figures.f_bavail * figures.f_frsize, figures.f_blocks * figures.f_frsize)


class Reserve:
    """A file of nothing, whose blocks are taken now and given back when the ledger needs them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.used = False  # given back, and not laid aside again since

    def lay_aside(self) -> bool:
        """Take the blocks, when they are not taken and the disk has plenty; whether they are taken."""
        try:
            if self.path.stat().st_blocks * 512 >= SIZE:
                self.used = False
                return True
        except OSError:
            pass
        try:
            if free(self.path.parent).free < WORTH * SIZE:
                return False
            self._take()
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EOPNOTSUPP, errno.EIO}:
                raise
            self._remove()
            return False
        self.used = False
        return True

    def _take(self) -> None:
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.posix_fallocate(fd, 0, SIZE)
            os.fsync(fd)
        finally:
            os.close(fd)

    def give_back(self) -> bool:
        """Free the blocks; whether there were any. Nothing opens by them: they are for what has to be said."""
        if not self._remove():
            return False
        self.used = True
        return True

    def _remove(self) -> bool:
        with contextlib.suppress(OSError):
            self.path.unlink()
            return True
        return False

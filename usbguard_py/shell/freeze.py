"""Keeping one file system still: FIFREEZE where it can, syncfs where it cannot; each in a child that can be abandoned.

``FIFREEZE`` (linux/fs.h, ioctl_fs) writes everything out and leaves the file system consistent on the medium, as
after an unmount; writers wait. ext4, xfs and btrfs have it, vfat, exfat and FUSE do not. A frozen file system
stays frozen until ``FITHAW``, also when every process that knew of it is gone: the child thaws when its channel ends.
"""

import errno
import fcntl
import os
import socket
import stat

import msgspec

from usbguard_py.shell import libc
from usbguard_py.shell.blocks import Dev
from usbguard_py.shell.child import Child, order, say
from usbguard_py.shell.mounts import PROC, Mount, enter, open_mount

FROZEN = "frozen"
SYNCED = "synced"
BUSY = "busy"  # somebody else has frozen it
CANNOT = "cannot"  # this file system has no freezing
LATE = "late"  # no answer before the deadline
FAILED = "failed"


class Way(msgspec.Struct, frozen=True):
    """A way to reach a file system: one of its mounts, or a link below /proc of a process that holds it."""

    mount: Mount | None = None
    link: str = ""


class Keeper:
    """One file system (``dev``) or raw block node, in the care of one child."""

    def __init__(self, dev: Dev, ways: list[Way]) -> None:
        """Start to freeze; the first of ``ways`` that leads to ``dev`` is taken."""
        self.dev = dev
        self.state = LATE
        self.child = Child(lambda channel: _keep(channel, dev, ways))

    def frozen(self, deadline: float) -> str:
        """Wait for the freeze: ``frozen``, ``cannot``, ``failed``, or ``late`` at ``deadline`` (monotonic seconds)."""
        return self._take(deadline)

    def sync(self) -> None:
        """Have what cannot be frozen written out; may be asked again after :meth:`synced`."""
        self.child.tell(b"sync")

    def synced(self, deadline: float) -> str:
        """Wait for the writing out: ``synced``, ``failed``, or ``late``."""
        return self._take(deadline)

    def dismiss(self) -> None:
        """Have it thawed and let go of; what is still being written out goes on by itself."""
        self.child.dismiss()

    def gone(self, deadline: float) -> bool:
        """Whether the child has thawed what it froze and is gone; it closes the last file, so the unmount is over."""
        return self.child.ended(deadline) == 0

    def _take(self, deadline: float) -> str:
        message = self.child.answer(deadline)
        self.state = LATE if message is None else (message.decode() or FAILED)
        return self.state


def _keep(channel: socket.socket, dev: Dev, ways: list[Way]) -> None:
    held = _reach(dev, ways)
    if held is None:
        say(channel, FAILED.encode())
        return
    answer = _freeze(held)
    say(channel, answer.encode())
    if answer == FROZEN:
        order(channel)  # until the end of the channel
        _thaw(held)
    while answer == CANNOT and order(channel):  # an order to write out; at the end of the channel, leave
        try:
            _write_out(held)
        except OSError:
            answer = FAILED  # the medium failed, or was taken away meanwhile
        say(channel, (SYNCED if answer == CANNOT else FAILED).encode())


def _reach(dev: Dev, ways: list[Way]) -> int | None:
    """A descriptor on the file system (or node) ``dev``; nothing is opened before it is known what it is."""
    proc = os.open(PROC, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for way in ways:
        try:
            return _open(way, dev, proc)
        except OSError:
            continue  # this way in is gone or covered: the next
    return None


def _open(way: Way, dev: Dev, proc: int) -> int:
    if way.mount is not None:
        enter(way.mount, proc)
        path = open_mount(way.mount.id, proc)
    else:
        path = os.open(way.link, os.O_PATH | os.O_CLOEXEC, dir_fd=proc)
    try:
        seen = os.fstat(path)
        node = stat.S_ISBLK(seen.st_mode) and (os.major(seen.st_rdev), os.minor(seen.st_rdev)) == dev
        # A mount was checked by its id; btrfs gives every subvolume a device number of its own.
        known = way.mount is not None or (os.major(seen.st_dev), os.minor(seen.st_dev)) == dev
        plain = stat.S_ISDIR(seen.st_mode) or stat.S_ISREG(seen.st_mode)
        if not (node or (plain and known)):
            raise FileNotFoundError(errno.ENOENT, "this way leads elsewhere")
        return os.open(f"self/fd/{path}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=proc)
    finally:
        os.close(path)


def _freeze(held: int) -> str:
    if stat.S_ISBLK(os.fstat(held).st_mode):
        return CANNOT
    try:
        fcntl.ioctl(held, libc.FIFREEZE, 0)
    except OSError as error:
        # EBUSY: frozen already, by somebody else who will thaw it; it is as still as ours would be.
        # A file system that only reads has nothing to freeze but takes it; without support: EOPNOTSUPP (ENOTTY).
        if error.errno in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL):
            return CANNOT
        return BUSY if error.errno == errno.EBUSY else FAILED
    return FROZEN


def _thaw(held: int) -> None:
    """Thaw, and read back: the second ``FITHAW`` says EINVAL when nothing is frozen any more.

    Raises:
        OSError: the file system is still frozen.
    """
    for _ in range(2):
        try:
            fcntl.ioctl(held, libc.FITHAW, 0)
        except OSError as error:
            if error.errno == errno.EINVAL:
                return
            raise


def _write_out(held: int) -> None:
    if stat.S_ISBLK(os.fstat(held).st_mode):
        os.fsync(held)
    else:
        libc.syncfs(held)

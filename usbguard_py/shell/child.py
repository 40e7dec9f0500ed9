"""A forked child with one message channel, which its parent can wait for, command or abandon.

Calls that the kernel may not finish (a sync of a slow drive, a freeze, opening a path that leads
through a hanging server) are made in such a child, never in the process that has a deadline.
The end of the channel is the child's order to undo what it did and leave, so that a killed
parent never leaves a file system frozen or a program stopped.
"""

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from types import FrameType

MAX_MESSAGE = 65536  # bytes

Work = Callable[[socket.socket], None]


class Child:
    """The parent's side of one child."""

    def __init__(self, work: Work, keep: Iterable[int] = ()) -> None:
        """Fork; the child runs ``work`` with its end of the channel and the open files ``keep``, then leaves."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel = ours
        self.pid = os.fork()
        if self.pid == 0:
            _live(work, theirs, keep)
        theirs.close()
        self.handle = os.pidfd_open(self.pid)

    def answer(self, deadline: float) -> bytes | None:
        """The next message; ``b""`` when the child is done; ``None`` when ``deadline`` (monotonic seconds) passed."""
        if not select.select([self.channel], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return None
        try:
            return self.channel.recv(MAX_MESSAGE)
        except ConnectionResetError:
            return b""

    def tell(self, order: bytes) -> None:
        """Send an order; a child that is gone does not mind."""
        try:
            self.channel.send(order, socket.MSG_NOSIGNAL)
        except (BrokenPipeError, ConnectionResetError):
            return

    def dismiss(self) -> None:
        """Close the channel: the child undoes what it did and leaves, when the kernel lets it."""
        self.channel.close()

    def ended(self, deadline: float) -> int | None:
        """The exit status (negative: the signal), or ``None`` when the child still runs at ``deadline``."""
        if not select.select([self.handle], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return None
        _, status = os.waitpid(self.pid, 0)
        os.close(self.handle)
        return os.waitstatus_to_exitcode(status)

    def kill(self) -> None:
        """Kill the child; for children that have nothing to undo."""
        try:
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        except ProcessLookupError:
            return


def say(channel: socket.socket, text: bytes) -> None:
    """In the child: tell the parent; one that is gone has left its order by going."""
    try:
        channel.send(text, socket.MSG_NOSIGNAL)
    except (BrokenPipeError, ConnectionResetError):
        return


def order(channel: socket.socket) -> bytes:
    """In the child: the parent's next order; ``b""`` when it is gone, which means: undo and leave.

    The end of a channel in which our own last word is still unread is a reset (unix_release_sock in
    net/unix/af_unix.c); it must not keep a child from undoing what it did.
    """
    try:
        return channel.recv(16)
    except ConnectionResetError:
        return b""


def close_others(keep: Iterable[int]) -> None:
    """Close every descriptor from 3 up but ``keep``: an inherited channel would hide its end from a sibling."""
    low = 3
    for number in sorted(set(keep)):
        if number >= low:
            os.closerange(low, number)
            low = number + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))


def _live(work: Work, channel: socket.socket, keep: Iterable[int]) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        channel.shutdown(socket.SHUT_RDWR)  # the next read sees the end, which means: undo and leave

    status = 1
    try:
        close_others({*keep, channel.fileno()})
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        work(channel)
        status = 0
    finally:
        # os._exit: a child must never return into its parent's code, whatever happened.
        failure = sys.exc_info()
        if failure[0] is not None and failure[1] is not None:
            sys.excepthook(failure[0], failure[1], failure[2])
        os._exit(status)

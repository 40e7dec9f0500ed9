"""The hands: a privileged process with a short list of verbs, started by its socket, gone when idle.

Each connection is served by a forked worker that holds what it was asked to hold; the end of the connection, in
whatever way the judge ends, lets it go. The hands decide nothing and take no text from a device.
"""

import os
import select
import signal
import socket
import struct
import sys
import time
from types import FrameType
from typing import NoReturn

import msgspec

from usbguard_py import paths
from usbguard_py.daemon.hands_cut import Cut
from usbguard_py.errors import DeviceGone, GuardError
from usbguard_py.errors_device import ExaminationFailed, HandsTrouble
from usbguard_py.shell import blocks
from usbguard_py.shell.child import Child
from usbguard_py.shell.hands import FLOOR_SECONDS
from usbguard_py.shell.hands_messages import (
    MAX_MESSAGE,
    Answer,
    Examine,
    Floor,
    FloorDone,
    Hold,
    Identify,
    ReadOnly,
    ReadOnlyDone,
    Refused,
    Release,
    Released,
    Request,
)

IDLE_SECONDS = 30.0
STOP_SECONDS = 5.0
MAX_WORKERS = 32
MAX_NAMES = 64  # of block devices in an answer
_LISTEN_FIRST = 3  # sd_listen_fds(3): SD_LISTEN_FDS_START


def run(idle: float = IDLE_SECONDS) -> int:
    """Serve until nobody has been connected for ``idle`` seconds, or SIGTERM; returns the exit code.

    Raises:
        HandsTrouble: the socket could not be had.
    """
    listener = _listener()
    wake, stop = socket.socketpair()

    def stopped(_signal: int, _frame: FrameType | None) -> None:
        stop.send(b"s")

    signal.signal(signal.SIGTERM, stopped)
    signal.signal(signal.SIGINT, stopped)
    workers: list[Child] = []
    while True:
        watched = [listener.fileno(), wake.fileno(), *(worker.handle for worker in workers)]
        ready, _, _ = select.select(watched, [], [], None if workers else idle)
        workers = [worker for worker in workers if worker.handle not in ready or worker.ended(0) is None]
        if wake.fileno() in ready or not ready:
            break
        if listener.fileno() in ready:
            workers += _accept(listener, len(workers))
    for worker in workers:
        worker.dismiss()
    end = time.monotonic() + STOP_SECONDS
    late = [worker.pid for worker in workers if worker.ended(end) is None]
    return 1 if late else 0


def _listener() -> socket.socket:
    """The socket that systemd hands over; without systemd, one of our own."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        return socket.socket(fileno=_LISTEN_FIRST)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    before = os.umask(0o177)
    try:
        paths.HANDS_SOCKET.parent.mkdir(parents=True, exist_ok=True)
        paths.HANDS_SOCKET.unlink(missing_ok=True)
        listener.bind(str(paths.HANDS_SOCKET))
        listener.listen()
    except OSError as error:
        raise HandsTrouble(detail=str(error)) from error
    finally:
        os.umask(before)
    return listener


def _accept(listener: socket.socket, busy: int) -> list[Child]:
    connection, _ = listener.accept()
    with connection:
        pid, uid, _ = struct.unpack("=iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid != 0 or busy >= MAX_WORKERS:
            return []
        return [Child(lambda channel: Worker(connection, channel, pid).serve(), keep=[connection.fileno()])]


class Worker:
    """One connection: requests one after the other, and the cuts they made."""

    def __init__(self, connection: socket.socket, channel: socket.socket, peer: int) -> None:
        """``channel`` ends when the main process does; ``peer`` is the judge's process id."""
        self.connection = connection
        self.channel = channel
        self.peer = peer
        self.cuts: dict[str, Cut] = {}

    def serve(self) -> None:
        """Answer until either end of the line is closed; then let everything go."""
        try:
            while True:
                ready, _, _ = select.select([self.connection, self.channel], [], [])
                if self.channel in ready or not self._one():
                    return
        finally:
            for cut in self.cuts.values():
                cut.release()

    def _one(self) -> bool:
        try:
            text, _, flags, _ = self.connection.recvmsg(MAX_MESSAGE)
            if not text or flags & socket.MSG_TRUNC:
                return False
            self.connection.send(msgspec.json.encode(self.answer(text)), socket.MSG_NOSIGNAL)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def answer(self, text: bytes) -> Answer:
        """Carry one request out; whatever goes wrong in an expected way is an answer, too."""
        try:
            request = msgspec.json.decode(text, type=Request)
            return self._do(request)
        except msgspec.DecodeError as error:
            return Refused("trouble", str(error))
        except DeviceGone:
            return Refused("gone", "")
        except ExaminationFailed as error:
            return Refused("examination", str(error.facts.get("detail", "")))
        except GuardError as error:
            return Refused("trouble", str(error.facts.get("detail", "")))
        except OSError as error:
            return Refused("trouble", str(error))

    def _do(self, request: Request) -> Answer:
        match request:
            case Hold(device, devnum, deadline_ms):
                if device in self.cuts:
                    raise HandsTrouble(detail="the device is held already")
                cut = Cut(device, devnum, spared=(self.peer, os.getppid()))
                self.cuts[device] = cut
                return cut.hold(deadline_ms)
            case Release(device):
                held = self.cuts.pop(device, None)
                return held.release() if held else Released(0, 0, 0, 0)
            case Examine(busnum, devnum, timeout_ms):
                from usbguard_py.shell.examination import examine  # noqa: PLC0415 - a cut must not wait for it

                return examine(busnum, devnum, timeout_ms)
            case ReadOnly(device, devnum):
                return _read_only(device, devnum)
            case Identify(device, devnum, disks, timeout_ms):
                from usbguard_py.shell.content import identify  # noqa: PLC0415 - a cut must not wait for it

                return identify(device, devnum, disks, timeout_ms)
            case Floor(what):
                return FloorDone(_floor(what))


def _read_only(device: str, devnum: int) -> ReadOnlyDone:
    disks = tuple(n for n in blocks.nodes_below(device, devnum) if n.kind == "block" and n.depth == 0)
    writable = blocks.lock(disks)
    return ReadOnlyDone(tuple(n.name for n in disks if n.name not in writable)[:MAX_NAMES], writable[:MAX_NAMES])


def _floor(what: str) -> int:
    """Run the floor: a fixed program, one of three words, an environment of our own."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    defaults = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE]
    pid = os.posix_spawn(paths.FLOOR, [str(paths.FLOOR), what], environment, setsigdef=defaults)
    handle = os.pidfd_open(pid)
    try:
        if not select.select([handle], [], [], FLOOR_SECONDS)[0]:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        os.close(handle)


def main() -> NoReturn:
    """The program: serve, and exit with its code."""
    try:
        code = run()
    except GuardError as error:
        sys.stderr.write(f"{error}\n")
        code = error.exit_code
    sys.exit(code)


if __name__ == "__main__":
    main()

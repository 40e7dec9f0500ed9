"""Who uses given file systems and block nodes: open files, mapped files, working and root directories, raw nodes.

Everything is read from /proc with calls that ask no file system server (:func:`usbguard_py.shell.libc.place`).
Only the mapping lists can make the reader wait, so the search runs in a child and tells what it has found so far.
"""

import os
import signal
import socket
import stat
import time
from collections.abc import Iterable, Iterator

import msgspec

from usbguard_py.core.text import escaped
from usbguard_py.shell import libc
from usbguard_py.shell.blocks import Dev
from usbguard_py.shell.child import Child, order, say
from usbguard_py.shell.mounts import PROC, processes

MAX_HOLDERS = 512  # looked at; the answer names fewer
STOP_ROUNDS = 3  # a holder may have had a child between being found and being stopped
STOP_SECONDS = 0.2  # until a stopped program stands; one inside a system call stands at its end
_WHOLE = b"."  # the searching child has looked everywhere
_FUSE = (10, 229)  # /dev/fuse, Documentation/admin-guide/devices.txt


class Holder(msgspec.Struct, frozen=True):
    """A process that holds a file system or a node.

    ``comm`` is escaped; ``start`` is the start time in clock ticks since boot, which with ``pid`` names the
    process for good; ``how`` is file, map, cwd, root or node; ``link`` (below /proc) leads to the held file.
    """

    pid: int
    comm: str
    uid: int
    how: str
    start: int
    dev: Dev
    link: str = ""


def holders(devices: Iterable[Dev], mounts: Iterable[int], *, deadline: float) -> tuple[list[Holder], bool]:
    """Processes that hold ``devices`` or mounts with these ids, as far as they were found until ``deadline``.

    The second value is whether the search came to its end; without it, there may be more.
    """
    wanted, ids = frozenset(devices), frozenset(mounts)

    def work(channel: socket.socket) -> None:
        for holder in _search(wanted, ids, maps=True):
            say(channel, msgspec.json.encode(holder))
        say(channel, _WHOLE)

    child, found = Child(work), dict[int, Holder]()
    while (message := child.answer(deadline)) and message != _WHOLE and len(found) < MAX_HOLDERS:
        holder = msgspec.json.decode(message, type=Holder)
        found.setdefault(holder.pid, holder)
    child.kill()
    child.dismiss()
    child.ended(time.monotonic() + 0.05)
    return list(found.values()), message == _WHOLE


def _search(devices: frozenset[Dev], mounts: frozenset[int], *, maps: bool) -> Iterator[Holder]:
    seen = set()
    for pid in processes():
        for how, link, dev in _links(pid, devices, mounts):
            if holder := _holder(pid, how, link, dev):
                seen.add(pid)
                yield holder
            break
    for pid in processes() if maps else ():
        mapped = None if pid in seen else _mapped(pid, devices)
        if mapped and (holder := _holder(pid, "map", "", mapped)):
            yield holder


def _links(pid: int, devices: frozenset[Dev], mounts: frozenset[int]) -> Iterator[tuple[str, str, Dev]]:
    """The links of one process that lead to what is looked for: open files first, they are the telling ones."""
    for name in (*(f"fd/{name}" for name in _open_files(pid)), "cwd", "root"):
        try:
            place = libc.place(f"{PROC}/{pid}/{name}")
        except OSError:
            continue
        if stat.S_ISBLK(place.mode) and place.rdev in devices:
            yield "node", f"{pid}/{name}", place.rdev
        elif place.dev in devices or place.mount in mounts:
            yield "file" if name.startswith("fd/") else name, f"{pid}/{name}", place.dev


def _mapped(pid: int, devices: frozenset[Dev]) -> Dev | None:
    """The device of a mapped file; its column is ``major:minor`` in hex (proc_pid_maps(5))."""
    try:
        text = (PROC / f"{pid}/maps").read_bytes()
    except OSError:
        return None
    return next((dev for dev in devices if b" %02x:%02x " % dev in text), None)


def _holder(pid: int, how: str, link: str, dev: Dev) -> Holder | None:
    try:
        comm, _state, start = _stat(pid)
        uid = (PROC / str(pid)).stat().st_uid
    except OSError:
        return None
    return Holder(pid, comm, uid, how, start, dev, link)


def _stat(pid: int) -> tuple[str, str, int]:
    """Escaped name, state letter and start time (proc_pid_stat(5), fields 2, 3 and 22)."""
    left, _, right = (PROC / f"{pid}/stat").read_bytes().rpartition(b")")
    fields = right.split()
    return escaped(left.partition(b"(")[2]), fields[0].decode("ascii"), int(fields[19])


class Stopped:
    """Holders that are stopped until :meth:`dismiss`, or until this process dies."""

    def __init__(self, devices: Iterable[Dev], mounts: Iterable[int], spared: Iterable[int]) -> None:
        """Start stopping; ``spared`` are process ids that are never stopped (the judge, ourselves)."""
        wanted, ids, never = frozenset(devices), frozenset(mounts), {1, os.getpid(), *spared}

        def work(channel: socket.socket) -> None:
            handles: dict[int, int] = {}
            whole = _stop_all(wanted, ids, {*never, os.getpid()}, handles)
            say(channel, b"%d %d" % (len(handles), whole))
            while order(channel):  # asked again; at the end of the channel, let them go on
                say(channel, b"%d %d" % (len(handles), _standing(handles)))
            for handle in handles.values():
                _send(handle, signal.SIGCONT)

        self.count = 0
        self.child = Child(work)

    def wait(self, deadline: float) -> bool:
        """Whether every holder stands still; sets ``count``, how many were stopped."""
        message = self.child.answer(deadline)
        if not message:
            return False
        count, whole = message.split()
        self.count = int(count)
        return whole == b"1"

    def again(self, deadline: float) -> bool:
        """Whether they stand still by now: one that was inside a system call stops at its end."""
        self.child.tell(b"?")
        return self.wait(deadline)

    def dismiss(self) -> None:
        """Let them go on."""
        self.child.dismiss()

    def gone(self, deadline: float) -> int:
        """How many went on after :meth:`dismiss`, awaited until ``deadline`` (monotonic seconds)."""
        return self.count if self.child.ended(deadline) == 0 else 0


def _stop_all(devices: frozenset[Dev], mounts: frozenset[int], never: set[int], handles: dict[int, int]) -> bool:
    """Stop the holders, and those that appeared meanwhile; false when some are not known to stand still."""
    for number in range(STOP_ROUNDS):
        # Mapping lists only once: reading them waits for a program that is being stopped in a page fault.
        fresh = [h for h in _search(devices, mounts, maps=number == 0) if h.pid not in never and h.pid not in handles]
        stopped = []
        for holder in fresh:
            if _serves_files(holder.pid):
                never.add(holder.pid)
            elif (handle := _stop(holder)) is not None:
                handles[holder.pid] = handle
                stopped.append(holder.pid)
            else:
                never.add(holder.pid)  # stood still before us, or is gone
        if not stopped:
            return _standing(handles)
    return False


def _serves_files(pid: int) -> bool:
    """Whether this is a FUSE server: stopped, it could not write out what we are about to ask it to."""
    return any(how == "node" for how, _, _ in _fuse_links(pid))


def _fuse_links(pid: int) -> Iterator[tuple[str, str, Dev]]:
    for name in _open_files(pid):
        try:
            place = libc.place(f"{PROC}/{pid}/fd/{name}")
        except OSError:
            continue
        if stat.S_ISCHR(place.mode) and place.rdev == _FUSE:
            yield "node", f"{pid}/fd/{name}", place.rdev


def _open_files(pid: int) -> list[str]:
    """The descriptor numbers of a process; none when it is gone or has no files of its own (kernel threads)."""
    try:
        return os.listdir(PROC / f"{pid}/fd")
    except OSError:
        return []


def _stop(holder: Holder) -> int | None:
    """Stop one process; returns its pidfd, or ``None`` when it is another one now, or stood still already."""
    try:
        handle = os.pidfd_open(holder.pid)
    except OSError:
        return None
    try:
        _, state, start = _stat(holder.pid)
    except OSError:
        state, start = "X", -1
    if start != holder.start or state in "TtXZ" or not _send(handle, signal.SIGSTOP):
        os.close(handle)
        return None
    return handle


def _send(handle: int, number: signal.Signals) -> bool:
    try:
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    return True


def _standing(pids: Iterable[int]) -> bool:
    """Whether all of ``pids`` are stopped, waiting for them up to ``STOP_SECONDS``."""
    end = time.monotonic() + STOP_SECONDS
    left = set(pids)
    while left and time.monotonic() < end:
        left = {pid for pid in left if _state(pid) not in "TtXZ"}
        if left:
            time.sleep(0.005)
    return not left


def _state(pid: int) -> str:
    try:
        return _stat(pid)[1]
    except OSError:
        return "X"

"""Detaching what is mounted from a drive, each mount in its own namespace, in children that may hang."""

import errno
import os
import socket
import time

from usbguard_py.shell import libc
from usbguard_py.shell.child import Child, say
from usbguard_py.shell.mounts import PROC, Mount, enter, host_namespace, open_mount, own_mounts, still_there

MAX_COVERS = 64  # mounts one over the other at one place
GLANCE = 0.1  # seconds; following one link takes microseconds, and a busy mount's deadline is seconds away


def detach(mounts: list[Mount], *, lazy: bool, deadline: float) -> dict[int, str]:
    """Detach ``mounts``, each in its own namespace, and read back; returns mount id → why it stayed.

    ``lazy`` is ``MNT_DETACH``; otherwise only what nobody uses goes. The kernel may go on
    writing a detached file system out after this returns at ``deadline`` (monotonic seconds).
    """
    host = host_namespace()
    # The host first: what it detaches leaves the namespaces that follow it, too.
    ordered = sorted(mounts, key=lambda mount: (mount.namespace != host, mount.namespace, -mount.id))
    now = time.monotonic()
    why = _answers([_detaching(ordered, lazy=lazy)], now + (deadline - now) / 2)
    left = still_there(mounts)
    waiting = [mount for mount in ordered if mount.id in left and mount.id not in why]
    if waiting:
        # One namespace holds the others up (a path through a hanging server): each gets a child of its own.
        spaces = {mount.namespace for mount in waiting}
        each = [[mount for mount in waiting if mount.namespace == space] for space in spaces]
        why |= _answers([_detaching(there, lazy=lazy) for there in each], deadline)
        left = still_there(mounts)
    return {number: why.get(number, "no answer before the deadline") for number in left}


def _detaching(mounts: list[Mount], *, lazy: bool) -> Child:
    def work(channel: socket.socket) -> None:
        proc = os.open(PROC, os.O_RDONLY | os.O_DIRECTORY)
        for mount in mounts:
            try:
                enter(mount, proc)
                _take_off(mount.id, proc, libc.MNT_DETACH if lazy else 0)
            except OSError as error:
                say(channel, f"{mount.id} {error.strerror}".encode())

    return Child(work)


def _answers(children: list[Child], deadline: float) -> dict[int, str]:
    """What the children could not detach, and why, as far as they said so until ``deadline``."""
    why: dict[int, str] = {}
    for child in children:
        while message := child.answer(deadline):
            number, _, detail = message.decode().partition(" ")
            why[int(number)] = detail
        child.dismiss()
        child.ended(0)  # collects it when it is done; one that still writes out is left to the kernel
    return why


def _take_off(number: int, proc: int, flags: int) -> None:
    """Take the mount off, after whatever was mounted over it, which would go with it anyway."""
    for _ in range(MAX_COVERS):
        table = own_mounts(proc)
        if number not in table:
            return
        os.close(open_mount(number, proc))
        _umount(table[number].point, flags)
    raise OSError(errno.EBUSY, "covered by too many mounts")


def _umount(point: bytes, flags: int) -> None:
    """Take one mount off; one that is busy only while somebody looks at it is tried again, for :data:`GLANCE`.

    Whoever follows ``/proc/PID/cwd`` (``ps``, ``lsof``, another search) holds a mount for that moment, and no event
    tells of its end.
    """
    end = time.monotonic() + GLANCE
    while True:
        try:
            return libc.umount(point, flags)
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() >= end:
                raise
        time.sleep(GLANCE / 50)

"""What a disk holds, read by libblkid's programs while its node is nobody's.

``blkid -p`` probes the superblocks of the disk itself and, at the offsets that ``partx`` prints, of each partition; no
cache is used and the kernel is not asked to read the table (blkid(8), partx(8), util-linux). Each run is a child of its
own: it gets the open node as its standard input, one capability (the node has mode 0000), little memory, no right to
write a file, and is killed at the deadline. Exit codes of ``blkid -p``: 0 found, 2 nothing found or not readable, 4
usage, 8 ambivalent; when it prints a complaint with 2, it is not readable.
"""

import fcntl
import os
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable

import msgspec

from usbguard_py.core.blkid import COLUMNS, MAX_OUTPUT, TAGS, Extent, Strange, extents, tags
from usbguard_py.core.content import (
    AMBIGUOUS,
    LATE,
    MAX_PARTITIONS,
    NO_MEDIUM,
    TOO_MANY,
    UNREADABLE,
    Content,
    Found,
    Partition,
    Problem,
)
from usbguard_py.shell import blocks, libc
from usbguard_py.shell.blocks import Node
from usbguard_py.shell.child import Child, say
from usbguard_py.shell.hands_messages import DiskRead, Identified

Command = tuple[str, ...]

BLKID: Command = ("/usr/sbin/blkid", "-p", "-o", "export")
WHOLE: Command = (*BLKID, *(word for tag in TAGS for word in ("-s", tag)))
INSIDE: Command = (*BLKID, "-s", "TYPE", "-s", "UUID")  # a table within a partition is no part of the identity
PARTX: Command = ("/usr/bin/partx", "--pairs", "-o", ",".join(COLUMNS))
NODE = "/proc/self/fd/0"  # opened anew through it: the very node that was looked at, whatever its name is by then
ENVIRONMENT = {"LC_ALL": "C"}
NOTHING_FOUND, AMBIVALENT = 2, 8
_BLKGETSIZE64 = 0x80081272  # linux/fs.h: _IOR(0x12, 114, size_t)
_ADDRESS_SPACE = 256 << 20  # bytes; both need about ten
_SECONDS = 10  # of the processor


class _Unknown(Exception):
    """There is no identity, for a reason that is said."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def identify(device: str, devnum: int, disks: tuple[str, ...], timeout_ms: int) -> Identified:
    """What the disks ``disks`` (kernel names) of a USB device hold, all of them within ``timeout_ms``.

    Raises:
        DeviceGone: no such device.
    """
    deadline = time.monotonic() + timeout_ms / 1000
    nodes = {node.name: node for node in blocks.nodes_below(device, devnum) if node.kind == "block" and not node.depth}
    return Identified(tuple(DiskRead(name, found(nodes.get(name), deadline)) for name in disks))


def found(node: Node | None, deadline: float) -> Found:
    """What the disk at ``node`` holds, or why nobody can say; by ``deadline`` (monotonic seconds)."""
    if node is None:
        return UNREADABLE
    try:
        size = _size(node, deadline)
        whole = tags(_printed(node, WHOLE, deadline))
        return msgspec.structs.replace(whole, partitions=_partitions(node, size, deadline)) if whole.table else whole
    except _Unknown as error:
        return error.problem
    except Strange:
        return UNREADABLE


def _partitions(node: Node, size: int, deadline: float) -> tuple[Partition, ...]:
    every = extents(_printed(node, PARTX, deadline))
    if len(every) > MAX_PARTITIONS:
        raise _Unknown(TOO_MANY)
    return tuple(_partition(node, size, one, deadline) for one in every)


def _partition(node: Node, size: int, one: Extent, deadline: float) -> Partition:
    if one.offset + one.size > size:
        raise _Unknown(UNREADABLE)
    if not one.size:  # to blkid no size is the rest of the disk
        return one.entry
    place = ("-O", str(one.offset), "-S", str(one.size))
    held: Content = tags(_printed(node, (*INSIDE, *place), deadline))
    return msgspec.structs.replace(one.entry, type=held.type, uuid=held.uuid)


def _printed(node: Node, command: Command, deadline: float) -> bytes:
    """The output of a program about the disk; empty when it found nothing."""

    def work(channel: socket.socket) -> None:
        os.dup2(_opened(node), 0)
        for stream in (1, 2):
            os.dup2(channel.fileno(), stream)
        _contain()
        os.execve(command[0], (*command, NODE), ENVIRONMENT)  # noqa: S606 - a fixed program

    status, output = _answered(work, deadline)
    if status == AMBIVALENT:
        raise _Unknown(AMBIGUOUS)
    if status and (status != NOTHING_FOUND or output):
        raise _Unknown(UNREADABLE)
    return output


def _size(node: Node, deadline: float) -> int:
    """Bytes on the medium; opening the disk has the kernel ask for it when it was exchanged (sd_open, drivers/scsi).

    Its first bytes are read as well: of a disk that gives none blkid says the same as of an empty one.
    """

    def work(channel: socket.socket) -> None:
        descriptor = _opened(node)
        size = fcntl.ioctl(descriptor, _BLKGETSIZE64, bytes(8))
        try:
            os.pread(descriptor, 1, 0)
        except OSError:
            return
        say(channel, size)

    status, answer = _answered(work, deadline)
    if status or len(answer) != struct.calcsize("=Q"):
        raise _Unknown(UNREADABLE)
    (size,) = struct.unpack("=Q", answer)
    if not size:
        raise _Unknown(NO_MEDIUM)
    return int(size)


def _opened(node: Node) -> int:
    """In the child: the disk, open for reading; a child that cannot have it leaves."""
    try:
        descriptor = os.open(node.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        os._exit(1)
    if not blocks.is_node(node, os.fstat(descriptor)):
        os._exit(1)
    return descriptor


def _answered(work: Callable[[socket.socket], None], deadline: float) -> tuple[int, bytes]:
    """Exit status and output of a child; one that is late or says too much is killed, when the kernel lets it go."""
    child = Child(work)
    output, piece = b"", child.answer(deadline)
    while piece and len(output) <= MAX_OUTPUT:
        output += piece
        piece = child.answer(deadline)
    child.dismiss()
    status = child.ended(deadline) if piece == b"" else None
    if status is None:
        child.kill()
        child.ended(time.monotonic() + 0.05)
        raise _Unknown(LATE if piece is None else UNREADABLE)
    return status, output


def _contain() -> None:
    """In the child: what reads a hostile medium may do little else, and the program that it becomes neither."""
    libc.drop_capabilities(but=libc.DAC_READ_SEARCH)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for what, most in (
        (resource.RLIMIT_AS, _ADDRESS_SPACE),
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(what, (most, most))

"""Every mount of given block devices, in every mount namespace, and detaching them for real.

Format of ``mountinfo``: proc_pid_mountinfo(5). A mount namespace is known by its inode number;
its mounts are read through processes that live in it, once for each root directory in use there.
"""

import errno
import os
import re
import socket
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from usbguard_py import paths
from usbguard_py.shell import libc
from usbguard_py.shell.blocks import Dev
from usbguard_py.shell.child import Child, say

PROC = Path("/proc")  # always the real one: namespaces and processes have no test tree
MAX_ROOTS = 1024  # roots read in all; a desktop has some thirty namespaces

_LOOK_SECONDS = 1.0  # for entering a namespace that is only pinned; reads of /proc take milliseconds
_OCTAL = re.compile(rb"\\([0-7]{3})")
_PINNED = re.compile(rb"mnt:\[[0-9]+\]\Z")


class Mount(msgspec.Struct, frozen=True):
    """One mount: ids, device, root inside the file system, mount point, and its namespace.

    ``via`` is a file below /proc that leads to the namespace (``PID/ns/mnt``, or a pinned one);
    ``seen`` is the mountinfo file in which it was found.
    """

    id: int
    parent: int
    dev: Dev
    root: bytes
    point: bytes
    fstype: str
    source: bytes
    namespace: int
    via: str
    seen: str


def parse(text: bytes, namespace: int = 0, via: str = "", seen: str = "") -> list[Mount]:
    """The mounts of one ``mountinfo`` text; the kernel's octal escapes undone.

    Raises:
        ValueError: a line that is not in the kernel's format.
    """
    mounts = []
    for line in text.splitlines():
        left, _, right = line.partition(b" - ")
        number, parent, dev, root, point = left.split(b" ")[:5]
        fstype, source = right.split(b" ")[:2]
        major, minor = dev.split(b":")
        place = (_plain(root), _plain(point), fstype.decode("ascii", "backslashreplace"), _plain(source))
        mounts.append(Mount(int(number), int(parent), (int(major), int(minor)), *place, namespace, via, seen))
    return mounts


def _plain(field: bytes) -> bytes:
    return _OCTAL.sub(lambda found: bytes((int(found[1], 8) & 0xFF,)), field)


def processes() -> list[int]:
    """Ids of the processes there are now."""
    return sorted(int(entry.name) for entry in os.scandir(PROC) if entry.name.isdecimal())


def everywhere() -> list[Mount]:
    """All mounts of all mount namespaces, each once; processes that end meanwhile are passed over."""
    known: dict[tuple[int, int], Mount] = {}
    roots: set[tuple[int, str]] = set()
    for pid in processes():
        if len(roots) >= MAX_ROOTS:
            break
        try:
            namespace = (PROC / f"{pid}/ns/mnt").stat().st_ino
            at = (namespace, str((PROC / f"{pid}/root").readlink()))
            if at not in roots:
                text = (PROC / f"{pid}/mountinfo").read_bytes()
                roots.add(at)
                _add(known, parse(text, namespace, f"{pid}/ns/mnt", f"{pid}/mountinfo"))
        except OSError:
            continue
    spaces = {namespace for namespace, _ in roots}
    for mount in _pinned(list(known.values())):
        _add(known, _inside(mount, spaces))
    return list(known.values())


def host_namespace() -> int:
    """The host's mount namespace: process 1's, or our own where process 1 is out of reach (a container's)."""
    try:
        return (PROC / "1/ns/mnt").stat().st_ino
    except PermissionError:
        return (PROC / "self/ns/mnt").stat().st_ino


def find_mounts(devices: Iterable[Dev]) -> list[Mount]:
    """The mounts of ``devices``: by number, and for btrfs (whose number is anonymous) by its member names."""
    wanted = set(devices)
    members = _btrfs_members(wanted)
    return [
        mount
        for mount in everywhere()
        if mount.dev in wanted or (mount.fstype == "btrfs" and mount.source.rpartition(b"/")[2] in members)
    ]


def still_there(mounts: Iterable[Mount]) -> set[int]:
    """Which ids of ``mounts`` are still listed: read back where each was found, and in process 1's mountinfo."""
    wanted = list(mounts)
    found: set[int] = set()
    for seen, via, namespace in {(mount.seen, mount.via, mount.namespace) for mount in wanted} | {
        ("1/mountinfo", "", 0)
    }:
        try:
            text = (PROC / seen).read_bytes() if seen else b""
            found |= {mount.id for mount in (parse(text) if seen else _look_in(via, namespace))}
        except (FileNotFoundError, ProcessLookupError):
            # The process went; its namespace may live on, so look through any other way in.
            found |= {mount.id for mount in everywhere()}
    return {mount.id for mount in wanted} & found


def enter(mount: Mount, proc: int) -> None:
    """Move this (forked) process into the namespace of ``mount``; ``proc`` is an open /proc of the host.

    Raises:
        OSError: the way in is gone (a process that ended), or leads into another namespace now.
    """
    namespace = os.open(mount.via, os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    try:
        if os.fstat(namespace).st_ino != mount.namespace:
            raise FileNotFoundError(errno.ENOENT, "the way into the namespace changed")
        libc.enter_mount_namespace(namespace)
    finally:
        os.close(namespace)


def open_mount(number: int, proc: int) -> int:
    """An ``O_PATH`` descriptor of the mount ``number`` of this process's own namespace.

    A path leads to the topmost mount. What covers ours hangs on ours, which is as good for taking it off; anything
    else at that path (ours was moved, or a directory above it is covered) is refused.

    Raises:
        FileNotFoundError: no such mount here, or it cannot be reached by its path.
    """
    table = own_mounts(proc)
    if number not in table:
        raise FileNotFoundError(errno.ENOENT, "not mounted here")
    top = os.open(table[number].point, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    # Through the host's /proc: this namespace may have none.
    lines = _read(proc, f"self/fdinfo/{top}").splitlines()
    ancestor = int(next(line[7:] for line in lines if line.startswith(b"mnt_id:")))
    seen: set[int] = set()
    while ancestor != number and ancestor in table and ancestor not in seen:
        seen.add(ancestor)
        ancestor = table[ancestor].parent
    if ancestor != number:
        os.close(top)
        raise FileNotFoundError(errno.ENOENT, "covered by another mount")
    return top


def own_mounts(proc: int) -> Mapping[int, Mount]:
    """The mounts of the namespace this process is in now, by id."""
    return {mount.id: mount for mount in parse(_read(proc, "self/mountinfo"))}


def _read(proc: int, name: str) -> bytes:
    with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=proc), "rb") as file:
        return file.read()


def _add(known: dict[tuple[int, int], Mount], mounts: list[Mount]) -> None:
    for mount in mounts:
        known.setdefault((mount.namespace, mount.id), mount)


def _pinned(mounts: list[Mount]) -> list[Mount]:
    """Mounts that keep a mount namespace alive although no process lives in it (``nsfs`` files)."""
    return [mount for mount in mounts if mount.fstype == "nsfs" and _PINNED.match(mount.root)]


def _inside(pin: Mount, known: set[int]) -> list[Mount]:
    """The mounts inside a pinned namespace, unless a process has shown them already."""
    holder = pin.via.partition("/")[0]
    via = f"{holder}/root{os.fsdecode(pin.point)}"
    try:
        namespace = (PROC / via).stat().st_ino
    except OSError:
        return []
    if namespace in known:
        return []
    known.add(namespace)
    return _look_in(via, namespace)


def _look_in(via: str, namespace: int) -> list[Mount]:
    def work(channel: socket.socket) -> None:
        proc = os.open(PROC, os.O_RDONLY | os.O_DIRECTORY)
        libc.enter_mount_namespace(os.open(via, os.O_RDONLY, dir_fd=proc))
        for line in _read(proc, "self/mountinfo").splitlines():
            say(channel, line)

    child, lines = Child(work), []
    deadline = time.monotonic() + _LOOK_SECONDS
    while message := child.answer(deadline):
        lines.append(message)
    child.dismiss()
    child.ended(deadline)
    return parse(b"\n".join(lines), namespace, via, "")


def _btrfs_members(devices: set[Dev]) -> set[bytes]:
    """Names of all member devices of every btrfs that has one of ``devices`` among its members."""
    members: set[bytes] = set()
    for folder in (paths.SYS / "fs/btrfs").glob("*/devices"):
        numbers = {}
        for member in folder.iterdir():
            try:
                major, minor = (member / "dev").read_text(encoding="ascii").split(":")
            except OSError:
                continue
            numbers[member.name] = (int(major), int(minor))
        if devices & set(numbers.values()):
            members |= {os.fsencode(name) for name in numbers}
    return members

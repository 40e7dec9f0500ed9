"""System calls that Python 3.11's standard library lacks: setns, umount2, syncfs, statx, capset.

Each raises ``OSError`` with the kernel's number. Numbers are those of the kernel's user headers
(``linux/sched.h``, ``linux/mount.h``, ``linux/stat.h``, ``linux/fs.h``, ``linux/capability.h``, ``linux/prctl.h``).
"""

import ctypes
import os
import struct

import msgspec

MNT_DETACH = 2
UMOUNT_NOFOLLOW = 8
FIFREEZE = 0xC0045877  # _IOWR('X', 119, int)
FITHAW = 0xC0045878  # _IOWR('X', 120, int)

_CLONE_NEWNS = 0x00020000
_AT_FDCWD = -100
_AT_STATX_DONT_SYNC = 0x4000
_STATX_TYPE = 0x1
_STATX_MNT_ID = 0x1000
_STATX_SIZE = 256
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522
DAC_READ_SEARCH = 1 << 2  # CAP_DAC_READ_SEARCH, as a mask

_libc = ctypes.CDLL(None, use_errno=True)


class Place(msgspec.Struct, frozen=True):
    """Where an open file lives: file type bits, device of a node, device of the file system, mount id."""

    mode: int
    rdev: tuple[int, int]
    dev: tuple[int, int]
    mount: int


def _call(name: str, *args: object) -> None:
    if getattr(_libc, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def enter_mount_namespace(namespace: int) -> None:
    """Move this process into the mount namespace of the open file ``namespace`` (setns(2))."""
    _call("setns", ctypes.c_int(namespace), ctypes.c_int(_CLONE_NEWNS))


def umount(point: bytes, flags: int) -> None:
    """Detach what is mounted on ``point`` (umount2(2)); a symbolic link at the end is never followed."""
    _call("umount2", ctypes.c_char_p(point), ctypes.c_int(flags | UMOUNT_NOFOLLOW))


def syncfs(descriptor: int) -> None:
    """Write out the file system of ``descriptor`` and wait for it (syncfs(2))."""
    _call("syncfs", ctypes.c_int(descriptor))


def place(path: str) -> Place:
    """Where ``path`` leads, from what the kernel has in memory.

    ``AT_STATX_DONT_SYNC``: a hanging FUSE or network server is not asked, so it cannot hold us up.
    """
    room = ctypes.create_string_buffer(_STATX_SIZE)
    mask = ctypes.c_uint(_STATX_TYPE | _STATX_MNT_ID)
    _call("statx", ctypes.c_int(_AT_FDCWD), os.fsencode(path), ctypes.c_int(_AT_STATX_DONT_SYNC), mask, room)
    (mode,) = struct.unpack_from("=H", room, 28)
    rmajor, rminor, major, minor, mount = struct.unpack_from("=IIIIQ", room, 128)
    (got,) = struct.unpack_from("=I", room, 0)
    return Place(mode=mode, rdev=(rmajor, rminor), dev=(major, minor), mount=mount if got & _STATX_MNT_ID else 0)


def drop_capabilities(but: int = 0) -> None:
    """Give up every capability of this process but those of the mask ``but`` that it has, for good.

    A program that it executes gets none either beyond those (capset(2), capabilities(7), PR_SET_NO_NEW_PRIVS).
    """
    _call("prctl", ctypes.c_int(_PR_SET_NO_NEW_PRIVS), *(ctypes.c_ulong(n) for n in (1, 0, 0, 0)))
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0))
    sets = ctypes.create_string_buffer(24)  # two of: effective, permitted, inheritable; low words first
    _call("capget", header, sets)
    kept = struct.unpack_from("=I", sets, 4)[0] & but
    _call("capset", header, ctypes.create_string_buffer(struct.pack("=6I", kept, kept, 0, 0, 0, 0)))

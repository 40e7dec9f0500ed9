"""The block devices and SCSI nodes below one USB device, and what is stacked on them, from sysfs."""

import fcntl
import os
import stat
import struct
from pathlib import Path

import msgspec

from usbguard_py import paths
from usbguard_py.errors import DeviceGone

Dev = tuple[int, int]  # major, minor

MAX_NODES = 256  # 15 LUNs with 15 partitions each (usb-storage, sd) stay below
_KINDS = ("block", "scsi_generic", "bsg")
_BLKROSET, _BLKROGET = 0x125D, 0x125E  # linux/fs.h: _IO(0x12, 93) and 94
_LOOP_GET_STATUS64 = 0x4C05  # linux/loop.h
_LOOP_INFO64 = 232  # bytes, struct loop_info64


class Node(msgspec.Struct, frozen=True):
    """One device node: its kernel name, class, number and file; ``depth`` 0 on the device itself, 1.. stacked."""

    name: str
    kind: str
    dev: Dev
    path: Path
    depth: int = 0


def nodes_below(device: str, devnum: int) -> tuple[Node, ...]:
    """Nodes of the USB device ``device`` (kernel name), of its partitions, then of what is stacked on them.

    Raises:
        DeviceGone: no such device, or its device number is not ``devnum``.
    """
    top = paths.USB_DEVICES / device
    try:
        seen = int((top / "devnum").read_text(encoding="ascii"))
        real = top.resolve(strict=True)
    except (OSError, ValueError) as error:
        raise DeviceGone(name=device) from error
    if seen != devnum:
        raise DeviceGone(name=device)
    found: list[Node] = []
    for where, folders, files in os.walk(real):
        folders.sort()
        node = _node(Path(where)) if "dev" in files else None
        if node is not None and len(found) < MAX_NODES:
            found.append(node)
    return tuple(found) + _stacked(found)


def block_devices(nodes: tuple[Node, ...]) -> dict[Dev, int]:
    """Number of every block device with its depth in the stack."""
    return {node.dev: node.depth for node in nodes if node.kind == "block"}


def shut(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    """Take every permission off the nodes, so that nobody without privilege opens them again; read back.

    Returns the kernel names of those that did not take it; a node that is not there is no trouble.
    """
    bad = []
    for node in nodes:
        try:
            if is_node(node, os.lstat(node.path)):
                node.path.chmod(0)
                if stat.S_IMODE(os.lstat(node.path).st_mode) != 0:
                    bad.append(node.name)
        except FileNotFoundError:
            continue
        except OSError:
            bad.append(node.name)
    return tuple(bad)


def lock(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    """Have the kernel refuse writes to the block devices among ``nodes``; read back.

    The flag of a disk covers its partitions, those of a table that is read again too (block/genhd.c). A raw SCSI
    command passes it: what may send one stays with root. Returns the kernel names of those that still take writes.
    """
    bad = []
    for node in nodes:
        if node.kind != "block":
            continue
        try:
            descriptor = os.open(node.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError:
            bad.append(node.name)
            continue
        try:
            if not is_node(node, os.fstat(descriptor)) or not _locked(descriptor):
                bad.append(node.name)
        finally:
            os.close(descriptor)
    return tuple(bad)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.ioctl(descriptor, _BLKROSET, struct.pack("i", 1))
        (flag,) = struct.unpack("i", fcntl.ioctl(descriptor, _BLKROGET, struct.pack("i", 0)))
    except OSError:
        return False
    return bool(flag)


def is_node(node: Node, seen: os.stat_result) -> bool:
    """Whether ``seen`` is of the node's kind and number: its name may have gone to another device."""
    kind = stat.S_ISBLK if node.kind == "block" else stat.S_ISCHR
    return kind(seen.st_mode) and (os.major(seen.st_rdev), os.minor(seen.st_rdev)) == node.dev


def _node(where: Path, depth: int = 0) -> Node | None:
    """The node of one sysfs directory; ``None`` when it is of another class or going away."""
    kind = where.parent.name
    if (where / "partition").exists():
        kind = "block"
    if kind not in _KINDS:
        return None
    try:
        major, minor = (where / "dev").read_text(encoding="ascii").strip().split(":")
        lines = (where / "uevent").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    name = next((line[8:] for line in lines if line.startswith("DEVNAME=")), where.name)
    return Node(where.name, kind, (int(major), int(minor)), paths.ROOT / "dev" / name, depth)


def _stacked(below: list[Node]) -> tuple[Node, ...]:
    """dm, md and bcache devices (``holders``) and loop devices that stand on ``below``, layer by layer."""
    layer = [node for node in below if node.kind == "block"]
    known = {node.dev for node in layer}
    out: list[Node] = []
    depth = 0
    while layer and len(out) < MAX_NODES:
        depth += 1
        names = {name for node in layer for name in _holders(node)} | _loops({node.dev for node in layer})
        found = [_node(paths.SYS / "block" / name, depth) for name in sorted(names)]
        layer = [node for node in found if node is not None and node.dev not in known]
        known |= {node.dev for node in layer}
        out += layer
    return tuple(out)


def _holders(node: Node) -> list[str]:
    where = paths.SYS / "dev/block" / f"{node.dev[0]}:{node.dev[1]}" / "holders"
    try:
        return [entry.name for entry in where.iterdir()]
    except FileNotFoundError:
        return []


def _loops(devices: set[Dev]) -> set[str]:
    """Loop devices whose backing file lies on a file system of ``devices``, or is one of them."""
    found = set()
    for folder in sorted((paths.SYS / "block").glob("loop*/loop")):
        name = folder.parent.name
        try:
            descriptor = os.open(paths.ROOT / "dev" / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            info = fcntl.ioctl(descriptor, _LOOP_GET_STATUS64, bytes(_LOOP_INFO64))
        except OSError:
            continue
        finally:
            os.close(descriptor)
        # lo_device: of the file system the file lies on; lo_rdevice: when the file is a node.
        device, _inode, rdevice = struct.unpack_from("=QQQ", info)
        if {(os.major(device), os.minor(device)), (os.major(rdevice), os.minor(rdevice))} & devices:
            found.add(name)
    return found

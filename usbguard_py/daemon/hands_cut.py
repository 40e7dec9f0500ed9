"""The cut of one device, as the hands carry it out: nodes, holders, still, detached; and letting go again.

Stages of :meth:`Cut.hold`, each with its share of one deadline, which is the one until which the judge has to have
deauthorised the device: a part of it is kept for that.

1. nodes shut, so that nobody opens the medium again;
2. the mounts in every namespace, and who holds them;
3. nobody holds it: a plain unmount, which leaves the medium clean;
4. somebody does: frozen where the file system can, otherwise holders stopped and everything written out;
5. detached, in every namespace; a file system in use stays in memory until its holders let go.
"""

import errno
import os
import socket
import time
from collections.abc import Iterable
from typing import Literal

from usbguard_py.core.text import escaped
from usbguard_py.shell import blocks, freeze
from usbguard_py.shell.blocks import Dev, Node
from usbguard_py.shell.child import Child, say
from usbguard_py.shell.detach import detach
from usbguard_py.shell.freeze import Keeper, Way
from usbguard_py.shell.hands_messages import Held, HolderSeen, MountCut, Released
from usbguard_py.shell.holders import Holder, Stopped, holders
from usbguard_py.shell.mounts import Mount, find_mounts, host_namespace

MAX_MOUNTS = 20  # with 256 bytes of mount point each, shown as at most 7 characters each: below 64 KiB
MAX_HOLDERS = 64
POINT_BYTES = 256
SEARCH_SHARE, SEARCH_SECONDS = 0.3, 1.5  # of the deadline, for finding holders
DETACH_SHARE, DETACH_SECONDS = 0.15, 0.75  # of the deadline, kept for detaching; docs/adr/0071-reserve-of-a-cut.md
RESERVE_SHARE, RESERVE_SECONDS = 0.2, 1.0  # of the deadline, kept for the answer's way and for deauthorising
RELEASE_SECONDS = 3.0

_Flushed = Literal["nothing-mounted", "unmounted", "frozen", "synced", "partial"]
_WORSE: tuple[_Flushed, ...] = ("nothing-mounted", "unmounted", "frozen", "synced", "partial")


class Cut:
    """One device's cut; ``spared`` are process ids that are never stopped."""

    def __init__(self, device: str, devnum: int, spared: Iterable[int]) -> None:
        self.nodes: tuple[Node, ...] = blocks.nodes_below(device, devnum)
        self.depths: dict[Dev, int] = blocks.block_devices(self.nodes)
        self.spared = tuple(spared)
        self.keepers: list[Keeper] = []
        self.stops: list[Stopped] = []
        self.flushed: _Flushed = "nothing-mounted"
        self.searched = True  # everywhere

    def hold(self, deadline_ms: int) -> Held:
        """Cut so that the device can be deauthorised within ``deadline_ms``; held until :meth:`release`."""
        start, length = time.monotonic(), deadline_ms / 1000
        end = start + length - min(RESERVE_SECONDS, RESERVE_SHARE * length)
        still_until = end - min(DETACH_SECONDS, DETACH_SHARE * length)
        nodes_open = blocks.shut(self.nodes)
        mounts = find_mounts(self.depths)
        found = self._holders(mounts, start + min(SEARCH_SECONDS, SEARCH_SHARE * length))
        left = mounts
        if not found:
            left = self._unmount(mounts, still_until)
        why: dict[int, str] = {}
        if found or left:
            self._still(left, found, still_until)
            why = detach(left, lazy=True, deadline=end)
        return self._answer(mounts, found, why, nodes_open, time.monotonic() - start)

    def release(self) -> Released:
        """Let go; the lowest file system first, since thawing one writes to the one below it."""
        start = time.monotonic()
        end = start + RELEASE_SECONDS
        thawed = continued = pending = 0
        for stopped in self.stops:
            stopped.dismiss()
        for keeper in sorted(self.keepers, key=lambda keeper: self.depths.get(keeper.dev, 0)):
            keeper.dismiss()
            gone = keeper.gone(end)
            pending += not gone
            thawed += gone and keeper.state == freeze.FROZEN
        for stopped in self.stops:
            count = stopped.gone(end)
            continued += count
            pending += stopped.count - count
        self.keepers, self.stops = [], []
        return Released(thawed, continued, pending, _ms(time.monotonic() - start))

    def _holders(self, mounts: list[Mount], deadline: float) -> list[Holder]:
        """Who holds it; file systems on btrfs have numbers of their own, so the mounts' numbers count too."""
        devices = set(self.depths) | {mount.dev for mount in mounts}
        if not devices:
            return []
        found, self.searched = holders(devices, {mount.id for mount in mounts}, deadline=deadline)
        return found

    def _unmount(self, mounts: list[Mount], deadline: float) -> list[Mount]:
        """Unmount what nobody uses; returns what stayed."""
        if not mounts:
            return []
        stayed = detach(mounts, lazy=False, deadline=deadline)
        if stayed:
            return find_mounts(self.depths)
        word = _let_go(mounts, self.nodes, deadline)
        left = find_mounts(self.depths) if word != "unmounted" else []  # one was made meanwhile
        if not left:
            self._worse(word)
        return left

    def _still(self, mounts: list[Mount], found: list[Holder], deadline: float) -> None:
        """Freeze, or stop and write out, the upper layers of a stack first: they write into the lower ones."""
        ways = _ways(mounts, found)
        for depth in sorted({self.depths.get(dev, 0) for dev in ways}, reverse=True):
            keepers = [Keeper(dev, at) for dev, at in ways.items() if self.depths.get(dev, 0) == depth]
            self.keepers += keepers
            for keeper in keepers:
                if keeper.frozen(deadline) in (freeze.FROZEN, freeze.BUSY):
                    self._worse("frozen")
                elif keeper.state != freeze.CANNOT:
                    self._worse("partial")
            self._write_out([keeper for keeper in keepers if keeper.state == freeze.CANNOT], mounts, deadline)

    def _write_out(self, keepers: list[Keeper], mounts: list[Mount], deadline: float) -> None:
        """For file systems without freezing: stop the holders, write everything out, let go of the file system."""
        if not keepers:
            return
        devices = {keeper.dev for keeper in keepers}
        # The keepers have the file systems open, to write them out.
        spared = (*self.spared, *(keeper.child.pid for keeper in self.keepers))
        stopped = Stopped(devices, {mount.id for mount in mounts if mount.dev in devices}, spared)
        self.stops.append(stopped)
        standing = stopped.wait(deadline)
        done = _synced(keepers, deadline)
        if done and not standing:
            # A writer that was inside a system call has finished it meanwhile, and left more to write.
            done = stopped.again(deadline) and _synced(keepers, deadline)
        self._worse("synced" if done else "partial")
        for keeper in keepers:
            keeper.dismiss()  # an open file of ours would keep it mounted
        self.keepers = [keeper for keeper in self.keepers if keeper not in keepers or not keeper.gone(deadline)]

    def _worse(self, flushed: _Flushed) -> None:
        self.flushed = max(self.flushed, flushed, key=_WORSE.index)

    def _answer(
        self, mounts: list[Mount], found: list[Holder], why: dict[int, str], nodes_open: tuple[str, ...], seconds: float
    ) -> Held:
        host = host_namespace()
        cut = [_mount_cut(mount, host, why) for mount in mounts]
        return Held(
            ok=not why and not nodes_open,
            flushed=self.flushed,
            dirty_left=self.flushed == "partial",
            ms=_ms(seconds),
            mounts=tuple(sorted(cut, key=lambda mount: mount.detached)[:MAX_MOUNTS]),
            holders=tuple(HolderSeen(h.pid, h.comm, h.uid, h.how) for h in found[:MAX_HOLDERS]),
            mounts_total=len(mounts),
            holders_total=len(found),
            search_complete=self.searched,
            stopped=sum(stopped.count for stopped in self.stops),
            nodes=tuple(node.name for node in self.nodes if node.depth == 0)[:MAX_MOUNTS],
            nodes_open=nodes_open[:MAX_MOUNTS],
            stacked=tuple(node.name for node in self.nodes if node.depth)[:MAX_MOUNTS],
        )


def _ways(mounts: list[Mount], found: list[Holder]) -> dict[Dev, list[Way]]:
    """How to reach each file system: its mounts first, then what its holders have open; and nodes held raw."""
    ways: dict[Dev, list[Way]] = {}
    for mount in mounts:
        ways.setdefault(mount.dev, []).append(Way(mount=mount))
    mounted = set(ways)
    for holder in found:
        # A mounted file system covers its node: writing it out writes the node's pages too.
        if holder.link and not (holder.how == "node" and holder.dev in mounted):
            ways.setdefault(holder.dev, []).append(Way(link=holder.link))
    return ways


def _synced(keepers: list[Keeper], deadline: float) -> bool:
    for keeper in keepers:
        keeper.sync()
    answers = [keeper.synced(deadline) for keeper in keepers]
    return set(answers) == {freeze.SYNCED}


def _let_go(mounts: list[Mount], nodes: tuple[Node, ...], deadline: float) -> _Flushed:
    """Whether the kernel has let go of the unmounted media; when not, everything is written out.

    A file system claims its node exclusively (open(2), ``O_EXCL``). One that keeps it after its last visible
    mount is used by another one (overlayfs), or is still writing.
    """
    devices = {mount.dev for mount in mounts}

    def work(channel: socket.socket) -> None:
        claimed = [node for node in nodes if node.dev in devices and node.kind == "block" and _claimed(node)]
        if claimed:
            os.sync()
        say(channel, b"synced" if claimed else b"unmounted")

    child = Child(work)
    word = child.answer(deadline)
    child.dismiss()
    child.ended(time.monotonic() + 0.05)
    return {b"synced": "synced", b"unmounted": "unmounted"}.get(word or b"", "partial")  # type: ignore[return-value]


def _claimed(node: Node) -> bool:
    try:
        os.close(os.open(node.path, os.O_RDONLY | os.O_EXCL | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


def _mount_cut(mount: Mount, host: int, why: dict[int, str]) -> MountCut:
    namespace = "host" if mount.namespace == host else str(mount.namespace)
    reason = why.get(mount.id, "")
    point = mount.point[:POINT_BYTES]
    return MountCut(point.hex(), escaped(point), mount.fstype, namespace, not reason, reason)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)

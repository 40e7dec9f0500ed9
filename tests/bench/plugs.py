"""Turns: plug the approved stick a few times, see when its interface was bound and when its disk could be read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.contenders import Contender, memory, settled
from tests.bench.trace import Hit, Trace
from tests.lab import Guest
from tests.scenarios.rig import APPROVED, Rig

PORT = 3  # QEMU's port: always the same, so that the path and the peer's rule are
FUNCTION = 15.0  # seconds for a bind under emulation on a busy machine


@dataclass(frozen=True)
class Seen:
    """One plug as the witness saw it: names, and when a byte came out of the disk (nanoseconds; 0: not waited for)."""

    port: str
    devnum: int
    readable: int


@dataclass(frozen=True)
class Plug:
    """One plug by the kernel's times, nanoseconds of the guest's CLOCK_MONOTONIC; ``unproven`` says what is amiss."""

    added: int
    bound: int
    readable: int
    unproven: str = ""

    @property
    def latency(self) -> float:
        """Milliseconds from the device's *add* to its function's *bind*."""
        return (self.bound - self.added) / 1e6

    @property
    def usable(self) -> float:
        """Milliseconds from the device's *add* to the first byte read from its disk."""
        return (self.readable - self.added) / 1e6


@dataclass(frozen=True)
class Turn:
    """What one contender showed in one turn; memory in MiB, ``start`` in seconds."""

    who: str
    plugs: Sequence[Plug]
    start: float | None
    pss: float
    rss: float
    commands: Mapping[str, Sequence[float]]


def plug(guest: Guest, medium: Path, *, read: bool) -> Seen:
    """Plug the stick in, wait for its function, pull it out."""
    since = guest.witness.mark
    stick = guest.plug_stick(serial=APPROVED, image=medium, port=PORT)
    guest.witness.wait_uevent("bind", FUNCTION, since, devpath=rf"/{stick.port}:1\.0$")
    readable = 0
    if read:
        readable = guest.witness.wait(
            lambda e: e.kind == "read" and e.devpath.startswith(stick.devpath) and e.data.get("subsystem") == "block",
            timeout=FUNCTION,
            since=since,
            what="byte of a disk",
        ).t
    stick.unplug()
    return Seen(stick.port, int(stick.added.env["DEVNUM"]), readable)


@dataclass(frozen=True)
class Plan:
    """What a turn holds: how many plugs, whether a byte of the disk is waited for, how often each command runs.

    ``listings`` are timed for a short list only: nobody reads a long one on a terminal.
    """

    plugs: int
    read: bool
    commands: int
    listings: bool


def turn(guest: Guest, contender: Contender, trace: Trace, medium: Path, plan: Plan) -> Turn:
    """Start a contender, plug once to warm up and then as planned, time its commands, stop it."""
    start = contender.start()
    settled(guest)
    plug(guest, medium, read=plan.read)
    pid = contender.pid()
    trace.start(pid)
    seen = [plug(guest, medium, read=plan.read) for _ in range(plan.plugs)]
    hits = trace.stop()
    entries = decisions(guest) if contender.name == "ours" else None
    pss, rss = memory(guest, pid) if pid else (0.0, 0.0)
    commands = timed(guest, contender.commands + (contender.listings if plan.listings else ()), plan.commands)
    contender.stop()
    return Turn(contender.name, paired(seen, hits, entries), start, pss, rss, commands)


def timed(guest: Guest, commands: Sequence[str], times: int) -> dict[str, list[float]]:
    """Wall time of each command, in seconds."""
    if not commands or not times:
        return {}
    words = ["python3", "-I", "/opt/lab/commands.py", str(times), *commands]
    return dict(zip(commands, json.loads(guest.run(words, timeout=300).stdout), strict=True))


def decisions(guest: Guest) -> list[dict[str, Any]]:
    """The decisions of this boot that allowed a device."""
    boot = guest.read("/proc/sys/kernel/random/boot_id").strip()
    return Rig(guest).entries(kind="decision", code="ALLOWED", boot=boot)


def paired(seen: Sequence[Seen], hits: Sequence[Hit], entries: Sequence[dict[str, Any]] | None) -> list[Plug]:
    """Each plug with its hits, which lie between its *add* and the next one's; with ``entries``, its proof too."""
    adds = [i for i, h in enumerate(hits) if h.what == "added"]
    if len(adds) != len(seen):
        raise AssertionError(f"{len(seen)} plugs, and the kernel tells of {len(adds)}")
    ends = [*adds[1:], len(hits)]
    return [_plug(one, hits[a:b], entries) for one, a, b in zip(seen, adds, ends, strict=True)]


def _plug(one: Seen, hits: Sequence[Hit], entries: Sequence[dict[str, Any]] | None) -> Plug:
    added = hits[0].at
    bound = next(h.at for h in hits if h.what == "bound" and h.name == f"{one.port}:1.0")
    why = "" if entries is None else unproven(one, hits, entries)
    return Plug(added, bound, one.readable, why)


def unproven(one: Seen, hits: Sequence[Hit], entries: Sequence[dict[str, Any]]) -> str:
    """Empty when the kernel's times show: add, the entry's own date, a successful sync, the opening."""
    added = hits[0].at
    opened = next((h.at for h in hits if h.what == "opened"), None)
    if opened is None:
        return f"device {one.devnum}: bound, and nobody opened it"
    dates = [e["mono_ms"] for e in entries if e["devnum"] == one.devnum]
    date = next((d for d in dates if added // 10**6 <= d <= opened // 10**6), None)
    if date is None:
        return f"device {one.devnum}: no entry between its add and its opening"
    if not any(h.what == "synced" and date <= h.at / 1e6 and h.at < opened for h in hits):
        return f"device {one.devnum}: no successful sync between the entry and the opening"
    return ""

"""Trials of kind ``soak``: plug cycles at many ports at once, counted by us, by the witness and by the ledger."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.campaign import gather
from tests.campaign.evidence import APPROVED, TWIN, Evidence
from tests.campaign.kill import BASE, Kills
from tests.campaign.trial import Trial
from tests.campaign.verdict import never_alive, opened_by_an_entry, started, whole
from tests.lab import Guest
from tests.lab.witness import Event
from tests.scenarios.rig import Rig

KIND = "soak"
CONTACT = (0.3, 1.2)  # seconds that a device stays
GAP = (0.2, 0.8)
GROWTH = 2048  # KiB that the judge may grow by, from when every device has come once
SLOWEST = 5.0  # seconds for one cycle of all ports together, at most, emulated; the whole must end some time
LISTED = (APPROVED, TWIN)
LEFT_OUT = "copy"  # two that match one passport are cut, and would be late for ever


def soak(kills: Kills, number: int, seed: int, cycles: int, folder: Path) -> Trial:
    """Do the cycles from the base of the trials, have the counts written, and judge."""
    guest, world, rig = kills.guest, kills.world, Rig(kills.guest)
    guest.restore(BASE)
    names = [name for name in world.roles if name != LEFT_OUT]
    devices = world.devices(names)
    begun = time.monotonic()
    told = _cycle(guest, world.described(names), devices, f"{seed}/{KIND}/{number}", cycles)
    seconds = round(time.monotonic() - begun)
    gather.settled(gather.start(guest, "settle"), devices)
    memory = [*(one["memory"] for one in told if "memory" in one), rss(rig)]
    rig.cli("policy use standalone", timeout=180)  # a change has every count written
    seen = gather.settled(gather.start(guest, "settle"), devices)
    found = replace(gather.evidence(guest, devices, seen, folder), before=kills.before)
    done = {world.ports[name]: count for name, count in told[-1]["cycles"].items()}
    wrong = [*problems(found, done), *grown(memory), *late(told[-1]["late"])]
    figures = {"cycles": sum(done.values()), "ports": len(done), "memory_kib": memory, "seconds": seconds}
    return Trial({}, {**figures, **counted(found)}, wrong, found)


def _cycle(
    guest: Guest, gadgets: dict[str, dict[str, Any]], devices: dict[str, str], seed: str, cycles: int
) -> list[dict[str, Any]]:
    for gadget in gadgets.values():
        gadget["flag"] = devices[gadget["port"]] in LISTED
    asked = {"gadgets": gadgets, "cycles": cycles, "seed": seed, "contact": CONTACT, "gap": GAP}
    process = gather.ask(gather.start(guest, "soak"), asked)
    process.wait_output('"late"', timeout=60 + SLOWEST * cycles)
    return [json.loads(line) for line in process.output.splitlines()]


def rss(rig: Rig) -> int:
    """Resident memory of the judge, KiB (proc_pid_status(5))."""
    script = "grep VmRSS /proc/$(systemctl show -p MainPID --value usbguard-py.service)/status"
    return int(rig.guest.run(script).stdout.split()[1])


def problems(found: Evidence, done: dict[str, int]) -> list[str]:
    """What was not as promised; ``done`` holds the cycles of each port."""
    return [
        *never_alive(found),
        *opened_by_an_entry(found),
        *whole(found),
        *started(found),
        *complete(found, done),
    ]


def complete(found: Evidence, done: dict[str, int]) -> Iterator[str]:
    """The ledger tells of each arrival, and so does the kernel."""
    told, seen = told_of(found.added()), arrivals(found)
    for port, count in done.items():
        if seen[port] != count:
            yield f"{port}: {count} cycles, and the kernel announced {seen[port]}"
        if told[port] != count:
            yield f"{port}: {count} arrivals, and the ledger tells of {told[port]}"
    for entry in found.added():
        if entry["kind"] == "events-lost":
            yield f"entry {entry['seq']}: {entry['why']}"


def told_of(entries: list[dict[str, Any]]) -> Counter[str]:
    """Arrivals that entries tell of, by port: docs/ledger-format.md, "Storms"."""
    found: Counter[str] = Counter()
    for entry in entries:
        if entry["kind"] == "repeated":
            found[entry["name"]] += entry["count"]
        elif entry["kind"] == "decision" or (entry["kind"], entry.get("of")) == ("removed", 0):
            found[entry["name"]] += 1
    return found


def arrivals(found: Evidence) -> Counter[str]:
    """Arrivals that the kernel announced, by port."""
    events = (Event(record["t"], record["kind"], record) for record in found.records)
    return Counter(
        e.port
        for e in events
        if e.kind == "uevent" and e.action == "add" and e.env.get("DEVTYPE") == "usb_device" and e.port in found.devices
    )


def grown(memory: list[int]) -> Iterator[str]:
    """The judge at the end is not larger than when every device had come once (after a tenth of the cycles)."""
    if memory[-1] - memory[1] > GROWTH:
        yield f"the judge grew from {memory[1]} to {memory[-1]} KiB"


def late(count: int) -> Iterator[str]:
    """Each approved stick was handed over while it was plugged in."""
    if count:
        yield f"an approved stick was not handed over in time, {count} times"


def counted(found: Evidence) -> dict[str, int]:
    """Figures of the ledger for the results."""
    kinds = Counter(entry["kind"] for entry in found.added())
    return {
        "arrivals": sum(arrivals(found).values()),
        "told": sum(told_of(found.added()).values()),
        "entries": sum(kinds.values()),
        "repeated": kinds["repeated"],
    }

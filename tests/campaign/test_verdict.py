"""The verdict on the record of a real trial: nothing, and every sentence when the evidence is made to call for it."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.campaign.evidence import APPROVED, JUDGE, TWIN, UNKNOWN, Evidence
from tests.campaign.soak import complete, grown, late
from tests.campaign.verdict import numbers, problems

SAMPLE = Path(__file__).parent / "samples/kill.json"  # a trial that held; the judge was killed


@pytest.fixture
def found() -> Evidence:
    """A copy of the sample that a test may change."""
    return deepcopy(Evidence.read(SAMPLE))


def port(found: Evidence, kind: str) -> str:
    """The first port of this kind where a device is at the end."""
    return next(one for one in found.of(kind) if one in found.present)


def folder(found: Evidence, kind: str) -> str:
    """The device path of the interface 0 there."""
    place = port(found, kind)
    return f"/devices/platform/dummy_hcd.9/usb{place.partition('-')[0]}/{place}/{place}:1.0"


def uevent(devpath: str, action: str, **env: str) -> dict[str, Any]:
    return {"t": 10**18, "kind": "uevent", "action": action, "devpath": devpath, "env": env}


def test_the_sample_held(found: Evidence) -> None:
    assert problems(found) == []
    assert found.killed.count(JUDGE) == 1
    assert numbers(found)["bound"] > 0
    assert found.saw, "somebody looked on"
    assert found.told
    assert [e for e in found.added() if e["kind"] == "start"]


def bound(found: Evidence) -> Evidence:
    event = uevent(folder(found, UNKNOWN), "bind", SUBSYSTEM="usb", DEVTYPE="usb_interface", DRIVER="usb-storage")
    return replace(found, records=[*found.records, event])


def node(found: Evidence) -> Evidence:
    event = {"t": 1, "kind": "node", "path": "/dev/sdz", "devpath": folder(found, UNKNOWN), "subsystem": "block"}
    return replace(found, records=[*found.records, event])


def in_sysfs(found: Evidence) -> Evidence:
    place = port(found, UNKNOWN)
    shown = {f"{place}:1.0": {"authorized": "1", "driver": "usbhid"}}
    return replace(found, trees={**found.trees, place: {"interfaces": shown, "functions": []}})


def in_the_log(found: Evidence) -> Evidence:
    return replace(found, bound=[*found.bound, [f"{port(found, UNKNOWN)}:1.0", "usbhid"]])


def overflow(found: Evidence) -> Evidence:
    return replace(found, records=[*found.records, {"t": 1, "kind": "overflow", "source": "netlink"}])


def twins(found: Evidence) -> Evidence:
    both = found.of(TWIN)
    shown = {one: {"interfaces": {f"{one}:1.0": {"authorized": "1", "driver": "usb-storage"}}} for one in both}
    return replace(found, trees={**found.trees, **shown}, present={**found.present, **dict.fromkeys(both, 9)})


def allowing(found: Evidence) -> list[dict[str, Any]]:
    """The decisions to allow the approved gadget before the blow."""
    place = found.of(APPROVED)[0]
    return [e for e in found.entries if e["kind"] == "decision" and e["allow"] and e["name"] == place]


def unrecorded(found: Evidence) -> Evidence:
    gone = allowing(found)
    return replace(found, entries=[entry for entry in found.entries if entry not in gone])


def recorded_later(found: Evidence) -> Evidence:
    for entry in allowing(found):
        entry["mono_ms"] += 10**9
    return found


def lost(found: Evidence) -> Evidence:
    number = str(found.saw[-1][0])
    return replace(found, hashes={seq: digest for seq, digest in found.hashes.items() if seq != number})


def another(found: Evidence) -> Evidence:
    return replace(found, hashes={**found.hashes, str(found.saw[-1][0]): "00" * 32})


def told_of_nothing(found: Evidence) -> Evidence:
    return replace(found, told=[*found.told, [10**6, "outcome", "3-1"]])


def fault(found: Evidence) -> Evidence:
    last = {**found.entries[-1], "seq": 10**6}
    alarm = {**last, "kind": "alarm", "name": "judge", "detail": "KeyError at judge.py:1"}
    return replace(found, entries=[*found.entries, alarm])


def undriven(found: Evidence) -> Evidence:
    return replace(found, trees={**found.trees, port(found, APPROVED): None})


def closed_node(found: Evidence) -> Evidence:
    place = port(found, APPROVED)
    return replace(found, usable={**found.usable, place: {**found.usable[place], "mode": 0}})


def starts(found: Evidence) -> list[dict[str, Any]]:
    return [entry for entry in found.added() if entry["kind"] == "start"]


def not_started(found: Evidence) -> Evidence:
    return replace(found, entries=[entry for entry in found.entries if entry not in starts(found)])


def clean(found: Evidence) -> Evidence:
    starts(found)[0]["gap"]["clean"] = True
    return found


def fail_safe(found: Evidence) -> Evidence:
    starts(found)[0]["fail_safe"] = "the list cannot be used"
    return found


CASES: dict[Callable[[Evidence], Evidence], str] = {
    bound: "is not approved: a driver was bound",
    node: "is not approved: a node appeared",
    in_sysfs: "is not approved: sysfs: ",
    in_the_log: "is not approved: the kernel's log has",
    overflow: "lost messages",
    twins: "has a twin that is plugged in, too",
    unrecorded: "got a driver, and no entry allows device",
    recorded_later: "got a driver before the entry that allows it",
    lost: "is lost: it was seen committed",
    another: "is another one: it was seen committed",
    told_of_nothing: "is lost: the judge had told of it",
    fault: "the judge reports of itself: KeyError",
    undriven: "is approved and has no driver",
    closed_node: "is approved and nobody can read it",
    not_started: "was killed 1 times and started 0 times",
    clean: "says that the judge before had been stopped",
    fail_safe: "the list cannot be used",
    lambda found: replace(found, broken=["entry 4 is missing: 5 follows"]): "the ledger: entry 4 is missing",
    lambda found: replace(found, verify="record 4 was changed"): "`log verify`: record 4",
    lambda found: replace(found, waiting=["3-1"]): "3-1 never came to its end",
    lambda found: replace(found, killed=[]): "was killed 0 times and started 1 times",
    lambda found: replace(found, bound=[]): "the record of bindings is off",
}


@pytest.mark.parametrize(("change", "expected"), CASES.items(), ids=list(CASES.values()))
def test_what_was_not_as_promised_is_said(
    found: Evidence, change: Callable[[Evidence], Evidence], expected: str
) -> None:
    assert [problem for problem in problems(change(found)) if expected in problem], problems(change(found))


def counted(arrivals: int, decisions: int, repeated: int, removed: int = 0) -> Evidence:
    """A soak at one port, with so many arrivals by the kernel, and told of in these entries."""
    add = {"action": "add", "devpath": "/devices/x/usb3/3-1", "env": {"DEVTYPE": "usb_device"}}
    common = {"name": "3-1", "of": 0}
    entries = [
        *({**common, "kind": "decision"} for _ in range(decisions)),
        *({**common, "kind": "removed"} for _ in range(removed)),
        {**common, "kind": "repeated", "count": repeated},
    ]
    numbered = [{**entry, "seq": number} for number, entry in enumerate(entries, 1)]
    records = [{"t": 1, "kind": "uevent", **add}] * arrivals
    return Evidence("b", {"3-1": UNKNOWN}, records=records, entries=numbered)


def test_a_soak_that_is_complete() -> None:
    assert list(complete(counted(100, 3, 95, 2), {"3-1": 100})) == []


def test_an_arrival_that_nobody_tells_of_is_said() -> None:
    assert list(complete(counted(100, 3, 96), {"3-1": 100})) == ["3-1: 100 arrivals, and the ledger tells of 99"]
    assert list(complete(counted(99, 3, 97), {"3-1": 100})) == ["3-1: 100 cycles, and the kernel announced 99"]


def test_lost_events_are_said() -> None:
    found = counted(1, 1, 0)
    found.entries.append({"kind": "events-lost", "seq": 9, "why": "the kernel dropped events"})
    assert list(complete(found, {"3-1": 1})) == ["entry 9: the kernel dropped events"]


def test_growth_and_lateness_are_said() -> None:
    assert list(grown([20000, 22000, 22100, 22000])) == []
    assert list(grown([20000, 22000, 22100, 30000])) == ["the judge grew from 22000 to 30000 KiB"]
    assert list(late(0)) == []
    assert list(late(2)) == ["an approved stick was not handed over in time, 2 times"]

"""The verdict over one trial: from the evidence alone, what was not as promised. Nothing found means it held.

Pure, so that tests show of each sentence that it can be said.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.campaign.evidence import APPROVED, JUDGE, TWIN, UNKNOWN, Evidence
from tests.lab.witness import Event, verdict_of

GIVEN = 0o660  # mode of a node that udev gave out (72-usbguard-py.rules)
SECTOR = 512
ALLOWED = "allowed"


def problems(found: Evidence) -> list[str]:
    """Everything that was not as promised, most grave first."""
    return [
        *never_alive(found),
        *opened_by_an_entry(found),
        *whole(found),
        *kept(found),
        *judged_again(found),
        *works(found),
        *started(found),
    ]


def never_alive(found: Evidence) -> Iterator[str]:
    """No interface of an unapproved device ever had a driver, and no node of it appeared; by three sources."""
    by_port: dict[str, list[Event]] = defaultdict(list)
    for record in found.records:
        event = Event(record["t"], record["kind"], record)
        if event.kind == "overflow":
            yield "the witness lost messages: there is no verdict"
        by_port[event.port].append(event)
    for port in found.of(UNKNOWN):
        for reason in verdict_of(port, by_port[port], found.trees.get(port)).alive:
            yield f"{port} is not approved: {reason}"
        for interface, driver in found.bound:
            if interface.partition(":")[0] == port:
                yield f"{port} is not approved: the kernel's log has {interface} bound to {driver}"
    twins = [port for port in found.of(TWIN) if port in found.present]
    if len(twins) > 1:
        for port in twins:
            open_ones = [n for n, i in (found.trees.get(port) or {}).get("interfaces", {}).items() if i["driver"]]
            yield from (f"{port} has a twin that is plugged in, too, and {name} has a driver" for name in open_ones)


def opened_by_an_entry(found: Evidence) -> Iterator[str]:
    """Each binding of an approved device comes after a decision that allows just this connection."""
    number = ""
    numbers: dict[str, str] = {}
    allowed = {
        (e["name"], e["devnum"]): e["mono_ms"]
        for e in reversed(found.entries)
        if e["kind"] == "decision" and e["allow"] and e["boot"] == found.boot_id
    }
    known = set(found.of(APPROVED) + found.of(TWIN))
    for record in found.records:
        event = Event(record["t"], record["kind"], record)
        if event.kind != "uevent" or event.port not in known:
            continue
        if event.action == "add" and event.env.get("DEVTYPE") == "usb_device" and "SYNTH_UUID" not in event.env:
            numbers[event.port] = event.env.get("DEVNUM", "")
        number = numbers.get(event.port, "")
        if event.action == "bind" and event.env.get("DEVTYPE") == "usb_interface" and number:
            moment = allowed.get((event.port, int(number)))
            if moment is None:
                yield f"{event.devpath} got a driver, and no entry allows device {int(number)} at {event.port}"
            elif moment * 1_000_000 > event.t:
                yield f"{event.devpath} got a driver before the entry that allows it"


def whole(found: Evidence) -> Iterator[str]:
    """The chain verifies, by the product and by the independent check."""
    yield from (f"the ledger: {one}" for one in found.broken)
    if found.verify:
        yield f"`log verify`: {found.verify}"
    for entry in found.added():
        if entry["kind"] == "alarm" and entry.get("name") == "judge":
            yield f"the judge reports of itself: {entry.get('detail')}"


def kept(found: Evidence) -> Iterator[str]:
    """Every entry that somebody could know of is still there, and is the one that it was."""
    for number, digest in found.saw:
        if found.hashes.get(str(number)) != digest:
            state = "is another one" if str(number) in found.hashes else "is lost"
            yield f"entry {number} {state}: it was seen committed"
    names = {entry["seq"]: entry.get("name", "") for entry in found.entries}
    for number, event, name in found.told:
        if name and names.get(number) != name:
            yield f"entry {number} is lost: the judge had told of it ({event}, {name})"


def judged_again(found: Evidence) -> Iterator[str]:
    """What was under way has come to its end."""
    yield from (f"{one} never came to its end in the ledger" for one in found.waiting)


def works(found: Evidence) -> Iterator[str]:
    """Each approved device that is plugged in at the end has its driver, and its node was given out."""
    for port in found.of(APPROVED):
        if port not in found.present:
            continue
        interfaces = (found.trees.get(port) or {}).get("interfaces", {})
        if not any(one["driver"] for one in interfaces.values()):
            yield f"{port} is approved and has no driver"
        seen = found.usable.get(port, {})
        if (seen.get("mode"), seen.get("bytes")) != (GIVEN, SECTOR):
            yield f"{port} is approved and nobody can read it: {seen}"
    if found.bound == [] and _binds(found) and found.trees:
        yield "the kernel's log shows no binding at all: the record of bindings is off"


def _binds(found: Evidence) -> bool:
    approved = set(found.of(APPROVED))
    events = (Event(record["t"], record["kind"], record) for record in found.records)
    return any(e.action == "bind" and e.env.get("DEVTYPE") == "usb_interface" and e.port in approved for e in events)


def started(found: Evidence) -> Iterator[str]:
    """The judge started as often as it was killed, knows that it was, and could use its list and log."""
    starts = [entry for entry in found.added() if entry["kind"] == "start"]
    if len(starts) != found.killed.count(JUDGE):
        yield f"the judge was killed {found.killed.count(JUDGE)} times and started {len(starts)} times"
    for start in starts:
        yield from _start(start)


def _start(start: dict[str, Any]) -> Iterator[str]:
    if start["gap"]["clean"]:
        yield f"entry {start['seq']} says that the judge before had been stopped"
    if start["fail_safe"] or start["unclosed"]:
        yield f"entry {start['seq']}: {start['fail_safe'] or start['unclosed']}"


def numbers(found: Evidence) -> dict[str, Any]:
    """What was seen, in figures, for the results."""
    events = [Event(record["t"], record["kind"], record) for record in found.records]
    mine = [e for e in events if e.kind == "uevent" and e.port in found.devices]
    added = found.added()
    plain = [e for e in mine if e.action == "add" and e.env.get("DEVTYPE") == "usb_device"]
    interfaces = [e for e in mine if e.action == "bind" and e.env.get("DEVTYPE") == "usb_interface"]
    return {
        "arrivals": len([e for e in plain if "SYNTH_UUID" not in e.env]),
        "bound": len(interfaces),
        "entries": len(added),
        "saw": len([number for number, _ in found.saw if number > found.before]),
        "told": len(found.told),
        "present": len(found.present),
        "unfinished": _unfinished(added),
        "alarms": len([e for e in added if e.get("alarm") is True]),
    }


def _unfinished(added: list[dict[str, Any]]) -> int:
    """Decisions to allow without an end before the next start: what the kill caught half done."""
    first = next((e["seq"] for e in added if e["kind"] == "start"), None)
    if first is None:
        return 0
    ended = {e.get("of") for e in added if e["kind"] in ("outcome", "cut", "removed") and e["seq"] < first}
    caught = [e for e in added if e["kind"] == "decision" and e["allow"] and e["seq"] < first]
    return len([e for e in caught if e["seq"] not in ended])

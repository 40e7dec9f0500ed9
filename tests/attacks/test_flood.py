"""Very many devices, no slot left, and devices that never enumerate: dead, each recorded once, memory bounded."""

import struct

from tests.attacks.test_identity import PID, VID
from tests.attacks.test_storm import memory
from tests.lab import Plugged
from tests.scenarios.rig import Entry, Rig

PORTS = 8  # of a hub of QEMU's
HUBS = {"xhci": 7, "xhci2": 5}
SLOTS = 64  # devices that a controller of QEMU's takes, hubs included
GROWTH = 4096  # KiB that the judge may grow by for a hundred connections
# Its first packet is of nine bytes, which no speed of USB has (USB 2.0, table 9-8).
NINE = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 9, VID, PID, 0x0100, 0, 0, 0, 1)
SECONDS = 150  # for all of them to be announced, emulated


def plug_all(rig: Rig) -> tuple[list[Plugged], list[Plugged]]:
    """Hubs on both controllers and a mouse in each of their ports, all at once: the hubs, and the mice."""
    since = rig.guest.witness.mark

    def plug(driver: str, place: str, controller: str) -> Plugged:
        return rig.guest.plug(driver, place, wait=False, controller=controller)

    slots = [(str(number), controller) for controller, count in HUBS.items() for number in range(1, count + 1)]
    hubs = [plug("usb-hub", *slot) for slot in slots]
    mice = [plug("usb-mouse", f"{hub}.{n}", controller) for hub, controller in slots for n in range(1, PORTS + 1)]
    for device in (*hubs, *mice):
        rig.guest.await_kernel(device, since, timeout=SECONDS)
    return hubs, mice


def judged(rig: Rig, before: int, names: set[str]) -> list[Entry]:
    """All decisions since ``before``, when there is one about each of these."""
    while True:
        entries = rig.entries(before, kind="decision")
        missing = names - {str(e["name"]) for e in entries}
        if not missing:
            return entries
        rig.await_entry(before, timeout=60, kind="decision", name=missing.pop())


def test_more_than_a_hundred_devices_behind_hubs_are_each_judged_and_recorded_once(rig: Rig) -> None:
    """Over two controllers. One is full to its last slot then: what finds none is in the kernel's log, and in ours.

    So is a device that never enumerates: its packets are of nine bytes.
    """
    rig.guest.load_vhci()
    start, before, since = memory(rig), rig.seq(), rig.guest.witness.mark
    broken = rig.guest.hostile(NINE).plug(wait=False)
    hubs, mice = plug_all(rig)
    mice.append(rig.guest.plug("usb-mouse", HUBS["xhci"] + 1))
    assert sum(device.controller == "xhci" for device in (*hubs, *mice)) == SLOTS
    assert len(hubs) + len(mice) > 100
    entries = judged(rig, before, {device.port for device in (*hubs, *mice)})
    late = rig.guest.plug("usb-mouse", HUBS["xhci"] + 2, wait=False)
    full = rig.await_entry(before, timeout=60, kind="unenumerated", name=f"1-{HUBS['xhci'] + 2}")
    unenumerated = rig.entries(before, kind="unenumerated")
    end = memory(rig)
    rig.facts["kib"], rig.facts["devices"] = end - start, len(hubs) + len(mice)
    assert full["detail"].startswith("couldn't allocate usb_device")
    (never,) = [e for e in unenumerated if e["seq"] != full["seq"]]
    assert never["detail"].startswith("unable to enumerate USB device: ")
    assert "unable to enumerate" in rig.cli("log --kind unenumerated").stdout
    codes = {m.port: [e["code"] for e in entries if e["name"] == m.port] for m in mice}
    assert {port: found for port, found in codes.items() if found != ["INPUT_NOT_ENROLLED"]} == {}
    assert {e["code"] for e in entries if e["name"] in {h.port for h in hubs}} == {"HUB"}
    rig.guest.witness.fence()
    events = rig.guest.witness.events[since:]
    assert not [e for e in events if e.kind == "overflow"]
    bound = [
        e for e in events if e.kind == "uevent" and e.action == "bind" and e.env.get("DRIVER") not in ("usb", "hub")
    ]
    assert [str(e) for e in bound] == []
    assert end - start <= GROWTH
    broken.unplug()
    for device in (late, *mice):
        rig.guest.unplug(device, wait=False)

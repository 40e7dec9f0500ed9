"""Devices that pretend: copied serial numbers, hidden functions, other media, descriptors that lie."""

from dataclasses import replace

from tests.attacks.test_hostile import BULK_HUB, PLAIN_HUB, PRETENDER, ZERO_LENGTH
from tests.attacks.test_identity import PID, VID, medium
from tests.compare.findings import Finding, Row
from tests.compare.looks import disk, gone, reads, usable, witnessed
from tests.compare.registry import Findings, scenario
from tests.compare.sides import Side
from tests.lab.devices import Unit
from tests.lab.gadgets import hid, mass_storage
from tests.lab.hostile import configuration, storage_interface
from tests.lab.witness import Event
from tests.scenarios.rig import APPROVED, Rig

DRIVE = "SAMPLE-0700"
NO_LISTING = 5.0  # seconds: a device that cannot be parsed may never be listed by anybody


@scenario(
    Row("listed serial, it", "a device of another make that tells a listed serial number", "it is dead", "dead"),
    Row(
        "listed serial, genuine",
        "a device that tells a listed serial number comes beside the genuine stick",
        "the genuine one is read on",
        "alive",
    ),
)
def listed_serial_on_another_device(side: Side) -> Findings:
    """A gadget with other numbers and descriptors."""
    guest, since = side.guest, side.guest.witness.mark
    genuine = guest.plug_stick(serial=APPROVED)
    usable(guest, genuine, since)
    guest.load_dummy_hcd(1)
    mark = side.mark()
    clone = guest.gadget(VID, PID, [mass_storage(medium(Rig(guest)))], serial=APPROVED).plug()
    side.judged(clone, mark)
    return witnessed(guest, clone), reads(guest)


@scenario(
    Row("copy, it", "a perfect copy is plugged in beside the genuine stick", "the copy is dead", "dead"),
    Row(
        "copy, genuine",
        "a perfect copy is plugged in beside the genuine stick",
        "the genuine one is read on",
        "alive",
        remark="by intent: nobody can tell which of the two is the genuine one, so we close both.",
    ),
)
def perfect_copy(side: Side) -> Findings:
    """Same model, same serial number."""
    guest, since = side.guest, side.guest.witness.mark
    genuine = guest.plug_stick(serial=APPROVED)
    usable(guest, genuine, since)
    since, mark = guest.witness.mark, side.mark()
    copy = guest.plug_stick(serial=APPROVED)
    side.judged(copy, mark)
    copied = usable(guest, copy, since, timeout=8.0)
    found = witnessed(guest, copy) if copied.state == "dead" else copied
    gone(guest, "/dev/sda", timeout=2.0)
    return Finding(found.state, found.note, (), found.evidence), reads(guest)


@scenario(Row("grown keyboard", "an approved stick comes back with a keyboard in it", "it is dead", "dead"))
def approved_stick_with_a_keyboard_later(side: Side) -> Findings:
    """Same numbers and strings, one interface more."""
    guest = side.guest
    guest.load_dummy_hcd(1)
    store, mark = mass_storage(medium(Rig(guest))), side.mark()
    plain = guest.gadget(VID, PID, [store], serial="SAMPLE-0200").plug()
    side.judged(plain, mark)
    side.approve(plain)
    side.pull(plain)
    plain.remove()
    mark = side.mark()
    armed = guest.gadget(VID, PID, [store, hid()], serial="SAMPLE-0200").plug()
    side.judged(armed, mark)
    return (witnessed(guest, armed),)


@scenario(
    Row(
        "hidden keyboard",
        "a stick is needed that has a keyboard in it",
        "its disk works and its keyboard is dead",
        "yes",
    )
)
def hidden_keyboard_of_an_approved_stick(side: Side) -> Findings:
    """Approved as it is; the witness looks at both interfaces."""
    guest = side.guest
    guest.load_dummy_hcd(1)
    since, mark = guest.witness.mark, side.mark()
    both = guest.gadget(VID, PID, [mass_storage(medium(Rig(guest))), hid()], serial="SAMPLE-0300").plug()
    side.judged(both, mark)
    side.approve(both)
    works = usable(guest, both, since)
    interfaces = guest.witness.fence(both.port).data["tree"]["interfaces"]
    typing = (interfaces.get(f"{both.port}:1.1") or {}).get("driver")
    note = "" if works.state == "alive" and not typing else f"disk {works.state}, keyboard: {typing or 'no driver'}"
    return (Finding("no" if note else "yes", note, (), (str(interfaces), *works.evidence)),)


@scenario(Row("same hash", "an approved stick's name and serial number, cut in another place", "it is dead", "dead"))
def same_hash_other_strings(side: Side) -> Findings:
    """The peer's hash joins name, numbers and serial without a border: these two devices have the same."""
    guest = side.guest
    guest.load_dummy_hcd(1)
    store, mark = mass_storage(medium(Rig(guest))), side.mark()
    first = guest.gadget(VID, PID, [store], product="Sample", serial="SAMPLE12090001X").plug()
    side.judged(first, mark)
    side.approve(first)
    side.pull(first)
    first.remove()
    mark = side.mark()
    second = guest.gadget(VID, PID, [store], product="Sample12090001SAMPLE", serial="X").plug()
    side.judged(second, mark)
    return (witnessed(guest, second),)


@scenario(
    Row(
        "another medium",
        "the USB identity of an approved drive, with another SCSI vendor behind it",
        "no disk appears",
        "dead",
    ),
    Row(
        "second unit",
        "the USB identity of an approved drive, with one logical unit more than approved",
        "no disk appears",
        "dead",
    ),
)
def other_media(side: Side) -> Findings:
    """What USB descriptors cannot tell."""
    guest, mark = side.guest, side.mark()
    drive = guest.plug_units(Unit(), serial=DRIVE)
    side.judged(drive, mark)
    side.approve(drive)
    side.pull(drive)
    found = []
    for units in ((replace(Unit(), vendor="OTHER"),), (Unit(), Unit())):
        since, mark = guest.witness.mark, side.mark()
        clone = guest.plug_units(*units, serial=DRIVE)
        side.judged(clone, mark)
        found.append(disk(guest, clone, since))
        side.pull(clone)
    return tuple(found)


@scenario(
    Row("bulk hub", "a drive that calls itself a hub, with a drive's endpoints", "no driver but the hub's", "dead"),
    Row("plain hub", "a drive that calls itself a hub, with a hub's endpoint", "no driver but the hub's", "dead"),
)
def drive_that_calls_itself_a_hub(side: Side) -> Findings:
    """The numbers are a drive's that usb-storage takes whatever its class."""
    guest = side.guest
    guest.load_vhci()
    return tuple(_hub(side, interface) for interface in (BULK_HUB, PLAIN_HUB))


def _hub(side: Side, interface: bytes) -> Finding:
    mark, since = side.mark(), side.guest.witness.mark
    plugged = side.guest.hostile(PRETENDER, [configuration(interface)]).plug()
    side.judged(plugged, mark, NO_LISTING)
    side.guest.witness.fence(plugged.port)
    seen = [e for e in side.guest.witness.events[since:] if e.port == plugged.port and e.kind == "uevent"]
    other = [str(e) for e in seen if _function(e)]
    return Finding("alive" if other else "dead", "", (), other[:4] or [f"{len(seen)} events, none of a function"])


def _function(event: Event) -> bool:
    driver = event.env.get("DRIVER", "usb")
    return event.subsystem != "usb" or (event.action == "bind" and driver not in ("usb", "hub"))


@scenario(Row("lying descriptors", "descriptors that lie: a length of zero in the middle", "it is dead", "dead"))
def lying_descriptors(side: Side) -> Findings:
    """A drive, as far as the kernel reads."""
    side.guest.load_vhci()
    mark = side.mark()
    plugged = side.guest.hostile(None, [configuration(storage_interface() + ZERO_LENGTH)]).plug()
    side.judged(plugged, mark, NO_LISTING)
    return (witnessed(side.guest, plugged),)

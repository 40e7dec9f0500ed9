"""What happens every day: sticks that are known and not, keyboards, hubs, a device that work needs."""

from tests.attacks.test_identity import PID, VID, medium
from tests.compare.findings import Finding, Row
from tests.compare.looks import bound, reads, usable, witnessed
from tests.compare.registry import Findings, scenario
from tests.compare.sides import Side
from tests.lab.gadgets import mass_storage
from tests.scenarios.rig import APPROVED, Rig


@scenario(
    Row(
        "approved stick", "an approved stick is plugged in and written to", "a file comes back after a new mount", "yes"
    )
)
def approved_stick(side: Side) -> Findings:
    """Mounted, written, mounted again, read."""
    since = side.guest.witness.mark
    stick = side.guest.plug_stick(serial=APPROVED)
    usable(side.guest, stick, since)
    script = (
        "udevadm settle; mkdir -p /mnt/s && mount /dev/sda /mnt/s && echo mau > /mnt/s/a && umount /mnt/s && "
        "mount /dev/sda /mnt/s && grep -q mau /mnt/s/a && umount /mnt/s"
    )
    done = side.guest.run(script, check=False)
    return (Finding("yes" if done.returncode == 0 else "no", "", (), (done.stderr[-200:],)),)


@scenario(Row("unknown stick", "an unknown stick is plugged in", "it is dead", "dead"))
def unknown_stick(side: Side) -> Findings:
    """Same model, another serial number."""
    mark = side.mark()
    stick = side.guest.plug_stick(serial="SAMPLE-9999")
    side.judged(stick, mark)
    return (witnessed(side.guest, stick),)


@scenario(Row("no serial", "a stick that tells no serial number", "it is dead", "dead"))
def stick_without_serial(side: Side) -> Findings:
    """A gadget with a disk."""
    side.guest.load_dummy_hcd(1)
    mark = side.mark()
    gadget = side.guest.gadget(VID, PID, [mass_storage(medium(Rig(side.guest)))], serial=None).plug()
    side.judged(gadget, mark)
    return (witnessed(side.guest, gadget),)


@scenario(
    Row("hub, good stick", "an approved stick and a stranger behind one hub", "the approved one works", "alive"),
    Row("hub, bad stick", "an approved stick and a stranger behind one hub", "the stranger is dead", "dead"),
)
def behind_a_hub(side: Side) -> Findings:
    """The stick was approved behind the hub: at USB 2 speed it shows other descriptors."""
    guest = side.guest
    hub = guest.plug_hub()
    mark = side.mark()
    good = guest.plug_stick(serial="SAMPLE-0720", port=f"{hub.slot}.1")
    side.judged(good, mark)
    side.approve(good)
    side.pull(good)
    since, mark = guest.witness.mark, side.mark()
    good = guest.plug_stick(serial="SAMPLE-0720", port=f"{hub.slot}.1")
    bad = guest.plug_stick(serial="SAMPLE-9999", port=f"{hub.slot}.2")
    side.judged(bad, mark)
    works = usable(guest, good, since)
    return Finding(works.state, works.note, (), works.evidence), witnessed(guest, bad)


@scenario(
    Row("keyboard, unknown", "a keyboard that nobody enrolled", "it is dead", "dead"),
    Row("keyboard, elsewhere", "an enrolled keyboard in another port", "it is dead", "dead"),
    Row("keyboard, own port", "an enrolled keyboard in its own port", "a driver is bound", "alive"),
    Row(
        "keyboard, no daemon",
        "an enrolled keyboard in its own port while the daemon is stopped",
        "a driver is bound: nobody is locked out",
        "alive",
    ),
)
def keyboards(side: Side) -> Findings:
    """Enrolled in port 3, tried in port 4, back in port 3, and there again without a daemon."""
    guest, mark = side.guest, side.mark()
    stranger = guest.plug_keyboard(port=3)
    side.judged(stranger, mark)
    unknown = witnessed(guest, stranger)
    side.enrol(stranger)
    side.pull(stranger)
    mark = side.mark()
    other = guest.plug_keyboard(port=4)
    side.judged(other, mark)
    elsewhere = witnessed(guest, other)
    side.pull(other)
    since = guest.witness.mark
    mine = guest.plug_keyboard(port=3)
    own = bound(guest, mine, since)
    mine.unplug()
    guest.run(f"systemctl stop {side.unit}", timeout=60)
    since = guest.witness.mark
    again = guest.plug_keyboard(port=3)
    alone = bound(guest, again, since)
    return unknown, elsewhere, *(Finding(f.state, f.note, (), f.evidence) for f in (own, alone))


@scenario(
    Row(
        "serial adapter",
        "work needs a serial adapter (FTDI), and the administrator wants to allow it",
        "it works",
        "alive",
        remark="our policy opens drives, keyboards and mice only, whatever is on the list.",
    )
)
def serial_adapter(side: Side) -> Findings:
    """Tried with the command that puts a device on the list."""
    guest, mark = side.guest, side.mark()
    since = guest.witness.mark
    adapter = guest.plug_serial()
    side.judged(adapter, mark)
    if not side.approve(adapter):
        found = witnessed(guest, adapter)
        return (Finding(found.state, "cannot be put on the list", (), found.evidence),)
    found = bound(guest, adapter, since)
    return (Finding(found.state, found.note, (), found.evidence),)


@scenario(
    Row(
        "stays usable",
        "a stranger comes and goes beside an approved stick in use",
        "the approved one is read on",
        "alive",
    )
)
def beside_a_stranger(side: Side) -> Findings:
    """Twice."""
    guest, since = side.guest, side.guest.witness.mark
    good = guest.plug_stick(serial=APPROVED)
    usable(guest, good, since)
    for _ in range(2):
        mark = side.mark()
        stranger = guest.plug_stick(serial="SAMPLE-9999")
        side.judged(stranger, mark)
        side.pull(stranger)
    return (reads(guest),)

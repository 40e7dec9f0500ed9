"""One stick, several faces: what it shows before and after its login is learnt from it, and nothing else passes."""

from dataclasses import replace

from tests.lab import Plugged
from tests.lab.devices import Unit
from tests.scenarios.rig import DOCUMENT, Rig, Sentences
from tests.scenarios.test_media import nodes, scan

SERIAL = "SAMPLE-0710"
TOOLS = Unit(kind="scsi-cd", product="Tools", size=2 << 20)
DATA = Unit()
LOCKED, OPEN = (TOOLS,), (TOOLS, DATA)
KNOWN = Sentences("TB-0002 already has the face “after login”.", "TB-0002 đã có dạng “after login”.")


def plug(rig: Rig, *units: Unit, driver: str = "usb-bot") -> Plugged:
    """The stick, showing these units."""
    return rig.guest.plug_units(*units, serial=SERIAL, driver=driver)


def pulled(rig: Rig, stick: Plugged, before: int) -> None:
    """Pull it out, and see that noticed."""
    stick.unplug()
    rig.await_entry(before, kind="removed", name=stick.port)


def test_a_stick_passes_in_every_face_that_was_learnt_and_in_no_other(rig: Rig) -> None:
    """A CD with tools at first, a disk beside it after the login; a third face is cut and named."""
    before = rig.seq()
    stick = plug(rig, *LOCKED)
    rig.blocked(stick, before, "NOT_LISTED")
    identifier = rig.approve(stick)
    rig.allowed(stick, before)
    pulled(rig, stick, before)
    before = rig.seq()
    stick = plug(rig, *OPEN)
    unknown = rig.await_entry(before, kind="cut", name=stick.port, code="MISMATCH")
    assert (unknown["facet"], unknown["expected"], unknown["seen"]) == ("luns", "0", "0 1")
    rig.dead_again(stick.port)
    before = rig.seq()
    words = f'whitelist learn {identifier} --device {stick.port} --face "after login" --document {DOCUMENT} --yes'
    assert "“after login”" in rig.cli(words, timeout=90).stdout
    rig.allowed(stick, before)
    rig.fails(words, 1, KNOWN)
    pulled(rig, stick, before)
    for face in (LOCKED, OPEN):
        before = rig.seq()
        stick = plug(rig, *face)
        rig.allowed(stick, before)
        assert not rig.entries(before, alarm=True)
        pulled(rig, stick, before)
    before = rig.seq()
    other = plug(rig, TOOLS, replace(DATA, product="Stock"))
    cut = rig.await_entry(before, kind="cut", name=other.port, code="MISMATCH")
    assert (cut["facet"], cut["seen"]) == ("lun 1 model", '"Stock"')
    rig.dead_again(other.port)
    assert "after login" in rig.cli(f"whitelist show {identifier}").stdout
    rig.cli("log verify")


def test_a_stick_in_use_goes_on_to_a_face_that_was_learnt_and_to_no_other(rig: Rig) -> None:
    """Its login gives it a disk more while the CD is in use: no alarm, no cut. Then a third unit."""
    before = rig.seq()
    stick = plug(rig, *LOCKED, driver="usb-uas")
    rig.blocked(stick, before, "NOT_LISTED")
    identifier = rig.approve(stick)
    pulled(rig, stick, before)
    before = rig.seq()
    stick = plug(rig, *OPEN, driver="usb-uas")
    rig.await_entry(before, kind="cut", name=stick.port, code="MISMATCH")
    words = f'whitelist learn {identifier} --device {stick.port} --face "after login" --document {DOCUMENT} --yes'
    rig.cli(words, timeout=90)
    pulled(rig, stick, before)
    before = rig.seq()
    stick = plug(rig, *LOCKED, driver="usb-uas")
    rig.allowed(stick, before)
    opened, since = rig.seq(), rig.guest.witness.mark
    reader = rig.guest.start("exec 7</dev/sr0; echo ready; read line")
    reader.wait_output("ready")
    rig.guest.add_unit(stick, DATA, 1)
    scan(rig, stick)
    known = rig.await_entry(opened, kind="outcome", name=stick.port, code="ALLOWED")
    assert [unit["model"].strip() for unit in known["media"]] == ["Tools", "Stick"]
    assert [e["kind"] for e in rig.entries(opened)] == ["outcome"]
    assert len([line for line in nodes(rig, since) if "block" in line]) == 1
    assert rig.guest.run("udevadm settle; stat -c %A /dev/sda").stdout.strip() == "brw-rw----"
    rig.guest.run(f"test -e /proc/{reader.pid}/fd/7")
    rig.guest.add_unit(stick, DATA, 2)
    scan(rig, stick)
    cut = rig.await_entry(opened, kind="cut", name=stick.port, code="MISMATCH")
    assert (cut["facet"], cut["seen"]) == ("luns", "0 1 2")
    rig.dead_again(stick.port)

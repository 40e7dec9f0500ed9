"""Keyboards and mice: dead until enrolled, on their port, and never locked out."""

from tests.lab import Plugged
from tests.scenarios.rig import Rig


def enrol(rig: Rig, plugged: Plugged) -> str:
    """Enrol a connected keyboard or mouse."""
    return str(rig.answer(f"peripheral enrol {plugged.port} --yes")["id"])


def enrolled_before(rig: Rig) -> None:
    """A keyboard was enrolled on port 3 and pulled out; then the daemon stopped."""
    before = rig.seq()
    keyboard = rig.guest.plug_keyboard(port=3)
    rig.await_entry(before, name=keyboard.port, code="INPUT_NOT_ENROLLED")
    enrol(rig, keyboard)
    rig.allowed(keyboard, before, "INPUT_ENROLLED")
    keyboard.unplug()
    rig.guest.run("systemctl stop usbguard-py")


def test_an_enrolled_keyboard_types_on_its_port_only(rig: Rig) -> None:
    """Enrolling opens it at once; on another port it is a stranger."""
    before = rig.seq()
    keyboard = rig.guest.plug_keyboard(port=3)
    rig.blocked(keyboard, before, "INPUT_NOT_ENROLLED")
    enrol(rig, keyboard)
    rig.allowed(keyboard, before, "INPUT_ENROLLED")
    assert f"{keyboard.port} " in rig.guest.read("/etc/usbguard-py/floor/input")
    keyboard.unplug()
    before = rig.seq()
    elsewhere = rig.guest.plug_keyboard(port=4)
    rig.blocked(elsewhere, before, "INPUT_NOT_ENROLLED")
    elsewhere.unplug()
    before = rig.seq()
    back = rig.guest.plug_keyboard(port=3)
    rig.await_entry(before, kind="outcome", name=back.port, code="INPUT_ENROLLED")
    rig.guest.witness.wait_uevent("bind", devpath=f"{back.port}:1.0$", DEVTYPE="usb_interface")


def test_a_removed_keyboard_is_cut_at_once(rig: Rig) -> None:
    """Taken off the list, it is dead, and so it is in the floor's file."""
    before = rig.seq()
    keyboard = rig.guest.plug_keyboard()
    rig.await_entry(before, name=keyboard.port, code="INPUT_NOT_ENROLLED")
    identifier = enrol(rig, keyboard)
    rig.allowed(keyboard, before, "INPUT_ENROLLED")
    before = rig.seq()
    rig.cli(f"peripheral remove {identifier} --reason hong --yes")
    rig.await_entry(before, kind="cut", name=keyboard.port)
    rig.dead_again(keyboard.port)
    assert f"{keyboard.port} " not in rig.guest.read("/etc/usbguard-py/floor/input")


def test_an_enrolled_keyboard_works_while_the_database_is_damaged(rig: Rig) -> None:
    """Nobody is locked out: the floor's own file is enough. A stick stays dead."""
    enrolled_before(rig)
    rig.guest.run("dd if=/dev/urandom of=/var/lib/usbguard-py/usbguard-py.db bs=4096 count=4 conv=notrunc")
    rig.guest.run("rm -f /var/lib/usbguard-py/*-wal; systemctl start usbguard-py")
    again = rig.guest.plug_keyboard(port=3)
    rig.guest.witness.wait_uevent("bind", devpath=f"{again.port}:1.0$", DEVTYPE="usb_interface")
    stick = rig.guest.plug_stick(serial="SAMPLE-0001")
    rig.guest.witness.assert_dead(stick.port)
    status = rig.cli("status --lang en", check=False)
    assert "FAIL-SAFE" in status.stdout


def test_an_enrolled_keyboard_works_while_nobody_judges(rig: Rig) -> None:
    """With the daemon stopped udev asks the floor about the enrolled port, and about no other."""
    enrolled_before(rig)
    since = rig.guest.witness.mark
    again = rig.guest.plug_keyboard(port=3)
    rig.guest.witness.wait_uevent("bind", since=since, devpath=f"{again.port}:1.0$", DEVTYPE="usb_interface")
    stranger = rig.guest.plug_keyboard(port=4)
    rig.guest.witness.assert_dead(stranger.port)
    assert rig.guest.run("ls /etc/usbguard-py/floor/ports").stdout.split() == [again.port]

"""Who sits at the machine: the active session gets an approved drive, nobody gets a blocked device."""

import json
import shlex
from collections.abc import Iterator

import pytest

from tests.lab import Guest
from tests.scenarios.rig import APPROVED, Rig

USER = "soanthao"  # sits at the machine
OTHER = "quanly"  # has an account, and no session there
SEAT = "-p TTYPath=/dev/tty1 -p StandardInput=tty-force -p UtmpIdentifier=tty1 --setenv=XDG_SEAT=seat0"


class Seat:
    """A session of ``USER`` on seat0, made by systemd-logind; commands run inside it."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        # It takes commands from a pipe, so that it stays while devices come and go.
        guest.run("mkdir -p /run/lab-seat && mkfifo -m 0666 /run/lab-seat/ask /run/lab-seat/told")
        loop = 'exec 3<>/run/lab-seat/ask; while read -r line <&3; do sh -c "$line" 2>&1; echo "exit $?"; done'
        words = (
            f"--unit=lab-seat {SEAT} --setenv=XDG_VTNR=1 --setenv=XDG_SESSION_CLASS=user --uid={USER} -p PAMName=login"
        )
        guest.run(f"systemd-run {words} -p StandardOutput=file:/run/lab-seat/said sh -c {shlex.quote(loop)}")
        guest.run("until loginctl list-sessions --no-legend | grep -q seat0; do :; done", timeout=30)

    def run(self, command: str) -> tuple[int, str]:
        """Exit code and output of a command in the session."""
        before = self.guest.read("/run/lab-seat/said")
        self.guest.run(f"printf '%s\\n' {shlex.quote(command)} >/run/lab-seat/ask")
        size = len(before.encode())
        self.guest.run(f"until tail -c +{size + 1} /run/lab-seat/said | grep -q '^exit '; do :; done", timeout=60)
        said, _, code = self.guest.read("/run/lab-seat/said")[len(before) :].rpartition("exit ")
        return int(code), said

    def end(self) -> None:
        """Log out."""
        self.guest.run("systemctl stop lab-seat; rm -rf /run/lab-seat")


@pytest.fixture
def seat(rig: Rig) -> Iterator[Seat]:
    found = Seat(rig.guest)
    yield found
    found.end()


def node(rig: Rig, port: str) -> str:
    """The usbfs node of a device."""
    folder = f"/sys/bus/usb/devices/{port}"
    bus, device = (int(rig.guest.read(f"{folder}/{name}")) for name in ("busnum", "devnum"))
    return f"/dev/bus/usb/{bus:03d}/{device:03d}"


def test_who_sits_at_the_machine_gets_no_blocked_device(rig: Rig, seat: Seat) -> None:
    """udev gives a phone's node to the seat; blocked, it has no right there, and neither has a burner's raw node."""
    assert seat.run("loginctl show-session $XDG_SESSION_ID -p Active")[1].strip() == "Active=yes"
    before = rig.seq()
    phone = rig.guest.plug_phone()
    rig.blocked(phone, before, "PHONE")
    rig.guest.run("udevadm settle")
    path = node(rig, phone.port)
    assert seat.run(f"test -r {path} || test -w {path}")[0] == 1
    # Negative control: with the world open the very same session gets it.
    rig.open_the_world()
    phone.unplug()
    phone = rig.guest.plug_phone()
    rig.guest.run("udevadm settle")
    path = node(rig, phone.port)
    assert seat.run(f"test -r {path} && test -w {path}")[0] == 0


def test_an_approved_drive_goes_to_the_active_session_only(rig: Rig, seat: Seat) -> None:
    """The session mounts it through udisks; who has no session there is refused; nobody but root reads it raw."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    decision = rig.allowed(stick, before)
    at_the_seat = [s["user"] for s in decision["sessions"] if s.get("seat") == "seat0" and s["active"]]
    assert at_the_seat == [USER]
    assert decision["path"].startswith("/devices/pci")
    assert decision["path"].endswith(f"/{stick.port}")
    rig.guest.wait_path("/dev/sda")
    rig.guest.run("udevadm settle")
    refused = rig.guest.run("udisksctl mount --no-user-interaction -b /dev/sda", user=OTHER, check=False)
    assert refused.returncode != 0
    assert "NotAuthorized" in refused.stderr, refused
    code, said = seat.run("udisksctl mount --no-user-interaction -b /dev/sda")
    assert code == 0, said
    options = rig.guest.run("findmnt -no OPTIONS /dev/sda").stdout.split(",")
    assert {"nosuid", "nodev", "noexec"} <= set(options), json.dumps(options)
    assert seat.run("echo mau > $(findmnt -no TARGET /dev/sda)/seat")[0] == 0
    assert seat.run("udisksctl unmount --no-user-interaction -b /dev/sda")[0] == 0
    assert seat.run("test -r /dev/sda || test -w /dev/sda")[0] == 1

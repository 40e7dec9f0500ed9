"""From the first instant: the floor in boot loader and initramfs, with devices plugged in before power-on.

The machine is prepared natively (inside/prepare); what it boots from is what its boot loader's entry says. Which
driver was bound to what, since power-on, is what the kernel's own driver core wrote into the kernel's log.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import Guest, Lab
from tests.lab.derived import derive
from tests.lab.devices import at_boot, press
from tests.lab.image import Image, LabError
from tests.lab.machine import Machine
from usbguard_py.core.maintenance import PARAMETER
from usbguard_py.shell.floor import HEADER

ROOT = Path(__file__).parents[2]
INSIDE = Path(__file__).parent / "inside"
ENROLLED, STICK, STRANGER = "1-5", "2-6", "1-7"
TYPED = "lab"
PROMPT_SECONDS = 120.0  # until the initramfs asks, under emulation on a busy machine
ATTEMPTS = 90  # a second each
TYPES_WITHIN = 3.0  # seconds from the floor, and from the device's arrival, to a working keyboard
# drivers/base/dd.c writes a line for every driver that was bound to a device; nothing of it may be lost.
RECORD = 'dyndbg="file drivers/base/dd.c func really_probe +p" log_buf_len=16M printk.devkmsg=on'


def enrolment() -> str:
    """The floor's file for QEMU's keyboard on port 5, byte by byte as the judge writes it."""
    shown = json.loads((ROOT / "tests/buses/captures.json").read_text(encoding="utf-8"))["usb-kbd"]["attributes"]
    vid, pid = (bytes.fromhex(shown[n]).decode().strip() for n in ("idVendor", "idProduct"))
    digest = hashlib.sha256(bytes.fromhex(shown["descriptors"])).hexdigest()
    return f"{HEADER}{ENROLLED} {vid}:{pid} {digest} 0 keyboard\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image after inside/prepare; its root file system is in `folder/root`."""
    package = next((ROOT / "build").glob("usbguard-py_*_amd64.deb"))
    files = {"usbguard-py.deb": package, "input": enrolment(), "prompt": INSIDE / "prompt"}
    script = (INSIDE / "prepare").read_text(encoding="utf-8")
    return derive(Lab().image("debian12"), tmp_path_factory.mktemp("prepared"), script, files)


def left(prepared: Image, name: str) -> str:
    return (prepared.folder / "root/root/lab" / name).read_text(encoding="utf-8")


def state(prepared: Image, when: str) -> dict[str, bool]:
    """Each part of `floor check` at that moment, and whether it was closed."""
    return {p["name"]: p["closed"] for p in json.loads(left(prepared, f"check-{when}.json"))["parts"]}


def of_next_start(parts: dict[str, bool]) -> set[bool]:
    """The parts that a chroot can show: what is on the disk."""
    names = ("systemd-boot", "initramfs", "module-option", "renewal", "udev-rules", "enrolled")
    return {closed for part, closed in parts.items() if part.startswith(names)}


def test_install_closes_every_part_on_the_disk(prepared: Image) -> None:
    assert False in of_next_start(state(prepared, "before"))
    assert "authorized_default" not in left(prepared, "entries-before")
    assert of_next_start(state(prepared, "installed")) == {True}
    options = re.findall("^options.*$", left(prepared, "entries-installed"), re.MULTILINE)
    assert options
    assert all(line.split()[-1] == "usbcore.authorized_default=0" for line in options)
    assert "built anew" in left(prepared, "install")
    assert left(prepared, "install-again") == "Everything is in place; nothing was changed.\n"


def test_remove_takes_everything_back(prepared: Image) -> None:
    assert left(prepared, "cmdline-removed") == left(prepared, "cmdline-before")
    assert left(prepared, "entries-removed") == left(prepared, "entries-before")
    was, now = state(prepared, "before"), state(prepared, "removed")
    assert was == now


def test_a_kernel_from_a_medium_keeps_the_floor(prepared: Image) -> None:
    """Only the hooks that the kernel's package runs have worked on it."""
    parts = state(prepared, "upgraded")
    assert parts["initramfs 9.9.9-lab"]
    assert of_next_start(parts) == {True}
    assert "linux      /usbguard-lab/9.9.9-lab/linux" in left(prepared, "entries-upgraded")


def entry(prepared: Image) -> tuple[str, Path, Path]:
    """Command line, kernel and initramfs as the boot loader reads them from the older kernel's entry."""
    boot = prepared.folder / "root/boot"
    path = next(p for p in sorted((boot / "loader/entries").glob("*.conf")) if "9.9.9" not in p.name)
    fields = dict(line.split(None, 1) for line in path.read_text().splitlines() if line and line[0] != "#")
    return fields["options"], boot / fields["linux"].lstrip("/"), boot / fields["initrd"].lstrip("/")


def devices(folder: Path) -> tuple[str, ...]:
    """A stick, a strange keyboard and the enrolled one, all there before power-on, and no PS/2 keyboard.

    QEMU types on the last one.
    """
    medium = folder / "stick.img"
    medium.write_bytes(bytes(8 << 20))
    stick = at_boot("usb-storage", 6, medium, serial="SAMPLE-0009")
    return ("-machine", "i8042=off", *stick, *at_boot("usb-kbd", 7), *at_boot("usb-kbd", 5))


def another_keyboard() -> tuple[str, ...]:
    """A plain keyboard on the enrolled one's port, another of its kind elsewhere; the enrolled one is broken.

    At USB 1 speed QEMU's keyboard has other descriptors. It types on the one that is named last.
    """
    strangers = (at_boot("usb-kbd", port, usb_version="1") for port in (7, 5))
    return ("-machine", "i8042=off", *(word for words in strangers for word in words))


def types_the_passphrase(machine: Machine) -> None:
    """Type until it was read: the prompt may come before the keyboard was found."""
    machine.wait_console("lab-prompt: ready", PROMPT_SECONDS)
    for _ in range(ATTEMPTS):
        press(machine.qmp, f"{TYPED}\n")
        with contextlib.suppress(LabError):
            return machine.wait_console("lab-prompt: typed", 1.0)
    return machine.wait_console("lab-prompt: typed", 1.0)


class Log:
    """The kernel's log since power-on."""

    def __init__(self, guest: Guest) -> None:
        self.lines = guest.kernel_messages()
        assert "Linux version" in self.lines[0], "the log does not reach back to power-on"

    def drivers(self, port: str) -> set[str]:
        """The drivers that were ever bound to an interface of the device."""
        found = (re.search(rf"bound device {re.escape(port)}:\S+ to driver (\S+)", line) for line in self.lines)
        return {match[1] for match in found if match}

    def at(self, pattern: str) -> float:
        """When the first line with `pattern` was written, in seconds since power-on."""
        line = next(line for line in self.lines if re.search(pattern, line))
        return float(line[1 : line.index("]")])


@pytest.mark.own_guest
def test_without_the_floor_they_live_from_the_start(prepared: Image, tmp_path: Path) -> None:
    """Negative control: the same machine and devices, with the image's first initramfs and no parameter.

    Stands before the others: its guest has ended when theirs begins.
    """
    initrd = Lab().image("debian12").initrd
    words = f"systemd.mask=usbguard-py-floor.service systemd.mask=usbguard-py-initramfs.service {RECORD}"
    with Lab().boot(prepared, cmdline=words, initrd=initrd, extra=devices(tmp_path)) as guest:
        told = guest.start("dmesg --follow")
        for port in (STICK, STRANGER):
            told.wait_output(f"bound device {port}:1.0 to driver", timeout=60)
        log = Log(guest)
        assert log.drivers(STICK) == {"usb-storage"}
        assert log.drivers(STRANGER) == {"usbhid"}
        assert guest.run("usbguard-py floor check --lang en", check=False, timeout=120).returncode == 1


@pytest.fixture(scope="module")
def closed(prepared: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """The machine with its floor, after a start in which a passphrase was typed."""
    options, kernel, initrd = entry(prepared)
    folder = tmp_path_factory.mktemp("closed")
    assert kernel.read_bytes() == prepared.kernel.read_bytes()
    words = f"{options} lab.prompt {RECORD}"
    with Lab().boot(
        prepared, cmdline=words, initrd=initrd, extra=devices(folder), meanwhile=types_the_passphrase
    ) as guest:
        yield guest


@pytest.mark.own_guest
def test_no_unapproved_interface_ever_had_a_driver(closed: Guest) -> None:
    log = Log(closed)
    for port in (STICK, STRANGER):
        assert log.at(rf"usb {port}: New USB device found")
        assert log.drivers(port) == set()
        assert closed.read(f"/sys/bus/usb/devices/{port}/authorized").strip() == "0"
    assert log.drivers(ENROLLED) == {"usbhid"}, "the record shows what is bound"


@pytest.mark.own_guest
def test_the_floor_is_closed_before_the_first_bus(closed: Guest) -> None:
    log = Log(closed)
    assert log.at("usbguard-py-floor: closed") < log.at("new USB bus registered")


@pytest.mark.own_guest
def test_the_enrolled_keyboard_types_a_passphrase(closed: Guest) -> None:
    log = Log(closed)
    keyboards = [line for line in log.lines if re.search("input: .*[Kk]eyboard", line)]
    assert len(keyboards) == 1, "the text can have come from nowhere else"
    assert log.at(rf"lab-prompt: typed .*{TYPED}$") < log.at("systemd.*Starting usbguard-py-floor.service")
    floor = max(log.at("usbguard-py-floor: closed"), log.at(f"usb {ENROLLED}: New USB device found"))
    assert log.at(rf"input: .*/{ENROLLED}/{ENROLLED}:1\.0/") - floor <= TYPES_WITHIN


@pytest.mark.slow
@pytest.mark.own_guest
def test_a_maintenance_start_lets_another_keyboard_type_the_passphrase(prepared: Image) -> None:
    """On the enrolled one's port, and only there; what took the place is handed over to the judge in /run."""
    options, _, initrd = entry(prepared)
    words = f"{options} lab.prompt {PARAMETER} {RECORD}"
    with Lab().boot(
        prepared, cmdline=words, initrd=initrd, extra=another_keyboard(), meanwhile=types_the_passphrase
    ) as guest:
        log = Log(guest)
        assert log.drivers(ENROLLED) == {"usbhid"}
        assert log.drivers(STRANGER) == set()
        assert log.at(f"usbguard-py-floor: {ENROLLED} is NOT enrolled and is admitted for this start")
        assert log.at(rf"lab-prompt: typed .*{TYPED}$")
        assert guest.read("/run/usbguard-py/maintenance").split()[:2] == [ENROLLED, "0627:0001"]
        assert "STARTED FOR MAINTENANCE" in guest.run("usbguard-py status --lang en", check=False).stdout


@pytest.mark.slow
@pytest.mark.own_guest
def test_without_the_word_the_other_keyboard_stays_dead(prepared: Image) -> None:
    """Negative control, and the next start."""
    options, _, initrd = entry(prepared)
    with Lab().boot(prepared, cmdline=f"{options} {RECORD}", initrd=initrd, extra=another_keyboard()) as guest:
        log = Log(guest)
        assert (log.drivers(ENROLLED), log.drivers(STRANGER)) == (set(), set())

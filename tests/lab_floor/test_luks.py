"""The passphrase of an encrypted root disk, asked for by Debian's own cryptsetup in the initramfs, from power-on.

The record is the kernel's, on the serial console: what its driver core bound to what. The prompt, and the keys typed
at it, are on the machine's own screen.
"""

import contextlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lab import Lab
from tests.lab.accel import accelerator
from tests.lab.debs import debs
from tests.lab.derived import derive
from tests.lab.devices import at_boot, press
from tests.lab.image import Image
from tests.lab.machine import Machine, Shape
from tests.lab_floor.test_from_power_on import INSIDE, RECORD, ROOT, STICK, TYPES_WITHIN, Log, enrolment

ENROLLED, STRANGER, NETWORK, POINTER = "1-5", "1-7", "1-4", "1-9"
TYPED = "sample"  # the passphrase
CLOSED = "usbcore.authorized_default=0"
ROOT_DISK = "root=/dev/mapper/lab-root"
# The prompt stands on the machine's screen. While it does, cryptsetup keeps the kernel's messages off every console
# (klogctl(2), action 6); the lab wants them all the same.
WORDS = f"{ROOT_DISK} console=tty0 ignore_loglevel lab.screen {RECORD}"
ASKS, OPENED, STARTED = "lab-screen: asks", "EXT4-fs (dm-0): mounted", "lab-root: started from the encrypted disk"
PROMPT_SECONDS = 150.0  # under emulation on a busy machine
SECONDS = 60.0


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image after inside/luks, still in the clear; its root file system is in `folder/root`."""
    package = next((ROOT / "build").glob("usbguard-py_*_amd64.deb"))
    inside = {name: INSIDE / name for name in ("screen", "encrypt", "init")}
    packages = debs("busybox-static", "cryptsetup", "cryptsetup-bin", "cryptsetup-initramfs")
    image = Lab().image("debian12")
    small = replace(image, recipe=replace(image.recipe, disk_size="1100M"))
    files = {**packages, **inside, "usbguard-py.deb": package, "input": enrolment()}
    script = (INSIDE / "luks").read_text(encoding="utf-8")
    return derive(small, tmp_path_factory.mktemp("luks"), script, files)


def initrd_without(prepared: Image) -> Path:
    """The initramfs from before the floor."""
    return prepared.folder / "root/root/lab/initrd-without"


@contextlib.contextmanager
def switched_on(image: Image, words: str, extra: tuple[str, ...], initrd: Path) -> Iterator[Machine]:
    """A machine of which nobody waits for an agent: what is asked of it is on its console."""
    shape = Shape(2, 1024, words, extra=extra, initrd=initrd)
    machine = Machine(image, shape, accelerator(image, Lab().cache), None, None)
    try:
        yield machine
    finally:
        machine.qmp.close()
        machine.remove()


def encrypted(prepared: Image, plain: Path, folder: Path) -> Image:
    """The machine with the disk image `plain` encrypted as its disk; cryptsetup does it, in the initramfs."""
    disk = folder / "disk.raw"
    with disk.open("wb") as file:
        file.truncate(plain.stat().st_size + (32 << 20))  # a LUKS2 header has 16 MiB
    second = ("-drive", f"if=none,id=luks,format=raw,discard=unmap,file={disk}", "-device", "virtio-blk-pci,drive=luks")
    source = replace(prepared, folder=folder / "plain")
    source.folder.mkdir()
    for name, file in (("disk.raw", plain), ("vmlinuz", prepared.kernel)):
        (source.folder / name).symlink_to(file)
    with switched_on(source, f"lab.encrypt={TYPED}", second, initrd_without(prepared)) as machine:
        machine.wait_console("lab-encrypt: done", 2 * PROMPT_SECONDS)
        machine.process.wait(SECONDS)
    shutil.copy(prepared.kernel, folder / "vmlinuz")
    return replace(prepared, folder=folder)


@pytest.fixture(scope="module")
def small(prepared: Image, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The machine with a small encrypted root file system, which starts fast."""
    return encrypted(prepared, prepared.folder / "root/root/lab/small/disk.raw", tmp_path_factory.mktemp("small"))


def devices(folder: Path) -> tuple[str, ...]:
    """A stick, a network adapter, two keyboards: all there before power-on. QEMU types on the one named last."""
    medium = folder / "stick.img"
    medium.write_bytes(bytes(8 << 20))
    return (
        *("-machine", "i8042=off", "-netdev", "hubport,id=net,hubid=9"),
        *at_boot("usb-storage", 6, medium, serial="SAMPLE-0009"),
        *at_boot("usb-net", 4, netdev="net"),
        *at_boot("usb-kbd", int(ENROLLED[2:])),
        *at_boot("usb-kbd", int(STRANGER[2:]), id="stranger"),
    )


def fence(machine: Machine) -> None:
    """Return when the kernel has found a device that came after what was typed: it had the time to hear that."""
    machine.qmp.execute("device_add", driver="usb-mouse", bus="xhci.0", port=POINTER[2:], id="pointer")
    machine.wait_console(f"usb {POINTER}: New USB device found", SECONDS)


def strangers_type_first(machine: Machine) -> None:
    """The passphrase, right, on the keyboard that is not enrolled; it goes, and the enrolled one has the next keys."""
    machine.wait_console(ASKS, PROMPT_SECONDS)
    press(machine.qmp, f"{TYPED}\n")
    fence(machine)
    machine.qmp.execute("device_del", id="stranger")
    machine.wait_console(f"usb {STRANGER}: USB disconnect", SECONDS)
    press(machine.qmp, f"{TYPED}\n")
    machine.wait_console(OPENED, SECONDS)


class Console(Log):
    """The kernel's log since power-on, as its console had it."""

    def __init__(self, machine: Machine) -> None:
        shown = machine.console.read_text(errors="replace").splitlines()
        self.lines = [line for line in shown if re.match(r"\[ *\d+\.\d+\] ", line)]
        assert "Linux version" in self.lines[0], "the log does not reach back to power-on"


def judged(log: Log) -> None:
    """Only the enrolled keyboard ever had a driver, typed, and did so in time."""
    for port in (STICK, STRANGER, NETWORK, POINTER):
        assert log.at(rf"usb {port}: New USB device found")
        assert log.drivers(port) == set()
    assert log.drivers(ENROLLED) == {"usbhid"}, "the record shows what is bound"
    assert log.at(ASKS) < log.at(f"usb {STRANGER}: USB disconnect") < log.at(re.escape(OPENED))
    assert sum("input: " in line and "Keyboard" in line for line in log.lines) == 1
    floor = max(log.at("usbguard-py-floor: closed"), log.at(f"usb {ENROLLED}: New USB device found"))
    assert log.at(rf"input: .*/{ENROLLED}/{ENROLLED}:1\.0/") - floor <= TYPES_WITHIN


@pytest.mark.own_guest
def test_only_the_enrolled_keyboard_types_the_passphrase_of_the_root_disk(
    prepared: Image, small: Image, tmp_path: Path
) -> None:
    with switched_on(small, f"{WORDS} {CLOSED}", devices(tmp_path), prepared.initrd) as machine:
        strangers_type_first(machine)
        machine.wait_console(STARTED, SECONDS)
        log = Console(machine)
    judged(log)
    assert log.at(f"lab-root: {ENROLLED} authorized 1")
    for port in (STICK, NETWORK, POINTER):
        assert log.at(f"lab-root: {port} authorized 0")


@pytest.mark.slow
@pytest.mark.own_guest
def test_without_the_hook_the_enrolled_keyboard_is_locked_out(prepared: Image, small: Image, tmp_path: Path) -> None:
    """Negative control: the parameter alone."""
    keyboard = ("-machine", "i8042=off", *at_boot("usb-kbd", int(ENROLLED[2:])))
    with switched_on(small, f"{WORDS} {CLOSED}", keyboard, initrd_without(prepared)) as machine:
        machine.wait_console(ASKS, PROMPT_SECONDS)
        press(machine.qmp, f"{TYPED}\n")
        fence(machine)
        log = Console(machine)
    assert log.drivers(ENROLLED) == set()
    assert not [line for line in log.lines if "input: " in line or OPENED in line]


@pytest.mark.slow
@pytest.mark.own_guest
def test_without_the_floor_the_strange_keyboard_opens_the_disk(prepared: Image, small: Image, tmp_path: Path) -> None:
    """Negative control: the same devices and keys, the initramfs from before, no parameter."""
    with switched_on(small, WORDS, devices(tmp_path), initrd_without(prepared)) as machine:
        machine.wait_console(ASKS, PROMPT_SECONDS)
        machine.wait_console(f"bound device {STRANGER}:1.0 to driver usbhid", SECONDS)
        press(machine.qmp, f"{TYPED}\n")
        machine.wait_console(STARTED, SECONDS)
        assert Console(machine).drivers(STICK) == {"usb-storage"}


@pytest.mark.slow
@pytest.mark.own_guest
def test_the_whole_system_comes_up_from_the_encrypted_disk(
    prepared: Image, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same with all of Debian on that disk, until systemd says that it is up."""
    folder = tmp_path_factory.mktemp("whole")
    whole = encrypted(prepared, prepared.disk, folder)
    words = f"{WORDS} {CLOSED}"
    with Lab().boot(
        whole, cmdline=words, initrd=prepared.initrd, extra=devices(folder), meanwhile=strangers_type_first
    ) as guest:
        judged(Log(guest))
        assert guest.run("findmnt --noheadings --output SOURCE /").stdout.strip() == "/dev/mapper/lab-root"
        for port in (STICK, NETWORK, POINTER):
            assert guest.read(f"/sys/bus/usb/devices/{port}/authorized").strip() == "0"

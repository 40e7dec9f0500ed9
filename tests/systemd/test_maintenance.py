"""A start for maintenance: the floor's script and the judge decide the same about the same bytes; one device only."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests import build as b
from tests.systemd.test_floor import KEYBOARD as ENROLLED
from tests.systemd.test_floor import Machine
from usbguard_py import paths
from usbguard_py.core.device import Device
from usbguard_py.core.maintenance import PARAMETER, asked, plain_keyboard
from usbguard_py.shell import maintenance

ENTRY = Path(__file__).parents[2] / "systemd/maintenance-entry"
HID = bytes((9, 0x21, 0x11, 0x01, 0, 1, 0x22, 63, 0))  # a HID descriptor, USB HID 1.11, 6.2.1
PLAIN = b.device(b.Part(0, b.KEYBOARD, endpoints=1, extra=HID), name="1-2", vid=0x0627)


def keyboard_and(*more: b.Part, **fields: int) -> Device:
    return b.device(b.Part(0, b.KEYBOARD, endpoints=1, extra=HID), *more, name="1-2", vid=0x0627, **fields)


def broken(raw: bytes) -> Device:
    return b.USB.describe("1-2", "/devices/1-2", b.attributes(PLAIN.descriptors, descriptors=raw))


# what, the device, whether it may stand in for a keyboard
CASES: list[tuple[str, Device, bool]] = [
    ("a plain keyboard", PLAIN, True),
    ("its interface has another number", b.device(b.Part(3, b.KEYBOARD, endpoints=1), name="1-2", vid=0x0627), True),
    ("a keyboard with media keys", keyboard_and(b.Part(1, b.TABLET, endpoints=1)), False),
    ("a keyboard with a mouse", keyboard_and(b.Part(1, b.MOUSE, endpoints=1)), False),
    ("a keyboard with storage", keyboard_and(b.Part(1, b.STORAGE)), False),
    ("a keyboard with another setting", keyboard_and(b.Part(0, b.STORAGE, alternate=1)), False),
    ("a keyboard that calls itself a hub", keyboard_and(device_class=9), False),
    ("a mouse", b.device(b.Part(0, b.MOUSE, endpoints=1), name="1-2", vid=0x0627), False),
    ("an input device that does not say what it is", b.device(b.Part(0, b.TABLET), name="1-2", vid=0x0627), False),
    ("a stick", b.device(b.Part(0, b.STORAGE), name="1-2", vid=0x0627), False),
    ("two configurations", b.two_configurations(b.KEYBOARD, b.STORAGE), False),
    ("cut off", broken(PLAIN.descriptors[:-1]), False),
    ("one byte more", broken(PLAIN.descriptors + b"\0"), False),
    ("a descriptor of no length", broken(PLAIN.descriptors[:36] + b"\0" + PLAIN.descriptors[37:]), False),
    ("no descriptors", broken(b""), False),
    ("the device descriptor alone", broken(PLAIN.descriptors[:18]), False),
]


class Maintained(Machine):
    """A machine that was started for maintenance, with a keyboard enrolled on port 1-2."""

    def __init__(self, root: Path, *lines: str, parameter: str = PARAMETER) -> None:
        super().__init__(root)
        self.put("proc/cmdline", f"root=/dev/vda {parameter} quiet\n")
        self.enforce(*(lines or (f"{ENROLLED} keyboard",)))
        self.run("close")
        self.said = ""  # on the console, by the runs of `admit`

    def plug(self, device: Device, name: str = "1-2") -> bool:
        """Put ``device`` into a port and tell the floor; whether its interface was opened."""
        number = device.interfaces[0].number if device.interfaces else 0
        self.keyboard(name)
        self.put(f"sys/bus/usb/devices/{name}/descriptors", device.descriptors)
        interface = f"{name}:1.{number}"
        self.put(f"sys/bus/usb/devices/{name}/{interface}/bInterfaceClass", "03\n")
        self.put(f"sys/bus/usb/devices/{name}/{interface}/authorized", "0\n")
        run = self.run("admit", name)
        self.said += run.stderr
        assert run.returncode == 0
        opened = self.usb(f"{name}/{interface}/authorized") == "1"
        assert opened is (self.usb(f"{name}/authorized") == "1")
        return opened


@pytest.mark.parametrize(("device", "stands_in"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_the_floor_and_the_judge_decide_the_same(tmp_path: Path, device: Device, *, stands_in: bool) -> None:
    assert plain_keyboard(device) is stands_in
    assert Maintained(tmp_path).plug(device) is stands_in


def test_the_first_takes_the_only_place(tmp_path: Path) -> None:
    """For the whole start: the same one again, no other; and both sides read the same line."""
    machine = Maintained(tmp_path, f"{ENROLLED} keyboard", ENROLLED.replace("1-2", "1-3") + " keyboard")
    other = keyboard_and(pid=0x0002)
    assert machine.plug(PLAIN)
    digest = hashlib.sha256(PLAIN.descriptors).hexdigest()
    assert machine.get("run/usbguard-py/maintenance") == f"1-2 0627:0001 {digest}"
    assert not machine.plug(other)
    assert not machine.plug(PLAIN, "1-3")
    assert machine.plug(PLAIN)
    assert machine.said.count("is NOT enrolled and is admitted for this start") == 1
    assert [p.name for p in machine.path("run/usbguard-py").glob("maintenance*")] == ["maintenance"]


def test_the_judge_takes_the_place_and_the_floor_goes_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Maintained(tmp_path)
    monkeypatch.setattr(paths, "MAINTENANCE", tmp_path / "run/usbguard-py/maintenance")
    monkeypatch.setattr(paths, "CMDLINE", tmp_path / "proc/cmdline")
    assert maintenance.started()
    assert maintenance.taken() == ""
    assert maintenance.take(PLAIN)
    assert not maintenance.take(keyboard_and(pid=0x0002))
    assert maintenance.take(PLAIN)
    assert not machine.plug(keyboard_and(pid=0x0002))
    assert machine.plug(PLAIN)


REFUSED = {
    "an ordinary start": {"parameter": "quiet"},
    "another word": {"parameter": f"{PARAMETER}s"},
    "the word as a part": {"parameter": f"x{PARAMETER}"},
}


@pytest.mark.parametrize("more", REFUSED.values(), ids=REFUSED.keys())
def test_not_without_the_word(tmp_path: Path, more: dict[str, str]) -> None:
    assert not Maintained(tmp_path, **more).plug(PLAIN)
    assert not asked(more["parameter"].split())


@pytest.mark.parametrize(
    "line",
    [
        f"{ENROLLED} mouse",
        ENROLLED,
        f"{ENROLLED} keyboard 1",
        f"{ENROLLED} keyboard".replace("1-2", "1-3"),
        f"# {ENROLLED} keyboard",
    ],
    ids=["a mouse is enrolled there", "nobody knows of what", "a field too many", "another port", "a comment"],
)
def test_only_on_the_port_of_an_enrolled_keyboard(tmp_path: Path, line: str) -> None:
    assert not Maintained(tmp_path, line).plug(PLAIN)


def test_an_enrolled_keyboard_takes_no_place(tmp_path: Path) -> None:
    digest = hashlib.sha256(PLAIN.descriptors).hexdigest()
    machine = Maintained(tmp_path, f"1-2 0627:0001 {digest} 0 keyboard")
    assert machine.plug(PLAIN)
    assert not machine.path("run/usbguard-py/maintenance").exists()


LINUX = """#!/bin/sh
echo 'function gfxmode {'
echo '}'
for version in 6.1.0-2-amd64 6.1.0-1-amd64; do
    echo "menuentry 'Debian GNU/Linux, with Linux $version' --class debian \\$menuentry_id_option 'gnulinux-$version' {"
    echo "        linux /boot/vmlinuz-$version root=UUID=0 ro $GRUB_CMDLINE_LINUX submenu=$GRUB_DISABLE_SUBMENU"
    echo "        initrd /boot/initrd.img-$version"
    echo '}'
done
"""


def test_the_entry_of_the_boot_menu_is_the_newest_kernel_with_the_word(tmp_path: Path) -> None:
    """As grub-mkconfig runs it, after a program that prints what 10_linux does."""
    linux = tmp_path / "10_linux"
    linux.write_text(LINUX)
    linux.chmod(0o755)
    script = tmp_path / "entry"
    text = ENTRY.read_text()
    assert "LINUX=/etc/grub.d/10_linux\n" in text
    script.write_text(text.replace("LINUX=/etc/grub.d/10_linux\n", f"LINUX={linux}\n"))
    words = {"PATH": "/usr/bin:/bin", "GRUB_CMDLINE_LINUX": "usbcore.authorized_default=0"}
    lines = subprocess.run(["dash", script], capture_output=True, text=True, check=True, env=words).stdout.splitlines()
    assert lines[0].startswith("menuentry 'Maintenance: ")
    assert lines[0].endswith("$menuentry_id_option 'usbguard-py-maintenance' {")
    assert [line.split() for line in lines[1:]] == [
        [
            "linux",
            "/boot/vmlinuz-6.1.0-2-amd64",
            "root=UUID=0",
            "ro",
            words["GRUB_CMDLINE_LINUX"],
            PARAMETER,
            "submenu=y",
        ],
        ["initrd", "/boot/initrd.img-6.1.0-2-amd64"],
        ["}"],
    ]
    linux.unlink()
    assert subprocess.run(["dash", script], capture_output=True, text=True, check=True, env=words).stdout == ""

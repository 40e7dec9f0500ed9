"""The floor alone, on a real kernel: the daemon is masked, and the witness says what lives.

No kernel parameter here either: what holds is the unit without Python and the udev rules.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab import Guest, Lab, Plugged
from tests.lab.devices import at_boot
from usbguard_py.core.bootline import WORD as PARAMETER
from usbguard_py.core.maintenance import PARAMETER as MAINTENANCE

ROOT = Path(__file__).parents[2]
UNITS = "usbguard-py-floor.service usbguard-py.service usbguard-py-hands.socket usbguard-py-hands.service"
DRIVERS = "usb-storage uas usbhid hid-generic evdev cdc_ether cdc_subset rndis_host vfat"
JUDGE_EXPOSURE, HANDS_EXPOSURE = 2.0, 4.0


@pytest.fixture(scope="module")
def installed() -> Iterator[Guest]:
    """A guest without network, in which the package was installed and only the floor enforces."""
    package = next((ROOT / "build").glob("usbguard-py_*_amd64.deb"))
    with Lab().boot("debian12") as guest:
        guest.put(package, "/root/usbguard-py.deb")
        guest.run(f"modprobe -a {DRIVERS}", check=True)
        guest.run("dpkg -i /root/usbguard-py.deb", check=True, timeout=180)
        guest.run("systemctl mask --now usbguard-py.service", check=True)
        guest.write("/etc/usbguard-py/floor/mode", "enforce\n")
        guest.run("systemctl restart usbguard-py-floor.service && udevadm settle", check=True)
        guest.snapshot("floor")
        yield guest


@pytest.fixture
def guest(installed: Guest) -> Guest:
    installed.restore("floor")
    return installed


KINDS: dict[str, Callable[[Guest], Plugged]] = {
    "stick": lambda guest: guest.plug_stick(serial="SAMPLE-0001"),
    "keyboard": lambda guest: guest.plug_keyboard(),
    "network": lambda guest: guest.plug_network(),
    "phone": lambda guest: guest.plug_phone(),
    "hub": lambda guest: guest.plug_hub(),
}


@pytest.mark.parametrize("plug", KINDS.values(), ids=KINDS.keys())
def test_an_unknown_device_is_dead(guest: Guest, plug: Callable[[Guest], Plugged]) -> None:
    device = plug(guest)
    guest.witness.assert_dead(device.port)
    assert guest.read(f"/sys/bus/usb/devices/{device.port}/authorized").strip() == "0"


@pytest.mark.parametrize("kind", ["stick", "keyboard", "network"])
def test_the_same_device_lives_without_the_floor(guest: Guest, kind: str) -> None:
    """Negative control: the witness can tell."""
    guest.write("/etc/usbguard-py/floor/mode", "observe\n")
    guest.run("/usr/lib/usbguard-py/floor open anyway", check=True)
    device = KINDS[kind](guest)
    guest.witness.wait_uevent("bind", devpath=rf"{device.port}:1\.0$")
    assert guest.witness.dead(device.port).alive


def test_check_says_closed(guest: Guest) -> None:
    assert guest.run("/usr/lib/usbguard-py/floor check", check=True).stdout == "closed\n"
    assert guest.read("/sys/module/usbcore/parameters/authorized_default").strip() == "0"


def modes(guest: Guest, *patterns: str) -> set[str]:
    """Mode, owner and group of each node that matches."""
    return set(guest.run(f"stat -c '%a %U %G' {' '.join(patterns)}", check=True).stdout.splitlines())


def seat_tags(guest: Guest, port: str) -> bool:
    """Whether udev's tag by which logind gives a node to the person at the seat is in force (sd_device(3))."""
    told = guest.run(f"udevadm info /sys/bus/usb/devices/{port}", check=True).stdout
    current = next(line for line in told.splitlines() if line.startswith("E: CURRENT_TAGS="))
    return ":uaccess:" in current


def test_every_usbfs_node_is_root_s_alone(guest: Guest) -> None:
    phone = guest.plug_phone()
    guest.witness.fence(phone.port)
    assert modes(guest, "/dev/bus/usb/*/*") == {"600 root root"}
    assert not seat_tags(guest, phone.port)


def test_the_seat_s_user_gets_the_phone_without_the_floor(guest: Guest) -> None:
    """Negative control: udev's own rules hand the node of a phone out."""
    guest.write("/etc/usbguard-py/floor/mode", "observe\n")
    guest.run("/usr/lib/usbguard-py/floor open anyway", check=True)
    phone = guest.plug_phone()
    guest.witness.fence(phone.port)
    assert seat_tags(guest, phone.port)


def authorise_by_hand(guest: Guest, port: str) -> None:
    """What a mistake, or another program, would do: the device lives, and only udev is left."""
    # The SCSI bus comes with its modules, and the floor closes it by their event; the judge waits for that.
    guest.run("modprobe -a usb-storage sd_mod && udevadm settle && grep -qx 0 /sys/bus/scsi/drivers_autoprobe")
    device = f"/sys/bus/usb/devices/{port}"
    guest.write_attribute(f"{device}/authorized", "1")
    guest.write_attribute(f"{device}/{port}:1.0/authorized", "1")
    since = guest.witness.mark
    guest.write_attribute("/sys/bus/usb/drivers_probe", f"{port}:1.0")
    unit = guest.witness.wait_uevent("add", since=since, devpath=f"/{port}:", DEVTYPE="scsi_device")
    guest.run("udevadm settle; test ! -e /dev/sda", check=True)  # held: the first wall
    guest.write_attribute("/sys/bus/scsi/drivers_probe", unit.devpath.rpartition("/")[2])
    guest.wait_path("/dev/sda")
    guest.run("udevadm settle", check=True)


def test_the_second_wall_and_its_door(guest: Guest) -> None:
    stick = guest.plug_stick(serial="SAMPLE-0001")
    guest.witness.assert_dead(stick.port)
    authorise_by_hand(guest, stick.port)

    assert modes(guest, "/dev/sda") == {"0 root root"}
    assert modes(guest, "/dev/sg*", "/dev/bsg/*") == {"600 root root"}
    told = guest.run("udevadm info /dev/sda", check=True).stdout
    assert "UDISKS_IGNORE=1" in told
    assert "SYSTEMD_READY=0" in told
    assert "ID_FS" not in told
    assert guest.run("head -c 512 /dev/sda", check=False, user="soanthao").returncode != 0

    number = guest.read(f"/sys/bus/usb/devices/{stick.port}/devnum").strip()
    flag = f"/run/usbguard-py/open/{stick.port}:{number}"
    guest.write(flag, "")
    guest.run("udevadm trigger --settle --action=change /dev/sda", check=True)
    assert modes(guest, "/dev/sda") == {"660 root disk"}
    assert modes(guest, "/dev/sg*", "/dev/bsg/*") == {"600 root root"}
    told = guest.run("udevadm info /dev/sda", check=True).stdout
    assert "SYSTEMD_READY" not in told
    assert "ID_FS_TYPE=vfat" in told

    stick.unplug()
    guest.wait_path(flag, present=False)


def enrol(guest: Guest, keyboard: Plugged) -> None:
    """Write the floor's file as the judge would."""
    device = f"/sys/bus/usb/devices/{keyboard.port}"
    digest = guest.run(f"sha256sum < {device}/descriptors", check=True).stdout.split()[0]
    vid, pid = (guest.read(f"{device}/{name}").strip() for name in ("idVendor", "idProduct"))
    guest.write("/etc/usbguard-py/floor/input", f"{keyboard.port} {vid}:{pid} {digest} 0\n")
    guest.run("chmod 0600 /etc/usbguard-py/floor/input", check=True)


def test_an_enrolled_keyboard_works_without_the_daemon(guest: Guest) -> None:
    first = guest.plug_keyboard()
    guest.witness.assert_dead(first.port)
    enrol(guest, first)
    first.unplug()

    again = guest.plug_keyboard()
    assert again.port == first.port
    guest.witness.wait_uevent("bind", devpath=rf"{again.port}:1\.0$")
    elsewhere = guest.plug_keyboard()
    guest.witness.assert_dead(elsewhere.port)


def test_an_enrolled_keyboard_is_admitted_when_the_floor_closes(guest: Guest) -> None:
    """As at boot: it is there, unauthorised, before udev could be asked."""
    keyboard = guest.plug_keyboard()
    guest.witness.assert_dead(keyboard.port)
    enrol(guest, keyboard)
    guest.run("/usr/lib/usbguard-py/floor close", check=True)
    guest.witness.wait_uevent("bind", devpath=rf"{keyboard.port}:1\.0$")


def test_a_bus_that_appears_later_is_closed(guest: Guest) -> None:
    before = set(guest.run("ls /sys/bus/usb/devices", check=True).stdout.split())
    guest.run("modprobe dummy_hcd num=2 && udevadm settle", check=True)
    buses = {n for n in guest.run("ls /sys/bus/usb/devices", check=True).stdout.split() if n.startswith("usb")} - before
    assert buses
    for bus in buses:
        device = f"/sys/bus/usb/devices/{bus}"
        assert guest.read(f"{device}/authorized_default").strip() == "0"
        assert guest.read(f"{device}/interface_authorized_default").strip() == "0"
        assert guest.read(f"{device}/authorized").strip() == "1"


def test_stopping_the_floor_opens_nothing(guest: Guest) -> None:
    guest.run("systemctl stop usbguard-py-floor.service", check=True)
    assert guest.run("/usr/lib/usbguard-py/floor check", check=True).stdout == "closed\n"


def test_units_are_sound(guest: Guest) -> None:
    """Known to systemd as they are meant, no cycle with the rest of the boot, as tight as promised."""
    guest.run("systemctl unmask usbguard-py.service", check=True)
    said = guest.run(f"systemd-analyze verify default.target {UNITS}", check=False)
    assert not re.search("cycle|usbguard-py.*(Unknown|Failed to parse|Invalid)", said.stdout + said.stderr)
    for unit, limit in (("usbguard-py.service", JUDGE_EXPOSURE), ("usbguard-py-hands.service", HANDS_EXPOSURE)):
        told = guest.run(f"systemd-analyze security --no-pager {unit}", check=True).stdout
        figure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)
        assert figure
        assert float(figure.group(1)) <= limit, told


def test_the_hands_have_the_host_s_mounts(guest: Guest) -> None:
    """With a mount namespace of its own, umount would return 0 and the host stay mounted."""
    guest.run("mkdir -p /run/systemd/system/usbguard-py-hands.service.d", check=True)
    guest.write(
        "/run/systemd/system/usbguard-py-hands.service.d/test.conf",
        "[Service]\nType=oneshot\nExecStart=\n"
        "ExecStart=/bin/sh -c 'readlink /proc/self/ns/mnt > /run/hands-namespace'\n",
    )
    guest.run("systemctl daemon-reload && systemctl start usbguard-py-hands.service", check=True)
    assert guest.read("/run/hands-namespace") == guest.run("readlink /proc/1/ns/mnt", check=True).stdout


def kernels(guest: Guest) -> list[str]:
    """The lines of grub.cfg that load a kernel."""
    return re.findall(r"^\s*linux\s.*$", guest.read("/boot/grub/grub.cfg"), re.MULTILINE)


def grub_part(guest: Guest) -> tuple[bool, str]:
    """What `floor check` says about GRUB."""
    every = json.loads(guest.run("usbguard-py floor check --json", check=False, timeout=120).stdout)["parts"]
    return next((p["closed"], p["detail"]) for p in every if p["name"] == "grub")


@pytest.mark.slow
def test_grub_s_own_entries_are_closed_and_given_back(guest: Guest) -> None:
    """What the real `update-grub` writes: each kernel, its recovery entry, a kernel that comes later, maintenance."""
    # Minutes under emulation; the real one runs in test_from_power_on.py.
    guest.run("ln -sf /bin/true /usr/sbin/update-initramfs && mkdir -p /boot/grub && update-grub", timeout=120)
    before = guest.read("/boot/grub/grub.cfg")
    assert kernels(guest)
    assert grub_part(guest)[0] is False
    guest.run("usbguard-py floor install --yes --no-keyboard", check=True, timeout=300)
    started = kernels(guest)
    assert all(PARAMETER in line.split() for line in started)
    assert [line for line in started if " single " in f"{line} "], "the recovery entry is among them"
    assert sum(MAINTENANCE in line.split() for line in started) == 1
    assert grub_part(guest)[0] is True

    new = "for file in vmlinuz initrd.img; do cp /boot/$file-$(uname -r) /boot/$file-9.9.9-lab; done"
    guest.run(f"{new}; /etc/kernel/postinst.d/zz-update-grub 9.9.9-lab", check=True, timeout=120)
    added = [line for line in kernels(guest) if "vmlinuz-9.9.9-lab" in line]
    assert added
    assert all(PARAMETER in line.split() for line in added)
    guest.run(f"sed -i '0,/ {PARAMETER}/s///' /boot/grub/grub.cfg")
    closed, detail = grub_part(guest)
    assert not closed
    assert "starts open" in detail

    guest.run("rm /boot/*-9.9.9-lab && usbguard-py floor remove --yes", check=True, timeout=300)
    assert guest.read("/boot/grub/grub.cfg") == before
    assert guest.run("ls /etc/default/grub.d/usbguard-py.cfg /etc/grub.d/42_usbguard-py", check=False).returncode != 0


def test_removal_opens_and_purge_keeps_the_ledger(guest: Guest) -> None:
    guest.write("/var/lib/usbguard-py/usbguard-py.db", "evidence")
    guest.run("dpkg -r usbguard-py", check=True, timeout=120)
    assert guest.read("/sys/module/usbcore/parameters/authorized_default").strip() == "-1"
    keyboard = guest.plug_keyboard()
    guest.witness.wait_uevent("bind", devpath=rf"{keyboard.port}:1\.0$")
    guest.run("dpkg -P usbguard-py", check=True, timeout=120)
    assert guest.read("/var/lib/usbguard-py/usbguard-py.db") == "evidence"
    assert guest.run("ls /usr/lib/usbguard-py /etc/usbguard-py", check=False).returncode != 0


def test_present_at_boot(guest: Guest, tmp_path: Path) -> None:
    """An enrolled keyboard and an unknown stick are there from the start, the daemon is masked. Last: it shuts down."""
    keyboard = guest.plug_keyboard(port="5")
    enrol(guest, keyboard)
    keyboard.unplug()
    guest.shutdown()
    stick = tmp_path / "stick.img"
    stick.write_bytes(bytes(8 << 20))
    devices = (*at_boot("usb-kbd", 5), *at_boot("usb-storage", 6, stick, serial="SAMPLE-0009"))
    disk = guest.save_disk(tmp_path / "root.qcow2")
    with Lab().boot("debian12", cmdline="usbcore.authorized_default=0", overlay=disk, extra=devices) as again:
        again.witness.assert_dead("2-6")
        assert again.read("/sys/bus/usb/devices/2-6/authorized").strip() == "0"
        assert again.read(f"/sys/bus/usb/devices/{keyboard.port}/{keyboard.port}:1.0/authorized").strip() == "1"
        again.wait_path(f"/sys/bus/usb/devices/{keyboard.port}/{keyboard.port}:1.0/driver")
        assert again.run("/usr/lib/usbguard-py/floor check").stdout == "closed\n"
        cycles = again.run("journalctl -b | grep -c 'ordering cycle'", check=False)
        assert cycles.stdout.strip() == "0"

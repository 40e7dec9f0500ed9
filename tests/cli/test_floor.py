"""``floor``: what it refuses, what it changes in which order, what it records. The real thing: tests/lab_floor."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.rig import Judge
from usbguard_py import paths
from usbguard_py.core import requests
from usbguard_py.errors_floor import FloorTrouble, FloorUnified
from usbguard_py.shell import bootloader, floor_check, floor_setup, tools

KERNEL = "linux /boot/vmlinuz-6.1.0 root=/dev/sda1"


class Machine:
    """A machine of files; the system's programs are written down, and do what they are for as far as needed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.called: list[str] = []
        self.enabled = False
        self.fails = ""
        self.put("usr/sbin/mkinitramfs", "")
        self.put("etc/usbguard-py/floor/mode", "enforce\n")
        self.put("etc/usbguard-py/floor/input", "# head\n1-2 0627:0001 00 0 keyboard\n")
        self.put("boot/grub/grub.cfg", KERNEL)
        self.put("proc/cmdline", "root=/dev/sda1")

    def put(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *command: str) -> str:
        self.called.append(" ".join(command))
        if command[0] == self.fails:
            raise FloorTrouble(command=command[0], detail="no space left")
        if command[0] == "update-grub":
            closed = " usbcore.authorized_default=0" if paths.GRUB_DROP_IN.exists() else ""
            self.put("boot/grub/grub.cfg", KERNEL + closed)
        self.enabled = {"enable": True, "disable": False}.get(command[1] if len(command) > 1 else "", self.enabled)
        return ""

    def asked(self, *command: str) -> str:
        return "enabled" if self.enabled and command[1] == "is-enabled" else ""


@pytest.fixture
def machine(root: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(root)
    for module in (bootloader, floor_setup):
        monkeypatch.setattr(module, "run", made.run)
    for module in (floor_check, floor_setup):
        monkeypatch.setattr(module, "asked", made.asked)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return made


def test_install_closes_the_boot_loader_last_and_records_it(run: Run, machine: Machine, judge: Judge) -> None:
    judge.answers["FloorChanged"] = {"seq": 7}
    answer = json.loads(run("floor", "install", "--yes", "--json").stdout)
    assert answer["changed"] == ["module-option", "marker", "unit", "initramfs", "grub"]
    assert answer["seq"] == 7
    assert [c.split()[0] for c in machine.called] == ["systemctl", "update-initramfs", "update-grub"]
    assert judge.asked == [requests.FloorChanged(installed=True, parts=tuple(answer["changed"]))]
    assert paths.MODULE_OPTION.read_text() == "options usbcore authorized_default=0\n"
    assert bootloader.closed("grub")


def test_remove_opens_the_boot_loader_first_and_takes_everything_back(run: Run, machine: Machine, judge: Judge) -> None:
    judge.answers["FloorChanged"] = {"seq": 8}
    run("floor", "install", "--yes")
    machine.called.clear()
    result = run("floor", "remove", "--yes", lang="en")
    assert result.exit_code == 0
    assert machine.called[0] == "update-grub"
    assert "record 8" in result.stdout
    assert not paths.MODULE_OPTION.exists()
    assert not paths.FLOOR_INSTALLED.exists()
    assert not paths.GRUB_DROP_IN.exists()
    assert not bootloader.closed("grub")
    assert judge.asked[-1] == requests.FloorChanged(
        installed=False, parts=("grub", "module-option", "marker", "renewal")
    )
    assert "nothing was changed" in run("floor", "remove", "--yes", lang="en").stdout


def test_without_the_daemon_it_says_that_nothing_was_recorded(run: Run, machine: Machine) -> None:
    result = run("floor", "install", "--yes", lang="en")
    assert result.exit_code == 0
    assert "NOT written into the log" in result.stdout


def test_an_initramfs_that_fails_leaves_the_boot_loader_open(run: Run, machine: Machine, judge: Judge) -> None:
    machine.fails = "update-initramfs"
    result = run("floor", "install", "--yes", lang="en")
    assert result.exit_code == FloorTrouble.exit_code
    assert "no space left" in result.stderr
    assert not paths.GRUB_DROP_IN.exists()
    assert judge.asked == []


def test_nothing_is_changed_without_a_yes(run: Run, machine: Machine) -> None:
    assert run("floor", "install").exit_code == 64
    assert machine.called == []
    assert not paths.MODULE_OPTION.exists()


REFUSED = {
    "observing": ("etc/usbguard-py/floor/mode", "observe\n", "policy use standalone"),
    "nothing enrolled": ("etc/usbguard-py/floor/input", "# head\n", "--no-keyboard"),
    "behind a hub": ("etc/usbguard-py/floor/input", "1-2.1 0627:0001 00 0 keyboard\n", "--no-keyboard"),
    "a mouse alone": ("etc/usbguard-py/floor/input", "1-2 0627:0001 00 0 mouse\n", "--no-keyboard"),
}


@pytest.mark.parametrize(("name", "text", "remedy"), REFUSED.values(), ids=REFUSED.keys())
def test_nobody_is_locked_out(run: Run, machine: Machine, name: str, text: str, remedy: str) -> None:
    machine.put(name, text)
    result = run("floor", "install", "--yes")
    assert result.exit_code == 1
    assert remedy in result.stderr
    assert machine.called == []


def test_on_trial_the_next_start_stays_open(run: Run, machine: Machine) -> None:
    """Closed from power-on, a trial that nobody confirms would end at a passphrase that nobody can type."""
    machine.put("etc/usbguard-py/floor/mode", "observe\n")
    machine.put("run/usbguard-py/trial", "700\n")
    result = run("floor", "install", "--yes", lang="en")
    assert (result.exit_code, "usbguard-py confirm" in result.stderr) == (1, True)
    assert machine.called == []
    assert "observes" in run("floor", "check", lang="en").stdout


def test_no_keyboard_needed(run: Run, machine: Machine) -> None:
    machine.put("etc/usbguard-py/floor/input", "")
    assert run("floor", "install", "--yes", "--no-keyboard").exit_code == 0


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_system_on_a_usb_disk_is_refused(run: Run, machine: Machine, encrypted: bool) -> None:
    disk = machine.root / "sys/devices/pci0/usb2/2-6/2-6:1.0/host0/block/sda/sda1"
    disk.mkdir(parents=True)
    node = machine.root / "sys/dev/block/8:1"
    node.parent.mkdir(parents=True)
    if encrypted:
        crypt = machine.root / "sys/devices/virtual/block/dm-0"
        (crypt / "slaves").mkdir(parents=True)
        (crypt / "slaves/sda1").symlink_to(disk)
        node.symlink_to(crypt)
    else:
        node.symlink_to(disk)
    machine.put("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    result = run("floor", "install", "--yes")
    assert result.exit_code == 1
    assert "đĩa USB" in result.stderr


def test_without_initramfs_tools_it_says_so(run: Run, machine: Machine) -> None:
    (machine.root / "usr/sbin/mkinitramfs").unlink()
    result = run("floor", "install", "--yes", lang="en")
    assert result.exit_code == 69
    assert "dracut" in result.stderr


def test_without_a_boot_loader_it_says_what_to_do(run: Run, machine: Machine) -> None:
    paths.GRUB_CONFIG.unlink()
    assert "Neither GRUB nor systemd-boot" in run("floor", "install", "--yes", lang="en").stdout


@pytest.mark.parametrize("verb", ["install", "check", "remove"])
def test_only_root(run: Run, machine: Machine, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert run("floor", verb).exit_code == 77


def states(run: Run) -> dict[str, bool]:
    result = run("floor", "check", "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == (0 if answer["closed"] else 1)
    assert all(bool(p["remedy"]) is not p["closed"] for p in answer["parts"])
    return {p["name"]: p["closed"] for p in answer["parts"]}


def test_check_reads_each_part_where_it_takes_effect(run: Run, machine: Machine) -> None:
    run("floor", "install", "--yes")
    assert states(run)["grub"]
    machine.put("boot/grub/grub.cfg", f"{KERNEL} usbcore.authorized_default=0\n{KERNEL} single\n")
    assert not states(run)["grub"]
    machine.put("etc/modprobe.d/usbguard-py.conf", "options usbcore authorized_default=1\n")
    assert not states(run)["module-option"]
    machine.put("proc/cmdline", "usbcore.authorized_default=0 usbcore.authorized_default=1")
    assert not states(run)["command-line"]
    machine.put("proc/cmdline", "quiet usbcore.authorized_default=0")
    assert states(run)["command-line"]
    bus = "sys/bus/usb/devices/usb1"
    machine.put(f"{bus}/authorized_default", "0\n")
    machine.put(f"{bus}/interface_authorized_default", "1\n")
    assert not states(run)["buses"]
    machine.put(f"{bus}/interface_authorized_default", "0\n")
    assert states(run)["buses"]


def test_check_sees_rules_that_were_replaced(run: Run, machine: Machine) -> None:
    for name in floor_check.RULES:
        machine.put(f"usr/lib/udev/rules.d/{name}", "")
    assert states(run)["udev-rules"]
    machine.put(f"etc/udev/rules.d/{floor_check.RULES[0]}", "")
    assert not states(run)["udev-rules"]


def test_check_sees_a_list_that_others_may_write(run: Run, machine: Machine) -> None:
    assert states(run)["enrolled"] is (paths.FLOOR_INPUT.stat().st_uid == 0)
    paths.FLOOR_INPUT.chmod(0o666)
    assert not states(run)["enrolled"]


def test_check_compares_what_this_start_knew(run: Run, machine: Machine) -> None:
    assert not states(run)["this-initramfs"]
    machine.put("run/usbguard-py/initramfs", paths.FLOOR_INPUT.read_text())
    assert states(run)["this-initramfs"]
    machine.put("etc/usbguard-py/floor/input", "1-3 0627:0001 00 0\n")
    assert not states(run)["this-initramfs"]


def test_check_prints_a_remedy_below_each_open_part(run: Run, machine: Machine) -> None:
    text = run("floor", "check", lang="en").stdout
    assert "GRUB" in text
    assert "OPEN" in text
    assert "→ Run: usbguard-py floor install" in text


def test_unified_images_are_refused_and_never_called_closed(run: Run, machine: Machine) -> None:
    """Their command line and initramfs are in the image; nobody looks into it."""
    image = machine.put("boot/efi/EFI/Linux/sample-6.1.0.efi", "")
    result = run("floor", "install", "--yes", lang="en")
    assert (result.exit_code, machine.called) == (FloorUnified.exit_code, [])
    assert f"{image} is a unified kernel image" in result.stderr
    assert states(run)["unified-kernel"] is False


def test_dracut_builds_the_image_of_every_kernel(run: Run, machine: Machine) -> None:
    """Where the package of a kernel calls it, also with a rest of initramfs-tools on the disk."""
    machine.put("usr/bin/dracut", "")
    machine.put("etc/kernel/postinst.d/dracut", "")
    machine.put("lib/modules/6.1.0/modules.dep", "")
    image = machine.put("boot/initrd.img-6.1.0", "")
    assert run("floor", "install", "--yes").exit_code == 0
    assert f"dracut -q --force {image} 6.1.0" in machine.called
    assert not [c for c in machine.called if c.startswith("update-initramfs")]


def test_an_initramfs_of_another_kind_is_never_called_closed(run: Run, machine: Machine) -> None:
    (machine.root / "usr/sbin/mkinitramfs").unlink()
    assert states(run)["initramfs"] is False


def test_loader_entries_are_closed_through_the_command_line_s_file(run: Run, machine: Machine) -> None:
    paths.GRUB_CONFIG.unlink()
    machine.put("boot/vmlinuz-6.1.0", "")
    entry = machine.put("boot/loader/entries/a.conf", "linux /vmlinuz-6.1.0\noptions root=/dev/sda1\n")
    assert run("floor", "install", "--yes").exit_code == 0
    assert paths.KERNEL_CMDLINE.read_text() == "root=/dev/sda1 usbcore.authorized_default=0\n"
    assert machine.called[-1].startswith("kernel-install add 6.1.0 ")
    entry.write_text("linux /vmlinuz-6.1.0\noptions root=/dev/sda1 usbcore.authorized_default=0\n")
    assert run("floor", "remove", "--yes").exit_code == 0
    assert not paths.KERNEL_CMDLINE.exists(), "it was not there before"


def test_enrolment_says_that_the_initramfs_follows(run: Run, machine: Machine, judge: Judge) -> None:
    judge.answers["PeripheralRemove"] = {"id": "NV-0001", "seq": 9}
    words = ("peripheral", "remove", "NV-0001", "--reason", "x", "--yes")
    assert "initramfs" not in run(*words, lang="en").stdout
    machine.put("etc/usbguard-py/floor/installed", "")
    assert "initramfs" in run(*words, lang="en").stdout


def test_storage_drivers_kept_away_and_given_back(run: Run, machine: Machine, judge: Judge) -> None:
    judge.answers["DriversChanged"] = {"seq": 7}
    assert run("floor", "drivers", "--just-in-time").exit_code == 0
    assert "install usb-storage /bin/false\n" in paths.DRIVERS_HIDDEN.read_text()
    assert json.loads(run("floor", "drivers", "--json").stdout)["just_in_time"] is True
    assert run("floor", "drivers", "--as-usual").exit_code == 0
    assert not paths.DRIVERS_HIDDEN.exists()
    units = "usbguard-py-drivers.path"
    assert machine.called == [f"systemctl enable --now {units}", f"systemctl disable --now {units}"]
    assert judge.asked == [requests.DriversChanged(just_in_time=True), requests.DriversChanged(just_in_time=False)]


def test_storage_drivers_stay_as_they_were_when_nobody_would_load_them(run: Run, machine: Machine) -> None:
    machine.fails = "systemctl"
    assert run("floor", "drivers", "--just-in-time").exit_code == FloorTrouble.exit_code
    assert not paths.DRIVERS_HIDDEN.exists()


def test_the_boot_menu_keeps_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """update-grub writes it into grub.cfg; what other programs say is for us."""
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    assert tools.environment("update-grub")["LANG"] == "vi_VN.UTF-8"
    assert tools.environment("kernel-install") == {"PATH": tools.PATH, "LC_ALL": "C.UTF-8"}

"""``doctor``: what is read where, what it costs to see less, and what a person is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.build import a_stick, attributes
from tests.cli.conftest import Run
from tests.cli.rig import STATUS, Judge, described
from usbguard_py import paths
from usbguard_py.cli import finding_words
from usbguard_py.core.condition import Clock
from usbguard_py.core.findings import FINDINGS, Finding
from usbguard_py.errors import PermissionRefused
from usbguard_py.i18n import choose
from usbguard_py.shell import condition, disks, enforcers
from usbguard_py.shell.store import Store

KEYBOARD = described("1-1", kind="keyboard", code="INPUT_NOT_ENROLLED", interfaces=["03:01:01"])
INPUT = """\
I: Bus=0011 Vendor=0001 Product=0001 Version=ab41
N: Name="AT Translated Set 2 keyboard"
H: Handlers=sysrq kbd leds event0
B: EV=120013

I: Bus=0003 Vendor=0627 Product=0001 Version=0111
N: Name="QEMU USB Keyboard"
H: Handlers=sysrq kbd leds event1
B: EV=120013
"""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The accounts of the machine that runs the tests are nobody's business."""
    monkeypatch.setattr(condition, "members", lambda _name: 1)
    monkeypatch.setattr(condition, "booted", lambda: False)


def names(stdout: str) -> dict[str, dict[str, Any]]:
    return {f["name"]: f for f in json.loads(stdout)["findings"]}


def plugged_in(root: Path, name: str, **files: str) -> None:
    """A stick in a sysfs of the test's own."""
    folder = root / "sys/devices/pci0/usb1" / name
    folder.mkdir(parents=True)
    for attribute, value in attributes(a_stick().descriptors, name).items():
        if value is not None:
            (folder / attribute).write_bytes(value)
    for attribute, text in files.items():
        (folder / attribute).write_text(text + "\n", encoding="ascii")
    link = paths.USB_DEVICES / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(folder)


def answered(judge: Judge, *devices: dict[str, Any], **status: Any) -> None:
    judge.answers |= {
        "Status": {**STATUS, **status},
        "Devices": {"devices": list(devices)},
        "PeripheralList": {"peripherals": []},
    }


def test_before_anything_is_blocked(run: Run, judge: Judge, store: Store) -> None:
    answered(judge, KEYBOARD, described("1-2"), mode="observe")
    result = run("doctor")
    assert result.exit_code == 1
    text = result.stdout
    assert "CẢNH BÁO: KHÔNG CHẶN GÌ: máy này chỉ quan sát.\n  → usbguard-py activate --confirm-within 10m" in text
    assert "usbguard-py peripheral enrol 1-1" in text
    assert "usbguard-py explain 1-2" in text
    assert text.index("CẢNH BÁO") < text.index("Lưu ý:") < text.index("Đạt yêu cầu:")
    found = names(run("doctor", "--json").stdout)
    assert found["observing"]["level"] == "warning"
    assert found["keyboard-not-enrolled"]["facts"] == {"name": "1-1"}
    assert (
        "The keyboard on port 1-1"
        in names(run("doctor", "--json", "--lang", "en").stdout)["keyboard-not-enrolled"]["sentence"]
    )


def test_danger_has_a_code_of_its_own(run: Run, judge: Judge, store: Store) -> None:
    answered(judge, KEYBOARD)
    result = run("doctor", "--lang", "en")
    assert result.exit_code == 2
    assert result.stdout.startswith("Dangers: 1.")
    assert "DANGER: The keyboard on port 1-1 is blocked, and no other keyboard works." in result.stdout
    assert json.loads(run("doctor", "--json").stdout)["exit_code"] == 2


def test_without_the_daemon_the_devices_are_judged_here(run: Run, root: Path, store: Store) -> None:
    plugged_in(root, "1-2")
    plugged_in(root, "1-3", removable="fixed")
    found = names(run("doctor", "--json").stdout)
    assert found["daemon-down"]["remedy"] == "systemctl enable --now usbguard-py"
    assert found["device-would-block"]["facts"]["name"] == "1-2"
    assert found["device-would-block"]["facts"]["code"] == "NOT_LISTED"
    assert found["built-in-would-block"]["facts"]["name"] == "1-3"
    paths.ENFORCING.touch()
    assert "daemon-down-blocking" in names(run("doctor", "--json").stdout)


def test_without_the_list_nothing_is_said_to_be_fine(run: Run, root: Path) -> None:
    plugged_in(root, "1-2")
    found = names(run("doctor", "--json").stdout)
    assert found["database-trouble"]["level"] == "danger"
    assert found["device-would-block"]["facts"]["code"] == "FAIL_SAFE"


def test_an_account_that_may_not_look_says_so(run: Run, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    judge.answers["Status"] = PermissionRefused(role="auditor")

    def refused(_path: Path) -> None:
        raise PermissionRefused(role="auditor")

    monkeypatch.setattr(condition, "Reader", refused)
    monkeypatch.setattr("usbguard_py.shell.onlooker.Reader", refused)
    paths.FLOOR_INSTALLED.touch()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    answer = json.loads(run("doctor", "--json").stdout)
    assert answer["unseen"] == [
        "the connected devices and what is enrolled",
        "the parts of the floor",
        "the list and the log",
    ]
    assert not {f["name"] for f in answer["findings"]} & {"devices-allowed", "books-readable", "floor-closed"}
    assert "Tài khoản này không được xem: danh sách và nhật ký." in run("doctor").stdout


def test_the_agency_s_file(run: Run, judge: Judge, store: Store) -> None:
    answered(judge)
    assert "agency-missing" in names(run("doctor", "--json").stdout)
    paths.AGENCY.write_text('body = "CƠ QUAN MẪU"\n', encoding="utf-8")
    assert "agency-set" in names(run("doctor", "--json").stdout)
    paths.AGENCY.write_text("body = 5\n", encoding="utf-8")
    assert "agency.toml:1" in names(run("doctor", "--json").stdout)["agency-wrong"]["sentence"]


def test_the_log_is_ahead_of_the_clock(run: Run, judge: Judge, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(judge)
    monkeypatch.setattr(condition, "_clock", lambda: Clock(now=86_400, built=0))
    assert names(run("doctor", "--json").stdout)["clock-behind"]["facts"]["date"] == "86400"


def a_disk(root: Path, number: str, place: str) -> Path:
    """A block device of the kernel's tree, at ``place`` below its devices."""
    folder = root / "sys/devices" / place
    folder.mkdir(parents=True)
    link = root / "sys/dev/block" / number
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(folder)
    return folder


def mounted(root: Path, *lines: str) -> None:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/mountinfo").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_disks(root: Path) -> None:
    usb = a_disk(root, "8:1", "pci0000:00/usb1/1-2/block/sda/sda1")
    luks = a_disk(root, "253:0", "virtual/block/dm-0")
    (luks / "dm").mkdir()
    (luks / "dm/uuid").write_text("CRYPT-LUKS2-SAMPLE\n", encoding="ascii")
    volume = a_disk(root, "253:1", "virtual/block/dm-1")
    (volume / "slaves").mkdir()
    (volume / "slaves/dm-0").symlink_to(luks)
    mounted(root, "1 0 253:1 / / rw - ext4 /dev/mapper/a rw", "2 1 8:1 / /boot rw - ext4 /dev/sda1 rw")
    assert disks.encrypted("/")
    assert not disks.encrypted("/boot")
    assert disks.on_usb("/boot")
    assert not disks.on_usb("/")
    assert not disks.on_usb("/usr")
    (luks / "slaves").mkdir()
    (luks / "slaves/sda1").symlink_to(usb)
    assert disks.on_usb("/")


def test_what_fstab_waits_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_disk(root, "8:1", "pci0000:00/usb1/1-2/block/sda/sda1")
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/fstab").write_text(
        "# a comment\nUUID=SAMPLE /backup ext4 defaults 0 2\nUUID=SAMPLE /other ext4 nofail 0 2\n"
        "LABEL=NONE /none ext4 defaults 0 2\n/dev/sda1 none swap sw 0 0\n",
        encoding="ascii",
    )
    nodes = {root / "dev/disk/by-uuid/SAMPLE", root / "dev/sda1"}
    monkeypatch.setattr(disks, "_node", lambda node: root / "sys/dev/block/8:1" if node in nodes else None)
    assert disks.fstab_on_usb() == ("/backup", "none")


def test_rules_of_others(root: Path) -> None:
    def rule(place: str, text: str) -> None:
        file = root / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="ascii")

    rule("etc/udev/rules.d/10-usbguard-py.rules", 'ATTR{authorized}="0"\n')
    rule("usr/lib/udev/rules.d/50-sample.rules", '# ATTR{authorized}="1"\nATTR{authorized}=="1", RUN+="x"\n')
    rule("usr/lib/udev/rules.d/90-bolt.rules", 'SUBSYSTEM=="thunderbolt", ATTR{authorized}="1"\n')
    rule("usr/lib/udev/rules.d/60-replaced.rules", 'ATTR{authorized}="1"\n')
    rule("etc/udev/rules.d/60-replaced.rules", "")
    assert enforcers.rules() == ()
    rule("usr/lib/udev/rules.d/70-sample.rules", 'SUBSYSTEM=="usb", \\\n  ATTR{authorized_default}="1"\n')
    assert enforcers.rules() == (str(root / "usr/lib/udev/rules.d/70-sample.rules"),)


def test_other_enforcers(root: Path) -> None:
    assert (enforcers.running(), enforcers.installed()) == ("", ())
    comm = root / "proc/77/comm"
    comm.parent.mkdir(parents=True)
    comm.write_text("usbguard-daemon\n", encoding="ascii")
    program = root / "usr/sbin/usbguard-daemon"
    program.parent.mkdir(parents=True)
    program.touch()
    # Only a process of root is one.
    assert enforcers.running() == ("USBGuard" if comm.stat().st_uid == 0 else "")
    assert enforcers.installed() == ("usbguard",)


def test_a_keyboard_that_is_not_on_usb(run: Run, judge: Judge, store: Store, root: Path) -> None:
    answered(judge, KEYBOARD)
    file = root / "proc/bus/input/devices"
    file.parent.mkdir(parents=True)
    file.write_text(INPUT, encoding="ascii")
    assert "keyboard-elsewhere" in names(run("doctor", "--json").stdout)
    file.write_text(INPUT.partition("\n\n")[2], encoding="ascii")
    assert "keyboard-elsewhere" not in names(run("doctor", "--json").stdout)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", FINDINGS)
def test_every_finding_can_be_said(name: str, language: str) -> None:
    """With a fact of any kind in every place: nothing is left in braces."""
    choose(language)
    facts = dict.fromkeys(
        ("name", "what", "detail", "path", "code", "device", "command", "date", "newest", "unit"), "1"
    )
    facts |= dict.fromkeys(("group", "days", "most", "level", "release", "free", "needed", "part", "parts"), "2")
    facts |= dict.fromkeys(("unit", "minutes", "id", "port", "state"), "3")
    finding = Finding(name, facts)
    said, remedy = finding_words.said(finding), finding_words.remedy(finding)
    choose("")
    assert "{" not in said + remedy
    assert said

"""Every finding of ``doctor`` is provoked by the smallest change to a computer on which all is well."""

from typing import Any

import msgspec
import pytest

from usbguard_py.core import built_in
from usbguard_py.core.checks import exit_code, findings
from usbguard_py.core.condition import (
    Beside,
    Books,
    Clock,
    Condition,
    Device,
    Enrolled,
    Kernel,
    Room,
    Start,
    Unit,
)
from usbguard_py.core.findings import FINDINGS, Finding, found
from usbguard_py.core.levels import Level

KEYBOARD = Device("1-1", "keyboard", "Sample Keyboard", "0627:0001", "INPUT_ENROLLED", allow=True)
REFUSED = msgspec.structs.replace(KEYBOARD, code="INPUT_NOT_ENROLLED", allow=False)
SECOND = msgspec.structs.replace(REFUSED, name="1-2")
STICK = Device("1-3", "storage", "Sample Stick", "46f4:0001", "NOT_LISTED")
CAMERA = Device("1-4", "video", "Sample Camera", "1bcf:0001", "VIDEO", built_in=True)
MODEM = Device("1-5", "serial-port", "Sample Modem", "12d1:0001", "SERIAL_PORT")
PHONE = Device("1-6", "phone", "Sample Phone", "18d1:0001", "PHONE")
ENROLLED = Enrolled("NV-0001", "keyboard", "1-1")
GROUPS: dict[str, int | None] = {"usbguard-admin": 1, "usbguard-manager": 1, "usbguard-auditor": 1}
FINE = Condition(
    devices=(KEYBOARD,),
    enrolled=(ENROLLED,),
    units=(Unit("usbguard-py.service"),),
    groups=GROUPS,
    rooms=(Room("/var/lib/usbguard-py", 10**9),),
    clock=Clock(now=2_000_000, built=1_000_000),
    books=Books(newest=1_900_000),
)
LUKS = Start(encrypted=True)


def changed(**what: Any) -> Condition:
    return msgspec.structs.replace(FINE, **what)


def unit(**state: str) -> Condition:
    return changed(units=(Unit("usbguard-py-floor.service", **state),))


def names(condition: Condition) -> list[str]:
    return [finding.name for finding in findings(condition)]


PROVOKED: dict[str, Condition] = {
    "other-enforcer": changed(beside=Beside(running="usbguard")),
    "fail-safe": changed(fail_safe="damaged"),
    "database-trouble": changed(books=Books(trouble="no such file")),
    "daemon-down-blocking": changed(daemon=False),
    "keyboard-blocked": changed(devices=(REFUSED,)),
    "passphrase-other-image": changed(start=Start(encrypted=True, open_parts=(("initramfs 6.1", "x differs"),))),
    "passphrase-behind-hub": changed(start=LUKS, enrolled=(Enrolled("NV-0001", "keyboard", "1-1.2"),)),
    "system-on-usb": changed(start=Start(on_usb=("/boot",))),
    "kernel-cannot": changed(kernel=Kernel(missing=("authorized_default",))),
    "disk-full": changed(rooms=(Room("/var/lib/usbguard-py", 1000),)),
    "observing": changed(now_enforces=False),
    "on-trial": changed(trial=61),
    "keyboard-not-enrolled": changed(now_enforces=False, devices=(REFUSED,)),
    "keyboard-absent": changed(devices=()),
    "daemon-down": changed(now_enforces=False, daemon=False),
    "unit-missing": unit(load="not-found", enabled="", active="inactive"),
    "unit-masked": unit(load="masked", enabled="masked", active="inactive"),
    "unit-disabled": unit(enabled="disabled"),
    "unit-inactive": unit(active="failed"),
    "initramfs-old": changed(start=Start(open_parts=(("initramfs 6.1", "x differs"),))),
    "floor-open": changed(start=Start(open_parts=(("grub", "an entry starts open"),))),
    "floor-missing": changed(start=Start(installed=False)),
    "enforcer-installed": changed(beside=Beside(installed=("usbguard",))),
    "foreign-rule": changed(beside=Beside(rules=("/etc/udev/rules.d/99-sample.rules",))),
    "fstab-usb": changed(start=Start(fstab_usb=("/backup",))),
    "clock-past": changed(clock=Clock(now=5, built=10)),
    "clock-behind": changed(books=Books(newest=2_000_061)),
    "disk-low": changed(rooms=(Room("/var/lib/usbguard-py", 50_000_000),)),
    "boot-low": changed(rooms=(Room("/boot", 10),), start=Start(installed=False, image=11)),
    "group-missing": changed(groups={"usbguard-admin": None}),
    "no-manager": changed(groups={**GROUPS, "usbguard-manager": 0}),
    "agency-wrong": changed(agency="line 3"),
    "list-old": changed(books=Books(list_age=31, list_max_age=30)),
    "thunderbolt-open": changed(beside=Beside(thunderbolt="none")),
    "initramfs-unsupported": changed(start=Start(builder="")),
    "unified-kernel": changed(start=Start(unified=("/boot/efi/EFI/Linux/a.efi",))),
    "built-in-blocked": changed(devices=(KEYBOARD, CAMERA)),
    "built-in-would-block": changed(now_enforces=False, devices=(KEYBOARD, CAMERA)),
    "device-blocked": changed(devices=(KEYBOARD, STICK)),
    "device-would-block": changed(now_enforces=False, devices=(KEYBOARD, STICK)),
    "only-keyboard": changed(start=Start(installed=False)),
    "no-auditor": changed(groups={**GROUPS, "usbguard-auditor": 0}),
    "agency-missing": changed(agency=None),
    "list-empty": changed(books=Books(assets=0)),
    "clock-no-battery": changed(clock=Clock(battery=False)),
    "automount": changed(beside=Beside(programs=frozenset({"udisks2", "desktop"}))),
    "modem-manager": changed(now_enforces=False, devices=(MODEM,), beside=Beside(programs=frozenset({"ModemManager"}))),
    "gvfs": changed(now_enforces=False, devices=(PHONE,), beside=Beside(programs=frozenset({"gvfs"}))),
    "bolt": changed(beside=Beside(thunderbolt="user", programs=frozenset({"bolt"}))),
    "kernel-untested": changed(kernel=Kernel(release="5.10.0-1-amd64")),
    "no-usb": changed(kernel=Kernel(buses=0)),
    "unseen": changed(unseen=("the list and the log",)),
    "keyboard-elsewhere": changed(other_keyboard=True),
    "passphrase-typed": changed(start=LUKS),
    **dict.fromkeys(
        (
            "protects",
            "keyboard-works",
            "devices-allowed",
            "floor-closed",
            "alone",
            "disks-inside",
            "clock-right",
            "room",
            "kernel-can",
            "units-run",
            "roles-given",
            "agency-set",
            "books-readable",
        ),
        FINE,
    ),
}


def test_nothing_is_wrong_with_a_computer_on_which_all_is_well() -> None:
    assert {f.level for f in findings(FINE)} == {Level.OK}
    assert exit_code(findings(FINE)) == 0


def test_every_finding_has_a_case() -> None:
    assert list(FINDINGS) == [name for name in FINDINGS if name in PROVOKED]
    assert set(PROVOKED) == set(FINDINGS)


@pytest.mark.parametrize("name", FINDINGS)
def test_a_finding_is_provoked_and_has_all_that_its_texts_name(name: str) -> None:
    every = [f for f in findings(PROVOKED[name]) if f.name == name]
    assert every, names(PROVOKED[name])
    for finding in every:
        assert FINDINGS[name].sentence.format_map(finding.facts)
        remedy = FINDINGS[name].remedy.format_map(finding.facts)
        assert bool(remedy) == (finding.level is not Level.OK)


@pytest.mark.parametrize("name", [n for n, kind in FINDINGS.items() if kind.level is not Level.OK])
def test_a_finding_is_not_there_when_all_is_well(name: str) -> None:
    assert name not in names(FINE)


def test_the_most_pressing_comes_first_and_gives_the_exit_code() -> None:
    every = findings(changed(daemon=False, agency=None, groups={**GROUPS, "usbguard-manager": 0}))
    assert [f.level for f in every] == sorted((f.level for f in every), reverse=True)
    assert every[0].name == "daemon-down-blocking"
    assert exit_code(every) == 2
    assert exit_code(findings(changed(trial=5))) == 1
    assert exit_code(findings(changed(agency=None))) == 0


def test_a_keyboard_that_is_not_needed_is_one_of_the_blocked_devices() -> None:
    beside_a_working_one = names(changed(devices=(KEYBOARD, SECOND)))
    assert "keyboard-blocked" not in beside_a_working_one
    assert "device-blocked" in beside_a_working_one
    beside_ps2 = names(changed(devices=(SECOND,), other_keyboard=True))
    assert "keyboard-blocked" not in beside_ps2
    assert "device-blocked" in beside_ps2


def test_a_passphrase_is_no_worry_where_the_floor_is_not_or_a_keyboard_needs_no_usb() -> None:
    closed = Start(encrypted=True, open_parts=(("initramfs 6.1", "x differs"),))
    assert "passphrase-typed" in names(changed(start=closed, other_keyboard=True))
    assert "passphrase-typed" in names(changed(start=Start(installed=False, encrypted=True)))
    unseen = names(changed(start=Start(encrypted=True, open_parts=None)))
    assert not [name for name in unseen if name.startswith("passphrase")]


def test_an_observing_computer_is_not_blamed_for_what_only_a_blocking_one_has() -> None:
    parts = (("mode", "this computer only observes"), ("buses", "bus usb1 is open"))
    observing = names(changed(now_enforces=False, start=Start(open_parts=parts)))
    assert "floor-open" not in observing
    assert "floor-closed" not in observing
    assert "floor-open" in names(changed(start=Start(open_parts=parts)))


def test_nothing_is_said_of_what_was_not_seen() -> None:
    blind = Condition(answers=False, devices=None, enrolled=None, units=None, books=None, start=Start(open_parts=None))
    told = set(names(blind))
    assert not told & {"protects", "devices-allowed", "keyboard-absent", "units-run", "books-readable", "floor-closed"}


@pytest.mark.parametrize(
    ("device", "word"),
    [
        (CAMERA, "camera"),
        (Device("1-7", "wireless", "", "8087:0aaa", interfaces=("e0:01:01",)), "bluetooth"),
        (Device("1-7", "vendor", "", "27c6:0001", interfaces=("ff:00:00",)), "fingerprint"),
        (Device("1-7", "vendor", "Sample Fingerprint Sensor", "ffff:0001"), "fingerprint"),
        (Device("1-7", "vendor", "Sample Card Reader", "0bda:0001"), "card-reader"),
        (Device("1-7", "storage", "Sample", "0bda:0002"), "card-reader"),
        (Device("1-7", "vendor", "Sample", "ffff:0002"), "other"),
        (Device("1-7", "wireless", "", "ffff:0003", interfaces=("e0:02:01",)), "other"),
    ],
)
def test_a_built_in_device_has_a_plain_word(device: Device, word: str) -> None:
    assert built_in.plain_word(device) == word
    assert word in built_in.WORDS


def test_what_is_blocked_names_the_command_that_helps() -> None:
    def command(device: Device) -> str:
        every = findings(changed(devices=(KEYBOARD, device)))
        return next(f.facts["command"] for f in every if f.name == "device-blocked")

    assert command(STICK) == "usbguard-py explain 1-3"
    assert command(SECOND) == "usbguard-py peripheral enrol 1-2"
    assert command(PHONE) == "usbguard-py explain 1-6"


def test_facts_are_text() -> None:
    assert found("disk-low", free=5, path="/") == Finding("disk-low", {"free": "5", "path": "/"})

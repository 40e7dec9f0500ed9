"""Bad input: policies, databases and a machine without USB. Each closes, is said in one sentence, and loses nothing."""

from typing import NamedTuple

import pytest

from tests.scenarios.rig import APPROVED, Rig, Sentences, one_line

FOLDER = "/var/lib/usbguard-py"
FILE = f"{FOLDER}/usbguard-py.db"
COPY = "/root/verified-copy.db"
POLICY = "/root/own.toml"


class Broken(NamedTuple):
    """A policy text that cannot be used, and what is said about it."""

    text: str
    en: str
    vi: str


POLICIES = {
    "an unknown key": Broken(
        'name = "own"\n\nhubbs = true\n',
        f"The policy cannot be used: {POLICY}:3: there is no key “hubbs”.",
        f"Không dùng được chính sách: {POLICY}:3: không có khóa “hubbs”.",
    ),
    "a value of another type": Broken(
        'name = "own"\nenforce = "yes"\n',
        f"The policy cannot be used: {POLICY}:2: “enforce” must be true or false.",
        f"Không dùng được chính sách: {POLICY}:2: “enforce” phải là true hoặc false.",
    ),
    "cut off": Broken(
        'name = "own"\nenforce =',
        f"The policy cannot be used: {POLICY}:2: Invalid value.",
        f"Không dùng được chính sách: {POLICY}:2: giá trị sai.",
    ),
    "nothing in it": Broken(
        "",
        f"The policy cannot be used: {POLICY}:1: the policy is empty.",
        f"Không dùng được chính sách: {POLICY}:1: chính sách trống.",
    ),
}


def test_a_broken_policy_is_named_by_file_and_line_and_changes_nothing(rig: Rig) -> None:
    """The one in force stays, and no entry says otherwise."""
    before, policy = rig.seq(), rig.answer("status")["policy"]
    for case in POLICIES.values():
        rig.guest.write(POLICY, case.text)
        rig.fails(f"policy use {POLICY}", 78, Sentences(case.en, case.vi))
    assert rig.answer("status")["policy"] == policy
    assert rig.seq() == before
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.blocked(stick, before, "NOT_LISTED")


class Trouble(NamedTuple):
    """What happens to the database while nobody runs, how it is repaired, and what is said in between."""

    breaks: str
    repairs: str
    en: str
    vi: str
    remedy: str
    by_itself: bool = True  # work goes on without a restart, and what was blocked is recorded late


PUT_BACK = f"cp -a {COPY} {FILE}.tmp && mv {FILE}.tmp {FILE}"
FOREIGN = "import sqlite3; c = sqlite3.connect('{0}'); c.execute('CREATE TABLE other (x)'); c.commit()"
ON_TMPFS = f"mount -t tmpfs -o size=8M,mode=2750,gid=usbguard-auditor tmpfs {FOLDER} && cp -a {COPY} {FILE}"
DATABASES = {
    "missing": Trouble(
        f"rm {FILE}",
        PUT_BACK,
        f"The device list and log cannot be used: the file {FILE} is missing or was replaced.",
        f"Không dùng được danh sách thiết bị và nhật ký: tệp {FILE} không có hoặc đã bị thay.",
        "Put a verified copy at that place; do not start an empty one.",
    ),
    "damaged": Trouble(
        f"dd if=/dev/urandom of={FILE} bs=4096 count=8 conv=notrunc",
        PUT_BACK,
        f"The device list and log cannot be used: the file {FILE} is damaged.",
        f"Không dùng được danh sách thiết bị và nhật ký: tệp {FILE} bị hỏng.",
        f"Keep the file {FILE} as it is and restore a verified copy.",
    ),
    "another program's": Trouble(
        f'rm {FILE}; python3 -c "{FOREIGN.format(FILE)}"',
        PUT_BACK,
        f"The device list and log cannot be used: {FILE} is not an unchanged usbguard-py database.",
        f"Không dùng được danh sách thiết bị và nhật ký: {FILE} không phải cơ sở dữ liệu nguyên vẹn của usbguard-py.",
        f"Keep the file {FILE} as it is and restore a verified copy.",
    ),
    "read-only": Trouble(
        f"{ON_TMPFS} && mount -o remount,ro {FOLDER}",
        f"mount -o remount,rw {FOLDER} && systemctl restart usbguard-py",
        f"Nothing can be recorded: {FILE} is read-only.",
        f"Không ghi được nhật ký: {FILE} chỉ cho đọc.",
        f"Make the file system writable again (see: findmnt -T {FILE}), then: systemctl restart usbguard-py",
        by_itself=False,
    ),
    "no room": Trouble(
        f"{ON_TMPFS}; dd if=/dev/zero of={FOLDER}/filler bs=4096; true",
        f"rm {FOLDER}/filler",
        f"Nothing can be recorded: the disk that holds {FILE} is full.",
        f"Không ghi được nhật ký: ổ đĩa chứa {FILE} đã đầy.",
        "Free space on that disk; work goes on by itself.",
    ),
}


@pytest.mark.parametrize("case", DATABASES)
def test_a_database_that_cannot_be_used_closes_and_is_said(rig: Rig, case: str) -> None:
    """Even the approved stick stays dead; after the repair it works, and what was blocked meanwhile is recorded."""
    trouble = DATABASES[case]
    before = rig.seq()
    rig.guest.run(f"systemctl stop usbguard-py && cp -a {FILE} {COPY} && ls {FOLDER}")
    rig.guest.run(trouble.breaks)
    rig.guest.run("systemctl start usbguard-py", timeout=90)
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.guest.witness.assert_dead(stick.port)
    rig.status_says(Sentences(trouble.en, trouble.vi))
    shown = one_line(rig.cli("status").stdout)
    assert "FAIL-SAFE: the list or log cannot be used; all external devices are blocked." in shown
    assert trouble.remedy in shown
    rig.fails(
        "whitelist revoke TB-0001 --reason mau --document MAU-02/2026 --yes", 74, Sentences(trouble.en, trouble.vi)
    )
    rig.guest.witness.assert_dead(stick.port)
    rig.guest.run(trouble.repairs, timeout=90)
    if trouble.by_itself:
        late = rig.await_entry(before, timeout=40, name=stick.port, code="FAIL_SAFE")
        assert late["late"] is True
        assert late["allow"] is False
    rig.await_entry(before, kind="start")
    rig.allowed(stick, before)
    assert rig.entries(0)[before - 1]["seq"] == before
    assert rig.cli("log verify").returncode == 0


NO_BUS = Sentences(
    "The kernel offers no USB bus on this machine.",
    "Nhân hệ điều hành không thấy bus USB nào trên máy này.",
)
XHCI = "/sys/bus/pci/drivers/xhci_hcd"


def test_a_machine_without_a_usb_bus_says_so_and_a_bus_that_appears_is_closed(rig: Rig) -> None:
    """The controllers lose their driver: no root hub is left. Given back, the stick is judged like any other."""
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    before = rig.seq()
    controllers = rig.guest.run(f"cd {XHCI}; echo 0000:*").stdout.split()
    for controller in controllers:
        rig.guest.write_attribute(f"{XHCI}/unbind", controller)
    rig.await_entry(before, kind="removed", name=stick.port)
    rig.fails("devices", 69, NO_BUS)
    rig.status_says(NO_BUS)
    rig.guest.run("systemctl restart usbguard-py", timeout=90)
    rig.fails("devices", 69, NO_BUS)
    before = rig.seq()
    for controller in controllers:
        rig.guest.write_attribute(f"{XHCI}/bind", controller)
    entry = rig.await_entry(before, kind="decision", code="NOT_LISTED")
    rig.guest.witness.assert_dead(str(entry["name"]))
    assert NO_BUS.en not in one_line(rig.cli("status").stdout)

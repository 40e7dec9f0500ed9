"""Who may do what, with accounts of the guest: the kernel says who asks, and nothing that the caller says of itself."""

import itertools
from typing import NamedTuple

import pytest

from tests.scenarios.rig import Rig, Sentences

PERSON = "quanly"  # who logged in; the accounts below are what they became
FORGED = {"SUDO_USER": "root", "SUDO_UID": "0", "USER": "root", "LOGNAME": "root", "USERNAME": "root"}
ROLES = ("", "auditor", "manager", "administrator")  # each includes those before it
REFUSED = {
    "auditor": Sentences(
        "Permission denied: this action is for the auditor.", "Không đủ quyền: thao tác này dành cho kiểm tra viên."
    ),
    "manager": Sentences(
        "Permission denied: this action is for the list manager.",
        "Không đủ quyền: thao tác này dành cho người quản lý danh sách.",
    ),
    "administrator": Sentences(
        "Permission denied: this action is for the administrator.",
        "Không đủ quyền: thao tác này dành cho quản trị viên.",
    ),
}
NOT_ROOT = Sentences("This command must be run by root.", "Lệnh này phải chạy bằng quyền root.")


class Account(NamedTuple):
    """An account of the guest: its group, and the request of the lowest role above its own."""

    group: str
    role: str
    request: str


ACCOUNTS = {
    "khongvaitro": Account("", "", "Status"),
    "kiemtra": Account("usbguard-auditor", "auditor", "WhitelistAdd"),
    "danhsach": Account("usbguard-manager", "manager", "PeripheralEnrol"),
    "quantri": Account("usbguard-admin", "administrator", ""),
}
# Command and the least role that may ask it: questions, the file that is read without the daemon, changes.
COMMANDS = {
    "status": "auditor",
    "peripheral list": "auditor",
    "explain {stick}": "auditor",
    "whitelist list": "auditor",
    "whitelist lookup TB-0001": "auditor",
    "log --limit 3": "auditor",
    "whitelist add --device {stick} --holder Mau --document MAU-03/2026 --yes": "manager",
    "whitelist suspend TB-0001 --reason Mau --document MAU-04/2026 --yes": "manager",
    "peripheral enrol {keyboard} --yes": "administrator",
    "policy use standalone": "administrator",
}
# It shows the device before it asks for the change: whoever may not see it is told of that first.
SHOWS_FIRST = "peripheral enrol {keyboard} --yes"


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_command_is_allowed_or_refused_as_the_role_says(rig: Rig, name: str) -> None:
    """A refusal names the role that is needed and is recorded with the person who logged in."""
    account = ACCOUNTS[name]
    rig.guest.run(f"useradd --create-home {f'--groups {account.group} ' if account.group else ''}{name}")
    before = rig.seq()
    stick, keyboard = rig.guest.plug_stick(serial="SAMPLE-9999"), rig.guest.plug_keyboard()
    rig.await_entry(before, name=stick.port, code="NOT_LISTED")
    rig.await_entry(before, name=keyboard.port, code="INPUT_NOT_ENROLLED")
    who = {"user": name, "login": PERSON, "env": FORGED}
    languages = itertools.cycle(("vi", "en"))
    for command, least in COMMANDS.items():
        words = command.format(stick=stick.port, keyboard=keyboard.port)
        if ROLES.index(account.role) >= ROLES.index(least):
            result = rig.cli(words, check=False, **who)
            assert result.returncode == 0, f"{name}: {words}: {result.stderr}"
        else:
            needed = "auditor" if command == SHOWS_FIRST and not account.role else least
            rig.fails(words, 77, REFUSED[needed], langs=(next(languages),), **who)
    if account.request:
        refused = rig.await_entry(before, kind="refused")
        assert refused["request"] == account.request
        by = {key: refused["by"][key] for key in ("user", "login", "role")}
        assert by == {"user": name, "login": PERSON, "role": account.role}
        assert rig.entries(before, kind="policy-use") == []
        rig.guest.witness.assert_dead(keyboard.port)
    if ROLES.index(account.role) >= ROLES.index("manager"):
        added = rig.await_entry(before, kind="list-add")
        assert (added["by"]["user"], added["by"]["login"]) == (name, PERSON)
    else:
        assert rig.entries(before, kind="list-add") == []
        rig.guest.witness.assert_dead(stick.port)
    if not account.role:
        rig.fails("daemon", 77, NOT_ROOT, **who)


def test_an_export_is_recorded_with_the_person_and_needs_no_daemon(rig: Rig) -> None:
    """Who exported, how far, and the last hash; without the daemon the file is as good, and the command says so."""
    rig.guest.run("useradd --create-home --groups usbguard-auditor kiemtra")
    before = rig.seq()
    target = "/home/kiemtra/log.jsonl"
    told = rig.cli(f"log export {target}", user="kiemtra", login=PERSON, env=FORGED).stdout
    entry = rig.await_entry(before, kind="export")
    assert f"The export is record {entry['seq']} of the log." in told
    assert (entry["first"], entry["last"]) == (1, before)
    assert (entry["by"]["user"], entry["by"]["login"]) == ("kiemtra", PERSON)
    assert rig.cli(f"log verify {target} --expect {before}:{entry['head']}").returncode == 0
    rig.guest.run("systemctl stop usbguard-py")
    for lang, words in (
        ("en", "The export is not in the log. The usbguard-py daemon is not running."),
        ("vi", "Lần xuất này chưa được ghi vào nhật ký. Dịch vụ usbguard-py không chạy."),
    ):
        assert words in rig.cli(f"log export --force {target}", lang=lang, user="kiemtra", login=PERSON).stdout
    assert rig.cli(f"log verify {target}").returncode == 0
    assert len(rig.entries(before, kind="export")) == 1

"""One list for two computers, carried on an approved stick: what the list closes is cut where it is taken.

Both computers are this guest, one after the other: each has a state of its own (list, ledger, identity), and the file
lies on a mount that both see.
"""

import json

from tests.scenarios.rig import APPROVED, DATABASE, Rig, Sentences, one_line

WHY = "--reason 'nhan hang thang' --document MAU-09/2026"
WHO = {"user": "danhsach", "login": "danhsach"}
FILE = "/mnt/stick/list.json"
STATE = "/var/lib/usbguard-py"
FOLLOWER = Sentences(
    "The list is kept on the computer may-mot; here a device can only be closed.",
    "Danh sách được lập tại máy may-mot; ở máy này chỉ có thể đóng thiết bị.",
)
OLDER = Sentences(
    "The file holds list 1 of may-mot; this computer has taken list 2 already.",
    "Tệp chứa danh sách số 1 của máy may-mot; máy này đã nhận danh sách số 2.",
)


def become(rig: Rig, name: str, before: str, *, first: bool = False) -> None:
    """Go on as another computer: its state takes the place of that of ``before``; ``first``: it has none yet."""
    fetch = "rm /etc/usbguard-py/floor/mode" if first else f"mv /root/{name}/* {STATE}/"
    rig.guest.run(
        f"systemctl stop usbguard-py.service; mkdir -p /root/{before} && mv {DATABASE}* /root/{before}/ && {fetch} && "
        f"hostname {name} && systemctl start usbguard-py.service"
    )
    if first:
        rig.cli("policy use standalone")


def digits(rig: Rig) -> str:
    """The check digits, as they stand on the paper."""
    return str(json.loads(rig.guest.read(FILE))["head"]["sha256"][:16])


def take(rig: Rig) -> None:
    """By a manager without root, as the paper names the list."""
    rig.cli(f"whitelist take {FILE} --expect-digest {digits(rig)} {WHY}", **WHO)


def test_a_stick_that_the_carried_list_revokes_is_cut_where_the_list_is_taken(rig: Rig) -> None:
    """The first list opens a stick on an empty computer, the next one cuts it there, an older one is never taken."""
    guest = rig.guest
    guest.run("useradd --create-home --groups usbguard-manager danhsach; hostname may-mot")
    guest.run("mkdir -m 777 /mnt/stick && mount -t tmpfs -o mode=777 none /mnt/stick")
    rig.cli(f"whitelist carry {FILE}", **WHO)
    guest.run(f"cp {FILE} /mnt/stick/older.json")
    become(rig, "may-hai", "may-mot", first=True)
    before = rig.seq()
    stick = guest.plug_stick(serial=APPROVED)
    rig.blocked(stick, before, "NOT_LISTED")
    assert "1 thiết bị sẽ được thêm" in one_line(rig.cli(f"whitelist take {FILE} --dry-run", lang="vi", **WHO).stdout)
    guest.witness.assert_dead(stick.port)
    take(rig)
    rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
    assert not guest.witness.dead(stick.port).dead
    rig.fails(f"whitelist transfer TB-0001 --holder 'Ai do' {WHY} --yes", 1, FOLLOWER, **WHO)
    stick.unplug()
    rig.await_entry(before, kind="removed", name=stick.port)
    become(rig, "may-mot", "may-hai")
    assert "may-hai" in rig.cli("whitelist machines /mnt/stick", **WHO).stdout
    rig.cli(f"whitelist revoke TB-0001 {WHY} --yes", **WHO)
    rig.cli(f"whitelist carry {FILE} --force", **WHO)
    become(rig, "may-hai", "may-mot")
    before = rig.seq()
    stick = guest.plug_stick(serial=APPROVED)
    rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
    take(rig)
    rig.dead_again(stick.port)
    rig.await_entry(before, kind="cut", name=stick.port)
    assert "lập tại máy may-mot" in one_line(rig.cli("status", lang="vi").stdout)
    rig.fails(f"whitelist take /mnt/stick/older.json {WHY}", 1, OLDER, **WHO)
    rig.dead_again(stick.port)
    rig.cli("log verify")

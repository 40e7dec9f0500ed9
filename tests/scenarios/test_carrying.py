"""One list for two computers, carried on an approved stick: what the list closes is cut where it is taken.

Both computers are this guest, one after the other: each has a state of its own (list, ledger, identity), and the files
lie on a mount that both see.
"""

import json

from tests.scenarios.rig import APPROVED, DATABASE, Rig, Sentences

WHY = "--reason 'nhan hang thang' --document MAU-09/2026"
WHO = {"user": "danhsach", "login": "danhsach"}
FOLDER = "/mnt/stick"
FOLLOWER = Sentences(
    "The list is kept on the computer may-mot; here a device can only be closed.",
    "Danh sách được lập tại máy may-mot; ở máy này chỉ có thể đóng thiết bị.",
)
OLDER = Sentences(
    "The file holds list 1 of may-mot; this computer has taken list 2 already.",
    "Tệp chứa danh sách số 1 của máy may-mot; máy này đã nhận danh sách số 2.",
)


def become_another(rig: Rig) -> None:
    """Go on as a computer that has no list, no log and no name in common with the one before."""
    rig.guest.run(
        f"systemctl stop usbguard-py.service && mkdir /root/may-mot && mv {DATABASE}* /root/may-mot/ && "
        "rm /etc/usbguard-py/floor/mode && hostname may-hai && systemctl start usbguard-py.service"
    )
    rig.cli("policy use standalone")


def take(rig: Rig, name: str) -> None:
    """By a manager without root, as the paper names the list."""
    digits = json.loads(rig.guest.read(f"{FOLDER}/{name}"))["head"]["sha256"][:16]
    rig.cli(f"whitelist take {FOLDER}/{name} --expect-digest {digits} {WHY}", **WHO)


def test_a_stick_that_the_carried_list_revokes_is_cut_where_the_list_is_taken(rig: Rig) -> None:
    """The first list opens a stick on an empty computer, the next one cuts it there, an older one is never taken."""
    guest = rig.guest
    guest.run("useradd --create-home --groups usbguard-manager danhsach; hostname may-mot")
    guest.run(f"mkdir -m 777 {FOLDER} && mount -t tmpfs -o mode=777 none {FOLDER}")
    rig.cli(f"whitelist carry {FOLDER}/first.json", **WHO)
    rig.cli(f"whitelist revoke TB-0001 {WHY} --yes", **WHO)
    rig.cli(f"whitelist carry {FOLDER}/second.json", **WHO)
    become_another(rig)
    before = rig.seq()
    stick = guest.plug_stick(serial=APPROVED)
    rig.blocked(stick, before, "NOT_LISTED")
    take(rig, "first.json")
    rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
    assert not guest.witness.dead(stick.port).dead
    rig.fails(f"whitelist transfer TB-0001 --holder 'Ai do' {WHY} --yes", 1, FOLLOWER, langs=("vi",), **WHO)
    take(rig, "second.json")
    rig.dead_again(stick.port)
    rig.await_entry(before, kind="cut", name=stick.port)
    rig.fails(f"whitelist take {FOLDER}/first.json {WHY}", 1, OLDER, langs=("en",), **WHO)
    rig.dead_again(stick.port)
    (receipt,) = guest.run(f"cat {FOLDER}/*.receipt.json").stdout.splitlines()
    assert (json.loads(receipt)["receipt"]["number"], json.loads(receipt)["receipt"]["machine"]["name"]) == (
        2,
        "may-hai",
    )
    rig.cli("log verify")

"""One list for two computers, carried on an approved stick: what the list closes is cut where it is taken.

Both computers are this guest, one after the other: each has a state of its own (list, ledger, identity), and the stick
carries the file over a real mount.
"""

from tests.lab import Plugged
from tests.scenarios.rig import APPROVED, DATABASE, Rig, Sentences, one_line

WHY = "--reason 'nhan hang thang' --document MAU-09/2026"
WHO = {"user": "danhsach", "login": "danhsach"}
FILE = "/mnt/list.json"
STATE = "/var/lib/usbguard-py"
FOLLOWER = Sentences(
    "The list is kept on the computer may-mot; here a device can only be closed.",
    "Danh sách được lập tại máy may-mot; ở máy này chỉ có thể đóng thiết bị.",
)
OLDER = Sentences(
    "The file holds list 2 of may-mot; this computer has taken list 3 already.",
    "Tệp chứa danh sách số 2 của máy may-mot; máy này đã nhận danh sách số 3.",
)


def become(rig: Rig, name: str, before: str, *, first: bool = False) -> None:
    """Go on as another computer: its state is put in place of that of ``before``; ``first``: it has none yet."""
    fetch = f"rm {STATE}/../fresh; rm -f /etc/usbguard-py/floor/mode" if first else f"mv /root/{name}/* {STATE}/"
    rig.guest.run(
        f"systemctl stop usbguard-py.service; mkdir -p /root/{before} && mv {DATABASE}* /root/{before}/; "
        f"touch {STATE}/../fresh; {fetch}; hostname {name}; systemctl start usbguard-py.service"
    )
    if first:
        rig.cli("policy use standalone")


def carrier(rig: Rig) -> Plugged:
    """The approved stick, mounted, with a file system that holds the list."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
    return stick


def digits(rig: Rig, path: str = FILE) -> str:
    """The check digits, as they stand on the paper."""
    return rig.guest.run(f"grep -o '\"sha256\":\"[0-9a-f]*' {path} | head -1 | cut -c11-26").stdout.strip()


def test_a_stick_that_the_carried_list_revokes_is_cut_where_the_list_is_taken(rig: Rig) -> None:
    """The list comes onto an empty computer, opens a stick there; the next one cuts it, and an older one never comes."""
    guest = rig.guest
    guest.run("useradd --create-home --groups usbguard-manager danhsach; hostname may-mot; mkdir -m 777 /root/x")
    guest.run("mount -t tmpfs -o mode=777 none /mnt")
    rig.cli(f"whitelist carry {FILE}", **WHO)
    guest.run("cp /mnt/list.json /mnt/older.json; chmod a+r /mnt/*.json")
    become(rig, "may-hai", "may-mot", first=True)
    before = rig.seq()
    stick = guest.plug_stick(serial=APPROVED)
    rig.blocked(stick, before, "NOT_LISTED")
    shown = one_line(rig.cli(f"whitelist take {FILE} --dry-run", lang="vi", **WHO).stdout)
    assert "1 thiết bị sẽ được thêm" in shown
    guest.witness.assert_dead(stick.port)
    before = rig.seq()
    rig.cli(f"whitelist take {FILE} --expect-digest {digits(rig)} {WHY}", **WHO)
    rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
    assert not guest.witness.dead(stick.port).dead
    assert "lập tại máy may-mot" in one_line(rig.cli("status", lang="vi").stdout)
    rig.fails(f"whitelist transfer TB-0001 --holder 'Ai do' {WHY} --yes", 1, FOLLOWER, **WHO)
    become(rig, "may-mot", "may-hai")
    assert "may-hai" in rig.cli("whitelist machines /mnt", **WHO).stdout
    rig.cli(f"whitelist revoke TB-0001 {WHY} --yes", **WHO)
    rig.cli(f"whitelist carry {FILE} --force", **WHO)
    guest.run("chmod a+r /mnt/*.json")
    become(rig, "may-hai", "may-mot")

"""The life of an approved device, with real sticks: each move takes effect at once, and so does a day that passes."""

import json

from tests.lab import Plugged
from tests.scenarios.rig import APPROVED, HOLDER, Rig, Sentences, one_line

WHY = "--reason 'het nhiem vu' --document MAU-02/2026 --yes"
LOST = Sentences(
    "“resume” is not possible for TB-0001: it is lost.",
    "Không thực hiện được “resume” với TB-0001: thiết bị ở tình trạng thất lạc.",
)
NOT_INSPECTED = Sentences(
    "“resume” is not possible for TB-0001: it has to be inspected first.",
    "Không thực hiện được “resume” với TB-0001: phải kiểm tra an ninh trước.",
)
NOT_A_MANAGER = Sentences(
    "Permission denied: this action is for the list manager.",
    "Không đủ quyền: thao tác này dành cho người quản lý danh sách.",
)


def mounted(rig: Rig, serial: str = APPROVED, disk: str = "sda") -> Plugged:
    """A stick of the list, plugged in and mounted."""
    stick = rig.guest.plug_stick(serial=serial)
    rig.allowed(stick, 0)
    rig.guest.wait_path(f"/dev/{disk}")
    rig.guest.run(f"udevadm settle; mkdir -p /mnt/{disk} && mount /dev/{disk} /mnt/{disk} && echo mau > /mnt/{disk}/a")
    return stick


def cut(rig: Rig, before: int, port: str, code: str) -> None:
    """A drive was cut, cleanly, says the log; nothing is left of it, say the witness and the table of mounts."""
    entry = rig.await_entry(before, kind="cut", name=port)
    assert (entry["code"], entry["outcome"], entry["held"]["flushed"]) == (code, "cut", "unmounted")
    rig.dead_again(port)
    assert "/mnt/" not in rig.guest.read("/proc/1/mountinfo")


def opens(rig: Rig, before: int, port: str) -> None:
    """A drive is open, says the log, and works, says the witness."""
    rig.await_entry(before, kind="outcome", name=port, code="ALLOWED")
    assert not rig.guest.witness.dead(port).dead


def move(rig: Rig, verb: str, more: str = "") -> str:
    """A move by the command, in Vietnamese; what it said."""
    return one_line(rig.cli(f"whitelist {verb} TB-0001 {more} {WHY}", lang="vi").stdout)


def test_a_stick_is_suspended_resumed_lost_found_and_inspected(rig: Rig) -> None:
    """Cut while it is mounted, opened where it is plugged in, an alarm while it is lost; refusals say what may be."""
    stick = mounted(rig)
    before = rig.seq()
    assert "Đã tạm dừng TB-0001" in move(rig, "suspend")
    cut(rig, before, stick.port, "SUSPENDED")
    before = rig.seq()
    move(rig, "resume")
    opens(rig, before, stick.port)
    stick.unplug()
    move(rig, "lost")
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    assert rig.blocked(stick, before, "LOST")["alarm"] is True
    before = rig.seq()
    rig.fails(f"whitelist resume TB-0001 {WHY}", 1, LOST)
    assert "Possible: found, revoke, correct." in one_line(
        rig.cli(f"whitelist resume TB-0001 {WHY}", check=False).stderr
    )
    move(rig, "found")
    rig.fails(f"whitelist resume TB-0001 {WHY}", 1, NOT_INSPECTED)
    rig.guest.witness.assert_dead(stick.port)
    move(rig, "inspect", "--until 31/12/2099")
    assert [e["verb"] for e in rig.entries(before, kind="list-state")] == ["found", "inspect"]
    before = rig.seq()
    move(rig, "resume")
    opens(rig, before, stick.port)
    history = rig.cli("whitelist show TB-0001", lang="vi").stdout
    assert "kiểm tra có hiệu lực đến: – → 31/12/2099" in one_line(history)


def test_a_day_that_passes_cuts_and_a_clock_set_back_revives_nothing(rig: Rig) -> None:
    """Somebody sets the clock of the machine: the day of the newest record is the least that counts."""
    stick = mounted(rig)
    today = rig.guest.run("date +%F").stdout.strip()
    before = rig.seq()
    move(rig, "correct", f"--expires {today}")
    assert rig.entries(before, kind="cut") == []
    rig.guest.run("date -s '+1 day'")
    cut(rig, before, stick.port, "EXPIRED")
    rig.guest.run("date -s '-1 day'")
    rig.status_says(
        Sentences(
            "the clock is behind the log: dates are judged by",
            "đồng hồ máy chậm hơn nhật ký: thời hạn được tính theo ngày",
        )
    )
    stick.unplug()
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    entry = rig.blocked(stick, before, "EXPIRED")
    assert (entry["facet"], entry["expected"]) == ("expiry", today)
    assert entry["seen"] > today
    rig.cli("log verify")


def test_everything_that_a_person_holds_is_revoked_in_one_step(rig: Rig) -> None:
    """Two sticks, both mounted; an auditor may not, and the attempt is recorded."""
    before = rig.seq()
    second = rig.guest.plug_stick(serial="SAMPLE-0500")
    rig.await_entry(before, name=second.port, code="NOT_LISTED")
    rig.approve(second)
    opens(rig, before, second.port)
    second.unplug()
    first, second = mounted(rig), mounted(rig, "SAMPLE-0500", "sdb")
    rig.guest.run("useradd --create-home --groups usbguard-auditor kiemtra")
    before = rig.seq()
    command = f"whitelist revoke --holder '{HOLDER}' {WHY}"
    rig.fails(command, 77, NOT_A_MANAGER, user="kiemtra", login="quanly")
    refused = rig.await_entry(before, kind="refused")
    assert (refused["request"], refused["by"]["user"]) == ("WhitelistRevokeHolder", "kiemtra")
    assert not rig.guest.witness.dead(first.port).dead
    before = rig.seq()
    answer = json.loads(rig.cli(f"{command} --json").stdout)
    for stick in (first, second):
        cut(rig, before, stick.port, "REVOKED")
    assert (
        [one["id"] for one in answer["revoked"]]
        == [one["id"] for one in answer["not_returned"]]
        == [
            "TB-0001",
            "TB-0002",
        ]
    )
    assert {one["name"] for one in answer["cut"]} == {first.port, second.port}
    rig.status_says(
        Sentences(
            "2 devices that are revoked or damaged were not handed back.",
            "2 thiết bị đã thu hồi quyền sử dụng hoặc hỏng chưa được trả lại.",
        )
    )

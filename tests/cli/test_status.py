"""``status`` with and without the daemon."""

import json

import pytest

from tests.cli.conftest import Run
from tests.cli.rig import STATUS, Judge
from usbguard_py import paths

READ_ONLY = (
    "All external devices stay blocked. Make the file system writable again (see: findmnt -T /x), then: "
    "systemctl restart usbguard-py"
)
CASES = {
    "enforcing": (
        {},
        ["ĐANG BẢO VỆ", "standalone (abababababab)", "1.234 thiết bị, phiên bản 7", "56.789 bản ghi"],
        [],
    ),
    "observing": ({"mode": "observe"}, ["CHỈ QUAN SÁT – KHÔNG CHẶN GÌ", "Lẽ ra bị chặn"], ["ĐANG BẢO VỆ", "Đã chặn"]),
    "fail-safe with a remedy": (
        {"fail_safe": "Nothing can be recorded: /x is read-only.", "remedy": READ_ONLY},
        [
            "Không ghi được nhật ký: /x chỉ cho đọc.",
            "→ Mọi thiết bị ngoài đều bị chặn.",
            "(xem: findmnt -T /x), rồi chạy: systemctl restart usbguard-py",
        ],
        [],
    ),
    "fail-safe by a missing file": (
        {"fail_safe": "The device list and log cannot be used: the file /x is missing or was replaced."},
        ["Không dùng được danh sách thiết bị và nhật ký: tệp /x không có hoặc đã bị thay."],
        [],
    ),
    "fail-safe": ({"fail_safe": "disk full"}, ["KHÓA AN TOÀN", "disk full"], []),
    "edited": ({"policy": {"name": "p", "digest": "aa", "edited": True}}, ["policy use FILE"], []),
    "a held port": ({"held_ports": {"1-4": 1234}}, ["Cổng 1-4 bị tạm giữ", "đã cắm vào 1.234 lần"], []),
    "late entries": ({"kept_entries": 3}, ["3 bản ghi đang chờ"], []),
    "another enforcer": ({"other_enforcer": "usbguard"}, ["đang chạy: usbguard"], []),
    "no kernel parameter": ({"floor": {"kernel_parameter": False}}, ["usbcore.authorized_default=0"], []),
    "a start for maintenance": (
        {"maintenance": {"started": True, "accepted": ""}},
        ["!!! ĐÃ KHỞI ĐỘNG ĐỂ BẢO TRÌ"],
        ["CHƯA được đăng ký"],
    ),
    "a keyboard that stands in": (
        {"maintenance": {"started": True, "accepted": "1-5 0627:0001 ab"}},
        ["!!! ĐÃ KHỞI ĐỘNG ĐỂ BẢO TRÌ", "!!! Bàn phím 0627:0001 ở cổng 1-5 CHƯA được đăng ký."],
        [],
    ),
    "problems of the daemon": ({"problems": ["a \x1b[31m problem"]}, ["! a \\u{1b}[31m problem"], ["\x1b"]),
    "an older daemon": ({"floor": {}, "version": "0.0.1"}, ["phiên bản 0.0.1"], ["Khi dịch vụ dừng"]),
}


@pytest.mark.parametrize(("more", "there", "absent"), CASES.values(), ids=CASES.keys())
def test_what_it_says(run: Run, judge: Judge, more: dict[str, object], there: list[str], absent: list[str]) -> None:
    judge.answers["Status"] = STATUS | more
    result = run("status")
    assert result.exit_code == 0, result.output
    assert [t for t in there if t not in result.stdout] == []
    assert [t for t in absent if t in result.stdout] == []


def test_json_is_the_daemons_answer(run: Run, judge: Judge) -> None:
    result = run("status", "--json")
    assert json.loads(result.stdout) == {"running": True, **STATUS}


@pytest.mark.parametrize(
    ("mode", "closed", "words"),
    [
        ("enforce", True, "Thiết bị mới cắm vẫn bị chặn"),
        ("observe", False, "KHÔNG CHẶN GÌ"),
        (None, False, "KHÔNG CHẶN GÌ"),
        ("enforce", False, "KHÔNG CHẶN GÌ"),  # asked for, and never carried out
    ],
)
def test_without_the_daemon(run: Run, mode: str | None, words: str, *, closed: bool) -> None:
    if mode is not None:
        paths.FLOOR_MODE.write_text(mode + "\n")
    if closed:
        paths.ENFORCING.touch()
    result = run("status")
    assert result.exit_code == 69
    assert words in result.stdout
    assert "Lỗi: Dịch vụ usbguard-py không chạy." in result.stderr
    assert "systemctl start usbguard-py" in result.stderr


def test_without_the_daemon_a_start_for_maintenance_is_said(run: Run) -> None:
    paths.CMDLINE.parent.mkdir(parents=True, exist_ok=True)
    paths.CMDLINE.write_text("quiet usbguard-py.maintenance=keyboard\n")
    assert "!!! ĐÃ KHỞI ĐỘNG ĐỂ BẢO TRÌ" in run("status").stdout


def test_without_the_daemon_as_json(run: Run) -> None:
    paths.USBCORE_DEFAULT.parent.mkdir(parents=True)
    paths.USBCORE_DEFAULT.write_text("0\n")
    result = run("status", "--json")
    assert result.exit_code == 69
    assert json.loads(result.stdout) == {
        "running": False,
        "mode": "observe",
        "maintenance": {"started": False, "accepted": ""},
        "floor": {"kernel_parameter": False, "module_parameter": 0, "enforcing_flag": False},
    }
    assert json.loads(result.stderr)["error"] == "DaemonUnavailable"

"""``devices`` and ``watch``: the same device in a table and in a stream."""

import json

import pytest

from tests.cli.conftest import Run
from tests.cli.rig import Judge, described
from usbguard_py.core.codes import SENTENCES, Code
from usbguard_py.errors import NoUsb, PermissionRefused

ALLOWED = described("1-1", allow=True, code="ALLOWED", holder="Nguyễn Văn Mẫu", asset="TB-0001", open=True)
MISMATCH = described("1-3", code="MISMATCH", asset="TB-0001", facet="product", expected='"A"', seen='"B"', alarm=True)


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_its_sentence(run: Run, judge: Judge, code: Code, lang: str) -> None:
    judge.answers["Devices"] = {
        "devices": [described(code=str(code), asset="TB-0001", reason="r", facet="f", seen="s")]
    }
    result = run("devices", lang=lang)
    assert result.exit_code == 0
    assert f"[{code}]" in result.stdout
    assert "{" not in result.stdout
    english = SENTENCES[code].partition(":")[0] + ":"
    assert (english in result.stdout) is (lang == "en")


def test_an_allowed_and_a_forged_one(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = {"devices": [ALLOWED, MISMATCH]}
    text = run("devices").stdout
    assert "ĐÃ CHO PHÉP: QEMU USB HARDDRIVE – số sê-ri SAMPLE-0001, người được giao: Nguyễn Văn Mẫu." in text
    assert 'Khác ở: sản phẩm. Phải là "A"; thực tế "B".' in text
    assert "Nghi thiết bị giả mạo" in text


def test_no_bus_at_all(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = NoUsb()
    result = run("devices")
    assert result.exit_code == 69
    assert "Nhân hệ điều hành không thấy bus USB nào trên máy này." in result.stderr


def test_observing_does_not_claim_to_have_blocked(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = {"devices": [described(state="seen")]}
    assert "CHỈ QUAN SÁT, chưa thực hiện. Nếu bảo vệ: ĐÃ CHẶN: thiết bị" in run("devices").stdout


def test_one_that_came_again_and_again(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = {"devices": [described(times=1234)]}
    assert "Thiết bị này đã cắm vào 1.234 lần liên tiếp." in run("devices").stdout
    judge.answers["Devices"] = {"devices": [described(times=0)]}
    assert "liên tiếp" not in run("devices").stdout


def test_watch_tells_of_a_storm(run: Run, judge: Judge) -> None:
    said = "the same refused device came 4 times within 60 s; it is counted from now on"
    alarm = {"event": "alarm", "name": "1-2", "code": "NOT_LISTED", "alarm": True, "detail": said, "seq": 8}
    at = "2026-11-21T14:05:00.000+07:00"
    counted = {"event": "repeated", "name": "1-2", "code": "NOT_LISTED", "seq": 9, "count": 5, "total": 8, "of": 7}
    judge.answers["Watch"] = [alarm, counted | {"first_at": at, "last_at": at}]
    text = run("watch").stdout
    assert "cùng một thiết bị bị chặn đã cắm vào 4 lần trong 60 giây" in text
    assert "lặp lại 5 lần, từ 21/11/2026 14:05:00 đến 21/11/2026 14:05:00; tổng cộng 8 lần; xem bản ghi 7" in text


def test_nothing_connected(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = {"devices": []}
    assert run("devices").stdout == "Không có thiết bị nào đang kết nối.\n"


def test_json(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = {"devices": [ALLOWED]}
    assert json.loads(run("devices", "--json").stdout) == {"devices": [ALLOWED]}


HOSTILE = {
    "escape sequence": "A\x1b[2JB",
    "newline": "A\nB",
    "bidi": "A\u202eB",
    "combining": "A" + "\u0301" * 50 + "B",
    "C1 control": "A\x9b31mB",
    "zero width": "A\u200bB",
    "very long": "A" * 126 * 3,
    "unknown code": "A{name}B",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_a_device_says_stays_text(run: Run, judge: Judge, text: str) -> None:
    """The judge escapes; the command does not rely on it."""
    judge.answers["Devices"] = {"devices": [described(serial=text, product=text, code="ALLOWED", holder=text)]}
    judge.answers["Watch"] = [described(event="decision", serial=text, product=text, facet=text, seen=text)]
    for words in (("devices",), ("watch",), ("devices", "--json"), ("watch", "--json")):
        result = run(*words)
        assert result.exit_code == 0, result.output
        assert not set(result.stdout) & set("\x1b\x9b\u202e\u200b\r")
        assert "\u0301" not in result.stdout or "--json" in words
    assert json.loads(run("devices", "--json").stdout)["devices"][0]["serial"] == text


def test_a_stream_until_it_ends(run: Run, judge: Judge) -> None:
    events = [
        described(event="decision", at="2026-11-21T14:05:00.123+07:00"),
        described(event="removed", code="NOT_LISTED"),
        {"event": "list-add", "asset": "TB-0001", "serial": "SAMPLE-0001", "holder": "Nguyễn Văn Mẫu", "seq": 14},
    ]
    judge.answers["Watch"] = events
    text = run("watch").stdout
    assert "21/11/2026 14:05:00  quyết định  [NOT_LISTED]  1-2  QEMU USB HARDDRIVE  SAMPLE-0001" in text
    assert text.count("ĐÃ CHẶN: thiết bị không có trong danh sách được phép.") == 1
    assert "đưa vào danh sách  SAMPLE-0001\n    TB-0001; Nguyễn Văn Mẫu (bản ghi 14)\n" in text
    lines = run("watch", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == events


def test_not_for_everybody(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = PermissionRefused(role="auditor")
    result = run("devices")
    assert result.exit_code == 77
    assert "Lỗi: Không đủ quyền: thao tác này dành cho kiểm tra viên." in result.stderr

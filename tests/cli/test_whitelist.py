"""``whitelist`` on a real database, and its changes on the wire."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from tests.build import STORAGE, Part, a_stick, attributes, descriptors
from tests.cli.conftest import Run
from tests.cli.rig import Judge
from usbguard_py.core import requests
from usbguard_py.core.functions import default_grant
from usbguard_py.core.passport import passport_of
from usbguard_py.core.whitelist import Asset
from usbguard_py.shell.capture import Capture

STICK = a_stick()
PASSPORT = passport_of(STICK, default_grant(STICK))
RAW = descriptors((Part(0, STORAGE),))
WHO = ("--holder", "Nguyen Van Mau", "--document", "MAU-01/2026")


def test_list(run: Run, assets: tuple[Asset, ...]) -> None:
    text = run("whitelist", "list").stdout
    lines = text.splitlines()
    assert re.match(r"Danh sách số 5 ngày \d\d/\d\d/\d{4}, lập tại máy này \(.+\)$", lines[0]), lines[0]
    assert [line.split()[0] for line in lines[3:6]] == ["TB-0001", "TB-0002", "TB-0003"]
    assert "Trần Thị Mẫu" in lines[4]
    assert "đang sử dụng" in lines[4]
    assert lines[5].endswith("thu hồi")
    assert lines[-1] == "3 thiết bị."


SEARCHES = {
    "without accents": (("tran thi",), ["TB-0002"]),
    "capitals": (("TRAN", "tong hop"), ["TB-0002"]),
    "number": (("tb-0001",), ["TB-0001"]),
    "electronic serial": (("sample-0003",), ["TB-0003"]),
    "state": (("--state", "revoked"), ["TB-0003"]),
    "holder": (("--holder", "mau"), ["TB-0001", "TB-0002", "TB-0003"]),
    "nothing": (("không có ai",), []),
}


@pytest.mark.parametrize(("words", "found"), SEARCHES.values(), ids=SEARCHES.keys())
def test_search(run: Run, assets: tuple[Asset, ...], words: tuple[str, ...], found: list[str]) -> None:
    answer = json.loads(run("whitelist", "list", "--json", *words).stdout)
    assert [a["id"] for a in answer["assets"]] == found
    if not found:
        empty = run("whitelist", "list", *words).stdout
        assert empty == "Trong danh sách không có thiết bị nào khớp: “không có ai”.\n"


def test_show(run: Run, assets: tuple[Asset, ...]) -> None:
    text = run("whitelist", "show", "TB-0003").stdout
    for part in ("thu hồi", "SAMPLE-0003", "chuyển công tác", "MAU-02/2026", "1234:0001, bcdDevice 0100", "Lịch sử"):
        assert part in text
    answer = json.loads(run("whitelist", "show", "TB-0003", "--json").stdout)
    assert answer["asset"]["state"] == "revoked"
    assert [b["kind"] for b in answer["history"]] == ["list-add", "list-revoke"]
    missing = run("whitelist", "show", "TB-9999")
    assert missing.exit_code == 1
    assert "Không có thiết bị được phép “TB-9999”." in missing.stderr


def test_without_a_database(run: Run) -> None:
    for words in (("whitelist", "list"), ("log",), ("policy", "show"), ("explain", "--seq", "1")):
        result = run(*words)
        assert result.exit_code == 74
        assert "không có hoặc đã bị thay" in result.stderr


def test_revoke(run: Run, judge: Judge) -> None:
    cut = {"name": "1-2", "ms": 1187, "dirty_left": True, "holders": [{"comm": "cp", "pid": 4242}]}
    cut["search_complete"] = False
    judge.answers["WhitelistMove"] = {"id": "TB-0001", "seq": 20, "cut": [cut], "effective": True}
    result = run("whitelist", "revoke", "TB-0001", "--reason", "chuyển", "--document", "MAU-02/2026", "--yes")
    assert result.exit_code == 0, result.output
    for part in ("(bản ghi 20)", "sau 1.187 ms", "dữ liệu chưa ghi xong", "cp (tiến trình 4242)", "có thể chưa nêu đủ"):
        assert part in result.stdout
    judge.answers["WhitelistMove"] = {"id": "TB-0001", "seq": 21, "cut": ["1-2"], "effective": False}
    result = run("whitelist", "revoke", "TB-0001", "--reason", "r", "--document", "d", "--yes")
    assert "Thiết bị chưa đóng hết." in result.stdout


@pytest.mark.parametrize("words", [(), ("--reason", "r"), ("--document", "d"), ("--reason", " ", "--document", "d")])
def test_revoking_needs_a_reason_and_a_paper(run: Run, judge: Judge, words: tuple[str, ...]) -> None:
    result = run("whitelist", "revoke", "TB-0001", "--yes", *words)
    assert result.exit_code == 64
    assert "Phải ghi lý do và căn cứ (số văn bản) khi thu hồi quyền sử dụng thiết bị." in result.stderr
    assert judge.asked == []


def test_add_a_connected_device(run: Run, judge: Judge) -> None:
    judge.answers["WhitelistAdd"] = {"id": "TB-0004", "seq": 30}
    result = run("whitelist", "add", "--device", "1-2", *WHO, "--unit", "Mau", "--printed-serial", "P-0001")
    assert result.exit_code == 0, result.output
    assert "TB-0004 (bản ghi 30)" in result.stdout
    assert judge.asked == [
        requests.WhitelistAdd(
            name="1-2", holder="Nguyen Van Mau", document="MAU-01/2026", unit="Mau", printed_serial="P-0001"
        )
    ]


def test_add_with_what_it_holds(run: Run, judge: Judge) -> None:
    judge.answers["WhitelistAdd"] = {"id": "TB-0004", "seq": 30}
    result = run("whitelist", "add", "--device", "1-2", *WHO, "--content")
    assert result.exit_code == 0, result.output
    assert judge.asked == [
        requests.WhitelistAdd(name="1-2", holder="Nguyen Van Mau", document="MAU-01/2026", content=True)
    ]


def test_what_is_elsewhere_cannot_be_read(run: Run, judge: Judge, tmp_path: Path) -> None:
    result = run("whitelist", "add", "--passport", str(files(tmp_path)["passport"]), *WHO, "--content")
    assert result.exit_code == 64
    assert "--content" in result.stderr
    assert judge.asked == []


def files(folder: Path) -> dict[str, Path]:
    """The ways to give a passport in a file."""
    shown = attributes(RAW)
    capture = Capture("1-2", "/devices/x", {k: None if v is None else v.hex() for k, v in shown.items()})
    contents = {
        "passport": PASSPORT,
        "answer": {"name": "1-2", "passport": PASSPORT},
        "capture": capture,
        "explain": {"code": "NOT_LISTED", "capture": capture},
    }
    for name, content in contents.items():
        (folder / name).write_bytes(msgspec.json.encode(content))
    return {name: folder / name for name in contents}


@pytest.mark.parametrize("way", ["passport", "answer", "capture", "explain"])
def test_add_from_a_file(run: Run, judge: Judge, tmp_path: Path, way: str) -> None:
    judge.answers["WhitelistAdd"] = {"id": "TB-0004", "seq": 30}
    result = run("whitelist", "add", "--passport", str(files(tmp_path)[way]), *WHO)
    assert result.exit_code == 0, result.output
    (asked,) = judge.asked
    assert isinstance(asked, requests.WhitelistAdd)
    assert asked.passport == PASSPORT


def test_add_by_single_characteristics(run: Run, judge: Judge, tmp_path: Path) -> None:
    judge.answers["WhitelistAdd"] = {"id": "TB-0004", "seq": 30}
    (tmp_path / "raw").write_bytes(RAW)
    words = ("--serial", "SAMPLE-0001", "--manufacturer", "Sample Maker", "--product", "Sample Device")
    result = run("whitelist", "add", *words, "--vid", "1234", "--descriptors", str(tmp_path / "raw"), *WHO)
    assert result.exit_code == 0, result.output
    (asked,) = judge.asked
    assert isinstance(asked, requests.WhitelistAdd)
    assert asked.passport == PASSPORT


BAD = {
    "nothing": ((), 64),
    "no holder": (("--device", "1-2", "--document", "d"), 64),
    "no document": (("--device", "1-2", "--holder", "h"), 64),
    "blank holder": (("--device", "1-2", "--holder", " ", "--document", "d"), 64),
    "two ways": (("--device", "1-2", "--serial", "S", *WHO), 64),
    "a number alone": (("--serial", "SAMPLE-0001", *WHO), 64),
    "no such file": (("--passport", "/nowhere", *WHO), 65),
    "not JSON": (("--passport", "{raw}", *WHO), 65),
    "not a passport": (("--passport", "{object}", *WHO), 65),
    "another VID": (("--serial", "S", "--descriptors", "{raw}", "--vid", "ffff", *WHO), 65),
    "no VID at all": (("--serial", "S", "--descriptors", "{raw}", "--vid", "wxyz", *WHO), 65),
    "broken descriptors": (("--serial", "S", "--descriptors", "{cut}", *WHO), 65),
    "a capture of rubbish": (("--passport", "{rubbish}", *WHO), 65),
    "grant is no number": (("--device", "1-2", "--grant", "x", *WHO), 64),
}


@pytest.mark.parametrize(("words", "code"), BAD.values(), ids=BAD.keys())
def test_bad_input_changes_nothing(run: Run, judge: Judge, tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    rubbish = Capture("1-2", "/x", {"descriptors": "zz"})
    for name, raw in {"raw": RAW, "cut": RAW[:20], "object": b"{}", "rubbish": msgspec.json.encode(rubbish)}.items():
        (tmp_path / name).write_bytes(raw)
    result = run(
        "whitelist",
        "add",
        *(w.format_map({n: tmp_path / n for n in ("raw", "cut", "object", "rubbish")}) for w in words),
    )
    assert result.exit_code == code, result.output
    assert result.stderr.count("Lỗi: ") == 1
    assert judge.asked == []


def test_learn_says_what_is_missing_and_asks_nobody(run: Run, judge: Judge) -> None:
    result = run("whitelist", "learn", "TB-0001", "--device", "1-2")
    assert result.exit_code == 64
    assert "--face, --document" in result.stderr
    assert judge.asked == []


def test_learn_with_what_it_holds(run: Run, judge: Judge) -> None:
    judge.answers["WhitelistLearn"] = {"id": "TB-0001", "seq": 21}
    run("whitelist", "learn", "TB-0001", "--device", "1-2", "--face", "mới", "--document", "MAU-03/2026", "--content")
    (asked,) = judge.asked
    assert isinstance(asked, requests.WhitelistLearn)
    assert asked.content


def test_learn(run: Run, judge: Judge) -> None:
    judge.answers["WhitelistLearn"] = {"id": "TB-0001", "seq": 21}
    words = ("TB-0001", "--device", "1-2", "--face", "sau khi đăng nhập", "--document", "MAU-03/2026")
    result = run("whitelist", "learn", *words)
    assert result.stdout == "TB-0001 từ nay được phép có thêm dạng “sau khi đăng nhập” (bản ghi 21).\n"
    assert judge.asked == [
        requests.WhitelistLearn(id="TB-0001", device="1-2", face="sau khi đăng nhập", document="MAU-03/2026")
    ]

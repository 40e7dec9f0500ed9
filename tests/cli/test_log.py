"""``log`` on a real ledger."""

import json
from pathlib import Path

import pytest

from tests.build import a_phone, a_stick, facts
from tests.cli.conftest import BY, Run
from tests.cli.rig import Judge
from usbguard_py import paths
from usbguard_py.core import record
from usbguard_py.core.gates import judge as judged
from usbguard_py.core.requests import LogExported
from usbguard_py.core.storm import Repeated
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import DiskFull, GuardError, Usage
from usbguard_py.shell.store import Store


@pytest.fixture
def filled(store: Store, assets: tuple[Asset, ...]) -> Store:
    """The entries of a short day."""
    good, phone = a_stick(), a_phone(name="1-4", serial=b"SAMPLE-9999")
    allowed = judged(good, facts(assets[0]))
    store.append("decision", record.decision(good, allowed, 3, "Nguyễn Văn Mẫu"), [good.descriptors])
    store.append("decision", record.decision(phone, judged(phone, facts()), 3))
    store.append("alarm", record.alarm("1-4", "đã thử lại nhiều lần"))
    store.append("refused", record.refused("PolicyUse", "administrator", BY))
    return store


def kinds(text: str) -> list[str]:
    return [json.loads(line)["kind"] for line in text.splitlines()]


def test_list_is_what_log_means(run: Run, filled: Store) -> None:
    assert run("log").stdout == run("log", "list").stdout
    text = run("log").stdout
    assert "[PHONE]" in text
    assert "Nguyễn Văn Mẫu" in text
    assert "quanly" in text
    assert "bản ghi. Giờ địa phương của máy (" in text


FILTERS = {
    "kind": (("--kind", "alarm"), ["alarm"]),
    "code": (("--code", "phone"), ["decision"]),
    "holder without accents": (("--holder", "NGUYEN VAN MAU", "--kind", "decision"), ["decision"]),
    "serial in part": (("--serial", "9999"), ["decision"]),
    "limit": (("--limit", "1"), ["refused"]),
    "since": (("--since", "1d", "--kind", "alarm"), ["alarm"]),
    "until": (("--until", "01/01/2020"), []),
}


@pytest.mark.parametrize(("words", "found"), FILTERS.values(), ids=FILTERS.keys())
def test_filters(run: Run, filled: Store, words: tuple[str, ...], found: list[str]) -> None:
    result = run("log", *words, "--json")
    assert result.exit_code == 0, result.output
    assert kinds(result.stdout) == found
    if not found:
        assert run("log", *words).stdout == "Không có bản ghi nào phù hợp.\n"


@pytest.mark.parametrize(
    "words", [("--since", "hôm qua"), ("--until", "31/02/2026"), ("--code", "NONE"), ("--limit", "-1")]
)
def test_bad_conditions(run: Run, filled: Store, words: tuple[str, ...]) -> None:
    result = run("log", *words)
    assert result.exit_code == 64
    assert "Lỗi: " in result.stderr


def test_verify(run: Run, filled: Store) -> None:
    filled.close()
    result = run("log", "verify")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("NHẬT KÝ TOÀN VẸN: 10 bản ghi, mã băm cuối ")
    answer = json.loads(run("log", "verify", "--json").stdout)
    assert (answer["intact"], answer["entries"]) == (True, 10)
    assert run("log", "verify", "--expect", f"10:{answer['head']}").exit_code == 0
    assert run("log", "verify", "--expect", f"9:{answer['head']}").exit_code == 1
    assert run("log", "verify", "--expect", "10:abc").exit_code == 64


def test_export_and_verify_it(run: Run, filled: Store, tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl"
    result = run("log", "export", str(target))
    assert result.exit_code == 0, result.output
    assert "Đã xuất 10 bản ghi" in result.stdout
    assert run("log", "verify", str(target)).exit_code == 0
    again = run("log", "export", str(target))
    assert again.exit_code == 73
    assert "--force" in again.stderr
    assert run("log", "export", str(target), "--force").exit_code == 0
    target.write_bytes(target.read_bytes().replace(b'"PHONE"', b'"AUDIO"', 1))
    broken = run("log", "verify", str(target))
    assert broken.exit_code == 1
    assert "NHẬT KÝ KHÔNG TOÀN VẸN: sai từ bản ghi 8: nội dung đã bị sửa về sau" in broken.stderr
    assert json.loads(run("log", "verify", str(target), "--json").stderr)["error"] == "LedgerBroken"


def test_a_storm_and_an_incomplete_search(run: Run, store: Store) -> None:
    device = a_phone(name="1-4", serial=b"SAMPLE-9999")
    about = record.identity(device, judged(device, facts())) | {"outcome": "blocked"}
    at = "2026-11-21T14:05:00.000+07:00"
    store.append("repeated", Repeated(about, 1, 1234, 1234, 1300, at, at, ended=True).body())
    cut = record.cut(1, device, judged(device, facts()), {"flushed": "synced", "search_complete": False})
    store.append("cut", cut)
    text = run("log", "--outcome", "blocked").stdout
    assert "lặp lại 1.234 lần, từ 21/11/2026 14:05:00 đến" in text
    assert "tổng cộng 1.300 lần; xem bản ghi 1" in text
    assert kinds(run("log", "--kind", "repeated", "--json").stdout) == ["repeated"]
    assert "có thể chưa nêu đủ" in run("log", "--kind", "cut").stdout
    assert "may be named" not in run("log", "--kind", "repeated", lang="en").stdout
    assert "not all may be named" in run("log", "--kind", "cut", lang="en").stdout


def test_an_export_is_recorded(run: Run, filled: Store, judge: Judge, tmp_path: Path) -> None:
    """The command tells the daemon the number and hash that are in the file."""
    judge.answers["LogExported"] = {"seq": 11}
    result = run("log", "export", str(tmp_path / "log.jsonl"))
    assert "Lần xuất này là bản ghi 11 của nhật ký." in result.stdout
    header = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[0])
    assert judge.asked == [LogExported(last=10, head=header["head"])]


REFUSALS = {
    "no room": (DiskFull(path="/x"), "Lần xuất này chưa được ghi vào nhật ký. Không ghi được nhật ký: "),
    "another log": (Usage(detail="this log has no record 10 with that hash"), "không có bản ghi 10 với mã băm đó"),
    "no answer": (b"", "chưa được ghi vào nhật ký"),
}


@pytest.mark.parametrize(("answer", "words"), REFUSALS.values(), ids=REFUSALS.keys())
def test_an_export_that_cannot_be_recorded_is_an_export(
    run: Run, filled: Store, judge: Judge, tmp_path: Path, *, answer: GuardError | bytes, words: str
) -> None:
    """The file is good, and the command says that the log does not know of it."""
    judge.answers["LogExported"] = answer or b"\0"
    result = run("log", "export", str(tmp_path / "log.jsonl"))
    assert result.exit_code == 0
    assert words in " ".join(result.stdout.split())
    assert json.loads(run("log", "export", "--json", str(tmp_path / "again")).stdout)["recorded"] == 0


def test_an_export_s_record_says_what_and_who(run: Run, filled: Store) -> None:
    filled.append("export", record.export(1, 10, b"\xab" * 32, BY))
    shown = " ".join(run("log", "--kind", "export").stdout.split())
    assert "bản ghi từ 1 đến 10, mã băm cuối abababababababab; do quanly thực hiện" in shown


def test_explain_a_recorded_decision(run: Run, filled: Store) -> None:
    text = run("explain", "--seq", "8").stdout
    assert "loại thiết bị được phép" in text
    assert "[PHONE] ĐÃ CHẶN: điện thoại hoặc máy tính bảng." in text
    assert run("explain", "--seq", "9").exit_code == 64
    assert run("explain", "--seq", "999").exit_code == 1


def test_a_file_that_is_no_log(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    result = run("log", "verify", str(tmp_path / "x"))
    assert result.exit_code == 65
    assert paths.DATABASE.name not in result.stderr

"""``log inspect``, ``stats``, ``show``, ``explain`` on a real ledger."""

import json

import pytest

from tests.build import a_phone, a_stick, facts
from tests.cli.conftest import BY, Run
from tests.cli.rig import Judge
from usbguard_py import paths
from usbguard_py.core import record
from usbguard_py.core.enforcement import InterfaceState, ReadBack
from usbguard_py.core.gates import judge as judged
from usbguard_py.core.whitelist import Asset
from usbguard_py.shell.store import Store

START = record.start(version="1", policy="standalone", policy_digest="ab" * 32, enforce=True, kernel_parameter=True)
CLOSED = {**record.effect(ReadBack(authorized=False, configuration=None)), "outcome": "blocked", "ms": 4}
HOSTILE = b"</script><b>\x1b[2J\xe2\x80\xae=1+1"


@pytest.fixture
def quiet(store: Store, assets: tuple[Asset, ...], judge: Judge) -> Store:
    """One approved stick that was used; the judge answers."""
    good = a_stick()
    store.append("start", START)
    allowed = judged(good, facts(assets[0]))
    seq = store.append("decision", record.decision(good, allowed, 3, "Nguyễn Văn Mẫu"), [good.descriptors]).seq
    seen = ReadBack(True, 1, (InterfaceState("1-2:1.0", True, "usb-storage"),))
    store.append("outcome", record.outcome(seq, good, allowed, seen, ms=9))
    assert judge.asked == []
    return store


def plug_phone(store: Store, **more: object) -> int:
    phone = a_phone(name="1-4", serial=HOSTILE)
    body = {**record.decision(phone, judged(phone, facts()), 3), **CLOSED, **more}
    return store.append("decision", body, [phone.descriptors]).seq


def test_the_first_line_answers(run: Run, quiet: Store) -> None:
    """Nothing foreign, nothing missing: the first line says so, and so does the exit code."""
    said = run("log", "inspect")
    assert said.stdout.splitlines()[0].startswith("Không có thiết bị lạ nào từ ")
    assert said.stdout.splitlines()[0].endswith("; mức bao phủ 100,00 %, không có khoảng hở.")
    assert "hệ điều hành khác" in said.stdout
    assert said.exit_code == 0
    english = run("log", "inspect", lang="en").stdout
    assert english.splitlines()[0].endswith("; coverage 100.00 %, no gap.")
    assert quiet.last() is not None


def test_a_foreign_device_that_was_blocked(run: Run, quiet: Store) -> None:
    plug_phone(quiet)
    said = run("log", "inspect", lang="en")
    assert said.exit_code == 1
    assert said.stdout.startswith("1 foreign device since ")
    assert "(plugged in: 1), all were blocked; coverage" in said.stdout.splitlines()[0]
    assert "\x1b" not in said.stdout
    answer = json.loads(run("log", "inspect", "--json").stdout)
    assert (answer["answer"], answer["quiet"], answer["foreign_arrivals"]) == ("foreign-blocked", False, 1)
    assert answer["integrity"]["intact"] is True


def test_a_foreign_device_that_nothing_closed(run: Run, quiet: Store) -> None:
    plug_phone(quiet, outcome="would-block")
    said = run("log", "inspect", lang="en")
    assert "NOT CLOSED: 1" in said.stdout.splitlines()[0]
    assert json.loads(run("log", "inspect", "--json").stdout)["answer"] == "foreign-may-have-worked"


LINES = (
    "Vào hồi ",
    "Đ/c ",
    "Đồng chí ",
    "Đặt mật khẩu đăng nhập: Có / Không",
    "Có cung cấp mật khẩu cho người khác: Có / Không",
    "Phân loại máy tính: Nội bộ / Độc lập / Internet",
    "Tên máy: ",
    "Hệ điều hành: ",
    "Thời gian cài đặt: ",
    "MAC: ",
    "IP: ",
    "CPU/RAM/ổ cứng: ",
    "Phần mềm diệt virus: ",
    "Tình trạng thiết bị tại thời điểm kiểm tra (tem …): ",
    "Kết quả:",
    "– Lỗ hổng hệ điều hành: ",
    "– Mã độc: ",
    "Lịch sử kết nối các thiết bị ngoại vi:",
    "1. Loại: thiết bị lưu trữ | Seri: SAMPLE-0001 | Dung lượng: – | Tên: ",
    "2. Loại: điện thoại hoặc máy tính bảng | Seri: ",
    "Lịch sử kết nối Internet: …",
    "Các nội dung khác:",
    "Mức độ rủi ro: …",
    "NGƯỜI KIỂM TRA ",
)


def test_the_block_has_the_lines_of_the_minutes(run: Run, quiet: Store) -> None:
    """In their order; what the computer knows is filled in, judgements are left to people."""
    plug_phone(quiet)
    lines = [line.strip() for line in run("log", "inspect").stdout.splitlines()]
    places = [next(i for i, line in enumerate(lines) if line.startswith(wanted)) for wanted in LINES]
    assert places == sorted(places)
    assert f"usbguard-py {json.loads(run('log', 'inspect', '--json').stdout)['version']}" in "\n".join(lines)


def test_without_the_judge_the_end_is_a_gap(run: Run, quiet: Store, judge: Judge) -> None:
    judge.close()
    paths.CONTROL_SOCKET.unlink()
    said = run("log", "inspect", lang="en")
    assert "after the last record; the daemon does not answer" in said.stdout
    assert said.exit_code == 1
    assert quiet.path == paths.DATABASE


def test_a_log_that_is_not_intact_comes_first(run: Run, quiet: Store) -> None:
    connection = quiet._connection
    connection.execute("PRAGMA writable_schema = ON")
    (text,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'ledger_no_update'").fetchone()
    connection.execute("DROP TRIGGER ledger_no_update")
    connection.execute("UPDATE ledger SET body = replace(body, 'SAMPLE-0001', 'SAMPLE-0002') WHERE kind = 'outcome'")
    connection.execute(text)
    said = run("log", "inspect", lang="en")
    assert said.stdout.splitlines()[0].startswith("LOG NOT INTACT from record ")
    assert "LOG INTACT" not in said.stdout
    assert said.exit_code == 1


def test_stats_by_everything(run: Run, quiet: Store) -> None:
    plug_phone(quiet)
    plug_phone(quiet)
    words = [word for name in ("code", "class", "day", "port", "device", "person") for word in ("--by", name)]
    result = run("log", "stats", *words)
    for text in ("Theo mã", "điện thoại", "1-4", "Nguyễn Văn Mẫu", "quanly"):
        assert text in result.stdout, result.output
    answer = json.loads(run("log", "stats", "--json").stdout)
    assert answer["by_class"]["phone"]["blocked"] == 2
    assert answer["by_port"]["1-2"]["allowed"] == 1
    assert answer["by_code"]["UNREADABLE"]["blocked"] == 2
    assert (
        run("log", "stats", "--since", "01/01/2020", "--until", "02/01/2020").stdout
        == "Không có bản ghi nào phù hợp.\n"
    )
    assert run("log", "stats", "--since", "02/01/2020", "--until", "01/01/2020").exit_code == 64


def test_one_record_whole(run: Run, quiet: Store) -> None:
    """Device, gates with expected and seen, descriptors decoded and in hex, what was read back, what came of it."""
    seq = plug_phone(quiet)
    said = run("log", "show", str(seq), lang="en").stdout
    for text in (
        "Record",
        "bus 1 → port 4",
        "phone or tablet",
        "[UNREADABLE]",
        "kind of device permitted",
        "authorized",
        "device  USB",
    ):
        assert text in said, text
    assert "12 01" in said
    assert "</script>" not in said
    assert "\x1b" not in said
    answer = json.loads(run("log", "show", str(seq), "--json").stdout)
    assert answer["body"]["seq"] == seq
    assert answer["evidence"]
    assert answer["hash"]
    decision = quiet.last().seq - 2  # type: ignore[union-attr] # the stick's
    shown = run("log", "show", str(decision), lang="en").stdout
    assert "Later records about it" in shown
    assert run("log", "show", "999999").exit_code == 1


def test_every_field_of_a_record_is_shown(run: Run, quiet: Store) -> None:
    """Also those that no part of the page knows: nothing is hidden."""
    seq = quiet.append("examination-end", {"something": "SAMPLE-WORD", "deep": {"a": [1, "SAMPLE-DEEP"]}, "by": BY}).seq
    said = run("log", "show", str(seq)).stdout
    assert "SAMPLE-WORD" in said
    assert "SAMPLE-DEEP" in said
    assert "quanly" in said


def test_the_answer_of_that_moment(run: Run, quiet: Store) -> None:
    """The list changes afterwards; the recorded answer does not."""
    (number,) = [b["seq"] for b in map(json.loads, run("log", "--kind", "decision", "--json").stdout.splitlines())]
    before = run("log", "explain", str(number), lang="en").stdout
    quiet.move("TB-0001", "lost", BY, reason="mất", document="MAU-09/2026")
    assert run("log", "explain", str(number), lang="en").stdout == before
    assert "[ALLOWED]" in before
    assert "and list number 3." in before
    assert run("explain", "--seq", str(number), lang="en").stdout in before
    assert run("log", "explain", "1").exit_code == 64


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--port", "1-4"), 1),
        (("--class", "phone"), 1),
        (("--device", "tb-0001", "--kind", "outcome"), 1),
        (("--person", "NGUYEN van", "--kind", "decision"), 1),
        (("--person", "quanly", "--kind", "list-revoke"), 1),
        (("--class", "storage", "--port", "1-4"), 0),
    ],
)
def test_filters(run: Run, quiet: Store, words: tuple[str, ...], count: int) -> None:
    plug_phone(quiet)
    assert len(run("log", *words, "--json").stdout.splitlines()) == count

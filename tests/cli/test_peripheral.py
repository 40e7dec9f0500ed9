"""``peripheral``: never silently."""

import json

from tests.cli.conftest import Run
from tests.cli.rig import Judge, described
from usbguard_py.core import requests
from usbguard_py.errors_device import LimitReached

KEYBOARD = described("1-3", kind="keyboard", product="Bàn phím mẫu", code="INPUT_NOT_ENROLLED", interfaces=["03:01:01"])


def test_enrol_shows_the_device_first(run: Run, judge: Judge) -> None:
    judge.answers |= {
        "Devices": {"devices": [KEYBOARD]},
        "PeripheralEnrol": {"id": "NV-0001", "kind": "keyboard", "port": "1-3", "seq": 9},
    }
    result = run("peripheral", "enrol", "1-3", "--yes", "--document", "MAU-01/2026")
    assert result.exit_code == 0, result.output
    assert "Bàn phím mẫu" in result.stdout
    assert "Đã đăng ký là NV-0001, bàn phím, ở cổng 1-3 (bản ghi 9)." in result.stdout
    assert judge.asked[-1] == requests.PeripheralEnrol(name="1-3", document="MAU-01/2026")


def test_enrol_as_a_kind_in_place_of_another(run: Run, judge: Judge) -> None:
    judge.answers |= {
        "Devices": {"devices": [KEYBOARD]},
        "PeripheralEnrol": {"id": "NV-0002", "kind": "scanner", "port": "1-3", "seq": 9},
    }
    result = run("peripheral", "enrol", "1-3", "--yes", "--as", "scanner", "--replaces", "NV-0001")
    assert "NV-0002, máy quét, ở cổng 1-3" in result.stdout
    assert "NV-0001 không còn được đăng ký." in result.stdout
    assert judge.asked[-1] == requests.PeripheralEnrol(name="1-3", kind="scanner", replaces="NV-0001")
    assert run("peripheral", "enrol", "1-3", "--yes", "--as", "phone").exit_code == 64


def test_a_refusal_is_said_in_words(run: Run, judge: Judge) -> None:
    judge.answers |= {
        "Devices": {"devices": [KEYBOARD]},
        "PeripheralEnrol": LimitReached(what="keyboard", limit=1, id="NV-0001"),
    }
    result = run("peripheral", "enrol", "1-3", "--yes")
    assert result.exit_code == 1
    assert "Chính sách cho phép 1 thiết bị loại này (bàn phím) và đã đăng ký đủ." in result.stderr
    assert "--replaces NV-0001" in result.stderr


def test_enrol_without_anybody_to_ask_changes_nothing(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = {"devices": [KEYBOARD]}
    for words in (("--json",), ()):
        result = run("peripheral", "enrol", "1-3", *words, stdin="y\n")
        assert result.exit_code == 64
        assert "--yes" in result.stderr
    assert not any(r.CHANGES for r in judge.asked)


def test_enrol_what_is_not_there(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = {"devices": [KEYBOARD]}
    result = run("peripheral", "enrol", "9-9", "--yes")
    assert result.exit_code == 1
    assert "Không có thiết bị “9-9”." in result.stderr
    assert not any(r.CHANGES for r in judge.asked)


def test_list(run: Run, judge: Judge) -> None:
    one = {
        "id": "NV-0001",
        "kind": "keyboard",
        "port": "1-3",
        "label": "Văn thư",
        "enrolled_at": "2026-11-21T08:00:00+07:00",
    }
    judge.answers["PeripheralList"] = {"peripherals": [one]}
    text = run("peripheral", "list").stdout
    assert "NV-0001  bàn phím  1-3   Văn thư" in text
    assert "21/11/2026 08:00:00" in text
    assert json.loads(run("peripheral", "list", "--json").stdout) == {"peripherals": [one]}
    judge.answers["PeripheralList"] = {"peripherals": []}
    assert (
        run("peripheral", "list").stdout == "Chưa đăng ký thiết bị nào: không có bàn phím, chuột hay thiết bị khác.\n"
    )


def test_remove(run: Run, judge: Judge) -> None:
    judge.answers["PeripheralRemove"] = {"id": "NV-0001", "seq": 10}
    result = run("peripheral", "remove", "NV-0001", "--reason", "thay bàn phím", "--yes")
    assert "Đã hủy đăng ký NV-0001 (bản ghi 10)." in result.stdout
    assert judge.asked == [requests.PeripheralRemove(id="NV-0001", reason="thay bàn phím")]
    assert run("peripheral", "remove", "NV-0001", "--yes").exit_code == 64

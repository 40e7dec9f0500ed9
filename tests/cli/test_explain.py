"""``explain`` of a connected device and of a capture."""

import json
from pathlib import Path

import msgspec
import pytest

from tests.build import STORAGE, Part, attributes, descriptors
from tests.cli.conftest import Run
from tests.cli.rig import Judge, described
from usbguard_py import paths
from usbguard_py.core.whitelist import Asset
from usbguard_py.shell.capture import Capture, load, take

GATES = [
    {"gate": "readable", "code": None, "facet": "", "expected": "", "seen": "", "status": "passed"},
    {"gate": "listed", "code": "NOT_LISTED", "facet": "serial", "expected": "TB", "seen": "no", "status": "failed"},
    {"gate": "passport", "code": None, "facet": "", "expected": "", "seen": "", "status": "not-evaluated"},
    {"gate": "enrolled", "code": None, "facet": "", "expected": "", "seen": "", "status": "not-applicable"},
]
RAW = descriptors((Part(0, STORAGE),))


@pytest.fixture
def plugged(root: Path) -> Path:
    """A device in the test's own sysfs."""
    folder = paths.USB_DEVICES / "1-2"
    folder.mkdir(parents=True)
    for name, value in attributes(RAW).items():
        if value is not None:
            (folder / name).write_bytes(value)
    return folder


def test_the_table(run: Run, judge: Judge) -> None:
    judge.answers["Explain"] = described(gates=GATES)
    text = run("explain", "1-2").stdout
    assert "đọc được đặc điểm nhận dạng" in text
    assert "không đạt [NOT_LISTED]" in text
    assert "không xét" in text
    assert "không áp dụng" in text
    assert "[NOT_LISTED] ĐÃ CHẶN: thiết bị không có trong danh sách được phép." in text.splitlines()


def test_a_capture_taken_here_is_judged_anywhere(
    run: Run,
    judge: Judge,
    plugged: Path,
    assets: tuple[Asset, ...],
    tmp_path: Path,
) -> None:
    judge.answers["Explain"] = described(gates=GATES)
    result = run("explain", "1-2", "--json")
    file = tmp_path / "device.json"
    file.write_text(result.stdout)
    assert load(file) == take("1-2")
    answer = json.loads(run("explain", "--capture", str(file), "--json").stdout)
    assert (answer["code"], answer["asset"], answer["holder"]) == ("ALLOWED", "TB-0001", "Nguyen Van Mau")
    assert "ĐÃ CHO PHÉP" in run("explain", "--capture", str(file)).stdout


VARIANTS = {
    "revoked": ({"serial": b"SAMPLE-0003\n"}, "REVOKED"),
    "not listed": ({"serial": b"SAMPLE-7777\n"}, "NOT_LISTED"),
    "no serial": ({"serial": None}, "NO_SERIAL"),
    "another product": ({"product": b"Other\n"}, "MISMATCH"),
    "unreadable": ({"descriptors": RAW[:30]}, "UNREADABLE"),
}


@pytest.mark.parametrize(("more", "code"), VARIANTS.values(), ids=VARIANTS.keys())
def test_captures(
    run: Run,
    assets: tuple[Asset, ...],
    tmp_path: Path,
    more: dict[str, bytes | None],
    code: str,
) -> None:
    shown = attributes(RAW) | more
    capture = Capture("1-2", "/devices/x", {k: None if v is None else v.hex() for k, v in shown.items()})
    (tmp_path / "c").write_bytes(msgspec.json.encode(capture))
    result = run("explain", "--capture", str(tmp_path / "c"), lang="en")
    assert result.exit_code == 0, result.output
    assert f"[{code}]" in result.stdout


BAD_FILES = {
    "empty": b"",
    "a list": b"[]",
    "no format": b'{"name": "1-2"}',
    "a later version": b'{"format":"usbguard-py capture","version":2,"name":"1-2","syspath":"","attributes":{}}',
    "an unknown field": b'{"name":"1-2","syspath":"","attributes":{},"more":1}',
    "too deep": b'{"capture":' * 5000,
    "too long": b" " * (1024 * 1024 + 1),
    "odd hex": b'{"name":"1-2","syspath":"","attributes":{"serial":"0"}}',
}


@pytest.mark.parametrize("raw", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_files_that_are_no_capture(run: Run, tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "c").write_bytes(raw)
    result = run("explain", "--capture", str(tmp_path / "c"))
    assert result.exit_code == 65
    assert "Lỗi: " in result.stderr


@pytest.mark.parametrize("words", [(), ("1-2", "--seq", "1"), ("--seq", "1", "--capture", "x"), ("--seq", "0")])
def test_exactly_one_thing(run: Run, words: tuple[str, ...]) -> None:
    assert run("explain", *words).exit_code == 64

"""``activate`` and ``confirm``: what is asked of the judge, and what a person reads."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.rig import Judge
from usbguard_py.core import requests
from usbguard_py.errors_trial import NoTrial

USED = {"name": "standalone", "seq": 9, "enforce": True, "trial": {"seconds_left": 599, "back_to": "observe", "seq": 9}}


@pytest.mark.parametrize(
    ("given", "seconds"),
    {"10m": 600, "90s": 90, "1h": 3600, "10s": 10, "24h": 86_400}.items(),
)
def test_how_long(run: Run, judge: Judge, given: str, seconds: int) -> None:
    judge.answers["PolicyUse"] = USED
    result = run("activate", "--confirm-within", given)
    assert result.exit_code == 0
    [asked] = judge.asked
    assert isinstance(asked, requests.PolicyUse)
    assert asked.confirm_within == seconds
    assert 'name = "standalone"' in asked.text
    for words in ("ĐANG CHẠY THỬ đến", "9 phút", "usbguard-py confirm", "“observe” tự trở lại"):
        assert words in result.stdout


@pytest.mark.parametrize("given", ["", "9s", "25h", "10", "ten", "10 m", "-5m", "1d", "99999999s", "0m"])
def test_what_is_no_time(run: Run, judge: Judge, given: str) -> None:
    assert run("activate", "--confirm-within", given).exit_code == 64
    assert judge.asked == []


def test_one_that_observes_needs_no_trial(run: Run, judge: Judge) -> None:
    result = run("activate", "observe")
    assert result.exit_code == 64
    assert "usbguard-py policy use observe" in result.stderr
    assert judge.asked == []


def test_in_english_and_for_programs(run: Run, judge: Judge) -> None:
    judge.answers["PolicyUse"] = {**USED, "trial": {"seconds_left": 59, "back_to": "rieng", "seq": 9}}
    shown = run("activate", "--lang", "en").stdout
    assert "ON TRIAL until" in shown
    assert "59 seconds" in shown
    assert "the policy “rieng” comes back by itself" in shown
    assert json.loads(run("activate", "--json").stdout)["trial"]["seconds_left"] == 59


def test_confirm(run: Run, judge: Judge) -> None:
    judge.answers["PolicyConfirm"] = {"name": "standalone", "seq": 10}
    assert "Đã xác nhận: chính sách “standalone” được giữ (bản ghi 10)." in run("confirm").stdout
    judge.answers["PolicyConfirm"] = NoTrial()
    result = run("confirm", "--lang", "en")
    assert result.exit_code == 1
    assert "No policy is on trial" in result.stderr


def test_a_policy_of_ones_own(run: Run, judge: Judge, tmp_path: Path) -> None:
    judge.answers["PolicyUse"] = USED
    file = tmp_path / "p.toml"
    file.write_text('name = "rieng"\nenforce = true\n')
    assert run("activate", str(file), "--no-keyboard").exit_code == 0
    [asked] = judge.asked
    assert isinstance(asked, requests.PolicyUse)
    assert (asked.origin, asked.no_keyboard) == (str(file), True)

"""``policy`` with the policies that are shipped, and with bad ones."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.conftest import BY, HERE, Run
from tests.cli.rig import Judge
from usbguard_py.core import requests
from usbguard_py.errors import KeyboardNotEnrolled
from usbguard_py.shell.store import Store

STANDALONE = (HERE / "policies/standalone.toml").read_text(encoding="utf-8")


def test_show_a_shipped_one(run: Run) -> None:
    text = run("policy", "show", "standalone").stdout
    assert "require_serial" in text
    assert "Thiết bị lưu trữ phải có số sê-ri riêng." in text
    assert "KHÔNG CHẶN GÌ" in run("policy", "show", "observe").stdout


def test_show_the_one_in_force(run: Run, store: Store) -> None:
    assert run("policy", "show").exit_code == 1
    digest = hashlib.sha256(STANDALONE.encode()).hexdigest()
    store.use_policy("standalone", STANDALONE, digest, BY)
    assert digest in run("policy", "show").stdout
    answer = json.loads(run("policy", "show", "--json").stdout)
    assert (answer["policy"]["name"], answer["digest"]) == ("standalone", digest)


BAD = {
    "unknown key": ('name = "x"\nhubbs = true\n', ":2:"),
    "wrong type": ('name = "x"\n\nhubs = 1\n', ":3:"),
    "empty": ("", ":1:"),
    "no TOML": ("name = \n", ":1:"),
}


@pytest.mark.parametrize(("text", "place"), BAD.values(), ids=BAD.keys())
def test_bad_ones(run: Run, judge: Judge, tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    for verb in ("check", "use", "show"):
        result = run("policy", verb, str(tmp_path / "p.toml"))
        assert result.exit_code == 78
        assert f"p.toml{place}" in result.stderr
        assert "Chính sách đang áp dụng không thay đổi." in result.stderr
    assert judge.asked == []


def test_no_such_policy(run: Run, tmp_path: Path) -> None:
    assert run("policy", "check", "nothing").exit_code == 1
    (tmp_path / "b").write_bytes(b"name = '\xff'")
    assert run("policy", "check", str(tmp_path / "b")).exit_code == 78
    assert run("policy", "check", str(tmp_path)).exit_code == 78


def test_check_good_ones(run: Run) -> None:
    assert run("policy", "check", "standalone").stdout == "Chính sách “standalone” dùng được.\n"
    assert json.loads(run("policy", "check", "observe", "--json").stdout)["policy"]["enforce"] is False


def test_use(run: Run, judge: Judge) -> None:
    judge.answers["PolicyUse"] = {"name": "standalone", "digest": "aa", "enforce": True, "seq": 5}
    result = run("policy", "use", "standalone")
    assert "Đã áp dụng chính sách “standalone” (bản ghi 5)." in result.stdout
    (asked,) = judge.asked
    assert isinstance(asked, requests.PolicyUse)
    assert (asked.text, asked.no_keyboard) == (STANDALONE, False)
    assert asked.origin.endswith("policies/standalone.toml")


def test_the_judge_may_refuse(run: Run, judge: Judge) -> None:
    judge.answers["PolicyUse"] = KeyboardNotEnrolled(name="1-3")
    result = run("policy", "use", "standalone")
    assert result.exit_code == 1
    assert "Đăng ký trước: usbguard-py peripheral enrol 1-3" in result.stderr

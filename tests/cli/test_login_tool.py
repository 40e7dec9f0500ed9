"""The login tool of a drive in the commands' words."""

import json
from pathlib import Path

import msgspec
import pytest

from tests.build import STORAGE, Part, a_stick, an_asset, attributes, descriptors
from tests.cli.conftest import Run
from tests.cli.rig import Judge, described
from usbguard_py import paths
from usbguard_py.core import requests
from usbguard_py.shell.capture import take
from usbguard_py.shell.store import Store

WHO = ("--device", "1-2", "--holder", "Nguyen Van Mau", "--document", "MAU-01/2026")


@pytest.mark.parametrize("words", [(), ("--login-tool",), ("--login-tool", "--access", "read-only")])
def test_add_asks_for_it_only_when_told(run: Run, judge: Judge, words: tuple[str, ...]) -> None:
    judge.answers["WhitelistAdd"] = {"id": "TB-0001", "seq": 5}
    assert run("whitelist", "add", *WHO, *words, "--json").exit_code == 0
    (asked,) = judge.asked
    assert isinstance(asked, requests.WhitelistAdd)
    assert asked.login_tool is ("--login-tool" in words)
    assert asked.access == ("ro" if "read-only" in words else "rw")


@pytest.mark.parametrize(
    ("lang", "runs", "rests"),
    [
        ("en", "runs from the drive's own disc", "does not run"),
        ("vi", "được chạy từ đĩa CD của chính thiết bị", "không được chạy"),
    ],
)
def test_show_says_it(run: Run, store: Store, lang: str, runs: str, rests: str) -> None:
    store.add_asset(an_asset(a_stick(), login_tool=True), "quanly")
    store.add_asset(an_asset(a_stick(b"SAMPLE-0002")), "quanly")
    for id_, words, other in (("TB-0001", runs, rests), ("TB-0002", rests, runs)):
        text = " ".join(run("whitelist", "show", id_, lang=lang).stdout.split())
        assert words in text
        assert other not in text


def test_show_as_json_has_it_where_it_is_set(run: Run, store: Store) -> None:
    store.add_asset(an_asset(a_stick(), login_tool=True), "quanly")
    store.add_asset(an_asset(a_stick(b"SAMPLE-0002")), "quanly")
    told = [json.loads(run("whitelist", "show", id_, "--json").stdout)["asset"] for id_ in ("TB-0001", "TB-0002")]
    assert [asset.get("login_tool") for asset in told] == [True, None]


def test_explain_says_what_a_listed_drive_may_be_used_for(run: Run, judge: Judge) -> None:
    judge.answers["Explain"] = described(gates=[], access="ro", login_tool=True, code="ALLOWED", asset="TB-0001")
    text = run("explain", "1-2", lang="en").stdout
    assert "reading only" in text
    assert "runs from the drive's own disc" in text
    judge.answers["Explain"] = described(gates=[])
    assert "Login program" not in run("explain", "1-2", lang="en").stdout


def test_explain_of_a_capture_says_it_too(run: Run, store: Store, tmp_path: Path) -> None:
    folder = paths.USB_DEVICES / "1-2"
    folder.mkdir(parents=True)
    for name, value in attributes(descriptors((Part(0, STORAGE),))).items():
        if value is not None:
            (folder / name).write_bytes(value)
    file = tmp_path / "device.json"
    file.write_text(json.dumps({"capture": msgspec.to_builtins(take("1-2"))}))
    store.add_asset(an_asset(a_stick(), login_tool=True), "quanly")
    answer = json.loads(run("explain", "--capture", str(file), "--json").stdout)
    assert (answer["asset"], answer["access"], answer["login_tool"]) == ("TB-0001", "rw", True)

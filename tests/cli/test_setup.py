"""``setup``: what is asked, shown and done in which order, and what an interruption leaves."""

import json
import os
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.rig import STATUS, Judge, described
from usbguard_py import paths
from usbguard_py.cli import setup
from usbguard_py.core import requests
from usbguard_py.errors import KeyboardNotEnrolled, NotFound
from usbguard_py.papers.agency import Agency, read_agency
from usbguard_py.papers.agency_text import with_values
from usbguard_py.shell import accounts, condition, papers
from usbguard_py.shell.store import Store

KEYBOARD = described("1-1", kind="keyboard", code="INPUT_NOT_ENROLLED", product="Sample Keyboard", manufacturer="")
MOUSE = described("1-2", kind="mouse", code="INPUT_NOT_ENROLLED", product="Sample Mouse", manufacturer="")
CAMERA = described("1-3", kind="video", code="VIDEO")
ACTIVATED = {"name": "standalone", "seq": 9, "trial": {"seconds_left": 600, "back_to": "observe", "seq": 9}}
NOBODY = "\n\n\n"  # administrators, list managers, auditors
FACTS = "\n\n\n\n\n\n\n"  # the seven lines of the agency


@pytest.fixture
def given(judge: Judge, store: Store, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """A computer that observes, with a keyboard, a mouse and two accounts; who got which role."""
    done: list[tuple[str, str]] = []
    judge.answers |= {
        "Status": {**STATUS, "mode": "observe"},
        "Devices": {"devices": [KEYBOARD, MOUSE, CAMERA]},
        "PeripheralList": {"peripherals": []},
        "PeripheralEnrol": lambda asked: {"id": "NV-0001", "kind": "keyboard", "port": asked.name, "seq": 7},
        "PolicyUse": ACTIVATED,
    }

    def see(name: str) -> None:
        if name not in {"canboa", "canbob"}:
            raise NotFound(what="account", name=name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "see", see)
    monkeypatch.setattr(accounts, "members", lambda _group: ("canbob",))
    monkeypatch.setattr(accounts, "put_into", lambda name, group: done.append((name, group)))
    monkeypatch.setattr(condition, "members", lambda _name: 1)
    monkeypatch.setattr("usbguard_py.shell.onlooker.built_in", lambda name: name == "1-3")
    return done


@pytest.fixture
def terminal(given: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Somebody who can be asked."""
    monkeypatch.setattr(setup, "interactive", lambda: True)
    return given


def asked(judge: Judge, kind: type[Any]) -> list[Any]:
    return [one for one in judge.asked if isinstance(one, kind)]


def test_a_dialogue_from_beginning_to_end(run: Run, judge: Judge, terminal: list[tuple[str, str]]) -> None:
    agency = "\nCƠ QUAN MẪU\n\nTỉnh Mẫu\nTrần Thị Mẫu\n\n\n"
    answers = "vi\n" + agency + "c\nk\n" + "\ncanboa canbob\n\n" + "c\n" + "c\n"
    result = run("setup", stdin=answers)
    assert result.exit_code == 0, result.output
    assert terminal == [("canboa", "usbguard-manager")]
    assert [one.name for one in asked(judge, requests.PeripheralEnrol)] == ["1-1"]
    assert papers.agency() == Agency(body="CƠ QUAN MẪU", place="Tỉnh Mẫu", keeper="Trần Thị Mẫu")
    [use] = asked(judge, requests.PolicyUse)
    assert use.confirm_within == 600
    shown = result.stdout
    for words in (
        "camera (1-3) [VIDEO]",
        "usermod -aG usbguard-manager canboa",
        "– → CƠ QUAN MẪU",
        "usbguard-py confirm",
    ):
        assert words in shown
    assert shown.index("Sẽ làm những việc sau") < shown.index("Đã làm:") < shown.index("usbguard-py doctor")


def test_enter_alone_changes_and_begins_nothing(run: Run, judge: Judge, terminal: list[tuple[str, str]]) -> None:
    result = run("setup", "--lang", "en", stdin=FACTS + "\n\n" + NOBODY + "\n")
    assert result.exit_code == 0, result.output
    assert "Nothing was changed." in result.stdout
    assert "This computer observes." in result.stdout
    assert terminal == []
    assert not paths.AGENCY.exists()
    assert not [one for one in judge.asked if type(one).CHANGES]


@pytest.mark.parametrize("after", [0, 1, 8, 9, 11, 13])
def test_an_end_of_input_at_any_question_changes_nothing(
    run: Run, judge: Judge, terminal: list[tuple[str, str]], after: int
) -> None:
    lines = ["vi", "", "CƠ QUAN MẪU", "", "", "", "", "", "c", "c", "", "canboa", "", "c"][:after]
    result = run("setup", stdin="".join(f"{line}\n" for line in lines))
    assert result.exit_code == 130, result.output
    assert "Chưa có gì thay đổi." in result.stdout or "Không có gì thay đổi." in result.stdout
    assert terminal == []
    assert not paths.AGENCY.exists()
    assert not [one for one in judge.asked if type(one).CHANGES]


def test_what_is_set_is_shown_and_stays(run: Run, judge: Judge, terminal: list[tuple[str, str]]) -> None:
    text = '# by hand\nbody = "CƠ QUAN MẪU"  # our name\n'
    paths.AGENCY.write_text(text, encoding="utf-8")
    result = run("setup", "--lang", "en", stdin="n\nn\nn\n" + NOBODY + "n\n")
    assert result.exit_code == 0, result.output
    assert "CƠ QUAN MẪU" in result.stdout
    assert "has it: canbob" in result.stdout
    assert paths.AGENCY.read_text(encoding="utf-8") == text


def test_an_account_that_is_not_there_is_asked_anew(run: Run, judge: Judge, terminal: list[tuple[str, str]]) -> None:
    result = run("setup", "--lang", "en", stdin=FACTS + "\n\n" + "\nnobody9\ncanboa\n\n" + "y\nn\n")
    assert "There is no account “nobody9”." in result.stdout
    assert terminal == [("canboa", "usbguard-manager")]


def test_flags_alone(run: Run, judge: Judge, given: list[tuple[str, str]]) -> None:
    words = ("--manager", "canboa", "--auditor", "canbob", "--enrol", "1-1", "--body", "CƠ QUAN MẪU", "--activate")
    refused = run("setup", *words)
    assert refused.exit_code == 64
    assert "--yes" in refused.stderr
    assert given == []
    result = run("setup", *words, "--yes", "--confirm-within", "5m")
    assert result.exit_code == 0, result.output
    assert given == [("canboa", "usbguard-manager")]
    assert papers.agency().body == "CƠ QUAN MẪU"
    assert asked(judge, requests.PolicyUse)[0].confirm_within == 300


def test_yes_alone_decides_nothing(run: Run, judge: Judge, given: list[tuple[str, str]]) -> None:
    assert run("setup", "--yes").exit_code == 0
    assert given == []
    assert not [one for one in judge.asked if type(one).CHANGES]


def test_for_programs(run: Run, judge: Judge, given: list[tuple[str, str]]) -> None:
    answer = json.loads(run("setup", "--json", "--enrol", "1-1", "--yes").stdout)
    assert answer["done"] == ["usbguard-py peripheral enrol 1-1"]
    assert "observing" in {one["name"] for one in answer["findings"]}
    assert answer["activated"] is None


def test_what_was_not_done_is_said(run: Run, judge: Judge, given: list[tuple[str, str]]) -> None:
    judge.answers["PeripheralEnrol"] = NotFound(what="device", name="1-1")
    result = run("setup", "--manager", "canboa", "--enrol", "1-1", "--yes", "--lang", "en")
    assert result.exit_code == 1
    assert "Done: usermod -aG usbguard-manager canboa" in result.stdout
    assert "NOT done: usbguard-py peripheral enrol 1-1" in result.stdout


def test_a_full_disk_leaves_the_old_file(
    run: Run, judge: Judge, given: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.AGENCY.write_text('body = "CƠ QUAN MẪU"\n', encoding="utf-8")

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("usbguard_py.shell.files.os.fsync", full)
    result = run("setup", "--place", "Tỉnh Mẫu", "--yes")
    assert result.exit_code == 73
    assert papers.agency() == Agency(body="CƠ QUAN MẪU")
    assert [p.name for p in paths.AGENCY.parent.iterdir() if p.is_file()] == ["agency.toml"]


def test_activation_that_is_refused_is_said_after_what_was_done(
    run: Run, judge: Judge, given: list[tuple[str, str]]
) -> None:
    judge.answers["PolicyUse"] = KeyboardNotEnrolled(name="1-1")
    result = run("setup", "--manager", "canboa", "--activate", "--yes", "--lang", "en")
    assert result.exit_code == 1
    assert given == [("canboa", "usbguard-manager")]
    assert "usbguard-py peripheral enrol 1-1" in result.stderr


def test_one_that_blocks_already_is_left_alone(run: Run, judge: Judge, given: list[tuple[str, str]]) -> None:
    judge.answers["Status"] = STATUS
    result = run("setup", "--activate", "--yes", "--lang", "en")
    assert "This computer blocks already" in result.stdout
    assert not asked(judge, requests.PolicyUse)


def test_a_time_that_is_none_is_said_first(run: Run, judge: Judge, given: list[tuple[str, str]]) -> None:
    assert run("setup", "--manager", "canboa", "--activate", "--confirm-within", "soon", "--yes").exit_code == 64
    assert given == []


def test_only_root(run: Run, judge: Judge, given: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = run("setup")
    assert result.exit_code == 77
    assert "sudo usbguard-py setup" in result.stderr


def test_an_agency_file_that_is_wrong_is_not_touched(run: Run, judge: Judge, given: list[tuple[str, str]]) -> None:
    paths.AGENCY.write_text("body = 5\n", encoding="utf-8")
    assert run("setup", "--place", "Tỉnh Mẫu", "--yes").exit_code == 78
    assert paths.AGENCY.read_text(encoding="utf-8") == "body = 5\n"


@pytest.mark.parametrize(
    ("text", "wanted", "kept"),
    [
        ("", Agency(body="A"), 'body = "A"\n'),
        ('# ours\nbody = "A"\n', Agency(body="B"), '# ours\nbody = "B"\n'),
        ('body = "A"\nplace = "P"\n', Agency(place="P"), 'place = "P"\n'),
        ('body = "A"\n', Agency(body="A", body_above=""), 'body = "A"\nbody_above = ""\n'),
        ("", Agency(body='"A" \\ „B“\nC'), None),
        ('body = """\nA"""\n', Agency(body="B"), None),
    ],
)
def test_the_agency_s_file_is_edited(text: str, wanted: Agency, kept: str | None) -> None:
    made = with_values(text, wanted, "agency.toml")
    assert read_agency(made, "agency.toml") == wanted
    assert kept is None or made == kept

"""What waits for a second person: shown where people look, decided by number, in both languages."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.build import a_stick, an_asset
from tests.cli.conftest import BY, Run
from tests.cli.rig import STATUS, Judge, described
from tests.cli.test_terminal import on_terminal
from usbguard_py.core.custody import moved
from usbguard_py.core.four_eyes import Proposal, Stage
from usbguard_py.core.given import Given
from usbguard_py.core.requests import WhitelistApprove, WhitelistMove, WhitelistRefuse
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.errors_life import NoPerson, ProposalOver, SamePerson
from usbguard_py.shell.clock import later
from usbguard_py.shell.database import ensure_schema
from usbguard_py.shell.store import Store

WHY = ("--reason", "đã kiểm tra", "--document", "MAU-09/2026")
SENT = {"reason": "đã kiểm tra", "document": "MAU-09/2026"}


@pytest.fixture
def waiting(store: Store, assets: tuple[Asset, ...]) -> Proposal:
    """A hand-over of the first device that somebody proposed, seven days from today."""
    given, why = Given(holder="Lê Văn Mẫu"), {"reason": "nhiệm vụ mới", "document": "MAU-04/2026"}
    after = moved(assets[0], "transfer", given, store.today(), **why)
    draft = Proposal(0, "", "transfer", given, "", 1001, "quanly", "", "", **why)
    return store.propose(draft, 7, assets[0], after, BY)[0]


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_what_waits_is_listed(run: Run, store: Store, waiting: Proposal) -> None:
    text = squeezed(run("whitelist", "proposals").stdout)
    for part in ("TB-0001", "bàn giao", "quanly", "chờ người thứ hai phê duyệt", "người được giao: Lê Văn Mẫu"):
        assert part in text
    english = squeezed(run("whitelist", "proposals", lang="en").stdout)
    assert "handed over quanly" in english
    assert english.endswith("1 proposal.")
    (one,) = json.loads(run("whitelist", "proposals", "--json").stdout)["proposals"]
    assert (one["number"], one["facts"]["holder"], one["until"]) == (1, "Lê Văn Mẫu", waiting.until)
    store.refuse(1, Stage.REFUSED, BY, reason="sai", document="MAU-09/2026")
    assert run("whitelist", "proposals").stdout == "Không có đề nghị nào chờ người thứ hai phê duyệt.\n"
    assert "không duyệt" in run("whitelist", "proposals", "--all").stdout


def test_the_device_and_the_list_say_it(run: Run, waiting: Proposal) -> None:
    text = squeezed(run("whitelist", "show", "TB-0001").stdout)
    for part in ("Đề nghị 1: bàn giao", "Người đề nghị quanly", "đề nghị: bàn giao", "nhiệm vụ mới; MAU-04/2026"):
        assert part in text, text
    assert "người được giao: Nguyen Van Mau → Lê Văn Mẫu" in text
    assert json.loads(run("whitelist", "show", "TB-0001", "--json").stdout)["proposal"]["number"] == 1
    assert "đang sử dụng, chờ người thứ hai" in run("whitelist", "list", "tb-0001").stdout
    assert "chờ người thứ hai" not in run("whitelist", "list", "tb-0002").stdout
    log = squeezed(run("log", "--kind", "proposal", lang="en").stdout)
    assert "proposed: handed over" in log
    assert "proposal 1 by quanly, until" in log


def test_status_and_explain_say_it(run: Run, judge: Judge) -> None:
    judge.answers["Status"] = STATUS | {"reminders": {"waiting": 2}}
    assert "· 2 đề nghị chờ người thứ hai phê duyệt: usbguard-py whitelist proposals" in run("status").stdout
    assert "· 2 proposals wait for a second person" in run("status", lang="en").stdout
    proposal = {"number": 3, "verb": "approve", "login": "quanly", "until": "2026-11-28"}
    gates = [{"gate": "custody", "code": "PENDING", "facet": "state", "expected": "in-use", "seen": "pending"}]
    judge.answers["Explain"] = described(code="PENDING", asset="TB-0001", gates=gates, proposal=proposal)
    text = squeezed(run("explain", "1-2").stdout)
    assert "Đề nghị 3 (phê duyệt) của quanly chờ người thứ hai phê duyệt, đến 28/11/2026." in text
    judge.answers["Explain"] = described(code="PENDING", asset="TB-0001", gates=gates, proposal={})
    assert "Đề nghị" not in run("explain", "1-2").stdout


def test_a_move_that_waits_says_so_and_not_that_it_is_done(run: Run, judge: Judge, assets: Any) -> None:
    waits = {"id": "TB-0001", "seq": 20, "state": "in-use", "cut": [], "proposal": 4, "until": "2026-11-28"}
    judge.answers |= {"WhitelistMove": waits, "WhitelistAdd": waits, "WhitelistLearn": waits}
    move = ("transfer", "TB-0001", "--holder", "Lê Văn Mẫu", *WHY, "--yes")
    learn = ("learn", "TB-0001", "--device", "1-2", "--face", "b", "--document", "MAU-04/2026")
    add = ("add", "--device", "1-2", "--holder", "Lê Văn Mẫu", "--document", "MAU-04/2026")
    for words in (move, learn, add):
        said = squeezed(run("whitelist", *words).stdout)
        assert "CHƯA CÓ HIỆU LỰC: đề nghị 4 đối với TB-0001 (bản ghi 20)" in said
        assert "đến 28/11/2026" in said
        assert "whitelist approve --proposal 4" in said
        assert "Đã bàn giao" not in said
        assert "NOT YET IN FORCE: proposal 4 for TB-0001" in squeezed(run("whitelist", *words, lang="en").stdout)
    judge.answers["WhitelistAdd"] = {"id": "TB-0004", "seq": 30, "state": "pending"}
    assert "cần hai người cùng đồng ý" in squeezed(run("whitelist", *add).stdout)
    assert "hai người" not in run("whitelist", *add, "--pending").stdout


def test_deciding_by_number(run: Run, judge: Judge, assets: Any) -> None:
    done = {"id": "TB-0001", "seq": 21, "state": "in-use", "cut": [], "approved": 4, "verb": "transfer"}
    judge.answers |= {"WhitelistApprove": done, "WhitelistRefuse": {"id": "TB-0001", "seq": 22, "state": "refused"}}
    said = run("whitelist", "approve", "--proposal", "4", *WHY, "--yes").stdout
    assert "Đã duyệt đề nghị 4." in said
    assert "TB-0001" in said
    judge.answers["WhitelistApprove"] = done | {"verb": "learn"}
    assert "has another face" in run("whitelist", "approve", "--proposal", "4", *WHY, "--yes", lang="en").stdout
    assert "không duyệt đề nghị 4" in run("whitelist", "refuse", "4", *WHY, "--yes").stdout
    judge.answers["WhitelistRefuse"] = {"id": "TB-0001", "seq": 22, "state": "withdrawn"}
    assert "Đã rút đề nghị 4" in run("whitelist", "refuse", "4", *WHY, "--yes").stdout
    approve, refuse = WhitelistApprove(proposal=4, **SENT), WhitelistRefuse(proposal=4, **SENT)
    assert judge.asked == [approve, approve, refuse, refuse]
    judge.answers["WhitelistMove"] = done | {"verb": "approve"}
    assert run("whitelist", "approve", "TB-0001", *WHY, "--yes").exit_code == 0
    assert judge.asked[-1] == WhitelistMove(verb="approve", id="TB-0001", **SENT)


BAD = {
    "neither": ("approve", *WHY, "--yes"),
    "both": ("approve", "TB-0001", "--proposal", "1", *WHY, "--yes"),
    "other facts": ("approve", "--proposal", "1", "--holder", "x", *WHY, "--yes"),
    "no paper": ("approve", "--proposal", "1", "--reason", "r", "--yes"),
    "no reason": ("refuse", "1", "--document", "d", "--yes"),
    "no confirmation": ("approve", "--proposal", "1", *WHY),
    "no number": ("refuse", "0", *WHY, "--yes"),
}


@pytest.mark.parametrize("words", BAD.values(), ids=BAD.keys())
def test_what_is_missing_or_too_much_sends_nothing(run: Run, judge: Judge, assets: Any, words: tuple[str, ...]) -> None:
    assert run("whitelist", *words).exit_code == 64
    assert judge.asked == []


REFUSALS = {
    "same": (SamePerson(id="TB-0001", number=1, name="quanly"), 77, "phải do người khác phê duyệt", "Another person"),
    "nobody": (NoPerson(id="TB-0001"), 77, "không có ai đăng nhập", "nobody is logged in"),
    "changed": (
        ProposalOver(number=1, detail="the device was changed since"),
        1,
        "thông tin thiết bị đã thay đổi sau khi lập",
        "the device was changed since",
    ),
    "late": (ProposalOver(number=1, detail="its last day was 2026-11-28"), 1, "hạn phê duyệt là", "its last day was"),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals_in_both_languages(run: Run, judge: Judge, case: tuple[Any, int, str, str]) -> None:
    error, code, vi, en = case
    for lang, part in (("vi", vi), ("en", en)):
        judge.answers["WhitelistApprove"] = type(error)(**error.facts)
        result = run("whitelist", "approve", "--proposal", "1", *WHY, "--yes", lang=lang)
        assert (result.exit_code, part in squeezed(result.stderr)) == (code, True), result.stderr


def test_one_that_is_late_is_not_among_those_that_wait(
    run: Run, store: Store, waiting: Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "today", lambda _self: later(waiting.until, 1))
    monkeypatch.setattr("usbguard_py.shell.reader.Reader.today", lambda _self: later(waiting.until, 1))
    assert "TB-0001" not in run("whitelist", "proposals").stdout
    assert "quá hạn phê duyệt" in squeezed(run("whitelist", "proposals", "--all").stdout)
    assert store.proposal_of("TB-0001") is None


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Judge]:
    """A machine below a folder: a judge on its socket, one device that waits, and the proposal to approve it."""
    state, run_ = tmp_path / "var/lib/usbguard-py", tmp_path / "run/usbguard-py"
    for folder in (state, run_):
        folder.mkdir(parents=True)
    assert ensure_schema(state / "usbguard-py.db")
    store = Store.open(state / "usbguard-py.db")
    asset, _ = store.add_asset(an_asset(a_stick(), Custody.PENDING), BY)
    store.propose(Proposal(0, "", "approve", Given(), "", 1001, "nguoi-lap", "", ""), 7, asset, asset, BY)
    store.close()
    judge = Judge(run_ / "control.sock")
    judge.answers["WhitelistApprove"] = {"id": "TB-0001", "seq": 20, "state": "in-use", "cut": [], "verb": "approve"}
    yield judge
    judge.close()


def test_on_a_terminal_it_is_shown_before_it_is_approved_and_sent_by_its_number(
    terminal: Judge, tmp_path: Path
) -> None:
    """What is approved is what was shown, also when another proposal took its place meanwhile."""
    answers = {"Lý do: ": "đã kiểm tra\n", "Căn cứ (số văn bản): ": "MAU-09/2026\n"}
    words = ("whitelist", "approve", "TB-0001")
    code, text = on_terminal(tmp_path, *words, answers={**answers, "[c/K]: ": "k\n"})
    assert (code, terminal.asked) == (1, []), text
    for part in ("phê duyệt", "Nguyen Van Mau", "nguoi-lap"):
        assert part in text
    code, text = on_terminal(tmp_path, *words, answers={**answers, "[c/K]: ": "c\n"})
    assert code == 0, text
    assert terminal.asked == [WhitelistApprove(proposal=1, **SENT)]

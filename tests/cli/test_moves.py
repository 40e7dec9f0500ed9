"""The commands of the moves: made from the table, asking for what is missing, saying what became of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.build import a_stick, an_asset
from tests.cli.conftest import BY, Run
from tests.cli.rig import STATUS, Judge, described
from tests.cli.test_terminal import COLOUR, on_terminal
from usbguard_py.cli.move_words import WORDS
from usbguard_py.cli.whitelist import command
from usbguard_py.core.custody import MOVES
from usbguard_py.core.given import Given
from usbguard_py.core.requests import WhitelistAdd, WhitelistMove, WhitelistRevokeHolder
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.errors_life import MoveForbidden, MoveNotYet
from usbguard_py.shell.clock import later
from usbguard_py.shell.database import ensure_schema
from usbguard_py.shell.store import Store

WHY = ("--reason", "hết nhiệm vụ", "--document", "MAU-02/2026")
FACTS = {
    "inspect": (
        ("--on", "20/11/2026", "--until", "2027-05-20"),
        Given(inspected_on="2026-11-20", inspected_until="2027-05-20"),
    ),
    "assign": (("--holder", "Lê Văn Mẫu", "--unit", ""), Given(holder="Lê Văn Mẫu", unit="")),
    "transfer": (
        ("--holder", "Lê Văn Mẫu", "--expires", "31/12/2027"),
        Given(holder="Lê Văn Mẫu", expires_on="2027-12-31"),
    ),
    "resume": (("--expires", "none"), Given(expires_on="")),
    "correct": (("--label", "USB 2", "--origin", "MAU-09/2026"), Given(label="USB 2", document="MAU-09/2026")),
}


def test_every_move_has_its_command_and_every_command_its_words() -> None:
    assert list(WORDS) == list(MOVES)
    assert set(MOVES) <= set(command.places)


@pytest.mark.parametrize("verb", [v for v in MOVES if v != "revoke"])
def test_each_command_sends_its_move(run: Run, judge: Judge, assets: tuple[Asset, ...], verb: str) -> None:
    judge.answers["WhitelistMove"] = {"id": "TB-0001", "seq": 20, "state": "in-use", "cut": []}
    words, facts = FACTS.get(verb, ((), Given()))
    said = {}
    for lang in ("vi", "en"):
        result = run("whitelist", verb, "TB-0001", *words, *WHY, "--yes", lang=lang)
        assert result.exit_code == 0, result.output
        said[lang] = result.stdout
    asked = WhitelistMove(verb=verb, id="TB-0001", reason="hết nhiệm vụ", document="MAU-02/2026", facts=facts)
    assert judge.asked == [asked, asked]
    assert "TB-0001 " in said["vi"]
    assert "(bản ghi 20)" in said["vi"]
    assert said["vi"] != said["en"]


def test_an_inspection_is_of_today_when_no_day_is_said(run: Run, judge: Judge, store: Store, assets: Any) -> None:
    judge.answers["WhitelistMove"] = {"id": "TB-0001", "seq": 20, "state": "in-use", "cut": []}
    assert run("whitelist", "inspect", "TB-0001", *WHY, "--yes").exit_code == 0
    (asked,) = judge.asked
    assert isinstance(asked, WhitelistMove)
    assert asked.facts == Given(inspected_on=store.today())


BAD = {
    "no reason": (("suspend", "TB-0001", "--document", "d"), "Phải ghi lý do và căn cứ (số văn bản)"),
    "no paper": (("suspend", "TB-0001", "--reason", "r"), "Phải ghi lý do và căn cứ (số văn bản)"),
    "no holder": (("transfer", "TB-0001", *WHY), "--holder"),
    "a day that no calendar has": (
        ("resume", "TB-0001", "--expires", "30/02/2027", *WHY),
        "“30/02/2027” không phải ngày",
    ),
    "an option of another move": (("suspend", "TB-0001", "--holder", "x", *WHY), "--holder"),
    "a device and a person": (("revoke", "TB-0001", "--holder", "x", *WHY), "--holder"),
    "neither": (("revoke", *WHY), "--holder"),
    "a move that there is not": (("burn", "TB-0001"), "burn"),
}


@pytest.mark.parametrize(("words", "part"), BAD.values(), ids=BAD.keys())
def test_what_is_missing_or_wrong_is_said_and_nothing_is_sent(
    run: Run, judge: Judge, assets: Any, words: tuple[str, ...], part: str
) -> None:
    result = run("whitelist", *words, *(() if words[0] == "burn" else ("--yes",)))
    assert result.exit_code == 64, result.output
    assert part in result.stderr
    assert judge.asked == []


def test_without_yes_and_without_a_terminal_nothing_is_done(run: Run, judge: Judge, assets: Any) -> None:
    result = run("whitelist", "suspend", "TB-0001", *WHY)
    assert (result.exit_code, judge.asked) == (64, [])
    assert "--yes" in result.stderr


def test_a_refused_move_says_what_is_possible(run: Run, judge: Judge, assets: Any) -> None:
    facts = {"id": "TB-0001", "verb": "resume", "moves": "found, revoke, correct"}
    judge.answers["WhitelistMove"] = MoveForbidden(state="lost", **facts)
    expected = {
        "vi": "Không thực hiện được “resume” với TB-0001: thiết bị ở tình trạng thất lạc.",
        "en": "“resume” is not possible for TB-0001: it is lost.",
    }
    for lang, sentence in expected.items():
        result = run("whitelist", "resume", "TB-0001", *WHY, "--yes", lang=lang)
        assert result.exit_code == 1
        assert sentence in result.stderr
        assert "found, revoke, correct" in result.stderr
    judge.answers["WhitelistMove"] = MoveNotYet(detail="Lê Văn Mẫu holds it; it has to be returned first", **facts)
    result = run("whitelist", "destroy", "TB-0001", *WHY, "--yes")
    assert "Lê Văn Mẫu đang giữ thiết bị; phải trả lại trước" in result.stderr


def test_what_keeps_a_device_from_opening_is_said_after_the_move(
    run: Run, judge: Judge, store: Store, assets: Any
) -> None:
    store.move("TB-0001", "return", BY, reason="trả lại", document="MAU-02/2026")
    judge.answers["WhitelistMove"] = {"id": "TB-0001", "seq": 20, "state": "in-use", "cut": ["1-2"]}
    text = run("whitelist", "return", "TB-0001", *WHY, "--yes").stdout
    assert "Đã nhận lại TB-0001 (bản ghi 20)." in text
    assert "Chưa có người giữ: thiết bị không mở cho đến khi được giao (assign)." in text
    assert "1-2" in text
    assert "chưa có người giữ" in run("whitelist", "list", "tb-0001").stdout


def test_everything_that_a_person_holds(run: Run, judge: Judge, assets: Any) -> None:
    one = {"id": "TB-0002", "label": "USB an toàn", "serial": "P-0002", "state": "revoked", "seq": 21}
    judge.answers["WhitelistRevokeHolder"] = {
        "holder": "Trần Thị Mẫu",
        "revoked": [one],
        "not_returned": [one],
        "cut": [],
    }
    result = run("whitelist", "revoke", "--holder", "Trần Thị Mẫu", *WHY, "--yes")
    assert result.exit_code == 0, result.output
    assert judge.asked == [WhitelistRevokeHolder(holder="Trần Thị Mẫu", reason="hết nhiệm vụ", document="MAU-02/2026")]
    assert "Đã thu hồi quyền sử dụng 1 thiết bị của Trần Thị Mẫu." in result.stdout
    assert "1 thiết bị chưa được trả lại:" in result.stdout
    assert "TB-0002" in result.stdout
    english = run("whitelist", "revoke", "--holder", "Trần Thị Mẫu", *WHY, "--yes", lang="en").stdout
    assert "The right to use 1 device of Trần Thị Mẫu is revoked." in english
    assert result.stdout.index("TB-0002") < result.stdout.index("Đã thu hồi quyền"), "what it is about is shown first"
    assert "TB-0001" not in result.stdout
    likely = run("whitelist", "revoke", "--holder", "tran thi", *WHY, "--yes").stdout
    assert "Tên gần giống trong danh sách: Trần Thị Mẫu" in likely


@pytest.fixture
def several(store: Store) -> str:
    """Devices in several states and units; the day that it is."""
    today = store.today()
    rows: list[dict[str, Any]] = [
        {"holder": "Vũ Thị Mẫu", "unit": "Văn phòng", "expires_on": later(today, 9)},
        {"holder": "Đỗ Văn Mẫu", "unit": "Phòng Cơ yếu", "expires_on": later(today, -1)},
        {"holder": "An Thị Mẫu", "unit": "Phòng Cơ yếu", "state": Custody.REVOKED},
        {"holder": "", "unit": "", "state": Custody.DAMAGED},
        {"holder": "Bùi Văn Mẫu", "unit": "", "inspected_on": later(today, -9), "inspected_until": later(today, -1)},
    ]
    for number, facts in enumerate(rows, 1):
        store.add_asset(an_asset(a_stick(b"SAMPLE-%04d" % number), **facts), BY)
    return today


SEARCHES = {
    "a unit without accents": (("--unit", "co yeu"), [2, 3]),
    "not returned": (("--not-returned",), [3]),
    "expired": (("--state", "expired"), [2]),
    "by holder": (("--sort", "holder"), [4, 3, 5, 2, 1]),
    "by unit": (("--sort", "unit"), [4, 5, 2, 3, 1]),
    "by last day": (("--sort", "expires"), [2, 1, 3, 4, 5]),
    "by state": (("--sort", "state"), [1, 2, 5, 3, 4]),
}


@pytest.mark.parametrize(("words", "found"), SEARCHES.values(), ids=SEARCHES.keys())
def test_searching_and_sorting(run: Run, several: str, words: tuple[str, ...], found: list[int]) -> None:
    answer = json.loads(run("whitelist", "list", "--json", *words).stdout)
    assert [a["id"] for a in answer["assets"]] == [f"TB-000{n}" for n in found]


def test_the_list_says_what_does_not_open(run: Run, several: str) -> None:
    lines = run("whitelist", "list").stdout.splitlines()[3:]
    ends = ["đang sử dụng", "hết hạn", "thu hồi", "hỏng", "chờ kiểm tra"]
    assert [line.rstrip().endswith(end) for line, end in zip(lines, ends, strict=False)] == [True] * 5
    assert run("whitelist", "list", "--unit", "cơ yếu", lang="en").stdout.endswith("2 devices.\n")
    assert run("whitelist", "list", "--state", "damaged", lang="en").stdout.endswith("\n1 device.\n")


def test_the_history_is_a_timeline(run: Run, store: Store) -> None:
    store.add_asset(an_asset(a_stick(), holder="Trần Thi Mẫu"), BY)
    why = {"reason": "viết nhầm", "document": "MAU-10/2026"}
    store.move("TB-0001", "correct", BY, given=Given(holder="Trần Thị Mẫu", expires_on="2099-12-31"), **why)
    store.move("TB-0001", "lost", BY, reason="không tìm thấy", document="MAU-11/2026")
    text = " ".join(run("whitelist", "show", "TB-0001").stdout.split())
    parts = (
        "đính chính",
        "người được giao: Trần Thi Mẫu → Trần Thị Mẫu; ngày cuối được sử dụng: – → 31/12/2099; viết nhầm; MAU-10/2026",
        "báo thất lạc",
        "không tìm thấy; MAU-11/2026",
        "Ngày cuối được sử dụng 31/12/2099",
    )
    assert [p for p in parts if p not in text] == []
    log = " ".join(run("log", "--kind", "list-state").stdout.split())
    assert "báo thất lạc" in log
    assert "Trần Thi Mẫu → Trần Thị Mẫu" in log


def test_status_reminds_of_what_is_due(run: Run, judge: Judge) -> None:
    judge.answers["Status"] = STATUS | {
        "reminders": {"expired": 1, "expiring": 2, "inspection_due": 1, "not_returned": 1}
    }
    english = run("status", lang="en").stdout
    for line in (
        "· The last day of use of 1 device has passed.",
        "· 2 devices expire within 30 days.",
        "· The inspection of 1 device is overdue or due within 30 days.",
        "· 1 device that is revoked or damaged was not handed back.",
    ):
        assert line in english
    assert "· 2 thiết bị sắp hết hạn sử dụng (trong 30 ngày)." in run("status").stdout
    judge.answers["Status"] = STATUS
    assert "·" not in run("status").stdout


def test_adding_what_waits_for_approval(run: Run, judge: Judge) -> None:
    judge.answers["WhitelistAdd"] = {"id": "TB-0004", "seq": 30}
    words = ("--document", "MAU-01/2026", "--pending", "--expires", "31/12/2027", "--inspected-on", "2026-11-20")
    assert run("whitelist", "add", "--device", "1-2", *words).exit_code == 0
    assert judge.asked == [
        WhitelistAdd(
            name="1-2",
            holder="",
            document="MAU-01/2026",
            pending=True,
            expires_on="2027-12-31",
            inspected_on="2026-11-20",
        )
    ]


@pytest.fixture
def terminal(tmp_path: Path) -> Any:
    """A machine below a folder: a judge on its socket, one device that nobody holds on its list."""
    state, run_ = tmp_path / "var/lib/usbguard-py", tmp_path / "run/usbguard-py"
    for folder in (state, run_):
        folder.mkdir(parents=True)
    assert ensure_schema(state / "usbguard-py.db")
    store = Store.open(state / "usbguard-py.db")
    store.add_asset(an_asset(a_stick(), holder="", unit="Văn phòng"), BY)
    store.close()
    judge = Judge(run_ / "control.sock")
    judge.answers["WhitelistMove"] = {"id": "TB-0001", "seq": 20, "state": "in-use", "cut": []}
    judge.answers["WhitelistMove"] = {"id": "TB-0001", "seq": 20, "cut": []}
    yield judge
    judge.close()


def test_a_terminal_is_asked_for_what_is_missing_and_yes_skips_no_question(terminal: Judge, tmp_path: Path) -> None:
    """An empty holder is no answer; Enter takes the unit that is shown."""
    answers = {
        "Người được giao (họ và tên): ": "\n",
        "trống.": "Lê Thị Mẫu\n",
        "Đơn vị [Văn phòng]: ": "\n",
        "Lý do: ": "nhiệm vụ mới\n",
        "Căn cứ (số văn bản): ": "MAU-04/2026\n",
    }
    code, text = on_terminal(tmp_path, "whitelist", "assign", "TB-0001", "--yes", answers=answers)
    assert code == 0, text
    assert terminal.asked == [
        WhitelistMove(
            verb="assign",
            id="TB-0001",
            reason="nhiệm vụ mới",
            document="MAU-04/2026",
            facts=Given(holder="Lê Thị Mẫu", unit="Văn phòng"),
        )
    ]


def test_a_correction_shows_what_is_and_sends_what_was_changed(terminal: Judge, tmp_path: Path) -> None:
    answers = {
        "Đơn vị [Văn phòng]: ": "\n",
        "Tên gọi [Sample]: ": "USB 2\n",
        "Số sê-ri in trên vỏ [P-0001]: ": "\n",
        "Số văn bản nguồn gốc của thiết bị [MAU-01/2026]: ": "\n",
        "Enter nếu không có): ": "31/02/2027\n",
        "không phải ngày": "31/12/2027\n",
        "[c/K]: ": "c\n",
    }
    code, text = on_terminal(tmp_path, "whitelist", "correct", "TB-0001", *WHY, columns=132, answers=answers)
    assert code == 0, COLOUR.sub("", text)
    (asked,) = terminal.asked
    assert isinstance(asked, WhitelistMove)
    assert asked.facts == Given(label="USB 2", expires_on="2027-12-31")


def test_revoking_asks_for_reason_and_paper(terminal: Judge, tmp_path: Path) -> None:
    answers = {"Lý do: ": "chuyển công tác\n", "Căn cứ (số văn bản): ": "MAU-02/2026\n"}
    code, text = on_terminal(tmp_path, "whitelist", "revoke", "TB-0001", answers={**answers, "[c/K]: ": "k\n"})
    assert (code, terminal.asked) == (1, []), text
    code, text = on_terminal(tmp_path, "whitelist", "revoke", "TB-0001", answers={**answers, "[c/K]: ": "c\n"})
    assert code == 0, text
    assert terminal.asked == [
        WhitelistMove(verb="revoke", id="TB-0001", reason="chuyển công tác", document="MAU-02/2026")
    ]


def test_days_are_shown_as_people_write_them(run: Run, judge: Judge) -> None:
    days = {"facet": "expiry", "expected": "2026-11-20", "seen": "2026-11-21"}
    gate = {"gate": "expiry", "code": "EXPIRED", "status": "failed", **days}
    judge.answers["Explain"] = described(code="EXPIRED", asset="TB-0001", gates=[gate], **days)
    text = " ".join(run("explain", "1-2").stdout.split())
    assert "20/11/2026 21/11/2026" in text
    assert "ĐÃ CHẶN: thiết bị TB-0001 hết hạn sử dụng (ngày cuối: 20/11/2026)." in text
    assert "(last day: 2026-11-20)" in " ".join(run("explain", "1-2", lang="en").stdout.split())


def test_a_move_that_was_made_is_said_also_to_who_cannot_read_the_list(run: Run, judge: Judge) -> None:
    judge.answers["WhitelistMove"] = {"id": "TB-0001", "seq": 20, "state": "suspended", "cut": []}
    result = run("whitelist", "suspend", "TB-0001", *WHY, "--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Đã tạm dừng TB-0001 (bản ghi 20)." in result.stdout

"""``whitelist list`` and ``whitelist lookup``: what is found, what is said when nothing is, what is nearly it."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.build import STORAGE, Part, a_stick, an_asset, attributes, descriptors
from tests.cli.conftest import BY, Run
from tests.cli.rig import Judge, described
from usbguard_py import paths
from usbguard_py.core.given import Given
from usbguard_py.core.requests import WhitelistMove
from usbguard_py.core.whitelist import Asset
from usbguard_py.shell.store import Store

LISTED = ("TB-0001", "TB-0002", "TB-0003")
FILTERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "search": (("--search", "TONG HOP"), LISTED[1:2]),
    "search twice": (("--search", "mau", "--search", "le van"), LISTED[2:]),
    "serial": (("--serial", "sample-0003"), LISTED[2:]),
    "printed serial": (("--serial", "p-0001"), LISTED),
    "document": (("--document", "mau-01"), LISTED),
    "expires": (("--expires", "..31/12/2099"), LISTED[:1]),
    "expires on a day": (("--expires", "2099-12-31"), LISTED[:1]),
    "inspected": (("--inspected", "01/01/2026.."), ()),
    "added": (("--added", "01/01/2020..31/12/2099"), LISTED),
    "together": (("mau", "--holder", "tran", "--state", "in-use", "--unit", "hanh chinh"), LISTED[1:2]),
    "order": (("--sort", "holder"), (LISTED[2], LISTED[0], LISTED[1])),
    "order and limit": (("--sort", "holder", "--limit", "1"), LISTED[2:]),
    "no limit": (("--limit", "0"), LISTED),
}


@pytest.fixture
def listed(store: Store, assets: tuple[Asset, ...]) -> Store:
    """The three assets, the first with a last day of use."""
    store.move("TB-0001", "correct", BY, reason="r", document="d", given=Given(expires_on="2099-12-31"))
    return store


@pytest.mark.parametrize(("words", "ids"), FILTERS.values(), ids=FILTERS.keys())
def test_filters(run: Run, listed: Store, words: tuple[str, ...], ids: tuple[str, ...]) -> None:
    answer = json.loads(run("whitelist", "list", "--json", *words).stdout)
    assert tuple(asset["id"] for asset in answer["assets"]) == ids
    assert answer["total"] == (3 if "--limit" in words else len(ids))


def test_more_than_a_page(run: Run, listed: Store) -> None:
    lines = run("whitelist", "list", "--limit", "1").stdout.splitlines()
    assert lines[-2:] == [
        "3 thiết bị.",
        "Còn 2 thiết bị chưa hiện: hãy thu hẹp điều kiện, hoặc dùng --limit 0 để xem tất cả.",
    ]
    assert "TB-0002" not in "".join(lines)
    assert "chưa hiện" not in run("whitelist", "list").stdout


def test_an_empty_result_says_what_was_asked(run: Run, listed: Store) -> None:
    words = ("xyz", "--holder", "Lê", "--state", "lost", "--not-returned", "--expires", "01/01/2090..")
    asked = "“xyz”; người được giao “Lê”; tình trạng “thất lạc”; chưa trả lại; ngày cuối được sử dụng từ 01/01/2090"
    said = run("whitelist", "list", *words).stdout
    assert said == f"Trong danh sách không có thiết bị nào khớp: {asked}.\n"


def test_an_empty_list_says_so(run: Run, store: Store) -> None:
    assert run("whitelist", "list", lang="en").stdout == "No device is on the list.\n"


@pytest.mark.parametrize("span", ["..", "31/12/2026..01/01/2026", "32/12/2026", "2026", "a..b", "1/1/2026..x"])
def test_what_is_no_span_of_days(run: Run, listed: Store, span: str) -> None:
    result = run("whitelist", "list", "--expires", span)
    assert result.exit_code == 64
    assert "01/01/2026" in result.stderr or "21/11/2026" in result.stderr


# What is typed, and in the answer: entries with what they were found by and what the gates say, near misses.
LOOKUPS: dict[str, tuple[str, list[Any], list[Any]]] = {
    "a number": ("tb-0001", [("TB-0001", "number", [])], []),
    "a number without its noughts": ("TB1", [("TB-0001", "number", [])], []),
    "a serial": ("SAMPLE-0002", [("TB-0002", "serial", [])], []),
    "a serial, typed by hand": ("sample 0002", [("TB-0002", "serial", [])], []),
    "revoked": ("SAMPLE-0003", [("TB-0003", "serial", ["REVOKED"])], []),
    "words": ("tong hop", [("TB-0002", "text", [])], []),
    "O for 0": ("SAMPLE-OO03", [], [("TB-0003", "electronic_serial", "look-alike", "00", "oo")]),
    "a figure too few": ("SAMPLE-003", [], [(i, "electronic_serial", "slip", *d) for i, *d in (("TB-0003", "0", ""),)]),
    "exchanged": ("SAPMLE-0002", [], [("TB-0002", "electronic_serial", "slip", "mp", "pm")]),
    "a stranger": ("SAMPLE-9876", [], []),
}


@pytest.mark.parametrize(("text", "entries", "near"), LOOKUPS.values(), ids=LOOKUPS.keys())
def test_lookup(run: Run, listed: Store, text: str, entries: list[Any], near: list[Any]) -> None:
    result = run("whitelist", "lookup", text, "--json")
    (answer,) = json.loads(result.stdout)["answers"]
    found = [(e["asset"]["id"], e["found_by"], [g["code"] for g in e["failed"]]) for e in answer["entries"]]
    assert found == entries
    nearly = [
        (n["asset"]["id"], n["fact"], n["kind"], n["listed"], n["asked"]) for n in (c["near"] for c in answer["near"])
    ]
    assert nearly == near
    assert result.exit_code == (0 if entries else 1)


def test_lookup_in_words(run: Run, listed: Store) -> None:
    text = run("whitelist", "lookup", "SAMPLE-0001", lang="en").stdout
    assert "2099-12-31" in next(line for line in text.splitlines() if line.startswith("Last day of use"))
    assert "[ALLOWED] ONLY OBSERVED, not carried out. Otherwise: ALLOWED: Sample, serial P-0001" in text
    text = run("whitelist", "lookup", "sample-0003").stdout
    assert "[REVOKED]" in text
    assert "chuyển công tác" in text
    text = run("whitelist", "lookup", "SAMPLE-O003").stdout
    assert "Không có trong danh sách: “SAMPLE-O003”.\nGần giống:\nTB-0003: số sê-ri điện tử là SAMPLE-0003." in text
    assert "“0”, không phải “o”" in text


def test_words_that_many_have_give_a_table(run: Run, listed: Store) -> None:
    lines = run("whitelist", "lookup", "mau", lang="en").stdout.splitlines()
    assert [line.split()[0] for line in lines[2:5]] == list(LISTED)
    assert lines[5] == "More about one of them: usbguard-py whitelist lookup TB-0001"
    assert len(lines) == 6


def test_lookup_names_every_reason(run: Run, store: Store) -> None:
    late: dict[str, Any] = {"expires_on": "2020-01-01", "inspected_on": "2019-01-01", "inspected_until": "2019-06-01"}
    store.add_asset(an_asset(a_stick(), holder="", **late), BY)
    (answer,) = json.loads(run("whitelist", "lookup", "TB-0001", "--json").stdout)["answers"]
    codes = [gate["code"] for gate in answer["entries"][0]["failed"]]
    assert codes == ["NO_HOLDER", "EXPIRED", "INSPECTION_DUE"]
    text = run("whitelist", "lookup", "TB-0001", lang="en").stdout
    for part in ("[NO_HOLDER]", "[EXPIRED]", "last day: 2020-01-01", "[INSPECTION_DUE]"):
        assert part in text


def test_the_entry_that_counts_comes_first(run: Run, store: Store) -> None:
    for _ in range(2):
        added, _entry = store.add_asset(an_asset(a_stick()), BY)
        if added.id == "TB-0001":
            store.move(added.id, "revoke", BY, reason="r", document="d")
    (answer,) = json.loads(run("whitelist", "lookup", "SAMPLE-0001", "--json").stdout)["answers"]
    assert [(e["asset"]["id"], e["instead"]) for e in answer["entries"]] == [("TB-0002", ""), ("TB-0001", "TB-0002")]
    assert "mục khác của cùng thiết bị: TB-0002" in run("whitelist", "lookup", "SAMPLE-0001").stdout


Plug = Callable[..., dict[str, Any]]


@pytest.fixture
def plug(judge: Judge) -> Plug:
    """Plugs a stick in: what sysfs shows of it, and how the judge describes it."""
    devices: list[dict[str, Any]] = []

    def go(name: str = "1-2", serial: bytes = b"SAMPLE-0001", **more: Any) -> dict[str, Any]:
        folder = paths.USB_DEVICES / name
        folder.mkdir(parents=True)
        for attribute, value in attributes(descriptors((Part(0, STORAGE),)), name, serial=serial + b"\n").items():
            if value is not None:
                Path(folder, attribute).write_bytes(value)
        devices.append(described(name, serial=serial.decode(), **more))
        judge.answers["Devices"] = {"devices": devices}
        return devices[-1]

    return go


def test_what_is_in_the_port(run: Run, listed: Store, plug: Plug) -> None:
    plug("1-1", b"SAMPLE-0003", code="REVOKED", asset="TB-0003", reason="chuyển công tác", seq=7)
    plug("1-2", b"SAMPLE-0O01", code="NOT_LISTED", seq=9)
    plug("1-3", b"SAMPLE-7777", kind="keyboard", code="INPUT_NOT_ENROLLED", seq=11)
    answers = json.loads(run("whitelist", "lookup", "--json").stdout)["answers"]
    assert [a["asked"] for a in answers] == ["1-2", "1-1"]
    assert [e["asset"]["id"] for e in answers[1]["entries"]] == ["TB-0003"]
    near = {c["near"]["asset"]["id"]: [d["facet"] for d in c["differences"]] for c in answers[0]["near"]}
    assert near["TB-0001"] == ["serial"]
    text = run("whitelist", "lookup", "--device", "1-2", lang="en").stdout
    for part in ("[NOT_LISTED] BLOCKED: the device is not on the approved list.", "Nearly the same:", "TB-0001: its"):
        assert part in text
    assert 'Different: serial number. Expected "SAMPLE-0001"; seen "SAMPLE-0O01".' in text
    assert "TB-0003" not in text


def test_a_clone_is_named_facet_by_facet(run: Run, listed: Store, plug: Plug) -> None:
    plug(code="MISMATCH", asset="TB-0001", facet="product", expected='"Sample Device"', seen='"Other"')
    (paths.USB_DEVICES / "1-2/product").write_bytes(b"Other\n")
    (paths.USB_DEVICES / "1-2/manufacturer").write_bytes(b"Somebody\n")
    (answer,) = json.loads(run("whitelist", "lookup", "--json").stdout)["answers"]
    assert [d["facet"] for d in answer["entries"][0]["differences"]] == ["manufacturer", "product"]


def test_nothing_that_could_be_meant(run: Run, listed: Store, judge: Judge) -> None:
    judge.answers["Devices"] = {"devices": [described(kind="hub", code="HUB")]}
    for words, code in (((), 64), (("--device", "1-9"), 1), (("x", "--device", "1-2"), 64)):
        assert run("whitelist", "lookup", *words).exit_code == code


NAMES: dict[str, tuple[str, str, str]] = {
    "accents": ("Tran Thi Mau", "looks-like", "chỉ khác dấu"),
    "capitals": ("TRẦN THỊ MẪU", "looks-like", "chỉ khác chữ hoa hoặc khoảng trắng"),
    "a Cyrillic letter": ("Trần Thị Мẫu", "mixed-scripts", "U+041C CYRILLIC CAPITAL LETTER EM"),
}
WHERE = ("whitelist", "add", "--device", "1-2", "--document", "MAU-01/2026")
MOVE = ("whitelist", "transfer", "TB-0001", "--reason", "r", "--document", "d", "--yes")


@pytest.mark.parametrize("words", [WHERE, MOVE], ids=["add", "transfer"])
@pytest.mark.parametrize("case", NAMES.values(), ids=NAMES.keys())
def test_a_name_that_looks_like_another(
    run: Run, listed: Store, judge: Judge, words: tuple[str, ...], case: tuple[str, str, str]
) -> None:
    """It is warned of, in words and for programs, and not refused."""
    name, kind, said = case
    judge.answers |= {"WhitelistAdd": {"id": "TB-0004", "seq": 30}, "WhitelistMove": {"id": "TB-0001", "seq": 30}}
    result = run(*words, "--holder", name)
    assert result.exit_code == 0, result.output
    assert said in result.stdout.splitlines()[0]
    answer = json.loads(run(*words, "--holder", name, "--json").stdout)
    assert kind in [warning["kind"] for warning in answer["warnings"]]
    assert answer["warnings"][0]["fact"] == "holder"
    sent = [one.facts if isinstance(one, WhitelistMove) else one for one in judge.asked]
    assert [getattr(one, "holder", "") for one in sent] == [name, name]


@pytest.mark.parametrize("words", [WHERE, MOVE], ids=["add", "transfer"])
def test_a_name_of_the_list_is_not_warned_of(run: Run, listed: Store, judge: Judge, words: tuple[str, ...]) -> None:
    judge.answers |= {"WhitelistAdd": {"id": "TB-0004", "seq": 30}, "WhitelistMove": {"id": "TB-0001", "seq": 30}}
    answer = json.loads(run(*words, "--holder", "Trần Thị Mẫu", "--json").stdout)
    assert answer["warnings"] == []


def test_a_character_that_cannot_be_seen_is_refused_with_its_place(run: Run, listed: Store, judge: Judge) -> None:
    result = run(*MOVE, "--holder", "Mẫu \u202eabc")
    assert result.exit_code == 65
    assert "người được giao: ký tự thứ 5 không nhìn thấy được: U+202E RIGHT-TO-LEFT OVERRIDE" in result.stderr
    assert judge.asked == []


def test_nobody_who_may_not_read_is_kept_from_adding(run: Run, root: Path, judge: Judge) -> None:
    """Without the list there is nothing to compare with; letters of two scripts are told all the same."""
    judge.answers["WhitelistAdd"] = {"id": "TB-0004", "seq": 30}
    answer = json.loads(run(*WHERE, "--holder", "Мẫu", "--json").stdout)
    assert [warning["kind"] for warning in answer["warnings"]] == ["mixed-scripts"]


def test_a_list_for_programs_is_whole_or_not_there(run: Run, store: Store) -> None:
    """Nothing is printed before every device was compared with its record."""
    for serial in (b"SAMPLE-0001", b"SAMPLE-0002"):
        store.add_asset(an_asset(a_stick(serial), holder="Trần Thị Mẫu"), {"user": "quanly"})
    whole = run("whitelist", "list", "--json")
    assert [one["holder"] for one in json.loads(whole.stdout)["assets"]] == ["Trần Thị Mẫu"] * 2
    other = sqlite3.connect(paths.DATABASE)
    guards = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'asset'"
    for guard, _sql in (kept := other.execute(guards).fetchall()):
        other.execute(f"DROP TRIGGER {guard}")
    other.execute("UPDATE asset SET holder = 'Somebody' WHERE number = 2")
    for _guard, sql in kept:
        other.execute(sql)
    other.commit()
    other.close()
    changed = run("whitelist", "list", "--json")
    assert changed.exit_code == 74
    assert changed.stdout == ""
    assert json.loads(changed.stderr)["error"] == "ListDiffers"

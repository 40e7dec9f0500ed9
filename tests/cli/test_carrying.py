"""``whitelist carry``, ``take``, ``machines`` and ``keep``: what is shown and sent, on a real list and real files."""

import json
import resource
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.build import a_stick, an_asset
from tests.cli.conftest import BY, Run
from tests.cli.rig import STATUS, Judge, described
from tests.cli.test_terminal import on_terminal
from usbguard_py import paths
from usbguard_py.core.carrying import Head, Held, Machine, Receipt, list_digest, on_paper
from usbguard_py.core.list_notes import Carried, Standing, Taken
from usbguard_py.core.list_requests import (
    WhitelistCarried,
    WhitelistKeep,
    WhitelistReceipts,
    WhitelistTakeBegin,
    WhitelistTakePart,
)
from usbguard_py.core.taking import step
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.errors import Usage
from usbguard_py.errors_list import OlderList
from usbguard_py.shell.carried_files import read_carried, write_carried, write_receipt
from usbguard_py.shell.store import Store

KEEPER = Machine("ab" * 16, "may-mot")
AT = "2026-11-20T08:00:00.000+07:00"
WHY = ("--reason", "nhận hằng tháng", "--document", "MAU-09/2026")


def squeezed(text: str) -> str:
    return " ".join(text.split())


def listed(*serials: str, **facts: Any) -> tuple[Asset, ...]:
    """Devices as the keeper's list has them."""
    stamps = {"added_at": AT, "changed_at": AT, "added_by": "quanly"}
    return tuple(
        msgspec.structs.replace(an_asset(a_stick(serial.encode()), id_=f"TB-{place:04d}", **facts), **stamps)
        for place, serial in enumerate(serials, 1)
    )


def a_file(path: Path, assets: tuple[Asset, ...], number: int = 7, machines: tuple[Receipt, ...] = ()) -> Head:
    """A file that the keeper wrote."""
    head = Head(KEEPER, number, len(assets), AT, AT, 30, "")
    head = msgspec.structs.replace(head, sha256=list_digest(head, assets))
    with path.open("wb") as file:
        write_carried(file, head, machines, assets)
    return head


def taken(store: Store, head: Head, assets: tuple[Asset, ...]) -> None:
    """This computer took that list, as its judge does it."""
    entry = store.note("take", head.origin.id, Taken(head, AT, len(assets)), BY)
    for asset in assets:
        store.take_asset(step(None, asset, local=False), head, entry.seq, BY, reason="x", document="y")


@pytest.fixture
def answering(judge: Judge) -> Judge:
    """A judge that takes what it is asked to take, and tells of one approved stick that is plugged in."""
    done = {"seq": 41, "number": 7, "count": 2, "changes": 2, "held": [], "cut": []}
    stick = described(asset="TB-0001", state="handed-over", allow=True, code="ALLOWED", open=True)
    judge.answers |= {
        "WhitelistCarried": {"seq": 40},
        "WhitelistReceipts": {"recorded": ["may-hai"]},
        "WhitelistTakeBegin": {"token": "t"},
        "WhitelistTakePart": {},
        "WhitelistTakeCommit": done,
        "WhitelistKeep": {"seq": 42, "number": 8},
        "Devices": {"devices": [stick]},
    }
    return judge


def test_the_list_is_carried_whole(run: Run, answering: Judge, store: Store, assets: Any, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    write_receipt(path, Receipt(Machine("cd" * 16, "may-hai"), store.machine().id, 3, "ef" * 32, AT))
    (tmp_path / "odd.receipt.json").write_text("x")
    said = run("whitelist", "carry", str(path), "--max-age", "30")
    found = read_carried(path)
    assert (found.assets, path.stat().st_mode & 0o777) == (tuple(store.assets()), 0o644)  # type: ignore[union-attr] # a list
    head = found.head  # type: ignore[union-attr] # a list
    assert (head.number, head.max_age, head.origin) == (5, 30, store.machine())
    receipts, carried = answering.asked
    assert isinstance(receipts, WhitelistReceipts)
    assert carried == WhitelistCarried(head=head)
    text = squeezed(said.stdout)
    for part in (
        "Đã ghi 3 thiết bị của danh sách số 5",
        "(bản ghi 40)",
        on_paper(head.sha256),
        "máy may-hai: danh sách số 3",
    ):
        assert part in text, text
    assert "odd.receipt.json không phải biên nhận: không phải JSON" in text
    assert run("whitelist", "carry", str(path)).exit_code == 73
    assert "3 devices of list 5 are in" in run("whitelist", "carry", str(path), "--force", lang="en").stdout
    answer = json.loads(run("whitelist", "carry", str(path), "--force", "--json").stdout)
    assert (answer["list"]["sha256"], answer["recorded"]) == (head.sha256, 40), "the same list has the same digest"


def test_what_was_not_recorded_is_not_carried(run: Run, answering: Judge, assets: Any, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    answering.answers["WhitelistCarried"] = Usage(detail="this list was never like that")
    assert run("whitelist", "carry", str(path)).exit_code == 64
    assert not path.exists()
    assert run("whitelist", "carry", str(tmp_path / "none" / "x")).exit_code == 73
    assert run("whitelist", "carry", str(path), "--max-age", "9999").exit_code == 64


def test_a_full_stick_keeps_what_was_on_it(run: Run, answering: Judge, assets: Any, tmp_path: Path) -> None:
    """The kernel refuses to write beyond a size, as on a full drive: nothing is recorded, or there by halves."""
    path = tmp_path / "stick" / "list.json"
    path.parent.mkdir()
    path.write_text("the list of last month")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        said = run("whitelist", "carry", str(path), "--force")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (said.exit_code, "không ghi được" in squeezed(said.stderr).lower()) == (73, True), said.stderr
    assert [p.name for p in path.parent.iterdir()] == ["list.json"]
    assert path.read_text() == "the list of last month"
    assert not any(isinstance(r, WhitelistCarried) for r in answering.asked)


def test_nothing_to_carry(run: Run, answering: Judge, store: Store, tmp_path: Path) -> None:
    said = run("whitelist", "carry", str(tmp_path / "list.json"))
    assert (said.exit_code, "danh sách chưa có thiết bị nào" in said.stderr) == (64, True)


def test_a_list_is_shown_before_it_is_taken(run: Run, answering: Judge, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    assets = listed("SAMPLE-0001", "SAMPLE-0002", holder="Trần Thị Mẫu")
    head = a_file(path, (assets[0], msgspec.structs.replace(assets[1], holder="Trần Thi Mẫu")))
    said = run("whitelist", "take", str(path), "--dry-run")
    text = squeezed(said.stdout)
    for part in (
        "danh sách số 7 ngày 20/11/2026, lập tại máy may-mot",
        "2 thiết bị sẽ được thêm",
        on_paper(head.sha256),
    ):
        assert part in text, text
    assert "chỉ khác" in text, "names that look alike in the file itself"
    assert "Không có gì thay đổi." in text
    assert "list 7 of 2026-11-20, kept on the computer may-mot" in squeezed(
        run("whitelist", "take", str(path), "--dry-run", lang="en").stdout
    )
    answer = json.loads(run("whitelist", "take", str(path), "--dry-run", "--json").stdout)
    assert (answer["added"], answer["changed"], answer["taken"]) == (["TB-0001", "TB-0002"], [], None)
    assert {type(r).__name__ for r in answering.asked} == {"Devices"}
    assert list(tmp_path.glob("*.receipt.json")) == []


def test_a_list_is_taken_by_its_check_digits(run: Run, answering: Judge, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    assets = listed("SAMPLE-0001", "SAMPLE-0002")
    head = a_file(path, assets)
    missing = run("whitelist", "take", str(path), *WHY)
    assert (missing.exit_code, "--expect-digest" in missing.stderr) == (64, True)
    for digits, code in (("0" * 16, 65), ("12", 64), (on_paper(head.sha256), 0)):
        said = run("whitelist", "take", str(path), "--expect-digest", digits, *WHY)
        assert said.exit_code == code, (digits, said.stderr)
    assert "Danh sách số 7 đã có hiệu lực ở máy này (bản ghi 41): 2 thiết bị" in squeezed(said.stdout)
    begin = next(r for r in answering.asked if isinstance(r, WhitelistTakeBegin))
    assert (begin.head, begin.changes, begin.reason, begin.document) == (head, 2, WHY[1], WHY[3])
    (part,) = [r for r in answering.asked if isinstance(r, WhitelistTakePart)]
    assert part.assets == assets
    answering.answers["WhitelistTakeCommit"] = {"seq": 43, "number": 7, "until": "2026-11-28"}
    waits = run("whitelist", "take", str(path), "--expect-digest", head.sha256, *WHY, lang="en")
    assert "NOT YET IN FORCE: another person has to take this list, too (record 43). Until 2026-11-28" in squeezed(
        waits.stdout
    )
    answering.answers["WhitelistTakeCommit"] = OlderList(number=7, last=8, name="may-mot")
    older = run("whitelist", "take", str(path), "--expect-digest", head.sha256, *WHY)
    assert (older.exit_code, "máy này đã nhận danh sách số 8" in squeezed(older.stderr)) == (1, True)


def test_what_changes_is_named_fact_by_fact(run: Run, answering: Judge, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    old = listed("SAMPLE-0001", "SAMPLE-0002", "SAMPLE-0003")
    taken(store, a_file(path, old), old)
    store.move("TB-0002", "lost", BY, reason="mất", document="MAU-1")
    one = msgspec.structs.replace(old[0], state=Custody.REVOKED, holder="Lê Văn Mẫu", reason="hết nhiệm vụ")
    a_file(path, (one, *old[1:]), 8)
    text = squeezed(run("whitelist", "take", str(path), "--dry-run").stdout)
    for part in (
        "1 thiết bị sẽ thay đổi",
        "đang sử dụng → thu hồi",
        "người được giao: Nguyen Van Mau → Lê Văn Mẫu",
        "TB-0001 đang cắm (1-2) và sẽ bị ngắt ngay: thu hồi",
        "TB-0002 ở máy này vẫn giữ tình trạng chặt hơn trong danh sách: thất lạc",
        "1 thiết bị ở máy này chặt hơn trong danh sách",
    ):
        assert part in text, (part, text)
    answer = json.loads(run("whitelist", "take", str(path), "--dry-run", "--json").stdout)
    assert answer["cuts"] == [{"name": "1-2", "id": "TB-0001"}]
    assert [held["id"] for held in answer["held"]] == ["TB-0002"]
    accepted = json.loads(run("whitelist", "take", str(path), "--accept", "TB-0002", "--dry-run", "--json").stdout)
    assert ([c["id"] for c in accepted["changed"]], accepted["held"]) == (["TB-0001", "TB-0002"], [])
    assert run("whitelist", "take", str(path), "--accept", "TB-0009", "--dry-run").exit_code == 1


def test_a_list_that_was_taken_is_receipted_again(run: Run, answering: Judge, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    assets = listed("SAMPLE-0001")
    taken(store, a_file(path, assets), assets)
    said = squeezed(run("whitelist", "take", str(path)).stdout)
    assert "Danh sách này đã được nhận; không có gì phải làm." in said
    (receipt,) = tmp_path.glob("*.receipt.json")
    assert f"Biên nhận là {receipt}" in said
    store.move("TB-0001", "suspend", BY, reason="x", document="y")
    assert "đã được nhận" in squeezed(run("whitelist", "take", str(path)).stdout)


FAULTS = {
    "cut off": (lambda raw: raw[:-40], "không phải JSON"),
    "changed": (lambda raw: raw.replace(b"Nguyen Van Mau", b"Nguyen Van Nau"), "tệp đã bị sửa hoặc bị cắt"),
    "later": (lambda raw: raw.replace(b'"version":1', b'"version":2'), "usbguard-py-carried-list 2"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_that_is_no_list(run: Run, answering: Judge, store: Store, tmp_path: Path, name: str) -> None:
    path = tmp_path / "list.json"
    a_file(path, listed("SAMPLE-0001"))
    change, words = FAULTS[name]
    path.write_bytes(change(path.read_bytes()))  # type: ignore[no-untyped-call] # a table of cases
    said = run("whitelist", "take", str(path), *WHY)
    assert said.exit_code == 65
    assert words in squeezed(said.stdout)
    assert "Không nhận gì từ" in said.stderr
    assert json.loads(run("whitelist", "take", str(path), "--json").stdout.splitlines()[0])["faults"]
    assert answering.asked == []


def test_a_computer_with_a_list_of_its_own(
    run: Run, answering: Judge, store: Store, assets: Any, tmp_path: Path
) -> None:
    path = tmp_path / "list.json"
    a_file(path, listed("SAMPLE-0009", "SAMPLE-0002"))
    said = run("whitelist", "take", str(path))
    assert (said.exit_code, "lập tại máy may-mot" in said.stderr) == (1, True)
    said = run("whitelist", "take", str(path), "--new-origin")
    text = squeezed(said.stdout)
    assert said.exit_code == 65
    assert "TB-0001 ở máy này là thiết bị khác" in text
    assert "TB-0003 có ở máy này mà không có trong danh sách" in text


def test_which_computer_has_which_list(run: Run, answering: Judge, store: Store, assets: Any, tmp_path: Path) -> None:
    assert "Chưa có biên nhận của máy nào khác." in run("whitelist", "machines").stdout
    own = store.machine()
    head = Head(own, 5, 3, AT, AT, 30, "ab" * 32)
    store.note("carry", "", Carried(head, AT), BY)
    held = (Held("TB-0001", "lost", "mất", "MAU-1"),)
    for name, number, more in (("hai", 5, ()), ("ba", 3, held)):
        machine = Machine(name[0] * 32 if name[0] in "abcdef" else "ab" * 16, f"may-{name}")
        store.note(
            "receipt", machine.id, Receipt(machine, own.id, number, "ab" * 32, "2020-01-01T08:00:00+07:00", more), BY
        )
    text = squeezed(run("whitelist", "machines").stdout)
    for part in ("máy lập danh sách", "may-hai 5 01/01/2020 mới nhất", "may-ba 3 01/01/2020 thiếu 2 thay đổi; quá cũ"):
        assert part in text, text
    assert "may-ba: TB-0001 ở máy đó chặt hơn trong danh sách: thất lạc (mất; MAU-1)" in text
    rows = json.loads(run("whitelist", "machines", "--json").stdout)["machines"]
    assert [(r["behind"], r["too_old"]) for r in rows] == [(0, False), (2, True)]
    assert run("whitelist", "machines", str(tmp_path / "none")).exit_code == 65


def test_a_follower_says_where_its_list_is_kept(run: Run, answering: Judge, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    assets = listed("SAMPLE-0001")
    taken(store, a_file(path, assets), assets)
    for lang, words in (
        ("vi", "Danh sách số 7 ngày 20/11/2026, lập tại máy may-mot"),
        ("en", "List 7 of 2026-11-20, kept on"),
    ):
        assert run("whitelist", "list", lang=lang).stdout.startswith(words)
    assert json.loads(run("whitelist", "list", "--json").stdout)["list"]["number"] == 7
    text = squeezed(run("whitelist", "machines").stdout)
    assert "Theo tệp nhận ngày 20/11/2026" in text
    refused = run("whitelist", "carry", str(tmp_path / "other.json"))
    assert (refused.exit_code, "lập tại máy may-mot; phải mang đi từ máy đó" in squeezed(refused.stderr)) == (1, True)
    done = run("whitelist", "keep", "--reason", "máy kia hỏng", "--document", "MAU-1", "--yes")
    assert "từ số 8 (bản ghi 42)" in squeezed(done.stdout)
    assert answering.asked == [WhitelistKeep(reason="máy kia hỏng", document="MAU-1")]
    assert run("whitelist", "keep", "--yes").exit_code == 64
    assert "theo danh sách được nhận" in squeezed(run("whitelist", "show", "TB-0001").stdout)
    assert "danh sách số 7 (may-mot)" in squeezed(run("log").stdout)


def test_a_keeper_has_nothing_to_take_over(
    run: Run, answering: Judge, store: Store, assets: Any, tmp_path: Path
) -> None:
    assert "Danh sách đang được lập tại máy này." in run("whitelist", "keep", *WHY, "--yes").stderr
    path = tmp_path / "list.json"
    run("whitelist", "carry", str(path))
    assert "do chính máy này ghi" in squeezed(run("whitelist", "take", str(path)).stderr)


def test_status_names_the_list(run: Run, judge: Judge) -> None:
    now = Standing(False, KEEPER, 7, AT, AT, 30, "ab" * 32, AT, 2)
    due = {"list_old": 45, "machines_behind": 2}
    judge.answers["Status"] = STATUS | {"list": msgspec.to_builtins(now), "reminders": due}
    text = squeezed(run("status").stdout)
    for part in (
        "danh sách số 7 ngày 20/11/2026, lập tại máy may-mot",
        "mã đối chiếu abab abab abab abab",
        "2 thiết bị ở máy này chặt hơn trong danh sách",
        "· Danh sách ở máy này đã 45 ngày",
        "· 2 máy đang dùng danh sách cũ hơn",
    ):
        assert part in text, text
    assert json.loads(run("status", "--json").stdout)["list"]["number"] == 7
    kept = Standing(True, KEEPER, 9, AT, "")
    judge.answers["Status"] = STATUS | {"list": msgspec.to_builtins(kept)}
    assert "list 9 of 2026-11-20, kept on this computer (may-mot)" in squeezed(run("status", lang="en").stdout)


@pytest.mark.parametrize("yes", ["c\n", "k\n"])
def test_on_a_terminal_the_list_is_asked_for(
    root: Path, store: Store, answering: Judge, tmp_path: Path, yes: str
) -> None:
    (tmp_path / "run/usbguard-py/control.sock").symlink_to(paths.CONTROL_SOCKET)  # where another process looks for it
    path = root / "list.json"
    a_file(path, listed("SAMPLE-0001", "SAMPLE-0002"))
    why = {"Lý do: ": "nhận hằng tháng\n", "Căn cứ (số văn bản): ": "MAU-09/2026\n"}
    asked = {**why, "của máy may-mot? [c/K]: ": yes}
    code, text = on_terminal(root, "whitelist", "take", str(path), answers=asked, columns=120)
    assert ("đã có hiệu lực ở máy này" if yes == "c\n" else "Không có gì thay đổi.") in squeezed(text), text
    begun = [r.document for r in answering.asked if isinstance(r, WhitelistTakeBegin)]
    assert (code, begun) == ((0, ["MAU-09/2026"]) if yes == "c\n" else (1, []))

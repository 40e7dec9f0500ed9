"""The list out to a file and in from it: the commands, with the real judge and its database behind the socket."""

import csv
import json
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.build import a_stick, an_asset
from tests.cli.conftest import BY, Run
from tests.cli.rig import Judge
from tests.cli.test_terminal import on_terminal
from tests.daemon.test_storms import Machine
from usbguard_py import paths
from usbguard_py.core.changes import STAMPS
from usbguard_py.core.custody import MOVES
from usbguard_py.core.given import Given
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.daemon.answers import Answers
from usbguard_py.daemon.control import Control
from usbguard_py.daemon.drift import Drift
from usbguard_py.errors import DaemonUnavailable
from usbguard_py.errors_life import RowRefused
from usbguard_py.shell import peer
from usbguard_py.shell.finding import Wanted
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify

FORMATS = ("csv", "json", "xlsx")
WHY = ("--reason", "nhận bàn giao", "--document", "MAU-09/2026")
FAULTS: list[BaseException] = []


def serve(ready: threading.Event, stop: threading.Event) -> None:
    """A judge with its loop, of this thread alone."""
    machine = Machine()
    control = Control(paths.CONTROL_SOCKET, Answers(machine.judge, time.time(), Drift(machine.judge)))
    machine.loop.sources.append(control)
    ready.set()
    while not stop.is_set():
        machine.loop._wait(-1, time.monotonic() + 0.02)
    control.close()
    FAULTS.extend(machine.faults)
    machine.books.store.close()  # type: ignore[union-attr] # open


@pytest.fixture
def daemon_later(monkeypatch: pytest.MonkeyPatch, root: Path) -> Iterator[Callable[[], None]]:
    """Starts a judge on its socket when the database is as the test wants it."""
    monkeypatch.setattr(peer, "_role", lambda _uid, _gids: "manager")
    paths.USB_DEVICES.mkdir(parents=True)
    ready, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=serve, args=(ready, stop))

    def start() -> None:
        thread.start()
        assert ready.wait(10)

    yield start
    stop.set()
    if thread.ident is not None:
        thread.join()
    assert not FAULTS


@pytest.fixture
def daemon(store: Store, daemon_later: Callable[[], None]) -> None:
    """A judge over the database that the test has filled by then."""
    daemon_later()


def listed() -> list[Asset]:
    with Reader(paths.DATABASE) as reader:
        return list(reader.find(Wanted()).assets)


def bare(asset: Asset) -> Asset:
    """Without what each list gives by itself."""
    return msgspec.structs.replace(asset, **dict.fromkeys(STAMPS, ""))


def content() -> list[tuple[Any, ...]]:
    """All that the database holds, but for what an export recorded."""
    with sqlite3.connect(paths.DATABASE) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return [(name, *row) for name in names for row in db.execute(f"SELECT * FROM {name}")]  # noqa: S608 - its own


def new_machine(empty: Path) -> None:
    """The judge's list is empty from here on: another machine."""
    for end in ("", "-wal", "-shm"):
        paths.DATABASE.with_name(paths.DATABASE.name + end).unlink(missing_ok=True)
    paths.DATABASE.write_bytes(empty.read_bytes())


def lives(store: Store) -> None:
    """An asset for each way that a life may have gone."""
    moves: tuple[tuple[tuple[str, Given], ...], ...] = (
        (),
        (("suspend", Given()),),
        (("inspect", Given(inspected_on="2026-01-02", inspected_until="2027-01-02")), ("lost", Given())),
        (("lost", Given()), ("found", Given())),
        (("revoke", Given()), ("return", Given()), ("destroy", Given())),
        (("damaged", Given()),),
        (("return", Given()), ("assign", Given(holder="Trần Thị Mẫu", unit="", expires_on="2099-12-31"))),
        (("lost", Given()), ("revoke", Given())),
    )
    for number, life in enumerate(moves):
        asset, _ = store.add_asset(an_asset(a_stick(b"SAMPLE-%04d" % number), label="=1+1", unit="Đơn vị"), BY)
        for verb, given in life:
            assert verb in MOVES
            store.move(asset.id, verb, BY, reason="thử", document="MAU-03/2026", given=given)
    waiting = an_asset(a_stick(b"SAMPLE-0100"), Custody.PENDING, holder="", login_tool=True, access="ro")
    store.add_asset(waiting, BY)


@pytest.fixture
def filled(store: Store) -> list[Asset]:
    lives(store)
    return list(store.assets())


@pytest.mark.parametrize("form", FORMATS)
def test_the_list_of_one_machine_becomes_that_of_another(
    run: Run, filled: list[Asset], empty: Path, daemon_later: Callable[[], None], form: str
) -> None:
    file = paths.ROOT / f"list.{form}"
    assert run("whitelist", "export", str(file)).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    new_machine(empty)
    daemon_later()
    result = run("whitelist", "import", str(file), "--expect-new", "9", *WHY)
    assert result.exit_code == 0, result.output
    assert "Đã thêm 9 thiết bị vào danh sách (TB-0001 – TB-0009)" in " ".join(result.stdout.split())
    assert [bare(a) for a in listed()] == [bare(a) for a in filled]
    verify(paths.DATABASE)
    before = content()
    again = run("whitelist", "import", str(file), *WHY, lang="en")
    assert again.exit_code == 0, again.output
    assert "9 devices are on the list already, just so. There is nothing to be added." in " ".join(again.stdout.split())
    assert content() == before
    shown = " ".join(run("whitelist", "show", "TB-0001", lang="en").stdout.split())
    assert "nhận bàn giao; MAU-09/2026; line" in shown


def test_an_export_is_recorded_and_narrowed_as_the_list_is(
    run: Run, assets: tuple[Asset, ...], daemon: None, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    result = run("whitelist", "export", str(file), "tran", "--sort", "holder")
    assert result.exit_code == 0, result.output
    assert "Đã xuất 1 thiết bị của danh sách số 5 ra" in " ".join(result.stdout.split())
    head, titles, row = csv.reader(file.read_text(encoding="utf-8-sig").splitlines())
    assert (row[head.index("holder")], titles[head.index("holder")]) == ("Trần Thị Mẫu", "Người được giao")
    log = " ".join(run("log", "--kind", "list-export", lang="en").stdout.split())
    assert "list exported" in log
    assert "devices: 1; SHA-256 of the file" in log
    assert run("whitelist", "export", str(file)).exit_code == 73
    assert run("whitelist", "export", str(file), "--force", lang="en").stdout.startswith("3 devices of list 5")
    told = json.loads(run("whitelist", "export", str(file), "--force", "--json", "--format", "json").stdout)
    assert (told["count"], told["list_version"]) == (3, 5)
    assert told["recorded"]
    assert json.loads(file.read_bytes())["list_version"] == 5


def test_an_export_without_the_judge_is_good_and_says_so(run: Run, assets: tuple[Asset, ...], tmp_path: Path) -> None:
    result = run("whitelist", "export", str(tmp_path / "list.json"), lang="en")
    assert result.exit_code == 0
    assert "The export is not in the log." in result.stdout
    nowhere = run("whitelist", "export", str(tmp_path / "no" / "list.json"))
    assert nowhere.exit_code == 73
    assert run("whitelist", "export", str(tmp_path / "list"), lang="en").exit_code == 64
    assert list(tmp_path.glob(".list*")) == []


WRONG = {
    "vi": ("dòng đầu", "Không nhập gì từ", "số chỗ sai: 3"),
    "en": ("the first row has", "Nothing was imported from", "places that are wrong: 3"),
}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_file_with_faults_changes_nothing_and_names_their_places(
    run: Run, assets: tuple[Asset, ...], daemon: None, tmp_path: Path, lang: str
) -> None:
    file = tmp_path / "list.csv"
    run("whitelist", "export", str(file))
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    lines[2] += ",x"
    lines[3] = lines[3].replace("in-use", "sold")
    lines[4] = lines[4].replace("SAMPLE-0003", "SAMPLE-9999")
    file.write_text("\n".join(lines), encoding="utf-8")
    before = content()
    result = run("whitelist", "import", str(file), "--expect-new", "0", *WHY, lang=lang)
    assert result.exit_code == 65
    said = " ".join(result.output.split())
    assert all(words in said for words in WRONG[lang]), said
    assert "sold" in said
    assert content() == before
    told = run("whitelist", "import", str(file), "--json", lang=lang)
    assert [(f["line"], f["column"]) for f in json.loads(told.stdout)["faults"]] == [
        (3, "W"),
        (4, "state"),
        (5, "serial"),
    ]
    assert json.loads(told.stderr)["error"] == "ImportRefused"


def test_a_device_that_is_there_with_something_else_is_refused(
    run: Run, assets: tuple[Asset, ...], daemon: None, tmp_path: Path
) -> None:
    file = tmp_path / "list.json"
    run("whitelist", "export", str(file))
    file.write_text(file.read_text(encoding="utf-8").replace("Trần Thị Mẫu", "Lê Thị Mẫu"), encoding="utf-8")
    result = run("whitelist", "import", str(file), lang="en")
    assert result.exit_code == 65
    assert "on the list as TB-0002, with something else in: holder" in " ".join(result.output.split())


@pytest.mark.parametrize("form", FORMATS)
def test_an_older_file_brings_nothing_back(
    run: Run, assets: tuple[Asset, ...], daemon: None, tmp_path: Path, form: str
) -> None:
    """What was revoked after the export stays revoked."""
    file = tmp_path / f"list.{form}"
    assert run("whitelist", "export", str(file)).exit_code == 0
    done = run("whitelist", "revoke", "TB-0002", *WHY, "--yes")
    assert done.exit_code == 0, done.output
    result = run("whitelist", "import", str(file), "--expect-new", "1", *WHY, lang="en")
    assert result.exit_code == 65, result.output
    assert "on the list as TB-0002, with something else in: state" in " ".join(result.output.split())
    assert [a.state for a in listed() if a.id == "TB-0002"] == [Custody.REVOKED]


def to_import(tmp_path: Path, *numbers: int) -> Path:
    file = tmp_path / "new.json"
    rows = [an_asset(a_stick(b"SAMPLE-%04d" % n), Custody.PENDING, id_="") for n in numbers]
    plain = {"format": "usbguard-py-list", "version": 1, "assets": msgspec.to_builtins(rows)}
    file.write_text(json.dumps(plain), encoding="utf-8")
    return file


def test_nobody_is_asked_nothing_is_done_without_the_number(run: Run, daemon: None, tmp_path: Path) -> None:
    file, before = to_import(tmp_path, 1, 2), content()
    assert run("whitelist", "import", str(file), *WHY, lang="en").exit_code == 64
    assert run("whitelist", "import", str(file), "--expect-new", "3", *WHY).exit_code == 1
    assert run("whitelist", "import", str(file), "--expect-new", "2").exit_code == 64
    assert run("whitelist", "import", str(file), "--yes", *WHY).exit_code == 64
    dry = run("whitelist", "import", str(file), "--dry-run", "--json")
    assert (json.loads(dry.stdout)["new"], json.loads(dry.stdout)["there"]) == (2, [])
    assert "Nothing was changed." in run("whitelist", "import", str(file), "--dry-run", lang="en").stdout
    assert content() == before
    done = json.loads(run("whitelist", "import", str(file), "--expect-new", "2", "--json", *WHY).stdout)
    assert (done["imported"]["count"], done["imported"]["first"], len(listed())) == (2, "TB-0001", 2)


def test_many_rows_go_over_in_parts(run: Run, daemon: None, tmp_path: Path) -> None:
    file = to_import(tmp_path, *range(300))
    assert file.stat().st_size > 3 * 65536
    result = run("whitelist", "import", str(file), "--expect-new", "300", *WHY, lang="en")
    assert result.exit_code == 0, result.output
    assert "… and 280 more By state: awaiting approval: 300" in " ".join(result.stdout.split())
    assert len(listed()) == 300


def test_a_person_is_asked(root: Path, daemon: None, tmp_path: Path) -> None:
    """No option skips the question; the number does, and then reason and paper are asked all the same."""
    socket = tmp_path / "run/usbguard-py/control.sock"  # where a process of its own looks for it
    socket.symlink_to(paths.CONTROL_SOCKET)
    words = ("whitelist", "import", str(to_import(tmp_path, 1)))
    code, text = on_terminal(tmp_path, *words, answers={"Thêm 1 thiết bị vào danh sách? [c/K]: ": "k\n"})
    assert (code, listed()) == (1, []), text
    why = {"Lý do: ": "nhận bàn giao\n", "Căn cứ (số văn bản): ": "MAU-09/2026\n"}
    code, text = on_terminal(tmp_path, *words, answers={"danh sách? [c/K]: ": "c\n", **why})
    assert code == 0, text
    assert "100%" in text
    assert [a.id for a in listed()] == ["TB-0001"]


def test_a_judge_that_is_not_there_is_named(run: Run, store: Store, tmp_path: Path) -> None:
    result = run("whitelist", "import", str(to_import(tmp_path, 1)), "--expect-new", "1", *WHY)
    assert result.exit_code == DaemonUnavailable.exit_code


def test_what_the_judge_refuses_is_said_in_the_reader_s_language(
    run: Run, store: Store, judge: Judge, tmp_path: Path
) -> None:
    judge.answers["WhitelistImportBegin"] = RowRefused(line=7, column="state", detail="it is not lost")
    result = run("whitelist", "import", str(to_import(tmp_path, 1)), "--expect-new", "1", *WHY)
    assert "dòng 7, state: thiết bị không ở tình trạng thất lạc" in " ".join(result.output.split())

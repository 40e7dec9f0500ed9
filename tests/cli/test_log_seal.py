"""``log seal`` and ``log verify --seal`` on a real ledger: what is sealed cannot be changed unseen by anybody."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import BY, Run
from tests.cli.rig import Judge
from usbguard_py import paths
from usbguard_py.core import record, record_seals
from usbguard_py.core.canonical import canonical
from usbguard_py.core.chain import GENESIS, link
from usbguard_py.core.checkpoint import Checkpoint, fingerprint
from usbguard_py.core.requests import LogCheckpoint, LogSeal
from usbguard_py.core.seal import read, seal
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import DiskFull
from usbguard_py.shell.database import ensure_schema
from usbguard_py.shell.store import Store

VI = {
    "changed": "NHẬT KÝ ĐÃ BỊ SỬA SAU KHI NIÊM PHONG",
    "missing": "THIẾU BẢN GHI",
    "other": "NIÊM PHONG CỦA NHẬT KÝ KHÁC",
}


@pytest.fixture
def filled(store: Store) -> Store:
    for number in range(2, 9):
        store.append("alarm", {"name": "1-2", "detail": f"việc {number}", "alarm": True})
    return store


@pytest.fixture
def sealed(filled: Store, judge: Judge) -> Store:
    """The judge appends as the daemon does."""

    def answer(request: LogSeal) -> Mapping[str, Any]:
        writing = Store.open(paths.DATABASE)  # a connection belongs to one thread
        entry = writing.append("seal", record_seals.seal(request.minutes, BY))
        writing.close()
        return {"seq": entry.seq, "head": entry.hash.hex()}

    judge.answers["LogSeal"] = answer
    return filled


def code_at(store: Store, seq: int) -> str:
    digest = store.digest(seq)
    assert digest is not None
    with closing(sqlite3.connect(paths.DATABASE, isolation_level=None)) as connection:
        (ledger,) = connection.execute("SELECT json_extract(body, '$.ledger') FROM ledger WHERE seq = 1").fetchone()
    return seal(seq, ledger, digest)


def rewrite(path: Path, first: int, old: str, new: str) -> None:
    """What root can do: guards off, a body changed, every hash from there on and the head computed anew."""
    connection = sqlite3.connect(path, isolation_level=None)
    guards = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    previous, seq = GENESIS, 0
    for seq, body in connection.execute("SELECT seq, body FROM ledger ORDER BY seq").fetchall():
        forged = body.replace(old, new) if seq == first else body
        previous = link(previous, forged.encode())
        connection.execute("UPDATE ledger SET body = ?, hash = ? WHERE seq = ?", (forged, previous, seq))
    connection.execute("UPDATE head SET hash = ?, seq = ?", (previous, seq))
    for _, text in guards:
        connection.execute(text)
    connection.close()


def test_a_seal_is_its_own_last_record(run: Run, sealed: Store, judge: Judge) -> None:
    result = run("log", "seal", "--minutes", "12/BB-KT")
    assert result.exit_code == 0, result.output
    assert judge.asked == [LogSeal(minutes="12/BB-KT")]
    code = code_at(sealed, 9)
    groups = code.split("-")
    assert "   ".join(groups[:4]) in result.stdout
    assert "   ".join(groups[4:]) in result.stdout
    assert result.stdout.startswith("NHẬT KÝ TOÀN VẸN: 9 bản ghi, từ ")
    assert "Mã niêm phong nhật ký tại bản ghi 9, máy " in result.stdout
    assert f"usbguard-py log verify --seal {code}\n" in result.stdout
    shown = " ".join(run("log", "--kind", "seal").stdout.split())
    assert "niêm phong nhật ký" in shown
    assert "12/BB-KT; do quanly thực hiện" in shown


def test_as_json(run: Run, sealed: Store) -> None:
    told = json.loads(run("log", "seal", "--json").stdout)
    assert (told["seal"], told["seq"], told["recorded"]) == (code_at(sealed, 9), 9, 9)
    proved = json.loads(run("log", "verify", "--seal", told["seal"], "--json").stdout)
    assert proved["intact"]
    assert proved["seal"] == told["seal"]
    assert [(s["seq"], s["kind"]) for s in proved["seals"]] == [(9, "")]


@pytest.mark.parametrize("answer", [DiskFull(path="/x"), b"\0"])
def test_a_log_whose_daemon_does_not_record_is_sealed_all_the_same(
    run: Run, filled: Store, judge: Judge, answer: object
) -> None:
    judge.answers["LogSeal"] = answer
    result = run("log", "seal", lang="en")
    assert result.exit_code == 0
    assert "Seal code of record 8," in result.stdout
    assert "The seal is not in the log. " in result.stdout
    assert run("log", "verify", "--seal", code_at(filled, 8)).exit_code == 0


def test_what_is_not_intact_gets_no_seal(run: Run, sealed: Store) -> None:
    sealed.close()
    with closing(sqlite3.connect(paths.DATABASE, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER head_order")
        connection.execute("UPDATE head SET hash = zeroblob(32)")
        connection.execute("PRAGMA user_version")
    result = run("log", "seal")
    assert result.exit_code != 0
    assert "niêm phong nhật ký tại" not in result.output


def test_a_seal_holds_while_the_log_grows(run: Run, filled: Store) -> None:
    codes = [code_at(filled, seq) for seq in (3, 8)]
    filled.append("alarm", record.alarm("1-4", "về sau"))
    result = run("log", "verify", "--seal", codes[1], "--seal", codes[0].lower().replace("-", " "))
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert text.index("ĐÚNG: bản ghi 3 lúc") < text.index("ĐÚNG: bản ghi 8 lúc")
    assert "vẫn nguyên như khi niêm phong" in text


def test_a_chain_that_root_wrote_anew(run: Run, filled: Store, tmp_path: Path) -> None:
    codes = [code_at(filled, seq) for seq in (3, 7)]
    filled.close()
    rewrite(paths.DATABASE, 5, "việc 5", "việc X")
    assert run("log", "verify").exit_code == 0  # the chain itself is whole
    result = run("log", "verify", "--seal", codes[0], "--seal", codes[1])
    assert result.exit_code == 1
    assert "ĐÚNG: bản ghi 3 lúc" in " ".join(result.stdout.split())
    said = " ".join(result.stderr.split())
    assert f"{VI['changed']}: bản ghi 7 không còn" in said
    assert "trong khoảng từ bản ghi 4 đến bản ghi 7" in said
    told = json.loads(run("log", "verify", "--seal", codes[1], "--json").stderr)
    assert (told["error"], told["tampering"], told["record"]) == ("SealRewritten", "rewritten", 7)
    exported = tmp_path / "log.jsonl"
    assert run("log", "export", str(exported)).exit_code == 0
    assert run("log", "verify", str(exported)).exit_code == 0
    assert run("log", "verify", str(exported), "--seal", codes[1]).exit_code == 1


def test_an_older_copy(run: Run, filled: Store, tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    with closing(sqlite3.connect(paths.DATABASE, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(paths.DATABASE, older)
    filled.append("alarm", record.alarm("1-4", "về sau"))
    code = code_at(filled, 9)
    filled.close()
    shutil.copy(older, paths.DATABASE)
    result = run("log", "verify", "--seal", code)
    assert result.exit_code == 1
    assert f"{VI['missing']}: mã niêm phong lập tại bản ghi 9, nhưng nhật ký chỉ có đến bản ghi 8" in result.stderr
    assert json.loads(run("log", "verify", "--seal", code, "--json").stderr)["tampering"] == "rolled-back"


def test_another_log(run: Run, filled: Store, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    assert ensure_schema(other)
    told = json.loads(run("log", "verify", str(other), "--json").stdout)
    result = run("log", "verify", "--seal", told["seal"])
    if read(told["seal"]).same_ledger(json.loads(run("log", "verify", "--json").stdout)["ledger"]):
        return  # once in 1024 times
    assert result.exit_code == 1
    assert VI["other"] in result.stderr


def test_slips_of_the_hand(run: Run, filled: Store) -> None:
    code = code_at(filled, 8)
    wrong = "7" if code[19] != "7" else "8"
    typo = run("log", "verify", "--seal", code[:19] + wrong + code[20:], lang="en")
    assert typo.exit_code == 65
    assert "The seal code was not copied right: group 4, “" in typo.stderr
    short = run("log", "verify", "--seal", code, "--seal", code[:-8])
    assert short.exit_code == 65
    assert "Mã thứ 2: Mã niêm phong có 33 ký tự, phải có 40" in " ".join(short.stderr.split())
    found = read(code)
    slip = seal(8, f"{found.ledger << 2:03x}", (found.head ^ 1).to_bytes(15, "big"))  # two slips that fit each other
    hinted = run("log", "verify", "--seal", slip)
    assert hinted.exit_code == 1
    assert f"Chỉ có nhóm 8 của mã là khác; với nhật ký này, nhóm đó là {code[-5:]}" in " ".join(hinted.stderr.split())


def test_the_log_of_another_computer_in_place_of_this_one(run: Run, store: Store, root: Path) -> None:
    store.append("start", {"machine_id": "ab" * 16})
    assert run("log", "verify").exit_code == 0  # this computer does not know who it is
    (root / "etc/machine-id").write_text("0123456789abcdef" * 2 + "\n")
    result = run("log", "verify")
    assert result.exit_code == 1
    assert "được ghi trên máy khác hoặc hệ điều hành khác" in result.stderr
    assert json.loads(run("log", "verify", "--json").stderr)["tampering"] == "other-machine"
    assert run("log", "verify", str(paths.DATABASE)).exit_code == 0  # as a file it may come from anywhere
    store.append("start", {"machine_id": "cd" * 16})
    assert "Từ bản ghi 3 lúc " in run("log", "verify", str(paths.DATABASE)).stdout


def test_the_code_of_no_entry_at_all(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    header = {"evidence": 0, "first": 1, "format": "usbguard-py-ledger", "head": "00" * 32, "last": 0, "ledger": ""}
    empty.write_bytes(canonical({**header, "version": 1}) + b"\n")
    assert run("log", "verify", str(empty)).exit_code == 0


def test_the_verifier_goes_with_an_export(run: Run, filled: Store, tmp_path: Path) -> None:
    """A stick with both files is all that another computer needs."""
    code, stick = code_at(filled, 8), tmp_path / "stick"
    stick.mkdir()
    result = run("log", "export", "--with-verifier", str(stick / "log.jsonl"))
    assert result.exit_code == 0, result.output
    assert "python3 verify-log.py log.jsonl" in " ".join(result.stdout.split())
    again = run("log", "export", "--with-verifier", str(stick / "again.jsonl"), "--json")
    assert json.loads(again.stdout)["verifier"] == str(stick / "verify-log.py")
    (stick / "again.jsonl").unlink()
    command = [sys.executable, str(stick / "verify-log.py"), "--lang", "en", "--seal", code]
    shown = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert shown.returncode == 0, shown.stderr
    assert f"SEAL {code} HOLDS: record 8 of " in shown.stdout
    (stick / "verify-log.py").write_text("another")
    assert run("log", "export", "--with-verifier", str(stick / "third.jsonl")).exit_code == 73


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_checkpoint_by_the_command(run: Run, filled: Store, judge: Judge, lang: str) -> None:
    """Signed by the system's program, recorded, named by verify and seal; a second time there is nothing to sign."""

    def answer(request: LogCheckpoint) -> Mapping[str, Any]:
        writing = Store.open(paths.DATABASE)
        made = Checkpoint(request.of, request.head, request.key, request.signature)
        entry = writing.append("checkpoint", record_seals.checkpoint(made))
        writing.close()
        return {"seq": entry.seq}

    judge.answers["LogCheckpoint"] = answer
    assert {"vi": "Không bản ghi nào được ký số.", "en": "No record of it is signed."}[lang] in run(
        "log", "verify", lang=lang
    ).stdout
    done = run("log", "checkpoint", lang=lang)
    assert done.exit_code == 0, done.output
    (asked,) = [one for one in judge.asked if isinstance(one, LogCheckpoint)]
    name = fingerprint(asked.key)
    assert name in done.stdout
    shown = " ".join(run("log", "verify", lang=lang).stdout.split())
    good = {"vi": f"Đã ký số đến bản ghi 8 bằng khóa {name}; chữ ký đúng.", "en": f"the key {name}; the signa"}
    assert good[lang] in shown
    assert name in " ".join(run("log", "seal", lang=lang).stdout.split())
    assert json.loads(run("log", "checkpoint", "--json").stdout) == {"seq": 9, "new": False}


def test_an_earlier_export_is_as_good_as_a_seal(run: Run, filled: Store, tmp_path: Path) -> None:
    """By the command and by the verifier: the log goes on from it, or ends before it, or was written anew."""
    earlier, later = tmp_path / "earlier.jsonl", tmp_path / "later.jsonl"
    assert run("log", "export", str(earlier)).exit_code == 0
    filled.append("alarm", record.alarm("1-4", "về sau"))
    assert run("log", "export", str(later)).exit_code == 0
    filled.close()
    assert run("log", "verify", "--earlier", str(earlier)).exit_code == 0
    assert elsewhere(later, earlier) == 0
    back = run("log", "verify", str(earlier), "--earlier", str(later), "--json")
    assert (back.exit_code, json.loads(back.stderr)["tampering"]) == (1, "rolled-back")
    assert elsewhere(earlier, later) == 1
    rewrite(paths.DATABASE, 5, "việc 5", "việc X")
    anew = run("log", "verify", "--earlier", str(earlier), "--json")
    assert (anew.exit_code, json.loads(anew.stderr)["tampering"]) == (1, "rewritten")
    assert run("log", "export", str(later), "--force").exit_code == 0
    assert elsewhere(later, earlier) == 1


def elsewhere(file: Path, earlier: Path) -> int:
    command = [sys.executable, str(paths.VERIFIER), str(file), "--earlier", str(earlier), "--json"]
    return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode


def test_a_row_of_the_list_without_its_entry(run: Run, store: Store, assets: tuple[Asset, ...]) -> None:
    with closing(sqlite3.connect(paths.DATABASE, isolation_level=None)) as connection:
        guards = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE asset SET holder = 'Trần Thị Mẫu' WHERE id = 'TB-0001'")
        for _, text in guards:
            connection.execute(text)
    told = json.loads(run("log", "verify", "--json").stderr)
    assert (told["error"], told["tampering"]) == ("ListDiffers", "list")
    assert "TB-0001" in told["sentence"]

"""Keeping the log: an archive with its digest, and an export without names, as a person sees them."""

import json
from pathlib import Path

from tests.build import a_stick, an_asset
from tests.cli.conftest import BY, Run
from tests.cli.rig import Judge
from usbguard_py.core.record_machine import view
from usbguard_py.core.requests import LogExported, LogViewed
from usbguard_py.shell.store import Store


def test_an_archive_says_what_goes_into_the_minutes(run: Run, store: Store, judge: Judge, tmp_path: Path) -> None:
    judge.answers["LogExported"] = {"seq": 3}
    last = store.append("alarm", {"name": "mau"})
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    said = " ".join(run("log", "archive", str(shelf)).stdout.split())
    (file,) = shelf.glob("*.jsonl")
    digest = file.with_name(f"{file.name}.sha256").read_text().split()[0]
    assert "đã đọc lại và toàn vẹn" in said
    assert last.hash.hex() in said
    assert digest in said
    assert "biên bản" in said
    assert judge.asked == [LogExported(last=last.seq, head=last.hash.hex())]
    again = run("log", "archive", str(shelf), "--json")
    assert json.loads(again.stderr)["error"] == "FileExists"


def test_a_redacted_export_has_no_names_and_says_that_it_proves_nothing(
    run: Run, store: Store, judge: Judge, tmp_path: Path
) -> None:
    judge.answers["LogExported"] = {"seq": 9}
    store.add_asset(an_asset(a_stick(serial=b"SAMPLE-0700"), holder="Nguyễn Văn Mẫu"), BY)
    target = tmp_path / "redacted.jsonl"
    said = " ".join(run("log", "export", "--redacted", str(target)).stdout.split())
    assert "không thể kiểm tra tính toàn vẹn" in said
    assert "log verify" not in said
    text = target.read_text(encoding="utf-8")
    assert json.loads(text.splitlines()[0])["verifiable"] is False
    for hidden in (
        "Mẫu",
        "SAMPLE-0700",
        b"SAMPLE-0700".hex(),
        *(str(v) for v in BY.values() if isinstance(v, str) and v),
    ):
        assert hidden not in text.split("\n", 1)[1], hidden
    assert "PERSON-0001" in text
    assert [r.redacted for r in judge.asked if isinstance(r, LogExported)] == [True]
    assert run("log", "verify", str(target)).exit_code != 0


def test_a_look_is_told_and_reading_does_not_depend_on_it(run: Run, store: Store, judge: Judge) -> None:
    store.append("alarm", {"name": "mau"})
    assert "mau" in run("log", "--kind", "alarm").stdout
    (told,) = [r for r in judge.asked if isinstance(r, LogViewed)]
    assert (told.command, told.asked) == ("log list", "kind=alarm limit=100")


def test_a_look_says_what_was_looked_for(run: Run, store: Store) -> None:
    store.append("view", view("log list", "since=7d", 2, BY))
    shown = " ".join(run("log", "--kind", "view").stdout.split())
    assert "log list; since=7d" in shown

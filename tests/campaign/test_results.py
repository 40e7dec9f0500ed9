"""The results file: complete lines only, one number once, and a second call goes on."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.campaign import results, run, table
from tests.campaign.evidence import Evidence
from tests.campaign.results import Build, Line
from tests.campaign.run import Runner
from tests.campaign.trial import Trial
from tests.lab.image import LabError

THIS, OTHER = Build("0123456789abcdef", "v0-1"), Build("fedcba9876543210", "v0-0")
SEEN = {"arrivals": 20, "bound": 2, "entries": 30, "unfinished": 1}


@pytest.fixture(autouse=True)
def _build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(results, "build", lambda: THIS)
    monkeypatch.setattr(run, "FAILURES", tmp_path / "failures")
    monkeypatch.setattr(run, "WORK", tmp_path / "work")


def a_line(kind: str = "kill", trial: int = 1, which: Build = THIS, **more: Any) -> Line:
    head = {"kind": kind, "trial": trial, "seed": 5, "build": {"package": which.package, "commit": which.commit}}
    rest = {"verdict": "held", "at": "2026-11-21T17:00:00+00:00", "kernel": "6.1.0", "seen": SEEN, "seconds": 9.5}
    return {**head, **rest, "moment": {"units": ["usbguard-py"]}, "problems": [], **more}


def test_a_line_that_was_cut_off_is_none_and_the_next_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    results.append(a_line(), file)
    with file.open("a", encoding="utf-8") as out:
        out.write('{"kind": "kill", "tri')
    assert len(results.read(file)) == 1
    results.append(a_line(trial=2), file)
    assert [line["trial"] for line in results.read(file)] == [1, 2]


def test_only_this_build_counts_and_no_number_is_used_twice(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    for line in (a_line(which=OTHER, trial=9), a_line(), a_line(trial=2, verdict="void"), a_line("cut")):
        results.append(line, file)
    mine = results.of_build(results.read(file), THIS)
    assert (results.finished(mine, "kill"), results.following(mine, "kill")) == (1, 3)
    assert (results.seed_of(mine, None), results.seed_of(mine, 8)) == (5, 8)
    assert results.seed_of([], None) > 0


class Made:
    """A machine whose trials end as told: held, failed, or the lab fails."""

    def __init__(self, endings: list[str]) -> None:
        self.endings, self.closed = endings, 0
        self.guest: Any = SimpleNamespace(kernel_release="6.1.0", boot_id="b", collect=self._collect)

    def _collect(self, folder: Path, sentence: str) -> None:
        folder.mkdir(parents=True)
        (folder / "sentence.txt").write_text(sentence)

    def trial(self, *_about: object) -> Trial:
        ending = self.endings.pop(0)
        if ending == "lab":
            raise LabError("no answer")
        return Trial({"units": []}, SEEN, ["bad"] if ending == "failed" else [], Evidence("b", {}))

    def close(self) -> None:
        self.closed += 1


def test_trials_are_made_until_there_are_enough_and_failures_leave_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    machine = Made(["held", "lab", "failed", "held"])

    def enough(count: int) -> bool:
        return results.finished(results.read(file), "kill") >= count

    runner = Runner(7, file)
    runner._until("kill", lambda: enough(2), lambda: machine)
    assert [(line["trial"], line["verdict"]) for line in results.read(file)] == [
        (1, "held"),
        (2, "void"),
        (3, "failed"),
    ]
    assert (runner.failed, machine.closed) == (1, 2)
    folder = tmp_path / "failures/kill-3-7"
    assert "--seed 7 --repeat kill:3" in (folder / "sentence.txt").read_text()
    assert Evidence.read(folder / "evidence.json") == Evidence("b", {})
    again = Runner(None, file)
    again._until("kill", lambda: enough(3), lambda: machine)
    assert results.read(file)[-1]["trial"] == 4
    assert again.seed == 7, "the seed goes on, too"


def test_a_lab_that_fails_again_and_again_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="in a row"):
        Runner(7, tmp_path / "results.jsonl")._until("cut", lambda: False, lambda: Made(["lab"]))


def test_the_page_in_the_docs_is_what_its_file_says() -> None:
    """``python -m tests.campaign table`` writes both."""
    assert table.PAGE.read_text(encoding="utf-8") == table.page(results.read(table.COPY))


def test_a_page_of_nothing_says_so() -> None:
    assert "No trial is in the file" in table.page([])
    assert "No trial is in the file" not in table.page([a_line()])


def test_the_page_counts_what_the_file_holds() -> None:
    soak = {"cycles": 200, "ports": 32, "told": 200, "memory_kib": [20480, 21504, 21504], **SEEN, "seconds": 60}
    lines = [
        a_line(which=OTHER),
        a_line(),
        a_line(trial=2, verdict="failed", problems=["3-1 is not approved: bound"]),
        a_line(trial=3, verdict="void"),
        a_line("cut", moment={"units": ["power"]}),
        a_line("soak", seen=soak),
    ]
    shown = table.page(json.loads(json.dumps(lines)))
    assert "| kill | 2 | 1 | 1 | 1 | usbguard-py 2 | 40 | 4 | 60 | 2 | 9.5 |" in shown
    assert "| cut | 1 | 1 | 0 | 0 | power 1 |" in shown
    assert "| 200 | 32 | 20 | 200 | 30 | 20.0 at the start, 21.0 at most, 21.0 at the end | 1.0 | held |" in shown
    assert "* kill 2 (seed 5): 3-1 is not approved: bound" in shown
    assert shown.index(THIS.package) < shown.index(OTHER.package), "the last build first"

"""The script that runs the rooms must be able to fail."""

import sys
from pathlib import Path

import pytest

from tests.rooms import ROOMS, Outcome, Room, counts, good, main, run_room, summary

FINE = Outcome("fast", 10.0, 60, ok=True, passed=3)

CASES = {
    "a good room": ([FINE], True),
    "no room at all": ([], False),
    "pytest failed": ([FINE, Outcome("lab", 1.0, 60, ok=False, passed=1, failed=1)], False),
    "over its budget": ([Outcome("lab", 61.0, 60, ok=True, passed=1)], False),
    "nothing ran": ([Outcome("lab", 1.0, 60, ok=True)], False),
    "all together too slow": ([Outcome(str(n), 1300.0, 1400, ok=True, passed=1) for n in range(2)], False),
}


@pytest.mark.parametrize(("outcomes", "expected"), CASES.values(), ids=CASES.keys())
def test_good(outcomes: list[Outcome], expected: bool) -> None:
    assert good(outcomes) is expected


def test_summary_names_the_slow_room() -> None:
    assert "OVER BUDGET" in summary([Outcome("lab", 61.0, 60, ok=True, passed=1)])


def test_counts(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert counts(report) == (0, 0, 0)
    report.write_text('<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/></testsuites>')
    assert counts(report) == (3, 3, 3)


def test_a_room_gives_its_environment_to_what_it_runs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """And a room whose preparation fails has failed."""
    says = (sys.executable, "-c", "import os; print(os.environ['SAMPLE']); raise SystemExit(1)")
    room = Room(("-m", "nothing"), budget=60, before=(says,), environment={"SAMPLE": "told to the room"})
    monkeypatch.setitem(ROOMS, "sample", room)
    assert not run_room("sample", slow=False).ok
    assert "told to the room" in capfd.readouterr().out


def test_unknown_room_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kitchen"]) == 64
    assert "usage" in capsys.readouterr().err

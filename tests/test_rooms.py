"""The script that runs the rooms must be able to fail."""

import sys
from pathlib import Path

import pytest

from tests import rooms
from tests.rooms import ROOMS, TESTS, Outcome, Room, counts, good, main, run_room, runs, summary

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


def test_what_is_held_to_a_time_has_the_machine_for_itself() -> None:
    """And every test of the room runs in one of the two."""
    for name in ("lab", "scenarios", "attacks"):
        beside, alone = runs(ROOMS[name], slow=False).values()
        assert beside[1] == f"(({name}) and not slow) and not alone"
        assert alone[1] == f"(({name}) and not slow) and alone"
        assert ("-n" in beside, "-n" in alone) == (True, False)
    assert runs(ROOMS["package"], slow=True) == {"": ("-m", "package")}
    assert runs(ROOMS["days"], slow=False) == {"": ("-m", "(days) and not slow", "-n", "2", "--dist", TESTS)}


def test_no_test_is_left_out_of_a_room_without_such() -> None:
    """What is marked `alone` runs alone: the folder of the days has nothing of the kind."""
    for path in (Path(__file__).parent / "days").glob("test_*.py"):
        assert "mark.alone" not in path.read_text(encoding="utf-8")


def test_both_halves_of_a_room_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure among those that run alone is a failure of the room."""
    monkeypatch.setitem(ROOMS, "sample", Room(("-m", "scenarios"), budget=60, side_by_side=TESTS))
    fails = (sys.executable, "-c", "import sys; sys.exit('-n' not in sys.argv)")
    monkeypatch.setattr(rooms, "PYTEST", fails)
    assert not run_room("sample", slow=False).ok


def test_unknown_room_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kitchen"]) == 64
    assert "usage" in capsys.readouterr().err

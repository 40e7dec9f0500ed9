"""The table of attacks in the docs is the one that is tried."""

import pytest

from tests.attacks.table import PAGE, ROWS, mark, recorded, scenarios, section
from tests.scenarios.evidence import named, shown


def test_every_attack_has_a_scenario_that_must_run() -> None:
    assert {row[3] for row in ROWS} - scenarios() == set()


def test_the_page_shows_the_table() -> None:
    """``python -m tests.attacks.table`` writes it."""
    assert section() in PAGE.read_text(encoding="utf-8")


def test_what_held_on_debian_13_ran_there() -> None:
    """The page of Debian 13 tells of scenarios that there are, on its kernel, and of none that failed."""
    rows = list(recorded())
    assert len(rows) >= 40
    assert {name for name, _, _ in rows} - {shown(name) for name in named()} == set()
    assert [row for row in rows if row[1] != "passed" or "deb13" not in row[2]] == []


MARKS = [
    ([None], "–"),
    (["passed"], "held"),
    (["passed", None], "–"),
    (["passed", "failed"], "FAILED"),
    ([None, "failed"], "FAILED"),
]


@pytest.mark.parametrize(("results", "expected"), MARKS)
def test_a_mark_is_given_when_every_case_held(results: list[str | None], expected: str) -> None:
    assert mark(results) == expected


def test_no_attack_is_told_twice() -> None:
    assert len({row[0] for row in ROWS}) == len(ROWS) >= 50

"""The published figures are those of the lines beside them."""

import pytest

from tests.fuzz.table import COPY, PAGE, Line, page, read

LINE: Line = {
    "at": "2026-11-21T14:00:00+00:00",
    "build": "0000000",
    "executions": 1_000_000,
    "held": True,
    "seconds": 60,
    "seed": 1,
    "target": "units",
}


def test_the_page_is_what_the_runs_say() -> None:
    """``python -m tests.fuzz.table`` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page(read(COPY))


@pytest.mark.parametrize(("held", "word"), [(True, "yes"), (False, "NO")])
def test_a_run_that_failed_shows(held: bool, word: str) -> None:
    """Executions and seconds are added up; one failure is enough."""
    (row,) = [line for line in page([LINE, LINE | {"held": held}]).splitlines() if line.startswith("| units |")]
    assert f"| 2 | 2,000,000 | {word} | 120 | 0000000 |" in row

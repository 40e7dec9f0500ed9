"""The table of attacks in the docs is the one that is tried."""

from tests.attacks.table import PAGE, ROWS, scenarios, section


def test_every_attack_has_a_scenario_that_must_run() -> None:
    assert {row[3] for row in ROWS} - scenarios() == set()


def test_the_page_shows_the_table() -> None:
    """``python -m tests.attacks.table`` writes it."""
    assert section() in PAGE.read_text(encoding="utf-8")


def test_no_attack_is_told_twice() -> None:
    assert len({row[0] for row in ROWS}) == len(ROWS) >= 50

"""The scenarios that must run are those that there are: a new one is named, a lost one is noticed."""

from tests.scenarios.evidence import found, named


def test_every_scenario_is_named() -> None:
    """``python -m tests.scenarios.evidence names`` prints the list."""
    assert named() == set(found())

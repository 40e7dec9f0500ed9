"""The scenarios by name, in the order in which they were defined."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.compare.findings import Finding, Row

Findings = tuple[Finding, ...]
Play = Callable[[Any], Findings]


@dataclass(frozen=True)
class Scenario:
    """``play`` is called with a side in its own fresh snapshot and answers its rows in their order.

    ``rounds`` times: figures are taken in turns.
    """

    name: str
    play: Play
    rows: tuple[Row, ...]
    rounds: int = 1


SCENARIOS: dict[str, Scenario] = {}


def scenario(*rows: Row, rounds: int = 1) -> Callable[[Play], Play]:
    """Register a function under its name."""

    def register(play: Play) -> Play:
        SCENARIOS[play.__name__] = Scenario(play.__name__, play, rows, rounds)
        return play

    return register


def every() -> dict[str, Scenario]:
    """All scenarios."""
    import tests.compare.scenarios  # noqa: F401, PLC0415 - its modules register themselves, with this one

    return SCENARIOS


def rows() -> dict[str, Row]:
    """All rows by their keys."""
    return {row.key: row for one in every().values() for row in one.rows}

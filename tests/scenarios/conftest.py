"""Fixtures of the scenarios: the shared guest with the product in it, and the count of what must run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab import Guest
from tests.lab.control import CommandFailed
from tests.lab.evidence import Scenario, Sequence
from tests.lab.ports import SECOND_CONTROLLER
from tests.lab.pytest_plugin import (  # noqa: F401 - fixtures are found by their names here
    bench,
    guest,
    lab,
    pytest_runtest_makereport,
    scenario,
)
from tests.lab.recipe import image_asked
from tests.lab.sleep import CAN_SLEEP
from tests.scenarios.rig import CMDLINE, INSIDE, Rig, enforce, package

HERE = Path(__file__).parent


def base(machine: Guest) -> None:
    """What the base snapshot holds: the package, the strict policy, one stick on the list."""
    enforce(machine)


@pytest.fixture(scope="session")
def boot_options() -> dict[str, Any]:
    """A machine that can be put to sleep and has two controllers: the attacks need both, and share the base."""
    return {"image": image_asked(), "cmdline": CMDLINE, "extra": (*CAN_SLEEP, *SECOND_CONTROLLER)}


@pytest.fixture(scope="session")
def install() -> Callable[[Guest], None]:
    """How the product gets into the base snapshot."""
    return base


@pytest.fixture(scope="session")
def made_from() -> list[Path]:
    """The package, and what puts it there."""
    return [package(), Path(__file__), HERE / "rig.py", *sorted(INSIDE.glob("*.py"))]


@pytest.fixture(scope="session")
def ledger_sequence() -> Callable[[Guest], Sequence]:
    """How far the ledger has come."""

    def of(machine: Guest) -> Sequence:
        def sequence() -> int | None:
            try:
                return Rig(machine).seq()
            except CommandFailed:  # there is no ledger yet, or a scenario has damaged it
                return None

        return sequence

    return of


@pytest.fixture
def rig(guest: Guest, scenario: Scenario) -> Rig:  # noqa: F811 - the fixtures imported above
    """The shared guest, restored, with this scenario's evidence recorded."""
    return Rig(guest, scenario.facts)


def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """The few that boot a guest of their own take long: side by side with others, they begin."""
    items.sort(key=lambda item: "own_guest" not in item.keywords)


__all__: list[Any] = []

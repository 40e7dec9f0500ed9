"""The attacks start from the scenarios' base: the package, the strict policy, one stick on the list.

The room ``attacks-13`` has them run in a guest of Debian 13 (``tests/rooms.py``).
"""

from typing import Any

import pytest

from tests.lab.ports import SECOND_CONTROLLER
from tests.lab.recipe import image_asked
from tests.lab.sleep import CAN_SLEEP
from tests.scenarios.conftest import (  # noqa: F401 - fixtures are found by their names here
    bench,
    guest,
    install,
    lab,
    ledger_sequence,
    pytest_runtest_makereport,
    rig,
    scenario,
)
from tests.scenarios.rig import CMDLINE


@pytest.fixture(scope="session")
def boot_options() -> dict[str, Any]:
    """The base, on a machine that can be put to sleep and has two controllers."""
    return {"image": image_asked(), "cmdline": CMDLINE, "extra": (*CAN_SLEEP, *SECOND_CONTROLLER)}

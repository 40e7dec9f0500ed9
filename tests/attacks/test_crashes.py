"""A short crash campaign: blows at random moments of a plug storm, judged by the code of the long one.

The long ones are ``make campaign`` and ``tests/crashes``. Each trial begins at the base that the guest of the attacks
already has, with the devices of a storm beside it.
"""

from pathlib import Path

import pytest

from tests.campaign.checked import held
from tests.campaign.kill import Kills
from tests.campaign.opened import opened
from tests.campaign.world import ROLES
from tests.lab.pytest_plugin import Bench
from tests.scenarios.rig import Rig

pytestmark = pytest.mark.xdist_group("crashes")
SEED = 20261122
# Seed and number of a storm in which these have a process at the moment that was drawn: the hands run only while there
# is something to cut or to examine.
TRIALS = {"the judge": (20261122, 3), "the hands": (20261122, 1), "both": (20261121, 1)}


@pytest.fixture(scope="module")
def kills(bench: Bench) -> Kills:
    """The shared guest with the devices of a storm, in a snapshot of its own."""
    return Kills(bench.clean(), ROLES)


@pytest.mark.parametrize("killed", TRIALS)
def test_a_kill_in_a_plug_storm_opens_nothing_and_loses_nothing(
    rig: Rig, kills: Kills, tmp_path: Path, request: pytest.FixtureRequest, killed: str
) -> None:
    """Never a driver for a stranger, never a lost or half entry, always a verifying chain."""
    seed, number = TRIALS[killed]
    trial = kills.trial(number, seed, tmp_path)
    rig.facts.update(trial.seen | trial.moment)
    assert trial.moment["units"], "the blow fell on nobody"
    held(trial, tmp_path, request.node.name)


def test_a_storm_in_which_a_stranger_was_let_in_is_called_bad(rig: Rig, kills: Kills, tmp_path: Path) -> None:
    """The verdict can fail: root opens a device in the storm."""
    opened(kills, SEED, tmp_path)

"""A crash campaign of a few trials and a short soak, judged by the very code of the long ones (``make campaign``).

The power cut of it, which boots twice, is in test_power.py.
"""

from pathlib import Path

import pytest

from tests.campaign.checked import held
from tests.campaign.kill import Kills
from tests.campaign.opened import opened
from tests.campaign.soak import soak
from tests.lab.pytest_plugin import Bench
from tests.scenarios.rig import Rig

SEED = 20261121
KILLS = 4
CYCLES = 150


@pytest.fixture(scope="module")
def kills(bench: Bench) -> Kills:
    """The shared guest with the base of the trials in a snapshot of its own."""
    return Kills(bench.clean())


@pytest.mark.parametrize("number", range(1, KILLS + 1))
def test_killed_in_a_plug_storm(
    rig: Rig, kills: Kills, tmp_path: Path, request: pytest.FixtureRequest, number: int
) -> None:
    """Judge, hands or both, at a random moment: nothing is open that may not be, nothing that was known is lost."""
    trial = kills.trial(number, SEED, tmp_path)
    rig.facts.update(trial.seen | trial.moment)
    assert trial.moment["units"], "the blow fell on nobody"
    held(trial, tmp_path, request.node.name)


def test_a_trial_in_which_a_stranger_was_let_in_did_not_hold(rig: Rig, kills: Kills, tmp_path: Path) -> None:
    """The verdict can fail: root opens a device in the storm."""
    opened(kills, SEED, tmp_path)


def test_many_ports_at_once_are_each_dead_counted_and_cost_no_memory(
    rig: Rig, kills: Kills, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Two approved sticks among strangers."""
    trial = soak(kills, 1, SEED, CYCLES, tmp_path)
    rig.facts.update(trial.seen)
    held(trial, tmp_path, request.node.name)

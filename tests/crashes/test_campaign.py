"""A short crash campaign and a short soak, judged by the very code of the long ones (``make campaign``).

The power cut of it, which boots twice, is in test_power.py.
"""

from pathlib import Path

import pytest

from tests.campaign.checked import held
from tests.campaign.evidence import UNKNOWN
from tests.campaign.kill import BASE, Kills
from tests.campaign.plan import seeded, storm
from tests.campaign.soak import soak
from tests.campaign.world import ROLES, STAYS
from tests.lab.pytest_plugin import Bench
from tests.scenarios.rig import Rig

SEED = 20261121
KILLS = 4
CYCLES = 150

READY = "/run/lab-opener"
# Root lets a stranger in as soon as it comes, as if nothing enforced.
OPEN = """
: > {ready}
while :; do
    for device in /sys/bus/usb/devices/{port}; do
        [ "$(cat $device/authorized 2>/dev/null)" = 1 ] || echo 1 > $device/authorized
        for interface in $device/{port}:*; do
            echo 1 > $interface/authorized && echo ${{interface##*/}} > /sys/bus/usb/drivers_probe
        done
    done 2>/dev/null
done
"""


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
    kills.guest.restore(BASE)
    port = kills.world.ports["stranger"]
    assert kills.world.devices()[port] == UNKNOWN
    opener = kills.guest.start(OPEN.format(port=port, ready=READY))
    kills.guest.wait_path(READY)
    trial = kills.run(storm(seeded(SEED, "opened", 1), list(ROLES), STAYS), tmp_path)
    opener.kill()
    assert [one for one in trial.problems if one.startswith(f"{port} is not approved: a driver was bound")]
    assert [one for one in trial.problems if f"the kernel's log has {port}:1.0 bound" in one]


def test_many_ports_at_once_are_each_dead_counted_and_cost_no_memory(
    rig: Rig, kills: Kills, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Two approved sticks among strangers."""
    trial = soak(kills, 1, SEED, CYCLES, tmp_path)
    rig.facts.update(trial.seen)
    held(trial, tmp_path, request.node.name)

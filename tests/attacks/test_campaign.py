"""A short crash campaign and a short soak, judged by the very code of the long ones (``make campaign``)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.cut import Cuts
from tests.campaign.evidence import UNKNOWN
from tests.campaign.kill import BASE, Kills
from tests.campaign.plan import seeded, storm
from tests.campaign.soak import Soaks
from tests.campaign.trial import Trial
from tests.campaign.world import STAYS
from tests.lab import Lab
from tests.lab.evidence import Evidence
from tests.lab.pytest_plugin import FAILURES, Bench
from tests.scenarios.rig import Rig

SEED = 20261121
KILLS = 5
CYCLES = 200

# Root lets a stranger in as soon as it comes, as if nothing enforced.
OPEN = """
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


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Where trials leave what is larger than a line; kept when the test fails."""
    yield tmp_path / "trial"
    report = getattr(request.node, "trial", None)
    if report is not None and report.problems:
        kept = FAILURES / f"{request.node.name}-trial"
        shutil.copytree(tmp_path / "trial", kept, dirs_exist_ok=True)
        report.evidence.write(kept / "evidence.json")


def held(request: pytest.FixtureRequest, trial: Trial) -> None:
    """The trial held; one that did not leaves its evidence."""
    request.node.trial = trial  # type: ignore[attr-defined] # for the fixture above
    assert trial.problems == []


@pytest.mark.parametrize("number", range(1, KILLS + 1))
def test_killed_in_a_plug_storm(
    rig: Rig, kills: Kills, folder: Path, request: pytest.FixtureRequest, number: int
) -> None:
    """Judge, hands or both, at a random moment: nothing is open that may not be, nothing that was known is lost."""
    trial = kills.trial(number, SEED, folder)
    rig.facts.update(trial.seen | trial.moment)
    assert trial.moment["units"], "the blow fell on nobody"
    held(request, trial)


def test_a_trial_in_which_a_stranger_was_let_in_did_not_hold(rig: Rig, kills: Kills, folder: Path) -> None:
    """The verdict can fail: root opens a device in the storm."""
    kills.guest.restore(BASE)
    port = next(place for name, place in kills.world.ports.items() if name == "stranger")
    assert kills.world.devices()[port] == UNKNOWN
    opener = kills.guest.start(OPEN.format(port=port))
    trial = kills.run(storm(seeded(SEED, "opened", 1), list(kills.world.gadgets), STAYS), folder)
    opener.kill()
    assert [one for one in trial.problems if one.startswith(f"{port} is not approved: a driver was bound")]
    assert [one for one in trial.problems if f"the kernel's log has {port}:1.0 bound" in one]


def test_many_ports_at_once_are_each_dead_counted_and_cost_no_memory(
    rig: Rig, folder: Path, request: pytest.FixtureRequest
) -> None:
    """Two approved sticks among thirty strangers at 32 ports."""
    trial = Soaks(rig.guest).trial(1, SEED, CYCLES, folder)
    rig.facts.update(trial.seen)
    held(request, trial)


@pytest.mark.own_guest
def test_the_power_goes_in_a_plug_storm(lab: Lab, tmp_path: Path, folder: Path, request: pytest.FixtureRequest) -> None:
    """What was known is there when the machine starts again, and a stranger that waits is dead."""
    cuts = Cuts(lab, tmp_path / "disks")
    try:
        with Evidence().scenario(request.node.name, cuts.guest) as scene:
            trial = cuts.trial(1, SEED, folder)
            scene.facts.update(trial.seen)
            scene.boot_id = cuts.guest.boot_id
            held(request, trial)
    finally:
        cuts.close()

"""One trial of the crash campaign in which the power goes, judged by the code of the long one (``make campaign``)."""

from pathlib import Path

import pytest

from tests.campaign.checked import held
from tests.campaign.cut import Cuts
from tests.lab import Lab
from tests.lab.evidence import Evidence

SEED = 20261121


@pytest.mark.own_guest
def test_the_power_goes_in_a_plug_storm(lab: Lab, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """What was known is there when the machine starts again, and a stranger that waits is dead."""
    cuts = Cuts(lab, tmp_path / "disks")
    try:
        with Evidence().scenario(request.node.name, cuts.guest) as scene:
            trial = cuts.trial(1, SEED, tmp_path / "ledger")
            scene.facts.update(trial.seen)
            held(trial, tmp_path / "ledger", request.node.name)
    finally:
        cuts.close()

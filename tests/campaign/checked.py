"""For tests: a trial that did not hold leaves its evidence before the test fails."""

import shutil
from pathlib import Path

from tests.campaign.trial import Trial
from tests.lab.pytest_plugin import FAILURES


def held(trial: Trial, ledger: Path, name: str) -> None:
    """Fail when the trial did not hold; ``ledger`` is the folder that its files went to."""
    if trial.problems:
        folder = FAILURES / f"{name}-trial"
        shutil.copytree(ledger, folder, dirs_exist_ok=True)
        trial.evidence.write(folder / "evidence.json")
    assert trial.problems == []

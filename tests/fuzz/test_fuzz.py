"""A short run of every target; ``make fuzz`` is the long one."""

from pathlib import Path

import pytest

from tests.fuzz import targets
from tests.fuzz.__main__ import fuzz

RUNS = 5000


@pytest.mark.parametrize("name", targets.TARGETS)
def test_whatever_the_bytes_the_target_holds(name: str, tmp_path: Path) -> None:
    assert fuzz(name, RUNS, work=tmp_path)


def test_a_target_that_does_not_hold_is_not_called_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Negative control: the process that runs a target fails, and so does the run."""
    targets.TARGETS["none of these"] = targets.policy
    try:
        assert not fuzz("none of these", 10, work=tmp_path)
    finally:
        del targets.TARGETS["none of these"]
    assert "FAILED" in capsys.readouterr().out

"""What several tests of the judge begin with."""

from pathlib import Path

import pytest

from usbguard_py import paths
from usbguard_py.daemon.books import Books


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Books on a real, empty database of a machine that was never told anything."""
    monkeypatch.setattr(paths, "FLOOR_MODE", tmp_path / "mode")
    made = Books(tmp_path / "usbguard-py.db")
    assert made.open(enforce_expected=False)
    return made

"""Marks each test by the folder it is in, so that a folder is a room of its own (see ``tests/rooms.py``)."""

from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent
ROOMS = {
    "package": "package",
    "lab_selftest": "lab",
    "lab_floor": "lab",
    "scenarios": "scenarios",
    "attacks": "attacks",
    "days": "days",
    "crashes": "crashes",
    "papers_rendered": "papers",
}
# How long one example takes says nothing on a machine where a guest may run beside it; rooms have budgets.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in ROOMS:
            item.add_marker(ROOMS[folder])

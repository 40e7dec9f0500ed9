"""Marks each test by the folder it is in, so that a folder is a room of its own (see ``tests/rooms.py``).

Tests that run side by side go file by file (``--dist loadgroup``), but for those that mount: they share the mount
table of the machine, and a namespace that one of them copies would hold the other's medium.
"""

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
}
# How long one example takes says nothing on a machine where a guest may run beside it; rooms have budgets.
settings.register_profile("project", deadline=None)
settings.load_profile("project")
MOUNTING = {"test_mounts.py", "test_hands.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in ROOMS:
            item.add_marker(ROOMS[folder])
        else:
            name = item.path.name
            item.add_marker(
                pytest.mark.xdist_group("mounting" if name in MOUNTING else str(item.path.relative_to(HERE)))
            )

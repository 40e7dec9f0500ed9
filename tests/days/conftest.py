"""The played days start from the scenarios' base: the package, the strict policy, one stick on the list.

A day is a person at a terminal, from beginning to end; the room ``days`` has six minutes for all of them.
"""

from tests.scenarios.conftest import (
    bench,
    boot_options,
    guest,
    install,
    lab,
    ledger_sequence,
    made_from,
    pytest_runtest_makereport,
    rig,
    scenario,
)

__all__ = [
    "bench",
    "boot_options",
    "guest",
    "install",
    "lab",
    "ledger_sequence",
    "made_from",
    "pytest_runtest_makereport",
    "rig",
    "scenario",
]

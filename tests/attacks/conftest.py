"""The attacks start from the scenarios' base: the package, the strict policy, one stick on the list.

The room ``attacks-13`` has them run in a guest of Debian 13 (``tests/rooms.py``).
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

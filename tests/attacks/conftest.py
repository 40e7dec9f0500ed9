"""The attacks start from the scenarios' base: the package, the strict policy, one stick on the list."""

from tests.scenarios.conftest import (  # noqa: F401 - fixtures are found by their names here
    bench,
    boot_options,
    guest,
    install,
    lab,
    ledger_sequence,
    pytest_runtest_makereport,
    rig,
    scenario,
)

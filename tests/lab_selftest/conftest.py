"""The lab's own tests use the lab's own fixtures, with no product in the guest."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.lab import Guest
from tests.lab.pytest_plugin import (  # noqa: F401 - a conftest may not name plugins, but may import their fixtures
    bench,
    boot_options,
    guest,
    lab,
    ledger_sequence,
    pytest_runtest_makereport,
    scenario,
)

Clock = Callable[[str], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def install() -> Callable[[Guest], None]:
    # Loaded here, a driver is at once there for whatever is not held back: "dead" is then no accident of timing.
    modules = "usb-storage uas usbhid hid-generic cdc_ether rndis_host cdc_acm ftdi_sio usblp snd-usb-audio"

    def prepare(machine: Guest) -> None:
        machine.run(f"modprobe -a {modules}", timeout=120)
        machine.load_dummy_hcd(4)

    return prepare


@pytest.fixture(scope="session")
def made_from() -> list[Path]:
    return [Path(__file__)]


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> Clock:
    """Measures a block in seconds, under a name, for build/junit-lab.xml."""

    @contextmanager
    def measure(name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        request.node.user_properties.append((name, round(time.monotonic() - begun, 3)))

    return measure

"""Fixtures for scenarios; a folder's conftest imports all of them, and
`pytest_runtest_makereport`, from here.

A folder of scenarios says how the product gets into the base snapshot by overriding fixtures in its conftest:

    @pytest.fixture(scope="session")
    def install() -> Callable[[Guest], None]: ...        # called once, before the snapshot; default: nothing
    @pytest.fixture(scope="session")
    def made_from() -> list[Path]: ...                   # the files that say what install does, and what it installs
    @pytest.fixture(scope="session")
    def boot_options() -> dict[str, Any]: ...            # for Lab.boot; default: the floor's kernel parameter

Every test that asks for `guest` starts from that snapshot. A failing one leaves journal, kernel log, ledger, the
witness's words and a sentence in build/failures/<test>/. $USBGUARD_PY_LAB_IMAGE names the image of the shared guest.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .bases import BASE, Base
from .evidence import Evidence, Recording, Scenario, Sequence, file_of
from .guest import Guest
from .image import LabError, say
from .lab import Lab
from .recipe import USUAL, image_asked

FAILURES = Path("build/failures")
REPORTS = pytest.StashKey[dict[str, pytest.TestReport]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Keep each phase's report, so that a fixture's end knows whether the test failed."""
    report: pytest.TestReport = yield
    item.stash.setdefault(REPORTS, {})[report.when] = report
    return report


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The lab; builds the image on first use."""
    return Lab()


@pytest.fixture(scope="session")
def install() -> Callable[[Guest], None]:
    """Override: what to do in the guest before the base snapshot."""
    return lambda _guest: None


@pytest.fixture(scope="session")
def made_from() -> list[Path]:
    """Override: the files that say what is done in the guest before the base snapshot."""
    return []


@pytest.fixture(scope="session")
def boot_options() -> dict[str, Any]:
    """Override: arguments for `Lab.boot`."""
    return {"image": image_asked(), "cmdline": "usbcore.authorized_default=0"}


@pytest.fixture(scope="session")
def ledger_sequence() -> Callable[[Guest], Sequence] | None:
    """Override: returns a callable that tells the ledger's last sequence number in a guest."""
    return None


class Bench:
    """The one machine the scenarios share. A machine that cannot be restored is booted anew."""

    def __init__(self, lab: Lab, base: Base) -> None:
        self._lab, self.base = lab, base
        self._guest: Guest | None = None

    def clean(self) -> Guest:
        """Return the guest as it was at the base snapshot."""
        if self._guest is not None:
            try:
                self._guest.restore(BASE)
            except LabError as error:
                say(f"the guest could not be restored and is booted anew: {error}")
                self.close()
            else:
                return self._guest
        self._guest = self.base.boot(self._lab)
        return self._guest

    def close(self) -> None:
        """End the machine."""
        if self._guest is not None:
            self._guest.close()
            self._guest = None


@pytest.fixture(scope="session")
def bench(
    lab: Lab, boot_options: dict[str, Any], install: Callable[[Guest], None], made_from: list[Path]
) -> Iterator[Bench]:
    """The session's machine, started when first asked for."""
    bench = Bench(lab, Base(boot_options, install, made_from))
    yield bench
    bench.close()


@pytest.fixture
def guest(bench: Bench, request: pytest.FixtureRequest) -> Iterator[Guest]:
    """A guest restored to the base snapshot."""
    guest = bench.clean()
    yield guest
    collect_when_failed(guest, request.node)


@pytest.fixture
def scenario(
    guest: Guest, request: pytest.FixtureRequest, ledger_sequence: Callable[[Guest], Sequence] | None
) -> Iterator[Scenario]:
    """This test's entry in the file of the image, build/scenarios.json; put figures into its `facts`."""
    evidence = Evidence(file_of(image_asked()))
    recording = Recording(evidence, request.node.name, guest, ledger_sequence(guest) if ledger_sequence else None)
    yield recording.entry
    recording.finish(passed=failure(request.node) is None)


def failure(node: pytest.Item) -> pytest.TestReport | None:
    """Return the report of a phase that failed."""
    reports = node.stash.get(REPORTS, {})
    return next((report for report in reports.values() if report.failed), None)


def collect_when_failed(guest: Guest, node: pytest.Item) -> None:
    """Leave the evidence of a failing test in its folder; for guests a test booted itself, too."""
    report = failure(node)
    if report is None:
        return
    image = "" if image_asked() == USUAL else f"-{image_asked()}"
    folder = FAILURES / (re.sub(r"[^\w.-]+", "-", node.nodeid.split("/")[-1]) + image)
    crash = getattr(report.longrepr, "reprcrash", None)
    sentence = str(crash.message).splitlines()[0] if crash else "failed"
    guest.collect(folder, f"{node.nodeid}: {sentence}")
    say(f"evidence in {folder}")

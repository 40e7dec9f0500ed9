"""A real database for each test, and clocks that stand where a test puts them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from usbguard_py.shell import migrations
from usbguard_py.shell.clock import Clock, Reading, rfc3339
from usbguard_py.shell.store import Store

NOON = 1_795_237_200_000  # 2026-11-21T12:00:00+07:00


class Ticking(Clock):
    """A clock that goes on by one second at each reading; ``boot`` and the times may be set."""

    def __init__(self) -> None:
        self.unix_ms = NOON
        self.mono_ms = 1000
        self.boot = "00000000-0000-4000-8000-000000000001"

    def read(self) -> Reading:
        self.unix_ms += 1000
        self.mono_ms += 1000
        return Reading(rfc3339(self.unix_ms), self.unix_ms, self.mono_ms, self.boot)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made at that noon, too: the newest entry decides which day it is."""
    path = tmp_path_factory.mktemp("template") / "usbguard-py.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "Clock", Ticking)
        migrations.migrate(path)
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    """A fresh database with its first entry."""
    return Path(shutil.copy(template, tmp_path / "usbguard-py.db"))


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def store(database: Path, clock: Clock) -> Iterator[Store]:
    opened = Store.open(database, clock)
    yield opened
    opened.close()

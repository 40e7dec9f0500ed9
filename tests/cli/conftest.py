"""A machine of one's own for each test: paths below a folder, a judge on its socket, a real database."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.build import a_keyboard, a_peripheral, a_stick, an_asset
from tests.cli.rig import STATUS, Judge
from usbguard_py import paths
from usbguard_py.cli.root import cli
from usbguard_py.core.whitelist import Asset
from usbguard_py.shell.database import ensure_schema
from usbguard_py.shell.store import Store

HERE = Path(__file__).parents[2]
BY = {"user": "quanly", "login": "quanly", "uid": 1001}

Run = Callable[..., Result]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every path of the product below a folder of the test."""
    for name, value in vars(paths).items():
        if isinstance(value, Path) and name != "ROOT":
            monkeypatch.setattr(paths, name, tmp_path / value.relative_to(paths.ROOT))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "POLICIES", HERE / "policies")
    monkeypatch.setattr(paths, "VERIFIER", HERE / "verifier/verify-log.py")
    monkeypatch.setattr(paths, "CONTROL_SOCKET", tmp_path / "c")  # a socket's path has 108 bytes, unix(7)
    for folder in (paths.STATE, paths.RUN, paths.FLOOR_MODE.parent):
        folder.mkdir(parents=True)
    return tmp_path


@pytest.fixture
def judge(root: Path) -> Iterator[Judge]:
    """A judge that answers ``status``; a test adds what else it should answer."""
    running = Judge(paths.CONTROL_SOCKET)
    running.answers["Status"] = STATUS
    yield running
    running.close()


@pytest.fixture
def run(root: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line, in Vietnamese unless told otherwise."""
    monkeypatch.setenv("LANGUAGE", "")

    def go(*words: str, lang: str = "vi", stdin: str = "") -> Result:
        return CliRunner(env={"USBGUARD_PY_LANG": lang}).invoke(cli, list(words), input=stdin)

    return go


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "usbguard-py.db"
    assert ensure_schema(path)
    return path


@pytest.fixture
def store(root: Path, empty: Path) -> Iterator[Store]:
    """A real database at its place, open for the test to fill."""
    shutil.copy(empty, paths.DATABASE)
    opened = Store.open(paths.DATABASE)
    yield opened
    opened.close()


@pytest.fixture
def assets(store: Store) -> tuple[Asset, ...]:
    """Three assets: in use, revoked, and one whose holder has accents."""
    first, _ = store.add_asset(an_asset(a_stick()), BY)
    second, _ = store.add_asset(
        an_asset(
            a_stick(b"SAMPLE-0002"), holder="Trần Thị Mẫu", unit="Phòng Hành chính – Tổng hợp", label="USB an toàn"
        ),
        BY,
    )
    third, _ = store.add_asset(an_asset(a_stick(b"SAMPLE-0003"), holder="Le Van Mau"), BY)
    store.move(third.id, "revoke", BY, reason="chuyển công tác", document="MAU-02/2026")
    store.add_peripheral(a_peripheral(a_keyboard()), BY)
    return first, second, third

"""An archive is whole, names itself, never takes the place of another one, and is not left half."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from usbguard_py.errors import CannotWrite, FileExists, LedgerBroken
from usbguard_py.shell import archive as module
from usbguard_py.shell.archive import archive
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


def test_an_archive_verifies_by_itself_and_by_sha256sum(store: Store, database: Path, shelf: Path) -> None:
    last = store.append("alarm", {"name": "mau"}, [b"piece"])
    made = archive(database, shelf)
    assert made.file.name == f"usbguard-py-log-{made.header.ledger[:8]}-{last.seq:08}.jsonl"
    assert verify(made.file, (last.seq, last.hash)).last == last.seq
    assert made.sha256 == hashlib.sha256(made.file.read_bytes()).hexdigest()
    subprocess.run(["sha256sum", "--check", "--strict", made.digest_file.name], cwd=shelf, check=True)
    store.append("alarm", {"name": "mau"})
    second = archive(database, shelf)
    assert names(shelf) == sorted(p.name for one in (made, second) for p in (one.file, one.digest_file))


def test_the_same_state_twice_is_refused_and_the_first_one_stays(store: Store, database: Path, shelf: Path) -> None:
    store.append("alarm", {"name": "mau"})
    made = archive(database, shelf)
    before = made.file.read_bytes()
    with pytest.raises(FileExists):
        archive(database, shelf)
    assert made.file.read_bytes() == before
    assert len(names(shelf)) == 2


def test_a_medium_that_gives_back_something_else_is_noticed(
    store: Store, database: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is verified is what lies there: a byte that turned on the way leaves no archive."""
    store.append("alarm", {"name": "mau"})
    written = module.export

    def turned(source: Path, target: Path, *, force: bool) -> object:
        header = written(source, target, force=force)
        data = bytearray(target.read_bytes())
        data[data.index(b'"mau"') + 1] ^= 1
        target.write_bytes(data)
        return header

    monkeypatch.setattr(module, "export", turned)
    with pytest.raises(LedgerBroken):
        archive(database, shelf)
    assert names(shelf) == []


def test_a_folder_that_is_none(store: Store, database: Path, tmp_path: Path) -> None:
    store.append("alarm", {"name": "mau"})
    with pytest.raises(CannotWrite):
        archive(database, tmp_path / "none")

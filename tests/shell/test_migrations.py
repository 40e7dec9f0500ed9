"""The child that makes and upgrades the file."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from sqlite_utils import Database

from tests.build import a_stick, an_asset
from usbguard_py import errors
from usbguard_py.core import changes
from usbguard_py.core.media import Lun
from usbguard_py.core.passport import passport_of
from usbguard_py.core.whitelist import Asset, Fingerprint
from usbguard_py.shell import migrations
from usbguard_py.shell.clock import Clock
from usbguard_py.shell.database import ensure_schema
from usbguard_py.shell.ledger import Ledger
from usbguard_py.shell.register import Register
from usbguard_py.shell.schema import APPLICATION_ID, SCHEMA_VERSION
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify

ROOT = Path(__file__).parents[2]


def test_as_a_program(tmp_path: Path) -> None:
    path = tmp_path / "usbguard-py.db"
    command = [sys.executable, "-m", "usbguard_py.shell.migrations", str(path)]
    for _ in range(2):
        subprocess.run(command, check=True, cwd=ROOT)
        assert verify(path).entries == 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        applied = connection.execute("SELECT migration_set, name FROM _sqlite_migrations").fetchall()
    assert applied == [
        ("usbguard-py", "1-ledger-list-policy"),
        ("usbguard-py", "2-media-in-passports"),
        ("usbguard-py", "3-life-cycle"),
    ]


def test_isolated_as_the_installed_program_is(tmp_path: Path) -> None:
    """``python3 -I`` with the package's place put into ``sys.path``, started in a folder that holds a trap."""
    trap = tmp_path / "usbguard_py"
    trap.mkdir()
    (trap / "__init__.py").write_text("raise SystemExit('imported from the working directory')")
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from contextlib import closing
from pathlib import Path
from usbguard_py.shell.database import ensure_schema
print(ensure_schema(Path("made.db")))
"""
    command = [sys.executable, "-I", "-c", code]
    run = subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout == "True\n"
    assert verify(tmp_path / "made.db").entries == 1


def test_no_plugin_is_loaded(tmp_path: Path) -> None:
    """sqlite-utils loads every installed plugin unless told not to; a plugin here is an entry point on the path."""
    info = tmp_path / "trap-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: trap\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[sqlite_utils]\ntrap = trap\n")
    (tmp_path / "trap.py").write_text("raise SystemExit('a plugin was loaded')")
    code = """
import sys
sys.path[:0] = sys.argv[2:]
from usbguard_py.shell.migrations import main
main()
"""
    command = [sys.executable, "-I", "-c", code, str(tmp_path / "made.db"), str(ROOT), str(tmp_path)]
    subprocess.run(command, check=True)
    loaded = "import sys; sys.path[:0] = sys.argv[1:]; from sqlite_utils import Database; Database(memory=True)"
    control = subprocess.run(
        [sys.executable, "-I", "-c", loaded, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert "a plugin was loaded" in control.stderr


def test_a_failing_migration_changes_nothing(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = verify(database)
    pending = migrations.Migrations("usbguard-py")

    @pending(name="4-fails")
    def second(db: migrations.Database) -> None:
        db.execute("CREATE TABLE half (x INTEGER) STRICT")
        raise RuntimeError("sample")

    monkeypatch.setattr(migrations, "migrations", pending)
    with pytest.raises(RuntimeError):
        migrations.migrate(database)
    assert verify(database, thorough=True) == before
    Store.open(database).close()


def test_a_file_that_exists_is_never_made_anew(database: Path) -> None:
    before = database.read_bytes()
    with pytest.raises(FileExistsError):
        migrations.create(database)
    assert database.read_bytes() == before
    assert [p.name for p in database.parent.iterdir()] == [database.name]


@pytest.mark.parametrize("content", [b"", b"text"])
def test_a_foreign_file_is_left_to_its_opening(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "usbguard-py.db"
    path.write_bytes(content)
    assert ensure_schema(path) is False
    assert path.read_bytes() == content
    with pytest.raises(errors.DatabaseTrouble):
        Store.open(path)


def an_older(path: Path, version: int, asset: Asset) -> None:
    """A file as version ``version`` left it, with ``asset`` on its list."""
    names = [m.name for m in migrations.migrations.pending(Database(memory=True))]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        database = Database(connection, execute_plugins=False, strict=True)
        migrations.migrations.apply(database, stop_before=names[version])
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("BEGIN IMMEDIATE")
        body = changes.asset_added(asset, 1, "quanly")
        entry = Ledger(connection, Clock()).append("list-add", body)
        register = Register(connection, str(path))
        register.insert_asset(asset, entry.seq)
        register.count_change(1, entry.seq)
        connection.execute("COMMIT")


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_file_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    """What is on its list keeps its bytes and digest; media, dates and moves come beside it."""
    path, older = tmp_path / "usbguard-py.db", an_asset(a_stick())
    an_older(path, version, older)
    with pytest.raises(errors.DatabaseVersion):
        Store.open(path)
    assert ensure_schema(path) is True
    assert ensure_schema(path) is False
    media = (Lun(0, 0, 0, b"SAMPLE  ".hex(), b"Stick           ".hex(), b"1.00".hex(), 4096),)
    passport = passport_of(a_stick(b"SAMPLE-0002"), (0,))
    newer = an_asset(a_stick(b"SAMPLE-0002"), fingerprints=(Fingerprint("first", replace(passport, media=media)),))
    with closing(Store.open(path)) as store:
        assert store.asset(older.id) == older
        store.add_asset(replace(newer, expires_on="2027-12-31"), "quanly")
        before, after = store.assets()
        assert isinstance(before.fingerprints[0].passport.media, msgspec.UnsetType)
        assert after.fingerprints[0].passport.media == media
        assert (before.expires_on, after.expires_on) == (msgspec.UNSET, "2027-12-31")
        moved, _ = store.move(older.id, "lost", "quanly", reason="lost", document="MAU-05/2026")
        assert store.asset(older.id) == moved
    assert verify(path, thorough=True).entries == 4

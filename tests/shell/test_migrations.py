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
from usbguard_py.core.changes import asset_added, fingerprint_of
from usbguard_py.core.content import Content
from usbguard_py.core.media import Lun
from usbguard_py.core.passport import passport_of
from usbguard_py.core.whitelist import Fingerprint
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
    names = (
        "1-ledger-list-policy",
        "2-media-in-passports",
        "3-login-tool",
        "4-contents-in-passports",
        "5-life-cycle",
        "6-four-eyes",
        "7-carried-lists",
    )
    assert applied == [("usbguard-py", name) for name in names]


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

    @pending(name="9-fails")
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


def test_media_of_a_passport_come_back(database: Path) -> None:
    content = Content(type="vfat", uuid="1234-5678")
    media = (Lun(0, 0, 0, b"SAMPLE  ".hex(), b"Stick           ".hex(), b"1.00".hex(), 4096, content),)
    passport = passport_of(a_stick(b"SAMPLE-0002"), (0,))
    newer = an_asset(a_stick(b"SAMPLE-0002"), fingerprints=(Fingerprint("first", replace(passport, media=media)),))
    with closing(Store.open(database)) as store:
        store.add_asset(an_asset(a_stick()), "quanly")
        store.add_asset(newer, "quanly")
        before, after = store.assets()
    assert isinstance(before.fingerprints[0].passport.media, msgspec.UnsetType)
    assert after.fingerprints[0].passport.media == media


# What an older version wrote for a sample asset: its row as it was stored, and the digest that its entry recorded.
OLDER_ROW = (
    "number, id, label, printed_serial, electronic_serial, holder, unit, document, access, state, added_at, added_by, "
    "changed_at, reason, reason_document, entry"
)
OLDER_DIGEST = "9f5007b8069c2e2ee7ce5a54701355457e448187830abd73ce239dea73ccc90c"


def older(path: Path, version: int) -> None:
    """A file of an older version with one asset, written as that version did."""
    connection = sqlite3.connect(path, isolation_level=None)
    names = (
        "2-media-in-passports",
        "3-login-tool",
        "4-contents-in-passports",
        "5-life-cycle",
        "6-four-eyes",
        "7-carried-lists",
    )
    migrations.migrations.apply(
        Database(connection, execute_plugins=False, strict=True), stop_before=names[version - 1]
    )
    connection.execute(f"PRAGMA user_version = {version}")
    asset = replace(an_asset(a_stick()), added_at="2026-01-02T03:04:05.000+07:00", added_by="quanly")
    body = {**asset_added(asset, 1, "quanly"), "record_sha256": OLDER_DIGEST}
    entry = Ledger(connection, Clock()).append("list-add", body).seq
    row = {**msgspec.to_builtins(asset), "number": 1, "entry": entry}
    values = tuple(row[name] for name in OLDER_ROW.split(", "))
    connection.execute(f"INSERT INTO asset ({OLDER_ROW}) VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608
    register = Register(connection, str(path))
    register.insert_fingerprint(asset.id, asset.fingerprints[0])
    register.count_change(1, entry)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6])
def test_an_older_file_is_brought_up_to_date_and_its_rows_keep_their_digests(tmp_path: Path, version: int) -> None:
    path = tmp_path / "usbguard-py.db"
    older(path, version)
    with pytest.raises(errors.DatabaseVersion):
        Store.open(path)
    assert ensure_schema(path) is True
    assert ensure_schema(path) is False
    with closing(Store.open(path)) as store:
        (asset,) = store.assets()
        assert fingerprint_of(asset) == OLDER_DIGEST
        assert asset.login_tool is msgspec.UNSET
        assert asset.expires_on is msgspec.UNSET
        newer = an_asset(a_stick(b"SAMPLE-0002"), login_tool=True, expires_on="2027-12-31")
        store.add_asset(newer, "quanly")
        assert [one.login_tool for one in store.assets()] == [msgspec.UNSET, True]
        assert [one.expires_on for one in store.assets()] == [msgspec.UNSET, "2027-12-31"]
        moved, _ = store.move(asset.id, "lost", "quanly", reason="lost", document="MAU-05/2026")
        assert store.asset(asset.id) == moved
    assert verify(path, thorough=True).entries == 4

"""Nothing is changed or removed: what another program with the file in its hands is refused by the file itself."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.build import a_keyboard, a_peripheral, a_stick, an_asset
from usbguard_py.core.carrying import Machine
from usbguard_py.core.four_eyes import Proposal
from usbguard_py.core.given import Given
from usbguard_py.core.list_notes import Kept
from usbguard_py.errors import DatabaseForeign
from usbguard_py.shell import schema
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify

TABLES = (
    "head",
    "ledger",
    "evidence",
    "list_change",
    "asset",
    "fingerprint",
    "peripheral",
    "policy",
    "proposal",
    "list_note",
)


@pytest.fixture
def stranger(database: Path) -> Iterator[sqlite3.Connection]:
    """Another program's plain connection to a filled database: no pragma set, guards in place."""
    store = Store.open(database)
    store.append("decision", {"name": "1-2"}, (b"descriptors",))
    store.add_asset(an_asset(a_stick()), "quanly")
    store.add_peripheral(a_peripheral(a_keyboard()), "quanly")
    store.use_policy("x", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "quanly")
    asset, _ = store.add_asset(an_asset(a_stick(b"SAMPLE-0002")), "quanly")
    store.propose(Proposal(0, "", "correct", Given(), "", 1001, "quanly", "", ""), 7, asset, asset, "quanly")
    store.note("keep", "x", Kept(1, 1, "", Machine("ab" * 16, "may-mot")), "quanly")
    store.move("TB-0001", "revoke", "quanly", reason="left", document="MAU-02/2026")
    store.close()
    before = verify(database)
    connection = sqlite3.connect(database, isolation_level=None)
    yield connection
    connection.close()
    assert verify(database) == before


@pytest.mark.parametrize("table", TABLES)
def test_no_row_leaves(stranger: sqlite3.Connection, table: str) -> None:
    (count,) = stranger.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our tables
    assert count
    with pytest.raises(sqlite3.IntegrityError, match="never leave"):
        stranger.execute(f"DELETE FROM {table}")  # noqa: S608 - our tables
    assert stranger.execute(f"SELECT count(*) FROM {table}").fetchone() == (count,)  # noqa: S608 - our tables


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_replaced(stranger: sqlite3.Connection, table: str, recursive: str) -> None:
    stranger.execute(f"PRAGMA recursive_triggers = {recursive}")
    columns = [row[1] for row in stranger.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0]
    names = ", ".join(columns)
    for key in (names, names.replace("seq", "max(seq)") if table == "ledger" else names):
        with pytest.raises(sqlite3.IntegrityError):
            stranger.execute(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {key} FROM {table}")  # noqa: S608


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger SET body = body",
        "UPDATE ledger SET hash = zeroblob(32)",
        "UPDATE OR REPLACE ledger SET seq = seq + 1",
        "UPDATE evidence SET data = x'00'",
        "UPDATE fingerprint SET passport = '{}'",
        "UPDATE list_change SET version = 9",
        "UPDATE policy SET text = ''",
        "UPDATE head SET seq = 1",
        "UPDATE head SET seq = seq",
        "UPDATE head SET seq = seq + 2",
        "UPDATE head SET one = 2",
        "UPDATE asset SET state = 'in-use'",
        "UPDATE asset SET entry = entry + 1",
        "UPDATE asset SET entry = 1",
        "UPDATE asset SET holder = 'Tran Thi Mau'",
        "UPDATE asset SET id = 'TB-0009'",
        "UPDATE asset SET electronic_serial = '00', entry = (SELECT seq FROM head)",
        "UPDATE asset SET login_tool = 1, entry = (SELECT seq FROM head)",
        "UPDATE asset SET expires_on = '2030-01-01'",
        "UPDATE asset SET label = 'x'",
        "UPDATE peripheral SET active = 1",
        "UPDATE peripheral SET port = '1-9', entry = (SELECT seq FROM head)",
        "UPDATE proposal SET state = 'approved'",
        "UPDATE proposal SET until = '2099-12-31', entry = (SELECT seq FROM head)",
        "UPDATE proposal SET record = '{}', entry = (SELECT seq FROM head)",
        "UPDATE proposal SET asset = 'TB-0001', entry = (SELECT seq FROM head)",
        "INSERT OR REPLACE INTO proposal SELECT 9, asset, until, 'open', record, entry FROM proposal",
        "UPDATE list_note SET record = '{}'",
        "UPDATE list_note SET kind = 'take', entry = (SELECT seq FROM head)",
        "INSERT INTO list_note (kind, about, record, entry) VALUES ('keep', '', '{}', 1)",
        "INSERT INTO ledger (seq, body, hash) VALUES (2, '{\"seq\":2}', zeroblob(32))",
        "INSERT INTO ledger (seq, body, hash) VALUES (99, '{\"seq\":99}', zeroblob(32))",
        "INSERT INTO ledger (seq, body, hash) SELECT seq + 1, '{\"seq\":3}', zeroblob(32) FROM head",
        "INSERT INTO ledger (seq, body, hash) SELECT seq + 1, 'x', zeroblob(32) FROM head",
        "INSERT INTO ledger (seq, body, hash) SELECT seq + 1, json_object('seq', seq + 1), x'00' FROM head",
        "INSERT INTO head (one, seq, hash) VALUES (1, 0, zeroblob(32))",
        "INSERT INTO evidence (sha256, data) VALUES (x'00', x'00')",
    ],
)
def test_no_row_changes(stranger: sqlite3.Connection, change: str) -> None:
    before = list(stranger.iterdump())
    with pytest.raises((sqlite3.IntegrityError, sqlite3.OperationalError)):
        stranger.execute(change)
    assert list(stranger.iterdump()) == before


def test_every_table_is_strict(stranger: sqlite3.Connection) -> None:
    tables = {row[1]: row[5] for row in stranger.execute("PRAGMA table_list") if row[2] == "table"}
    ours = {name: strict for name, strict in tables.items() if not name.startswith("sqlite_")}
    assert ours.keys() >= set(TABLES)
    assert all(ours.values()), ours


def test_the_known_schema_is_the_one_that_is_made() -> None:
    connection = sqlite3.connect(":memory:")
    for statement in (*schema.STATEMENTS, *schema.LOGIN_TOOL, *schema.LIFE_CYCLE, *schema.FOUR_EYES, *schema.CARRIED):
        connection.execute(statement)
    assert schema.schema_digest(connection) == schema.SCHEMA_SHA256


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER ledger_no_delete",
        "DROP INDEX fingerprint_serial",
        "CREATE TRIGGER hidden AFTER INSERT ON asset BEGIN SELECT 1; END",
        "CREATE VIEW hidden AS SELECT 1",
        "ALTER TABLE asset ADD COLUMN hidden TEXT",
        "PRAGMA application_id = 1",
    ],
)
def test_a_changed_schema_is_not_used(database: Path, change: str) -> None:
    connection = sqlite3.connect(database)
    connection.execute(change)
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseForeign):
        Store.open(database)
    with pytest.raises(DatabaseForeign):
        verify(database)


FACTS = {
    "a day that no calendar has": "expires_on = '2026-02-30'",
    "no day": "inspected_until = 'tomorrow'",
    "an inspection that is to come first, or not": "inspect_first = 0",
    "back into use": "back_to = 'in-use'",
    "no state": "state = 'sold'",
    "another access": "access = 'ro'",
    "another way onto the list": "added_by = 'x'",
}


@pytest.mark.parametrize("change", FACTS.values(), ids=FACTS.keys())
def test_the_file_itself_refuses_facts_that_cannot_be(database: Path, change: str) -> None:
    store = Store.open(database)
    store.add_asset(an_asset(a_stick()), "quanly")
    with pytest.raises(sqlite3.IntegrityError), store.transaction():  # noqa: PT012 - the block is the case
        entry = store.append("alarm", {})
        store._connection.execute(f"UPDATE asset SET {change}, entry = ?", (entry.seq,))  # noqa: S608 - our text
    store.close()


def test_the_file_itself_keeps_a_destroyed_asset_as_it_is(database: Path) -> None:
    store = Store.open(database)
    store.add_asset(an_asset(a_stick(), holder=""), "quanly")
    for verb in ("damaged", "destroy"):
        store.move("TB-0001", verb, "quanly", reason="broken", document="MAU-06/2026")
    with pytest.raises(sqlite3.IntegrityError, match="destroyed"), store.transaction():  # noqa: PT012 - as above
        entry = store.append("alarm", {})
        store._connection.execute("UPDATE asset SET state = 'in-use', entry = ?", (entry.seq,))
    store.close()

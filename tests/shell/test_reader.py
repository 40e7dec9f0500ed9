"""What commands read: filters, accents, order, and who may read."""

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.build import a_keyboard, a_peripheral, a_stick, an_asset
from tests.shell.conftest import NOON, Ticking
from usbguard_py.core import record
from usbguard_py.core.codes import Code
from usbguard_py.core.decision import Decision
from usbguard_py.core.enforcement import ReadBack
from usbguard_py.errors import DatabaseMissing, LedgerBroken, PermissionRefused
from usbguard_py.shell.database import ensure_schema
from usbguard_py.shell.finding import Wanted
from usbguard_py.shell.log_query import Query
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.store import Store

REFUSED = 77
CLOSED = ReadBack(authorized=False, configuration=None)
FIRST = NOON // 1000 + 1  # seconds: the time of the first entry that the fixture writes


@pytest.fixture
def filled(database: Path) -> Iterator[Path]:
    """Entries 2 to 7, one second apart, still in the write-ahead log of a running writer."""
    store = Store.open(database, Ticking())
    blocked = Decision(allow=False, code=Code.NOT_LISTED)
    allowed = Decision(allow=True, code=Code.ALLOWED, asset="TB-0001")
    for device, decision, holder in (
        (a_stick(serial=b"SAMPLE-0001"), allowed, "Nguyễn Văn Mẫu"),
        (a_stick(serial=b"sample-0002", name="1-3"), blocked, ""),
        (a_stick(serial="Mẫu-Đ3".encode()), blocked, "Trần Thị Mẫu"),
    ):
        body = record.decision(device, decision, 1, holder)
        store.append("decision", {**body, "outcome": "blocked"} if not decision.allow else body, (device.descriptors,))
    store.append("outcome", record.outcome(2, a_stick(), allowed, CLOSED))
    store.append("alarm", record.alarm("1-2", "sample"))
    store.append("stop", record.stop())
    yield database
    store.close()


TABLE: list[tuple[Query, list[int]]] = [
    (Query(), [1, 2, 3, 4, 5, 6, 7]),
    (Query(limit=2), [6, 7]),
    (Query(limit=None), [1, 2, 3, 4, 5, 6, 7]),
    (Query(limit=0), []),
    (Query(kind="decision"), [2, 3, 4]),
    (Query(kind="decision", limit=1), [4]),
    (Query(code="NOT_LISTED"), [3, 4]),
    (Query(outcome="blocked"), [3, 4]),
    (Query(outcome="allowed"), [5]),
    (Query(asset="TB-0001"), [2, 5]),
    (Query(name="1-3"), [3]),
    (Query(serial="SAMPLE"), [2, 3, 5]),
    (Query(serial="sample-0001"), [2, 5]),
    (Query(serial="mau-d3"), [4]),
    (Query(serial="MẪU-đ"), [4]),
    (Query(holder="nguyen van mau"), [2]),
    (Query(holder="MẪU"), [2, 4]),
    (Query(holder="Mau"), [2, 4]),
    (Query(holder="%"), []),
    (Query(since=FIRST + 1, until=FIRST + 3), [3, 4]),
    (Query(since=FIRST + 5), [1, 7]),
    (Query(before=3), [1, 2]),
    (Query(after=5), [6, 7]),
    (Query(code="NOT_LISTED", holder="tran", kind="decision"), [4]),
]


@pytest.mark.parametrize(("query", "expected"), TABLE)
def test_filters(filled: Path, query: Query, expected: list[int]) -> None:
    with Reader(filled) as reader:
        found = [r.entry.seq for r in reader.log(query)]
    assert [seq for seq in found if seq != 1] == [seq for seq in expected if seq != 1]  # entry 1 has the real time
    if query.since is None:
        assert found == expected


@pytest.mark.parametrize("field", ["kind", "code", "outcome", "asset", "name", "since", "until", "serial", "holder"])
def test_filters_use_their_index(filled: Path, field: str) -> None:
    plans = []
    with Reader(filled) as reader:
        reader._connection.set_trace_callback(plans.append)
        reader.log(Query(**{field: FIRST if field in ("since", "until") else "x"}))  # type: ignore[arg-type]
        reader._connection.set_trace_callback(None)
        (steps,) = ([row[3] for row in reader._connection.execute("EXPLAIN QUERY PLAN " + text)] for text in plans)
    index = "ledger_time" if field in ("since", "until") else f"ledger_{field}"
    assert any(index in step for step in steps), steps
    # "one" is the list of values that there are, each found by its own search in the index.
    scans = [step for step in steps if step.startswith("SCAN") and step != "SCAN one"]
    assert not [step for step in scans if "USING COVERING INDEX" not in step], steps


def test_a_record_is_what_was_stored(filled: Path) -> None:
    with Reader(filled) as reader:
        found = reader.record(3)
        assert found is not None
        assert (found.entry.kind, found.body["serial"], found.body["seq"]) == ("decision", "sample-0002", 3)
        evidence = reader.evidence(str(found.body["descriptors"]))
        assert evidence == a_stick(serial=b"sample-0002", name="1-3").descriptors
        assert reader.record(99) is None
        assert reader.evidence("00" * 32) is None
        last = reader.last()
        assert last is not None
        assert last.seq == 7


def test_the_list(database: Path) -> None:
    store = Store.open(database, Ticking())
    first, _ = store.add_asset(an_asset(a_stick(), holder="Nguyễn Văn Mẫu"), "quanly")
    store.add_asset(an_asset(a_stick(serial=b"SAMPLE-0002"), holder="Trần Thị Mẫu"), "quanly")
    store.move("TB-0002", "revoke", "quanly", reason="left", document="MAU-02/2026")
    keyboard, _ = store.add_peripheral(a_peripheral(a_keyboard()), "quanly")
    store.use_policy("x", "text", hashlib.sha256(b"text").hexdigest(), "quanly")
    with Reader(database) as reader:
        assert [a.id for a in reader.find(Wanted()).assets] == ["TB-0001", "TB-0002"]
        assert reader.asset("TB-0001") == first == reader.candidates(b"SAMPLE-0001")[0]
        assert reader.asset("TB-0003") is None
        assert [r.entry.kind for r in reader.history("TB-0002")] == ["list-add", "list-revoke"]
        assert reader.peripherals() == (keyboard,)
        policy = reader.policy()
        assert policy is not None
        assert (policy.name, policy.text, reader.list_version()) == ("x", "text", 4)
    store.close()


def test_a_reader_changes_nothing(filled: Path) -> None:
    with Reader(filled) as reader, pytest.raises(sqlite3.OperationalError):
        reader._connection.execute("UPDATE head SET seq = seq WHERE 0")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing):
        Reader(tmp_path / "usbguard-py.db")
    assert list(tmp_path.iterdir()) == []


def test_a_row_that_cannot_be_read_is_an_error(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        text = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'ledger_no_update'").fetchone()[0]
        connection.execute("DROP TRIGGER ledger_no_update")
        connection.execute("UPDATE ledger SET body = json_remove(body, '$.boot')")
        connection.execute(text)
    with Reader(database) as reader, pytest.raises(LedgerBroken):
        reader.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another account")
@pytest.mark.parametrize("running", [True, False])
def test_an_auditor_reads_without_a_right_to_write(running: bool) -> None:
    group = 65534  # nogroup
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chown(folder, 0, group)
        Path(folder).chmod(0o2750)
        before = os.umask(0o027)
        try:
            path = Path(folder, "usbguard-py.db")
            ensure_schema(path)
            store = Store.open(path)
            store.append("alarm", record.alarm("1-2", "sample"))
            assert {f.name: (f.stat().st_gid, f.stat().st_mode & 0o777) for f in Path(folder).iterdir()} == {
                f"usbguard-py.db{end}": (group, 0o640) for end in ("", "-wal", "-shm")
            }
            if not running:
                store.close()
            assert _as_account(group, path) == 2
            store.close()
        finally:
            os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another account")
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_an_account_that_may_not_read_is_told_so(mode: int) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        path = Path(folder, "usbguard-py.db")
        ensure_schema(path)
        Path(folder).chmod(mode)
        assert _as_account(65534, path) == REFUSED


def _as_account(group: int, path: Path) -> int:
    """How many entries an account in ``group``, without any other right, reads."""
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(65534)
        status = 99
        try:
            with Reader(path) as reader:
                status = len(reader.log())
        except PermissionRefused:
            status = REFUSED
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_query_has_a_condition_for_each_field() -> None:
    from usbguard_py.shell import log_query  # noqa: PLC0415 - its table

    assert set(log_query._CONDITIONS) - {"span"} | {"limit"} == {f.name for f in msgspec.structs.fields(Query)}

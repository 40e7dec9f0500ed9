"""The list, the policy and transactions."""

import contextlib
import hashlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import a_keyboard, a_mouse, a_peripheral, a_stick, an_asset
from tests.shell.conftest import Ticking
from usbguard_py.core.custody import MOVES
from usbguard_py.core.given import Given
from usbguard_py.core.record import Entry
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint
from usbguard_py.errors import BadInput, DatabaseTrouble, GuardError, ListDiffers, NotFound
from usbguard_py.errors_life import MoveForbidden
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.register import Register
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify

ROOT = Path(__file__).parents[2]
BY = {"user": "quanly", "login": "quanly", "uid": 1001}


def bodies(store: Store) -> list[dict[str, Any]]:
    rows = store._connection.execute("SELECT body FROM ledger ORDER BY seq").fetchall()
    return [msgspec.json.decode(body) for (body,) in rows]


def test_an_entry_says_who_what_and_when(store: Store) -> None:
    entry = store.append("alarm", {"name": "1-2", "detail": "sample"})
    assert isinstance(entry, Entry)
    assert (entry.seq, entry.kind, entry.mono_ms) == (2, "alarm", 2000)
    assert bodies(store)[1] == {
        "seq": 2,
        "kind": "alarm",
        "at": entry.at,
        "mono_ms": 2000,
        "boot": "00000000-0000-4000-8000-000000000001",
        "name": "1-2",
        "detail": "sample",
    }
    assert store.last() == entry == store.tail(5)[-1]


def test_evidence_is_stored_once(store: Store) -> None:
    for _ in range(3):
        store.append("decision", {}, (b"descriptors", b"more"))
    stored = store._connection.execute("SELECT sha256, data FROM evidence ORDER BY id").fetchall()
    assert stored == [(hashlib.sha256(d).digest(), d) for d in (b"descriptors", b"more")]
    assert bodies(store)[-1]["evidence"] == [digest.hex() for digest, _ in stored]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Alarm", {}),
        ("", {}),
        ("x" * 33, {}),
        ("alarm", {"seq": 9}),
        ("alarm", {"x": 0.5}),
        ("alarm", {"x": "y" * 2**20}),
    ],
)
def test_an_entry_that_is_none_is_refused(store: Store, kind: str, body: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the texts are tested with the canonical form
        store.append(kind, body)
    assert store.last().seq == 1  # type: ignore[union-attr]
    assert store.append("alarm", {}).seq == 2


def test_a_transaction_joins_all_or_nothing(store: Store) -> None:
    with pytest.raises(NotFound), store.transaction():  # noqa: PT012 - the block is the case
        store.append("alarm", {})
        store.add_asset(an_asset(a_stick()), BY)
        store.move("TB-9999", "lost", BY, reason="none", document="none")
    assert (store.last().seq, store.count_assets(), store.list_version()) == (1, 0, 0)  # type: ignore[union-attr]
    with store.transaction():
        store.append("alarm", {})
        store.add_asset(an_asset(a_stick()), BY)
    assert (store.last().seq, store.count_assets(), store.list_version()) == (3, 1, 1)  # type: ignore[union-attr]


def test_a_failure_that_is_swallowed_inside_still_fails_the_whole(store: Store) -> None:
    with pytest.raises(DatabaseTrouble), store.transaction():  # noqa: PT012 - the block is the case
        store.append("alarm", {})
        with contextlib.suppress(ValueError):
            store.append("alarm", {"x": 0.5})
    assert store.last().seq == 1  # type: ignore[union-attr]


def test_the_life_of_an_asset(store: Store) -> None:
    asset, entry = store.add_asset(an_asset(a_stick(), id_="ignored"), BY)
    assert (asset.id, asset.added_by, asset.added_at, entry.kind) == ("TB-0001", "quanly", asset.changed_at, "list-add")
    assert store.asset("TB-0001") == asset
    assert store.asset("TB-0002") is None
    moved, entry = store.move("TB-0001", "revoke", BY, reason="left the unit", document="MAU-02/2026")
    assert entry.kind == "list-revoke"
    revoked = store.asset("TB-0001")
    assert moved == revoked
    assert revoked == msgspec.structs.replace(
        asset,
        state=Custody.REVOKED,
        reason="left the unit",
        reason_document="MAU-02/2026",
        changed_at=revoked.changed_at,  # type: ignore[union-attr]
    )
    added, last = bodies(store)[1:]
    assert (last["from"], last["to"], last["reason"], last["document"]) == (
        "in-use",
        "revoked",
        "left the unit",
        "MAU-02/2026",
    )
    assert (last["asset"], last["holder"], last["serial"], last["by"]) == ("TB-0001", asset.holder, "SAMPLE-0001", BY)
    assert msgspec.convert(added["record"], Asset) == asset
    with pytest.raises(MoveForbidden):
        store.move("TB-0001", "resume", BY, reason="again", document="MAU-03/2026")
    assert store.move("TB-0001", "return", BY, reason="back", document="MAU-03/2026")[1].kind == "list-state"
    assert store.list_version() == 3


def test_the_day_on_which_a_device_was_lost_stays(store: Store) -> None:
    """Whatever is written about it while it is lost; the sentence for who plugs it in names that day."""
    asset, _ = store.add_asset(an_asset(a_stick()), BY)
    lost, _ = store.move(asset.id, "lost", BY, reason="r", document="MAU-07/2026")
    corrected, _ = store.move(asset.id, "correct", BY, reason="r", document="d", given=Given(label="Mẫu"))
    revoked, _ = store.move(asset.id, "revoke", BY, reason="r", document="d")
    assert asset.changed_at < lost.changed_at == corrected.changed_at == revoked.changed_at
    found, _ = store.move(asset.id, "found", BY, reason="r", document="d")
    assert found.changed_at > lost.changed_at


def test_a_correction_shows_old_and_new_and_keeps_the_rest(store: Store) -> None:
    asset, _ = store.add_asset(an_asset(a_stick(), holder="Trần Thi Mẫu"), BY)
    what = Given(holder="Trần Thị Mẫu", document="MAU-09/2026", expires_on="2027-12-31")
    corrected, entry = store.move(asset.id, "correct", BY, reason="viết nhầm", document="MAU-10/2026", given=what)
    assert corrected == store.asset(asset.id)
    assert (corrected.holder, corrected.expires_on, corrected.reason) == ("Trần Thị Mẫu", "2027-12-31", "")
    last = bodies(store)[-1]
    assert (entry.kind, last["verb"], last["from"], last["to"]) == ("list-state", "correct", "in-use", "in-use")
    assert last["changed"] == {
        "holder": {"old": "Trần Thi Mẫu", "new": "Trần Thị Mẫu"},
        "document": {"old": "MAU-01/2026", "new": "MAU-09/2026"},
        "expires_on": {"old": None, "new": "2027-12-31"},
    }
    assert (last["reason"], last["document"]) == ("viết nhầm", "MAU-10/2026")
    assert verify(store.path, thorough=True).assets == 1


def test_a_move_and_its_entry_are_one(store: Store) -> None:
    asset, _ = store.add_asset(an_asset(a_stick()), BY)
    with pytest.raises(BadInput):
        store.move(asset.id, "suspend", BY, reason="\ud800", document="MAU-03/2026")
    with pytest.raises(DatabaseTrouble), store.transaction():  # noqa: PT012 - the block is the case
        store.move(asset.id, "suspend", BY, reason="x", document="MAU-03/2026")
        with contextlib.suppress(MoveForbidden):
            store.move(asset.id, "approve", BY, reason="x", document="MAU-03/2026")
    assert store.asset(asset.id) == asset
    assert (store.last().seq, store.list_version()) == (2, 1)  # type: ignore[union-attr]


def test_the_day_is_never_earlier_than_that_of_the_newest_entry(store: Store, clock: Ticking) -> None:
    assert store.today() == "2026-11-21"
    clock.unix_ms += 40 * 86_400_000
    store.append("alarm", {})
    assert store.today() == "2026-12-31"
    clock.unix_ms -= 40 * 86_400_000
    store.append("alarm", {})
    assert store.today() == "2026-12-31"
    with Reader(store.path) as reader:
        assert reader.today() >= "2026-12-31"


def test_another_face_of_an_asset(store: Store) -> None:
    asset, _ = store.add_asset(an_asset(a_stick()), BY)
    face = Fingerprint("after login", msgspec.structs.replace(asset.fingerprints[0].passport, serial=b"OTHER".hex()))
    entry = store.add_fingerprint(asset.id, face, "MAU-03/2026", BY)
    learnt = store.asset(asset.id)
    assert learnt is not None
    assert learnt.fingerprints == (*asset.fingerprints, face)
    assert store.candidates(b"OTHER") == (learnt,)
    last = bodies(store)[-1]
    assert (entry.kind, last["face"], last["document"], last["by"]) == ("list-learn", "after login", "MAU-03/2026", BY)
    assert msgspec.convert(last["record"], Asset) == learnt
    assert store.list_version() == 2
    with pytest.raises(NotFound):
        store.add_fingerprint("TB-9999", face, "MAU-03/2026", BY)
    with pytest.raises(DatabaseTrouble):  # a name is taken once; nothing of it is left
        store.add_fingerprint(asset.id, face, "MAU-03/2026", BY)
    assert store.asset(asset.id) == learnt
    assert verify(store.path).assets == 1


def test_candidates_by_fingerprint_and_by_electronic_serial(store: Store) -> None:
    stick = a_stick()
    first, _ = store.add_asset(an_asset(stick), BY)
    face = Fingerprint("usb3", msgspec.structs.replace(first.fingerprints[0].passport, serial=b"OTHER".hex()))
    both = msgspec.structs.replace(first, fingerprints=(*first.fingerprints, face))
    second, _ = store.add_asset(both, BY)
    bare, _ = store.add_asset(msgspec.structs.replace(first, fingerprints=(), electronic_serial=b"BARE".hex()), BY)
    assert {a.id for a in store.candidates(b"SAMPLE-0001")} == {first.id, second.id}
    assert store.candidates(b"OTHER") == (second,)
    assert store.candidates(b"BARE") == (bare,)
    assert store.candidates(b"sample-0001") == store.candidates(b"") == store.candidates(b"SAMPLE-000") == ()
    assert [a.id for a in store.assets()] == ["TB-0001", "TB-0002", "TB-0003"]
    assert list(store.assets(state=Custody.LOST)) == list(store.assets(holder="nobody")) == []
    assert len(list(store.assets(state=Custody.IN_USE, holder=first.holder))) == 3


def test_an_asset_without_a_serial_is_no_candidate_of_devices_without_one(store: Store) -> None:
    asset = msgspec.structs.replace(an_asset(a_stick(serial=None)), electronic_serial="")
    store.add_asset(asset, BY)
    assert store.candidates(b"") == ()


def test_what_a_person_holds_is_found_by_its_index(store: Store) -> None:
    asked: list[str] = []
    store._connection.set_trace_callback(asked.append)
    assert list(store.assets(holder="Nguyen Van Mau")) == []
    store._connection.set_trace_callback(None)
    (query,) = (text for text in asked if "FROM asset" in text)
    assert "USING INDEX asset_holder" in store._connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchone()[3]


def test_candidates_use_the_indexes_at_any_size(store: Store) -> None:
    plans: list[str] = []

    class Explaining:
        def execute(self, text: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
            rows = store._connection.execute("EXPLAIN QUERY PLAN " + text, values)
            plans.extend(row[3] for row in rows)
            return store._connection.execute(text, values)

    store.add_asset(an_asset(a_stick()), BY)
    assert Register(Explaining(), "").candidates(b"SAMPLE-0001".hex())  # type: ignore[arg-type]
    assert any("fingerprint_serial" in p for p in plans)
    assert any("asset_electronic_serial" in p for p in plans)
    assert not [p for p in plans if p.startswith("SCAN") and "UNION" not in p and "CO-ROUTINE" not in p]


def test_peripherals(store: Store) -> None:
    keyboard, entry = store.add_peripheral(a_peripheral(a_keyboard()), BY)
    mouse, _ = store.add_peripheral(a_peripheral(a_mouse()), "quanly")
    assert (keyboard.id, mouse.id, entry.kind) == ("NV-0001", "NV-0002", "peripheral-enrol")
    assert store.peripherals() == (keyboard, mouse)
    assert store.remove_peripheral("NV-0001", "replaced", BY, "MAU-04/2026").kind == "peripheral-remove"
    assert store.peripherals() == (mouse,)
    with pytest.raises(NotFound):
        store.remove_peripheral("NV-0001", "again", BY)
    assert store._connection.execute("SELECT count(*) FROM peripheral").fetchone() == (2,)
    assert store.add_peripheral(a_peripheral(a_keyboard()), BY)[0].id == "NV-0003"


def test_the_policy_in_force_is_the_last_one_used(store: Store) -> None:
    assert store.policy() is None
    for name in ("observe", "standalone"):
        entry = store.use_policy(name, f"name = '{name}'", hashlib.sha256(f"name = '{name}'".encode()).hexdigest(), BY)
    stored = store.policy()
    assert stored is not None
    assert (stored.name, stored.text, entry.kind) == ("standalone", "name = 'standalone'", "policy-use")
    assert bodies(store)[2]["from"] == hashlib.sha256(b"name = 'observe'").hexdigest()
    with pytest.raises(BadInput):
        store.use_policy("x", "text", "00" * 32, BY)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE asset SET state = 'in-use'",
        "UPDATE asset SET holder = 'Tran Thi Mau'",
        "UPDATE asset SET entry = 2",
        "UPDATE fingerprint SET passport = json_set(passport, '$.granted', json('[0,1]'))",
        "UPDATE fingerprint SET passport = json_set(passport, '$.pid', 2)",
        "UPDATE fingerprint SET passport = '{}'",
        "DELETE FROM fingerprint",
    ],
)
def test_a_row_that_was_changed_by_hand_is_an_error(database: Path, change: str) -> None:
    store = Store.open(database)
    store.add_asset(an_asset(a_stick()), BY)
    store.move("TB-0001", "revoke", BY, reason="left", document="MAU-02/2026")
    assert store.asset("TB-0001")
    by_hand(store._connection, change)
    with pytest.raises(ListDiffers):
        store.asset("TB-0001")
    if "DELETE" not in change:
        with pytest.raises(ListDiffers):
            store.candidates(b"SAMPLE-0001")


def test_a_peripheral_that_was_put_back_by_hand_is_an_error(database: Path) -> None:
    store = Store.open(database)
    store.add_peripheral(a_peripheral(a_keyboard()), BY)
    store.remove_peripheral("NV-0001", "replaced", BY)
    by_hand(store._connection, "UPDATE peripheral SET active = 1")
    with pytest.raises(ListDiffers):
        store.peripherals()


def test_a_policy_text_that_was_changed_by_hand_is_an_error(database: Path) -> None:
    store = Store.open(database)
    store.use_policy("standalone", "a", hashlib.sha256(b"a").hexdigest(), BY)
    by_hand(store._connection, "UPDATE policy SET text = 'b'")
    with pytest.raises(ListDiffers):
        store.policy()


def by_hand(connection: sqlite3.Connection, change: str) -> None:
    """What somebody with root and the sqlite3 shell would do: take the guards off first."""
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(change)


@pytest.mark.parametrize("text", ["\ud800", "x" * 2**20])
def test_text_that_cannot_be_stored_is_refused(store: Store, text: str) -> None:
    with pytest.raises((BadInput, DatabaseTrouble)):
        store.add_asset(msgspec.structs.replace(an_asset(a_stick()), holder=text, label=text), BY)
    assert store.count_assets() == 0
    assert store.add_asset(an_asset(a_stick()), BY)[0].id == "TB-0001"


def test_the_judge_never_imports_sqlite_utils(database: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from usbguard_py.shell.database import ensure_schema
from usbguard_py.shell.store import Store
ensure_schema(Path({str(database)!r}))
Store.open(Path({str(database)!r})).append("alarm", {{}})
print([m for m in ("sqlite_utils", "click", "rich", "datetime") if m in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout == "['datetime']\n"


@pytest.mark.parametrize("running", [True, False])
def test_a_clock_that_was_set_is_noticed_once(database: Path, running: bool) -> None:
    clock = Ticking()
    store = Store.open(database, clock)
    entry = store.append("alarm", {})
    if running:
        assert store.clock_stepped() is None
    else:
        store.close()
        store = Store.open(database, clock)
    clock.unix_ms -= 3_600_000
    body = store.clock_stepped()
    assert body is not None
    assert body["step_ms"] == -3_600_000
    assert running or body["since"] == entry.at
    assert store.clock_stepped() is None
    clock.unix_ms, clock.boot = clock.unix_ms + 999_999, "another boot"
    assert store.clock_stepped() is None
    store.close()


def test_counting_today_reads_only_entries_about_devices(store: Store) -> None:
    """A long list that was carried here today must not hold up the judge when somebody asks how things stand."""
    steps: list[None] = []
    with store.transaction():
        first = store.append("decision", {"outcome": "blocked", "alarm": True})
        for number in range(3000):
            store.append("list-add", {"number": number})
        store.append("decision", {"outcome": "blocked", "alarm": False})
        store.append("outcome", {"outcome": "failed", "alarm": True})
        store.append("cut", {"outcome": "cut"})
        store.append("alarm", {"alarm": True})
        store.append("repeated", {"outcome": "blocked", "count": 40})
        last = store.append("decision", {"outcome": "allowed"})
    store._connection.set_progress_handler(lambda: steps.append(None), 1000)
    assert store.count_since(first.unix_ms // 1000) == (43, 3)
    assert len(steps) <= 1, "the count read what is about no device"
    assert store.count_since(last.unix_ms // 1000 + 1) == (0, 0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(MOVES)),
        st.sampled_from(
            [
                Given(),
                Given(holder="Trần Thị Mẫu"),
                Given(holder="Nguyen Van Mau", expires_on="2027-12-31"),
                Given(expires_on=""),
                Given(label="USB 2", unit=""),
                Given(inspected_on="2026-11-20", inspected_until="2027-05-20"),
            ]
        ),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([Custody.PENDING, Custody.IN_USE]), STEPS)
def test_the_ledger_tells_the_whole_life_of_an_asset(
    template: Path, tmp_path: Path, first: Custody, steps: list[tuple[str, Given]]
) -> None:
    """Whatever was tried: the first record and what each entry changed make up the row as it is."""
    path = Path(shutil.copy(template, tmp_path / "usbguard-py.db"))
    with contextlib.closing(Store.open(path, Ticking())) as store:
        store.add_asset(an_asset(a_stick(), first), BY)
        for verb, what in steps:
            with contextlib.suppress(GuardError):
                store.move("TB-0001", verb, BY, reason=f"why {verb}", document="MAU-02/2026", given=what)
        row, (added, *moves) = store.asset("TB-0001"), bodies(store)[1:]
    record = added["record"]
    for entry in moves:
        assert record["state"] == entry["from"]
        if entry["to"] != entry["from"]:
            record |= {"reason": entry["reason"], "reason_document": entry["document"]}
        record |= {"state": entry["to"], "changed_at": row.changed_at}  # type: ignore[union-attr]
        for name, pair in entry["changed"].items():
            assert (record.get(name) or None) == pair["old"]
            record[name] = pair["new"]
    empty = {name: "" for name in ("holder", "unit", "label", "printed_serial") if record[name] is None}
    assert msgspec.convert({k: v for k, v in (record | empty).items() if v is not None}, Asset) == row
    assert verify(path, thorough=True).assets == 1

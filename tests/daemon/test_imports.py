"""Imports, with the real judge, loop and ledger: all of it or nothing, and nobody waits for it."""

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import a_stick, an_asset
from tests.daemon.test_moves import CALLER
from tests.daemon.test_storms import BY, Machine, machine
from usbguard_py.core.importing import Planner, Verdict
from usbguard_py.core.requests import (
    Request,
    WhitelistExported,
    WhitelistImportBegin,
    WhitelistImportCommit,
    WhitelistImportPart,
)
from usbguard_py.core.sheet import Row
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.daemon import imports
from usbguard_py.daemon.answers import Answers
from usbguard_py.daemon.drift import Drift
from usbguard_py.daemon.flow import Bound, Flow
from usbguard_py.errors import GuardError, ReasonNeeded, Usage
from usbguard_py.errors_life import ImportBusy, ImportDisturbed, ListChanged, OtherCount, RowRefused
from usbguard_py.shell.peer import Peer
from usbguard_py.shell.verify import verify

__all__ = ["machine"]

SHA256 = "ab" * 32
OTHER = Peer(uid=1002, pid=8, user="khac", login="khac", role="manager")


def row(number: int, **facts: Any) -> Row:
    fields = {"id_": f"TB-{number + 40:04d}", "added_by": "mayrieng", "state": Custody.PENDING} | facts
    return Row(number + 2, an_asset(a_stick(b"SAMPLE-%04d" % number), **fields))


class Desk:
    """Somebody who asks the judge, request by request."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.answers = Answers(machine.judge, time.time(), Drift(machine.judge))

    def start(self, request: Request, caller: Peer = CALLER) -> list[Any]:
        """Begin to ask; what is answered comes into the list."""
        said: list[Any] = []

        def asking() -> Flow:
            try:
                said.append((yield from self.answers.answer(request, caller)))
            except GuardError as error:
                said.append(error)

        self.machine.loop.runner.start(asking())
        return said

    def ask(self, request: Request, caller: Peer = CALLER) -> Any:
        said = self.start(request, caller)
        self.machine.settle()
        return said[0]

    def begin(self, rows: int, new: int, caller: Peer = CALLER, **more: Any) -> Any:
        version = self.machine.books.list_version()
        said = {"reason": "nhận bàn giao", "document": "MAU-09/2026", "sha256": SHA256, "list_version": version} | more
        return self.ask(WhitelistImportBegin(rows=rows, new=new, **said), caller)

    def stage(self, rows: list[Row], new: int, **more: Any) -> WhitelistImportCommit:
        token = self.begin(len(rows), new, **more)["token"]
        for start in range(0, len(rows), 50):
            self.ask(WhitelistImportPart(token=token, rows=tuple(rows[start : start + 50])))
        return WhitelistImportCommit(token=token)


@pytest.fixture
def desk(machine: Machine) -> Desk:
    return Desk(machine)


def assets(machine: Machine) -> list[Asset]:
    assert machine.books.store
    return list(machine.books.store.assets())


def content(machine: Machine) -> list[tuple[Any, ...]]:
    """All that the file holds."""
    assert machine.books.store
    db = machine.books.store._connection
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()]
    return [(name, *row) for name in names for row in db.execute(f"SELECT * FROM {name}").fetchall()]  # noqa: S608 - its own names


def test_all_rows_come_onto_the_list_and_each_entry_says_why(machine: Machine, desk: Desk) -> None:
    machine.books.store.add_asset(an_asset(a_stick()), BY)  # type: ignore[union-attr] # open
    rows = [row(n) for n in range(2, 120)]
    answer = desk.ask(desk.stage([*rows, Row(1, assets(machine)[0])], len(rows)))
    assert answer == {"seq": answer["seq"], "count": 118, "waiting": 118, "first": "TB-0002", "last": "TB-0119"}
    listed = assets(machine)
    assert [a.electronic_serial for a in listed[1:]] == [r.asset.electronic_serial for r in rows]
    assert {(a.state, a.added_by) for a in listed[1:]} == {(Custody.PENDING, "quanly")}
    whole, entry = (next(e for e in machine.entries() if e["seq"] == answer["seq"] + n) for n in (0, 1))
    assert (whole["kind"], whole["count"], whole["rows"], whole["sha256"]) == ("list-import", 118, 119, SHA256)
    assert (whole["reason"], whole["document"], whole["by"]["login"]) == ("nhận bàn giao", "MAU-09/2026", "quanly")
    assert (entry["kind"], entry["asset"], entry["document"]) == ("list-add", "TB-0002", "MAU-01/2026")
    said = {"line": 4, "of": answer["seq"], "reason": "nhận bàn giao", "document": "MAU-09/2026", "id": "TB-0042"}
    assert entry["import"] == said | {"added_by": "mayrieng"}
    verify(machine.books.path)


def test_a_connected_device_opens_at_once(machine: Machine, desk: Desk) -> None:
    machine.plug(serial="SAMPLE-0007")
    connection = machine.host.connections["1-2"]
    assert str(connection.decision.code) == "NOT_LISTED"
    device = connection.device
    asset = an_asset(msgspec.structs.replace(device, serial=b"SAMPLE-0007"))
    machine.books.policy = msgspec.structs.replace(machine.books.policy, enforce=False)
    desk.ask(desk.stage([Row(2, asset)], 1))
    assert str(machine.host.connections["1-2"].decision.code) == "ALLOWED"


def test_where_two_persons_are_asked_for_no_row_comes_into_use_by_one(machine: Machine, desk: Desk) -> None:
    """What the file says is in use waits; the others are what they are."""
    machine.books.policy = msgspec.structs.replace(machine.books.policy, four_eyes=3)
    states = (Custody.IN_USE, Custody.PENDING, Custody.SUSPENDED, Custody.REVOKED)
    rows = [row(n, state=state) for n, state in enumerate(states)]
    answer = desk.ask(desk.stage(rows, len(rows)))
    assert [a.state for a in assets(machine)] == [Custody.PENDING, *states[1:]]
    assert (answer["count"], answer["waiting"]) == (4, 2)
    verify(machine.books.path)


Case = tuple[Callable[[list[Row]], list[Row]], int, type[GuardError], str]
CASES: dict[str, Case] = {
    "a wrong day": (lambda r: [*r, row(99, expires_on="2026-02-30")], 61, RowRefused, "expires_on"),
    "twice in the file": (lambda r: [*r, row(3)], 61, RowRefused, "fingerprints"),
    "changed": (lambda r: [*r, row(0, state=Custody.IN_USE, unit="x")], 61, RowRefused, ""),
    "revoked since": (lambda r: [*r, row(200, state=Custody.IN_USE)], 61, RowRefused, ""),
    "destroyed since": (lambda r: [*r, row(201, state=Custody.PENDING)], 61, RowRefused, ""),
    "a state of no move": (lambda r: [*r, row(99, state=Custody.EXPIRED)], 61, RowRefused, "state"),
    "found without loss": (lambda r: [*r, row(99, back_to=Custody.REVOKED)], 61, RowRefused, "back_to"),
    "not inspected": (lambda r: [*r, row(99, state=Custody.IN_USE, inspect_first=True)], 61, RowRefused, "inspect"),
    "destroyed and held": (lambda r: [*r, row(99, state=Custody.DESTROYED)], 61, RowRefused, "holder"),
    "another serial": (lambda r: [*r, row(99, electronic_serial="aa")], 61, RowRefused, "electronic_serial"),
    "no face": (lambda r: [*r, row(99, fingerprints=())], 61, RowRefused, "fingerprints"),
    "another count": (lambda r: r, 61, OtherCount, ""),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_refused_changes_nothing(machine: Machine, desk: Desk, name: str) -> None:
    over = {200: Custody.REVOKED, 201: Custody.DESTROYED}
    for listed in (row(0, state=Custody.IN_USE), *(row(n, state=state, holder="") for n, state in over.items())):
        machine.books.store.add_asset(listed.asset, BY)  # type: ignore[union-attr] # open
    change, new, error, column = CASES[name]
    commit = desk.stage(change([row(n) for n in range(1, 61)]), new)
    before = content(machine)
    answer = desk.ask(commit)
    assert type(answer) is error
    assert str(answer.facts.get("column", "")).startswith(column)
    assert content(machine) == before
    assert isinstance(desk.ask(commit), Usage), "the import is over"


def test_a_device_that_was_taken_up_again_comes_with_its_earlier_row(machine: Machine, desk: Desk) -> None:
    """A file that knows that it was revoked is not older than the list."""
    earlier, later = row(1, state=Custody.REVOKED), row(1, state=Custody.IN_USE)
    machine.books.store.add_asset(earlier.asset, BY)  # type: ignore[union-attr] # open
    listed = assets(machine)[0]
    desk.ask(desk.stage([Row(2, listed), Row(3, later.asset)], 1))
    assert [a.state for a in assets(machine)] == [Custody.REVOKED, Custody.IN_USE]


def test_a_decision_in_between_comes_first_and_the_import_begins_anew(
    machine: Machine, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SLICE", 0.0)
    commit = desk.stage([row(n) for n in range(30)], 30)
    said = desk.start(commit)
    for _ in range(10):
        machine.loop._wait(-1, time.monotonic())
    assert not said
    assert not assets(machine), "nobody sees half an import"
    assert machine.host.books.candidates(b"SAMPLE-0001") == ()

    def decided(_ready: object, _until: float) -> Bound:
        return Bound(lambda: any(e["kind"] == "decision" for e in machine.entries()), time.monotonic() + 20)

    monkeypatch.setattr(imports, "Bound", decided)  # rows go fast: the device comes while there are some left
    machine.plug(serial="SAMPLE-0001")
    machine.settle()
    assert said[0]["count"] == len(assets(machine)) == 30
    kinds = [entry["kind"] for entry in machine.entries()]
    assert kinds.index("decision") < kinds.index("list-import")
    assert kinds.count("list-import") == 1
    assert kinds.count("list-add") == 30
    assert str(machine.host.connections["1-2"].decision.code) == "PENDING"
    assert not machine.faults
    verify(machine.books.path)


def test_an_import_that_never_gets_to_its_end_is_given_up(
    machine: Machine, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SLICE", 0.0)
    said = desk.start(desk.stage([row(n) for n in range(30)], 30))
    for number in range(imports.TRIES):
        assert not said
        machine.books.append("alarm", {"name": str(number)})
        machine.loop._wait(-1, time.monotonic())
    assert isinstance(said[0], ImportDisturbed)
    assert not assets(machine)
    machine.books.append("alarm", {"name": "after"})
    assert desk.ask(desk.stage([row(1)], 1))["count"] == 1


def test_a_list_that_changed_meanwhile_is_looked_at_again(machine: Machine, desk: Desk) -> None:
    commit = desk.stage([row(1)], 1)
    machine.books.store.add_asset(an_asset(a_stick()), BY)  # type: ignore[union-attr] # open
    assert isinstance(desk.ask(commit), ListChanged)
    assert isinstance(desk.begin(1, 1, list_version=0), ListChanged)
    assert len(assets(machine)) == 1


def test_one_import_at_a_time(machine: Machine, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = desk.stage([row(1)], 1)
    assert isinstance(desk.begin(1, 1, OTHER), ImportBusy)
    assert isinstance(desk.ask(commit, OTHER), Usage)
    again = desk.stage([row(1)], 1)  # the same account begins anew
    assert isinstance(desk.ask(commit), Usage)
    monkeypatch.setattr(imports, "IDLE", -1.0)
    assert "token" in desk.begin(1, 1, OTHER)
    assert isinstance(desk.ask(again), Usage)


def test_what_is_said_of_an_import_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(desk.begin(1, 1, reason=" "), ReasonNeeded)
    assert isinstance(desk.begin(1, 1, document=""), ReasonNeeded)
    assert isinstance(desk.begin(1, 1, sha256="x"), Usage)
    assert isinstance(desk.begin(imports.MAX_ROWS + 1, 1), Usage)
    token = desk.begin(2, 1)["token"]
    assert isinstance(desk.ask(WhitelistImportCommit(token=token)), Usage)
    three = WhitelistImportPart(token=token, rows=(row(1), row(2), row(3)))
    assert isinstance(desk.ask(three), Usage)
    monkeypatch.setattr(imports, "MAX_BYTES", 100)
    assert isinstance(desk.ask(WhitelistImportPart(token=desk.begin(2, 1)["token"], rows=(row(1),))), Usage)


def test_an_export_is_recorded_when_it_can_be_true(machine: Machine, desk: Desk) -> None:
    machine.books.store.add_asset(an_asset(a_stick()), BY)  # type: ignore[union-attr] # open
    assert "seq" in desk.ask(WhitelistExported(list_version=1, count=1, sha256=SHA256))
    entry = machine.entries()[-1]
    assert (entry["kind"], entry["count"], entry["list_version"], entry["sha256"]) == ("list-export", 1, 1, SHA256)
    for wrong in ((2, 1, SHA256), (1, 2, SHA256), (1, 1, "x"), (-1, 0, SHA256)):
        request = WhitelistExported(list_version=wrong[0], count=wrong[1], sha256=wrong[2])
        assert isinstance(desk.ask(request), Usage)


SLIPS = st.sampled_from(
    [
        {},
        {"holder": "", "login_tool": False},
        {"inspect_first": False},
        {"expires_on": ""},
        {"login_tool": True, "inspect_first": True, "inspected_on": "2026-01-02", "reason": "  thử "},
        {"unit": "x" * 300},
        {"label": "a\u202eb"},
        {"document": ""},
        {"expires_on": "2026-13-01"},
        {"inspected_on": "2999-01-01"},
        {"inspected_until": "2027-01-01"},
        {"state": Custody.EXPIRED},
        {"state": Custody.LOST, "back_to": Custody.PENDING},
        {"electronic_serial": "zz"},
        {"access": "x"},
    ]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(slips=st.lists(SLIPS, min_size=1, max_size=4), twice=st.booleans(), miscounted=st.booleans())
def test_an_import_is_whole_or_leaves_no_trace(
    machine: Machine, desk: Desk, slips: list[dict[str, Any]], twice: bool, miscounted: bool
) -> None:
    """Whatever is wrong with any of its rows; the list grows from one example to the next."""
    before = len(assets(machine))
    rows = [row(before + number, **slip) for number, slip in enumerate(slips)]
    rows += rows[:1] * twice
    commit = desk.stage(rows, len(rows) + miscounted)
    held = content(machine)
    answer = desk.ask(commit)
    if isinstance(answer, dict):
        assert len(assets(machine)) == before + len(rows)
        verify(machine.books.path)
    else:
        assert isinstance(answer, RowRefused | OtherCount)
        assert content(machine) == held
    assert not machine.faults


def test_a_row_that_would_not_agree_with_its_entry_is_refused(
    machine: Machine, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the comparison lets through by a fault of ours must not close the whole list."""
    odd = msgspec.structs.replace(row(1).asset, login_tool=False)
    monkeypatch.setattr(Planner, "judge", lambda _self, _row: Verdict(asset=odd))
    answer = desk.ask(desk.stage([row(1)], 1))
    assert isinstance(answer, RowRefused)
    assert not assets(machine)
    assert not machine.books.fail_safe

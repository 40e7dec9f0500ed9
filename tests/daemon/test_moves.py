"""All moves from all states, through the real judge, loop, store and ledger, with the device connected meanwhile.

Only sysfs is made of plain files, and the policy observes: what would become of the device is its decision. That a
drive which is open and mounted is cut is shown in the lab.
"""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.build import a_stick, an_asset
from tests.core.test_custody import EXPECTED, GIVEN, WITHOUT_HOLDER
from tests.daemon.test_storms import Machine, machine
from usbguard_py.core.given import DAYS, Given
from usbguard_py.core.passport import passport_of
from usbguard_py.core.requests import Devices, Request, WhitelistAdd, WhitelistMove, WhitelistRevokeHolder
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.daemon.answers import Answers
from usbguard_py.daemon.drift import Drift
from usbguard_py.daemon.flow import Flow
from usbguard_py.daemon.main import Tick
from usbguard_py.errors import BadInput, GuardError, NotFound, ReasonNeeded, Usage
from usbguard_py.errors_life import HoldsNothing, MoveForbidden
from usbguard_py.policy.knobs import Policy
from usbguard_py.shell.clock import later
from usbguard_py.shell.peer import Peer
from usbguard_py.shell.verify import verify

__all__ = ["machine"]

CALLER = Peer(uid=1001, pid=7, user="danhsach", login="quanly", role="manager")
WHY = {"reason": "het nhiem vu", "document": "MAU-02/2026"}
CODES = {
    "pending": "PENDING",
    "suspended": "SUSPENDED",
    "expired": "EXPIRED",
    "revoked": "REVOKED",
    "lost": "LOST",
    "damaged": "DAMAGED",
    "destroyed": "DESTROYED",
}


@pytest.fixture
def observing(machine: Machine) -> Iterator[Machine]:
    machine.books.policy = Policy(name="observe", enforce=False)
    return machine


def ask(machine: Machine, request: Request) -> Any:
    """The answer of the judge, or the error that it would send."""
    answers = Answers(machine.judge, time.time(), Drift(machine.judge))
    said: list[Any] = []

    def asking() -> Flow:
        try:
            said.append((yield from answers.answer(request, CALLER)))
        except GuardError as error:
            said.append(error)

    machine.loop.runner.start(asking())
    machine.settle()
    return said[0]


def code_of(asset: Asset) -> str:
    if asset.state is Custody.IN_USE:
        return "ALLOWED" if asset.holder else "NO_HOLDER"
    return CODES[str(asset.state)]


def code(machine: Machine, port: str = "1-2") -> str:
    return str(machine.host.connections[port].decision.code)


@pytest.mark.parametrize("state", [str(s) for s in Custody])
def test_every_move_from_every_state_takes_effect_at_once_or_not_at_all(observing: Machine, state: str) -> None:
    """The device is judged again by each move; what is refused writes nothing and names what is possible."""
    store = observing.books.ready()
    for number, verb in enumerate(EXPECTED):
        serial = f"SAMPLE-{number:04d}"
        holder = "" if verb in WITHOUT_HOLDER else f"Nguyen Van Mau {number}"
        asset, _ = store.add_asset(an_asset(a_stick(serial.encode()), Custody(state), holder=holder), "quanly")
        observing.plug(serial=serial)
        assert code(observing) == code_of(asset)
        before = len(observing.entries())
        request = WhitelistMove(verb=verb, id=asset.id, facts=GIVEN.get(verb, Given()), **WHY)
        answer = ask(observing, request)
        after = store.asset(asset.id)
        assert after is not None
        if state not in EXPECTED[verb]:
            assert isinstance(answer, MoveForbidden), (verb, answer)
            assert (after, len(observing.entries())) == (asset, before)
        else:
            assert answer == {"id": asset.id, "seq": before + 1, "state": EXPECTED[verb][state], "cut": []}
            entry = observing.entries()[before]
            assert (entry["verb"], entry["from"], entry["to"]) == (verb, state, str(after.state))
            assert (entry["by"]["user"], entry["by"]["login"], entry["reason"]) == ("danhsach", "quanly", WHY["reason"])
        assert code(observing) == code_of(after), (verb, state)
        observing.unplug()
    assert verify(store.path, thorough=True).assets == len(EXPECTED)


def test_a_lost_device_says_since_when_and_on_which_paper(observing: Machine) -> None:
    """In the entry of its alarm and in what is told of it; nothing of the kind for any other decision."""
    store = observing.books.ready()
    asset, _ = store.add_asset(an_asset(a_stick()), "quanly")
    observing.plug(serial="SAMPLE-0001")
    assert "lost" not in next(e for e in observing.entries() if e["kind"] == "decision")
    observing.unplug()
    lost, _ = store.move(asset.id, "lost", "quanly", reason="r", document="MAU-07/2026")
    observing.plug(serial="SAMPLE-0001")
    (entry,) = [e for e in observing.entries() if e.get("code") == "LOST" and e["kind"] == "decision"]
    assert entry["lost"] == {"since": lost.changed_at[:10], "document": "MAU-07/2026"}
    assert ask(observing, Devices())["devices"][0]["lost"] == entry["lost"]
    observing.unplug()


REFUSED: dict[str, tuple[dict[str, Any], type[GuardError]]] = {
    "no reason": ({"reason": " "}, ReasonNeeded),
    "no paper": ({"document": ""}, ReasonNeeded),
    "a reason that steers a terminal": ({"reason": "\x1b[2J"}, BadInput),
    "a reason of ten thousand characters": ({"reason": "x" * 10_000}, BadInput),
    "a lone surrogate": ({"reason": "\ud800"}, BadInput),
    "no such device": ({"id": "TB-9999"}, NotFound),
}


@pytest.mark.parametrize(("more", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_requests_change_nothing(observing: Machine, more: dict[str, Any], error: type[GuardError]) -> None:
    observing.books.ready().add_asset(an_asset(a_stick()), "quanly")
    before = observing.entries()
    answer = ask(observing, WhitelistMove(**({"verb": "suspend", "id": "TB-0001"} | WHY | more)))
    assert isinstance(answer, error)
    assert observing.entries() == before


PASSPORT = passport_of(a_stick(), (0,))
ADDED: dict[str, tuple[dict[str, Any], type[GuardError] | None]] = {
    "waiting, nobody's": ({"pending": True, "holder": ""}, None),
    "with its dates": (
        {"expires_on": "2099-12-31", "inspected_on": "2026-11-20", "inspected_until": "2099-05-20"},
        None,
    ),
    "nobody's": ({"holder": " "}, Usage),
    "an inspection that is still to come": ({"inspected_on": "2099-01-01"}, BadInput),
    "an inspection that never began": ({"inspected_until": "2099-01-01"}, Usage),
    "no day": ({"expires_on": "soon"}, BadInput),
    "a name that steers a terminal": ({"holder": "\x1b[2J"}, BadInput),
}


@pytest.mark.parametrize(("more", "error"), ADDED.values(), ids=ADDED.keys())
def test_onto_the_list_waiting_or_with_dates(
    observing: Machine, more: dict[str, Any], error: type[GuardError] | None
) -> None:
    asked = {"holder": "Tra\u0302\u0300n Thị Mẫu", "document": "MAU-01/2026", "passport": PASSPORT} | more
    before = len(observing.entries())
    answer = ask(observing, WhitelistAdd(**asked))
    if error is not None:
        assert isinstance(answer, error)
        assert len(observing.entries()) == before
        return
    asset = observing.books.ready().asset(answer["id"])
    assert asset is not None
    assert asset.holder == ("" if more.get("pending") else "Trần Thị Mẫu")
    assert asset.state is (Custody.PENDING if more.get("pending") else Custody.IN_USE)
    assert [getattr(asset, name) or msgspec.UNSET for name in DAYS] == [more.get(name, msgspec.UNSET) for name in DAYS]
    assert verify(observing.books.path, thorough=True).assets == 1


def test_a_policy_that_asks_for_inspections_is_followed_at_once(observing: Machine) -> None:
    observing.books.ready().add_asset(an_asset(a_stick()), "quanly")
    observing.plug(serial="SAMPLE-0001")
    assert code(observing) == "ALLOWED"
    observing.books.policy = Policy(name="observe", enforce=False, require_inspection=True)
    observing.judge.judge_again()
    observing.settle()
    assert code(observing) == "INSPECTION_DUE"
    facts = Given(inspected_on=observing.books.date())
    ask(observing, WhitelistMove(verb="inspect", id="TB-0001", facts=facts, **WHY))
    assert code(observing) == "ALLOWED"


def test_everything_that_a_person_holds_in_one_step(observing: Machine) -> None:
    store = observing.books.ready()
    states = ("in-use", "suspended", "pending", "lost", "revoked", "in-use")
    for number, state in enumerate(states):
        holder = "Lê Văn Mẫu" if number == len(states) - 1 else "Trần Thị Mẫu"
        store.add_asset(an_asset(a_stick(b"SAMPLE-%04d" % number), Custody(state), holder=holder), "quanly")
    observing.plug(serial="SAMPLE-0000")
    before = len(observing.entries())
    answer = ask(observing, WhitelistRevokeHolder(holder=" Tra\u0302\u0300n Thị  Mẫu", **WHY))
    assert [(one["id"], one["seq"]) for one in answer["revoked"]] == [(f"TB-000{n}", before + n) for n in range(1, 5)]
    assert [(one["id"], one["state"]) for one in answer["not_returned"]] == [
        ("TB-0001", "revoked"),
        ("TB-0002", "revoked"),
        ("TB-0003", "revoked"),
        ("TB-0004", "lost"),
        ("TB-0005", "revoked"),
    ]
    assert code(observing) == "REVOKED"
    assert [str(a.state) for a in store.assets(holder="Lê Văn Mẫu")] == ["in-use"]
    assert isinstance(ask(observing, WhitelistRevokeHolder(holder="Nguyen", **WHY)), HoldsNothing)
    again = ask(observing, WhitelistRevokeHolder(holder="Trần Thị Mẫu", **WHY))
    assert (again["revoked"], len(again["not_returned"])) == ([], 5)
    found = ask(observing, WhitelistMove(verb="found", id="TB-0004", **WHY))
    assert found["state"] == "revoked", "its right had ended while it was lost"


def test_all_of_a_person_or_nothing(observing: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    store = observing.books.ready()
    for number in range(3):
        store.add_asset(an_asset(a_stick(b"SAMPLE-%04d" % number)), "quanly")
    whole, calls = type(store).move, []

    def failing(*args: Any, **more: Any) -> Any:
        calls.append(args)
        if len(calls) == 3:
            raise BadInput(where="sample", detail="the third fails")
        return whole(*args, **more)

    monkeypatch.setattr(type(store), "move", failing)
    before = observing.entries()
    assert isinstance(ask(observing, WhitelistRevokeHolder(holder="Nguyen Van Mau", **WHY)), BadInput)
    assert observing.entries() == before
    assert {str(a.state) for a in store.assets()} == {"in-use"}


def test_a_day_that_passes_is_judged_at_that_moment_and_a_clock_set_back_revives_nothing(
    observing: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = observing.books.ready()
    today = store.today()
    store.add_asset(an_asset(a_stick(), expires_on=today), "quanly")
    observing.plug(serial="SAMPLE-0001")
    tick = Tick(observing.judge, Drift(observing.judge), None)  # type: ignore[arg-type] # the kernel's log is not asked
    tick._see_date()
    observing.settle()
    assert code(observing) == "ALLOWED"
    moment = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: moment + 86_400 * 10**9)
    tick._see_date()
    observing.settle()
    assert code(observing) == "EXPIRED"
    assert store.today() == later(today, 1)
    monkeypatch.setattr(time, "time_ns", lambda: moment)
    tick._see_date()
    observing.settle()
    assert code(observing) == "EXPIRED"
    observing.unplug()
    observing.plug(serial="SAMPLE-0001")
    assert code(observing) == "EXPIRED"
    until = Given(expires_on=later(today, 1))
    ask(observing, WhitelistMove(verb="correct", id="TB-0001", facts=until, **WHY))
    assert code(observing) == "ALLOWED"


def test_what_is_due_is_counted(observing: Machine) -> None:
    store = observing.books.ready()
    today = store.today()
    assert observing.books.reminders() == {}
    dates: list[dict[str, Any]] = [
        {"expires_on": later(today, -1)},
        {"expires_on": today},
        {"expires_on": later(today, 30)},
        {"expires_on": later(today, 31)},
        {"inspected_on": later(today, -9), "inspected_until": later(today, -1)},
        {"inspected_on": later(today, -9), "inspected_until": later(today, 30)},
        {"inspected_on": later(today, -9)},
        {"state": Custody.REVOKED},
        {"state": Custody.REVOKED, "holder": ""},
        {"state": Custody.SUSPENDED, "expires_on": today},
    ]
    for number, facts in enumerate(dates):
        stick = a_stick(b"SAMPLE-%04d" % number)
        store.add_asset(an_asset(stick, **facts), "quanly")
    expected = {"expired": 1, "expiring": 2, "inspection_due": 2, "never_inspected": 4, "not_returned": 1}
    assert observing.books.reminders() == expected

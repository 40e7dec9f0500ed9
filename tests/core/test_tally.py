"""Figures of the log: every arrival is counted once, and what is foreign is told from what is known."""

from typing import Any

import pytest

from usbguard_py.buses.usb_recorded import kind_of
from usbguard_py.core.coverage import Coverage, Stretch
from usbguard_py.core.inspection import Answer, foreign, inspected
from usbguard_py.core.stretches import Reason
from usbguard_py.core.tally import Figures, Seen, Tally, capacity, is_foreign, person, title

STORAGE, PHONE = ("0.0=08:06:50",), ("0.0=06:01:01", "1.0=ff:42:01")


def seen(kind: str, seq: int = 2, **facts: Any) -> Seen:
    given = {"name": "1-2", "usb_id": "46f4:0001", "serial": "SAMPLE-0001", "serial_hex": "53", **facts}
    return Seen(seq, kind, f"2026-11-{20 + seq:02d}T08:00:00.000+07:00", **given)


def tally(*entries: Seen) -> Tally:
    return Tally(kind_of).add(entries)


BLOCKED = seen("decision", code="NOT_LISTED", outcome="blocked", interfaces=STORAGE)
ALLOWED = seen("decision", 3, code="ALLOWED", allow=True, asset="TB-0001", holder="Lê Văn Mẫu", interfaces=STORAGE)
OPENED = seen("outcome", 4, code="ALLOWED", allow=True, asset="TB-0001", outcome="allowed")


def test_an_allowed_device_is_counted_by_its_outcome() -> None:
    """The decision says who and what, the outcome that it happened: together they are one arrival."""
    found = tally(ALLOWED, OPENED)
    assert (found.total.arrivals, found.total.allowed, found.foreign.arrivals) == (1, 1, 0)
    assert found.persons["Lê Văn Mẫu"].allowed == 1
    assert found.classes["storage"].allowed == 1


def test_repeated_arrivals_are_counted_and_keep_the_class() -> None:
    found = tally(BLOCKED, seen("repeated", 3, code="NOT_LISTED", outcome="blocked", count=97))
    assert found.total.blocked == 98
    assert {name: cell.blocked for name, cell in found.classes.items()} == {"storage": 98}
    assert {day: cell.blocked for day, cell in found.days.items()} == {"2026-11-22": 1, "2026-11-23": 97}
    assert [known.foreign.arrivals for known in foreign(found)] == [98]


def test_devices_that_never_answered() -> None:
    storm = seen("repeated", 3, usb_id="", serial_hex=None, count=4)
    assert tally(seen("unenumerated", usb_id=""), storm).unenumerated == 5


@pytest.mark.parametrize(
    ("facts", "strange"),
    [
        ({"code": "NOT_LISTED"}, True),
        ({"code": "REVOKED", "asset": "TB-0001"}, False),
        ({"code": "ALLOWED", "allow": True, "asset": "TB-0001"}, False),
        ({"code": "HUB", "allow": True}, False),
        ({"code": "MISMATCH", "peripheral": "NV-0001"}, False),
        ({"code": "MAINTENANCE", "allow": True, "peripheral": "NV-0001"}, True),
    ],
)
def test_what_is_foreign(facts: dict[str, Any], strange: bool) -> None:
    assert is_foreign(seen("decision", **facts)) is strange


@pytest.mark.parametrize(
    ("outcome", "cell"),
    [("would-block", "observed"), ("failed", "failed"), ("blocked", "blocked"), ("would-allow", "allowed")],
)
def test_what_became_of_it(outcome: str, cell: str) -> None:
    assert getattr(tally(seen("decision", code="PHONE", outcome=outcome, interfaces=PHONE)).total, cell) == 1


def test_a_cut_is_no_arrival() -> None:
    found = tally(seen("cut", code="REVOKED", asset="TB-0001", outcome="cut"))
    assert (found.total.arrivals, found.total.cut) == (0, 1)


def test_people_and_their_changes() -> None:
    who = {"user": "root", "login": "quanly", "uid": 0}
    found = tally(seen("list-add", usb_id="", by=who), seen("export", usb_id="", by="old"))
    assert {name: cell.changes for name, cell in found.persons.items()} == {"quanly": 1, "old": 1}
    assert person(None) == person({}) == ""


def test_names_and_sizes() -> None:
    assert title("Maker", "Maker Stick") == "Maker Stick"
    assert title("Maker", "Stick") == "Maker Stick"
    assert capacity([{"capacity": None}, {"capacity": 8}, {"capacity": 4}]) == 8
    assert capacity([{"capacity": None}]) is None
    assert kind_of(PHONE) == "phone"
    assert kind_of(("nonsense",)) == ""


WHOLE = Coverage(0, 10, (Stretch(0, 10, "", 1),))


@pytest.mark.parametrize(
    ("entries", "answer", "quiet"),
    [
        ((ALLOWED, OPENED), Answer.CLEAN, True),
        ((BLOCKED,), Answer.BLOCKED, False),
        ((seen("decision", code="PHONE", outcome="would-block"),), Answer.OPEN, False),
        ((seen("decision", code="PHONE", outcome="failed"),), Answer.OPEN, False),
        ((seen("unenumerated", usb_id=""),), Answer.CLEAN, False),
    ],
)
def test_the_answer(entries: tuple[Seen, ...], answer: Answer, quiet: bool) -> None:
    found = inspected(tally(*entries), WHOLE)
    assert (found.answer, found.quiet) == (answer, quiet)


@pytest.mark.parametrize(
    ("reason", "quiet"),
    [(Reason.STARTING, True), (Reason.STARTING_OPEN, False), (Reason.DIED, False), (Reason.OFF, True)],
)
def test_a_gap_in_which_something_could_work(reason: Reason, quiet: bool) -> None:
    gap = Coverage(0, 20, (Stretch(0, 10, "", 1), Stretch(10, 20, reason, 2)))
    assert inspected(tally(), gap).quiet is quiet
    assert Figures().arrivals == 0

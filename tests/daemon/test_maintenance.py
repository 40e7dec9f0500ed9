"""What the judge makes of a start for maintenance, on a real database: who is let in, and what the log says."""

from pathlib import Path

import pytest

from tests import build as b
from usbguard_py import paths
from usbguard_py.core.codes import Code
from usbguard_py.core.gates import judge
from usbguard_py.core.maintenance import PARAMETER
from usbguard_py.core.whitelist import MAINTENANCE
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.maintenance import Maintenance
from usbguard_py.policy.knobs import Policy

ENROLLED = b.device(b.Part(0, b.KEYBOARD, endpoints=1), name="1-3", serial=None, vid=0x0627)
OTHER = b.device(b.Part(0, b.KEYBOARD, endpoints=1), name="1-3", serial=None, vid=0x0627, pid=2)
THIRD = b.device(b.Part(0, b.KEYBOARD, endpoints=1), name="1-3", serial=None, vid=0x0627, pid=3)
ELSEWHERE = b.device(b.Part(0, b.KEYBOARD, endpoints=1), name="1-4", serial=None, vid=0x0627, pid=2)


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setattr(paths, "FLOOR_MODE", tmp_path / "floor/mode")
    monkeypatch.setattr(paths, "FLOOR_INPUT", tmp_path / "floor/input")
    monkeypatch.setattr(paths, "CMDLINE", tmp_path / "cmdline")
    monkeypatch.setattr(paths, "MAINTENANCE", tmp_path / "maintenance")
    paths.CMDLINE.write_text(f"root=/dev/vda {PARAMETER} quiet\n")
    made = Books(tmp_path / "usbguard-py.db")
    assert made.open(enforce_expected=False)
    made.policy = Policy(name="mau")
    made.peripherals = (b.a_peripheral(ENROLLED),)
    return made


def test_one_keyboard_is_let_in_on_the_port_of_the_enrolled_one(books: Books) -> None:
    now = Maintenance(books)
    assert now.stand_in(ENROLLED, books.peripherals) == ()
    assert now.stand_in(ELSEWHERE, books.peripherals) == ()
    assert now.stand_in(b.a_receiver(), books.peripherals) == ()
    assert now.shown() == {"started": True, "accepted": ""}
    (let_in,) = now.stand_in(OTHER, books.peripherals)
    assert (let_in.id, let_in.port) == (MAINTENANCE, "1-3")
    decision = judge(OTHER, b.facts(peripherals=[*books.peripherals, let_in]))
    assert (decision.code, decision.granted, decision.alarm) == (Code.MAINTENANCE, (0,), True)
    assert now.stand_in(THIRD, books.peripherals) == ()
    assert now.stand_in(OTHER, books.peripherals) == (let_in,)
    assert str(now.shown()["accepted"]).startswith("1-3 0627:0002 ")


def test_nobody_is_let_in_otherwise(books: Books) -> None:
    """In an ordinary start, or while the policy only observes."""
    books.policy = Policy(name="observe", enforce=False)
    assert Maintenance(books).stand_in(OTHER, books.peripherals) == ()
    books.policy = Policy(name="mau")
    paths.CMDLINE.write_text("root=/dev/vda quiet\n")
    assert Maintenance(books).stand_in(OTHER, books.peripherals) == ()
    assert not paths.MAINTENANCE.exists()


def test_such_a_start_is_in_the_log(books: Books) -> None:
    assert books.store is not None
    last = books.store.last()
    Maintenance(books).record_start()
    entry = books.store.last()
    assert entry is not None
    assert last is not None
    assert (entry.seq, entry.kind) == (last.seq + 1, "maintenance")

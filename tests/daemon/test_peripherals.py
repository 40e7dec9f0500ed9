"""Enrolment on a real database: what may be enrolled, how many, and one in place of another."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests import build as b
from usbguard_py import paths
from usbguard_py.core.device import Device
from usbguard_py.core.kinds import early
from usbguard_py.core.requests import PeripheralEnrol
from usbguard_py.core.whitelist import Peripheral
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.judge import Judge
from usbguard_py.daemon.peripherals import enrol
from usbguard_py.errors import GuardError, NotFound
from usbguard_py.errors_device import KindNotPermitted, KindNotTold, LimitReached, NotThatKind
from usbguard_py.policy.knobs import Policy
from usbguard_py.shell import floor
from usbguard_py.shell.peer import Peer

CALLER = Peer(uid=0, pid=1, user="root", login="quantri", role="administrator")
FIRST, SECOND = b.a_keyboard("1-3"), b.a_keyboard("1-6")
UNREADABLE = b.device(b.Part(0, b.KEYBOARD), name="1-2", speed=b"?\n")


class Workplace:
    """As much of a judge as an enrolment needs; ``again`` holds the ports that were judged anew."""

    def __init__(self, books: Books, *devices: Device) -> None:
        self.books, self.again = books, [""]
        connections = {d.name: SimpleNamespace(name=d.name, device=d) for d in devices}
        host = SimpleNamespace(books=books, connections=connections, enrolled=self.enrolled)
        self.judge = cast("Judge", SimpleNamespace(host=host, judge_again=self.again.extend))

    def enrolled(self, peripherals: tuple[Peripheral, ...]) -> None:
        self.books.peripherals = peripherals
        floor.write_input(paths.FLOOR_INPUT, early(peripherals, self.books.policy))

    def enrol(self, device: Device, **more: Any) -> dict[str, Any]:
        return enrol(self.judge, PeripheralEnrol(name=device.name, **more), CALLER)

    def kinds(self) -> dict[str, str]:
        return {p.port: p.kind for p in self.books.ready().peripherals()}


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setattr(paths, "FLOOR_MODE", tmp_path / "floor/mode")
    monkeypatch.setattr(paths, "FLOOR_INPUT", tmp_path / "floor/input")
    made = Books(tmp_path / "usbguard-py.db")
    assert made.open(enforce_expected=False)
    made.policy = Policy(name="mau", printers=1, tokens=1, ups=1, scanners=1)
    return made


def test_the_second_of_a_kind_is_refused_and_takes_a_place_when_told(books: Books) -> None:
    at = Workplace(books, FIRST, SECOND)
    assert at.enrol(FIRST)["kind"] == "keyboard"
    with pytest.raises(LimitReached) as raised:
        at.enrol(SECOND)
    assert raised.value.facts == {"what": "keyboard", "limit": 1, "id": "NV-0001"}
    assert at.kinds() == {"1-3": "keyboard"}
    assert at.enrol(SECOND, replaces="NV-0001", document="MAU-02/2026")["id"] == "NV-0002"
    assert at.kinds() == {"1-6": "keyboard"}
    assert at.again[-2:] == ["1-3", "1-6"]
    assert [fields[0] for fields in floor.lines()] == ["1-6"]
    assert floor.keyboard_ports() == {"1-6"}


def test_what_is_to_be_replaced_must_be_enrolled(books: Books) -> None:
    at = Workplace(books, FIRST)
    with pytest.raises(NotFound):
        at.enrol(FIRST, replaces="NV-0009")
    assert at.kinds() == {}


OTHERS: list[tuple[str, Device, str, str]] = [
    ("printer", b.a_printer(), "", "printer"),
    ("token", b.a_token(), "", "token"),
    ("scanner", b.a_scanner(), "scanner", "scanner"),
    ("power supply", b.a_ups(), "ups", "ups"),
]


@pytest.mark.parametrize(("device", "said", "kind"), [row[1:] for row in OTHERS], ids=[row[0] for row in OTHERS])
def test_other_kinds_never_reach_the_floor(books: Books, device: Device, said: str, kind: str) -> None:
    """Only keyboards and mice work without the daemon; and none of these where the policy does not say so."""
    at = Workplace(books, device)
    assert at.enrol(device, kind=said)["kind"] == kind
    assert at.kinds() == {device.name: kind}
    assert floor.lines() == ()
    books.policy = Policy(name="standalone")
    with pytest.raises(KindNotPermitted):
        at.enrol(device, kind=said)


@pytest.mark.parametrize(
    ("device", "said", "error"),
    [
        pytest.param(b.a_ups(), "", KindNotTold, id="it does not say what it is"),
        pytest.param(b.a_stick(), "", KindNotTold, id="a stick"),
        pytest.param(b.a_printer(b.STORAGE), "", KindNotTold, id="a printer with storage"),
        pytest.param(b.a_printer(b.ECM), "printer", NotThatKind, id="a printer with a network"),
        pytest.param(FIRST, "mouse", NotThatKind, id="a mouse that types"),
        pytest.param(FIRST, "ups", NotThatKind, id="a power supply that types"),
        pytest.param(b.a_stick(), "scanner", NotThatKind, id="a stick as a scanner"),
        pytest.param(UNREADABLE, "keyboard", KindNotTold, id="a keyboard that cannot be read"),
    ],
)
def test_what_cannot_be_enrolled(books: Books, device: Device, said: str, error: type[GuardError]) -> None:
    at = Workplace(books, device)
    with pytest.raises(error):
        at.enrol(device, **({"kind": said} if said else {}))
    assert at.kinds() == {}

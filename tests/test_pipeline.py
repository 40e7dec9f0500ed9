"""The flow's order, with a host that implements the port and writes down what it was asked, in order."""

import math
from collections.abc import Callable, Generator
from typing import Any

import msgspec
import pytest

from usbguard_py.closing import ATTEMPTS
from usbguard_py.core.codes import Code
from usbguard_py.core.connection import State
from usbguard_py.core.content import Found
from usbguard_py.core.decision import Decision
from usbguard_py.core.device import Configuration, Device, Interface
from usbguard_py.core.enforcement import PERSIST, InterfaceState, Probe, ReadBack, Step, Write
from usbguard_py.core.media import Lun
from usbguard_py.core.passport import Passport, passport_of
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Bound, Flow, Runner, Wait
from usbguard_py.daemon.helper import Task
from usbguard_py.errors import DatabaseTrouble, DeviceGone, SysfsTrouble
from usbguard_py.errors_device import HandsTrouble, MediaTrouble
from usbguard_py.pipeline import grown, handle, verify, woken
from usbguard_py.shell.hands_messages import ReadOnlyDone
from usbguard_py.shell.luns import Unit

STORAGE = Interface(number=0, alternate=0, class_=8, subclass=6, protocol=80, endpoints=2)
STICK = Device(
    name="1-2",
    syspath="/devices/x/usb1/1-2",
    busnum=1,
    devnum=5,
    serial=b"SAMPLE-0001",
    descriptors=b"\x12\x01",
    configurations=(Configuration(value=1, interfaces=(STORAGE,)),),
)
ALLOW = Decision(allow=True, code=Code.ALLOWED, granted=(0,), asset="TB-0001")
BLOCK = Decision(allow=False, code=Code.NOT_LISTED)
CLOSED = ReadBack(authorized=False, configuration=None)
OPEN = ReadBack(authorized=True, configuration=1, interfaces=(InterfaceState("1-2:1.0", True, "usb-storage"),))
KEPT = msgspec.structs.replace(OPEN, persist=True)
UNBOUND = ReadBack(authorized=True, configuration=1, interfaces=(InterfaceState("1-2:1.0", True, ""),))


class Directory:
    """A device's directory, as the kernel would show it."""

    def __init__(self, name: str, seen: ReadBack) -> None:
        self.name, self.syspath, self.seen = name, f"/devices/{name}", seen

    def read_back(self) -> ReadBack:
        return self.seen

    def present(self) -> bool:
        return not self.seen.gone

    def close(self) -> None:
        """Nothing is open here."""


class Link:
    """Stands where :class:`usbguard_py.daemon.connection.Connection` does."""

    def __new__(cls, name: str, seen: ReadBack, state: State = State.SEEN) -> Any:
        connection = Connection(Directory(name, seen))  # type: ignore[arg-type] # the same shape
        connection.state = state
        return connection


def a_lun(number: int = 0, kind: int = 0, capacity: int | None = None) -> Lun:
    """A unit of a sample maker."""
    return Lun(0, number, kind, b"SAMPLE  ".hex(), b"Stick           ".hex(), b"1.00".hex(), capacity)


class Drive:
    """The media of a drive with these units; writes down in its host's log what it is asked."""

    def __init__(self, host: "Host", *found: Lun) -> None:
        self.host, self.found = host, found or (a_lun(),)
        self.bus, self.binds = True, True
        self.locked: tuple[str, ...] = ("sda", "sda1")
        self.writable: tuple[str, ...] = ()
        self.loaded = True
        self.held: tuple[Found, ...] = ()  # on the disks that are asked about

    def drivers(self, connection: Connection) -> Generator[Wait, Any, None]:
        yield from ()
        if not self.loaded:
            self.host._do("await the drivers")
            raise MediaTrouble(name=connection.name, detail="the storage driver could not be loaded")

    def scsi(self) -> Bound:
        return Bound(lambda: True, 0)

    def hold(self) -> bool:
        self.host._do("hold the units")
        return self.bus

    def appeared(self, _connection: Any) -> Bound:
        return Bound(lambda: bool(self.found), 0)

    def table(self, _connection: Any) -> Task:
        return self.host._asked(
            "table", tuple(Unit(f"6:0:0:{lun.number}", f"x/{lun.number}", _bare(lun)) for lun in self.found)
        )

    def ready(self, _connection: Any, _unit: Unit) -> Bound:
        return Bound(lambda: True, 0)

    def attach(self, _connection: Any, unit: Unit) -> Task:
        return self.host._asked(f"attach {unit.address}", self.binds)

    def sized(self, _connection: Any, unit: Unit) -> Lun:
        return next(lun for lun in self.found if lun.number == unit.lun.number)

    def over(self, _connection: Any, task: Task) -> Bound:
        return Bound(lambda: task.done, 0)

    def lock(self, _connection: Any) -> Any:
        return self.host._asked("refuse writes", ReadOnlyDone(self.locked, self.writable))

    def shown(self, _connection: Any) -> tuple[Lun, ...]:
        return self.found

    def contents(self, _connection: Any, places: tuple[str, ...]) -> Generator[Wait, Any, tuple[Found, ...]]:
        found: tuple[Found, ...] = yield self.host._asked(f"read {' '.join(places)}", self.held)
        return found

    def hand_over(self, connection: Any) -> None:
        self.host.release_nodes(connection, granted=True)


def _bare(lun: Lun) -> Lun:
    return msgspec.structs.replace(lun, capacity=None)


class Host:
    """Writes down what it is asked; ``fails`` names the calls that fail, with their errors."""

    def __init__(self, decision: Decision, *, enforcing: bool = True, **fails: Exception) -> None:
        self.decision, self.enforcing, self.fails = decision, enforcing, fails
        self.log: list[str] = []
        self.after = OPEN
        self.again: Decision | None = None  # what the gates say when asked once more
        self.decided = False
        self.others: dict[str, Any] = {}
        self.outcomes: list[tuple[ReadBack, tuple[str, ...]]] = []
        self.media = Drive(self)
        self.faces: tuple[Passport, ...] = ()  # of a drive
        self.access = "rw"

    def _do(self, word: str) -> None:
        self.log.append(word)
        if word in self.fails:
            raise self.fails[word]

    def describe(self, connection: Any) -> Task:
        connection.device = STICK if not connection.directory.seen.authorized else _authorised()
        return _done(lambda: None)

    def look(self, connection: Any) -> Task:
        return _done(connection.directory.read_back)

    def queue(self, _connection: Any, flow: Flow) -> None:
        run(flow)

    def decide(self, connection: Any) -> Decision:
        decision = self.again if self.decided and self.again else self.decision
        connection.decision, connection.faces, self.decided = decision, self.faces, True
        connection.access = self.access
        return decision

    def connection(self, name: str) -> Any:
        return self.others.get(name)

    def apply(self, connection: Any, step: Step) -> None:
        self._do(_word(step))
        if isinstance(step, Write) and step.attribute == "authorized" and step.device == connection.name:
            connection.directory.seen = self.after if step.value == "1" else CLOSED
        elif isinstance(step, Write) and step.attribute == PERSIST:
            connection.directory.seen = msgspec.structs.replace(connection.directory.seen, persist=step.value == "1")

    def begin(self, connection: Any, *steps: Step) -> Task:
        def carry_out() -> None:
            for step in steps:
                self.apply(connection, step)

        return _done(carry_out)

    def configure(self, connection: Any, *steps: Step) -> Task:
        def carry_out() -> None:
            for step in steps:
                self.apply(connection, step)
            self._do("same")

        return _done(carry_out)

    def unchanged(self, _connection: Any) -> bool:
        return self.again is None

    def release_nodes(self, _connection: Any, *, granted: bool) -> None:
        self._do("nodes given" if granted else "nodes taken")

    def announce(self, _connection: Any) -> None:
        """Nobody waits for it here."""

    def claimed(self, _connection: Any) -> Bound:
        self._do("await the kernel's claim")
        return Bound(lambda: True, 0)

    def bound(self, _connection: Any) -> Bound:
        self._do("await bind")
        return Bound(lambda: True, 0)

    def hold(self, _connection: Any) -> Any:
        return self._asked("hold")

    def release(self, _connection: Any) -> Any:
        return self._asked("release")

    def _asked(self, word: str, answer: object = None) -> Task:
        def do() -> object:
            self._do(word)
            return answer

        return _done(do)

    def record_decision(self, connection: Any) -> None:
        self._do("record decision")
        connection.seq = 7

    def record_outcome(self, connection: Any, seen: ReadBack, problems: tuple[str, ...] = ()) -> None:
        self._do(f"record {connection.decision.code}")
        self.outcomes.append((seen, problems))

    def record_block(self, connection: Any, seen: ReadBack, problems: tuple[str, ...]) -> None:
        self._do(f"record {connection.decision.code}")
        connection.seq = 7
        self.outcomes.append((seen, problems))

    def record_drift(self, _connection: Any, _seen: ReadBack, problems: tuple[str, ...]) -> None:
        assert problems
        self._do("record drift")

    def record_cut(self, connection: Any, _held: object, seen: ReadBack, problems: tuple[str, ...]) -> None:
        self._do(f"record cut {connection.name} {connection.decision.code}")
        self.outcomes.append((seen, problems))


def _done(function: Callable[[], Any]) -> Task:
    """A task that has ended already."""
    task = Task(function)
    task.run()
    task.done = True
    return task


def _authorised() -> Device:
    return msgspec.structs.replace(STICK, authorized=True)


def _word(step: Step) -> str:
    return f"probe {step.interface}" if isinstance(step, Probe) else f"{step.device}/{step.attribute}={step.value}"


def run(flow: Flow) -> None:
    """Run a flow whose waits are over at once."""
    faults: list[BaseException] = []
    runner = Runner(lambda function: faults.append(e) if (e := _caught(function)) else None)
    runner.start(flow)
    runner.expire(math.inf)  # what is never seen is given up
    assert runner.idle, "the flow still waits"
    assert not faults, faults


def _caught(function: Any) -> BaseException | None:
    try:
        function()
    except RuntimeError as error:
        return error
    return None


CONFIGURE = [
    "await the kernel's claim",
    "usb1/interface_authorized_default=0",
    "1-2/authorized=1",
    "same",
    "record decision",
]
NOT_KEPT = "1-2/power/persist=0"
OPENING = ["nodes given", NOT_KEPT, "1-2:1.0/authorized=1", "probe 1-2:1.0", "await bind"]
TAKE_BACK = ["nodes taken", "1-2/authorized=0", "record NOT_EFFECTIVE"]


def test_an_allowed_device_is_opened_last() -> None:
    """The bus is closed first, the entry is on disk before the interface, the read-back is recorded."""
    host = Host(ALLOW)
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log == [*CONFIGURE, *OPENING, "record ALLOWED"]
    assert link.state is State.HANDED_OVER
    assert host.outcomes == [(OPEN, ())]


def test_a_blocked_device_is_never_written() -> None:
    """It is closed already; only looked at and recorded."""
    host = Host(BLOCK)
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log == ["nodes taken", "record NOT_LISTED"]
    assert link.state is State.CLOSED


def test_a_blocked_device_that_is_open_is_cut() -> None:
    """Present before the daemon, or opened by somebody else."""
    host = Host(BLOCK)
    link = Link("1-2", OPEN)
    run(handle(link, host))
    assert host.log == ["nodes taken", "hold", "1-2/authorized=0", "release", "record cut 1-2 NOT_LISTED"]
    assert host.outcomes == [(CLOSED, ())]


STOPS: dict[
    str, tuple[dict[str, Exception], list[str]]
] = {  # what fails, and what was done until then; the entry is written beside the configuring
    "the bus stays open": (
        {CONFIGURE[1]: SysfsTrouble(value="0", attribute="a", name="usb1", detail="?")},
        [*CONFIGURE[:2], "record decision"],
    ),
    "the device leaves while it is configured": (
        {CONFIGURE[2]: DeviceGone(name="1-2")},
        [*CONFIGURE[:3], "record decision"],
    ),
    "the ledger cannot take the entry": ({"record decision": DatabaseTrouble(path="p", detail="disk full")}, CONFIGURE),
    "another device stands there afterwards": ({"same": DeviceGone(name="1-2")}, CONFIGURE),
    "the interface does not open": (
        {OPENING[1]: SysfsTrouble(value="1", attribute="a", name="1-2", detail="?")},
        [*CONFIGURE, *OPENING[:2]],
    ),
}


@pytest.mark.parametrize("case", STOPS)
def test_whatever_fails_on_the_way_closes_the_device(case: str) -> None:
    """Nothing after the failing step happens; the device is taken back and the outcome says so."""
    fails, done = STOPS[case]
    host = Host(ALLOW)
    host.fails = fails
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log == [*done, *TAKE_BACK]
    assert link.state is State.CLOSED
    assert not link.decision.allow
    assert host.outcomes[0][1], "the outcome names no problem"


def test_an_opening_without_driver_is_taken_back() -> None:
    """Success of the writes is not effect."""
    host = Host(ALLOW)
    host.after = UNBOUND
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log == [*CONFIGURE, *OPENING, *TAKE_BACK]


SILENT = Decision(allow=True, code=Code.INPUT_ENROLLED, granted=(0,), peripheral="NV-0001", silent=True)
TYPING = ReadBack(True, 1, (InterfaceState("1-2:1.0", True, "usb-storage", types=True),))


def test_what_types_and_is_no_keyboard_is_cut() -> None:
    """Before it is handed over, and when it begins later."""
    host = Host(SILENT)
    host.after = TYPING
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log[-4:] == ["hold", "1-2/authorized=0", "release", "record cut 1-2 MISMATCH"]
    assert (link.state, link.decision.alarm, link.decision.failed.facet) == (State.CLOSED, True, "keys")
    host = Host(SILENT)
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert link.state is State.HANDED_OVER
    link.directory.seen = TYPING
    run(verify(link, host))
    assert host.log[-1] == "record cut 1-2 MISMATCH"


def test_a_keyboard_types() -> None:
    host = Host(msgspec.structs.replace(SILENT, silent=False))
    host.after = TYPING
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert link.state is State.HANDED_OVER


def test_a_device_in_use_is_adopted_untouched() -> None:
    """Open exactly as it should be: recorded, not written."""
    host = Host(ALLOW)
    link = Link("1-2", OPEN)
    run(handle(link, host))
    assert host.log == ["nodes given", "record decision", "record ADOPTED"]
    assert link.state is State.HANDED_OVER


def test_a_drive_in_use_that_would_outlast_sleep_is_adopted_and_does_not() -> None:
    host = Host(ALLOW)
    link = Link("1-2", KEPT)
    run(handle(link, host))
    assert host.log == [NOT_KEPT, "nodes given", "record decision", "record ADOPTED"]
    assert not link.directory.seen.persist


def test_a_drive_that_is_reset_while_it_opens_is_opened() -> None:
    """Its driver may reset it at once, and the kernel's default is there again."""
    host = Host(ALLOW)
    host.after = KEPT
    link = Link("1-2", CLOSED)
    kept = host.bound

    def bound(connection: Any) -> Bound:
        connection.directory.seen = KEPT
        return kept(connection)

    host.bound = bound  # type: ignore[method-assign] # what the driver did meanwhile
    run(handle(link, host))
    assert host.log == [*CONFIGURE, *OPENING, NOT_KEPT, "record ALLOWED"]
    assert link.state is State.HANDED_OVER


def test_a_drive_in_use_of_which_that_does_not_take_starts_over() -> None:
    host = Host(ALLOW, **{NOT_KEPT: SysfsTrouble(value="0", attribute="power/persist", name="1-2", detail="?")})
    link = Link("1-2", KEPT)
    run(handle(link, host))
    assert host.log[:3] == [NOT_KEPT, "nodes taken", "hold"]
    assert link.state is State.CLOSED


def test_a_device_that_the_kernel_kept_through_sleep_is_judged_and_recorded_again() -> None:
    """Its last entry says nothing of what happened meanwhile; it was opened by ourselves, so it is not ADOPTED."""
    host = Host(ALLOW)
    link = Link("1-2", OPEN)
    link.device, link.decision, link.seq, link.state = STICK, ALLOW, 3, State.HANDED_OVER
    run(handle(link, host))
    assert host.log == [], "nothing changed, nobody slept"
    run(woken(link, host))
    assert host.log == ["nodes given", "record decision", "record ALLOWED"]
    assert link.state is State.HANDED_OVER


def test_a_blocked_device_is_recorded_again_after_sleep() -> None:
    host = Host(BLOCK)
    link = Link("1-2", CLOSED, State.CLOSED)
    link.device, link.decision, link.seq = STICK, BLOCK, 3
    run(woken(link, host))
    assert host.log == ["nodes taken", "record NOT_LISTED"]


def test_a_device_that_sleep_took_away_is_left_to_its_event() -> None:
    host = Host(ALLOW)
    link = Link("1-2", ReadBack(authorized=False, configuration=None, gone=True), State.HANDED_OVER)
    link.device, link.decision, link.seq = STICK, ALLOW, 3
    run(woken(link, host))
    assert host.log == []


GOING = ReadBack(authorized=True, configuration=None)  # its interfaces are gone, itself not yet
LEAVING = {"interfaces gone": GOING, "driver gone": UNBOUND}


class Leaves(Directory):
    """A device that is half gone at the first look and gone when somebody waits for it."""

    def present(self) -> bool:
        self.seen = ReadBack(authorized=False, configuration=None, gone=True)
        return False


@pytest.mark.parametrize("case", LEAVING)
@pytest.mark.parametrize("look", [verify, woken])
def test_a_device_that_is_being_unplugged_was_changed_by_nobody(case: str, look: Callable[..., Flow]) -> None:
    """The kernel takes it away piece by piece; its removal finds it in use, as it was."""
    host = Host(ALLOW)
    link = Link("1-2", LEAVING[case], State.HANDED_OVER)
    link.device, link.decision, link.seq = STICK, ALLOW, 3
    link.directory = Leaves("1-2", LEAVING[case])
    run(look(link, host))
    assert host.log == []
    assert link.opened


LEAVES_AT = ["1-2/authorized=1", "record decision", "hold the units", "probe 1-2:1.0", "attach 6:0:0:0"]


@pytest.mark.parametrize("moment", LEAVES_AT)
def test_a_device_that_leaves_while_it_is_opened_is_no_fault_of_ours(moment: str) -> None:
    """Its removal is noticed in the middle of the flow; nothing is called open, and the decision has its outcome."""
    host = a_drive(a_lun(), expected=(a_lun(),))
    link = Link("1-2", CLOSED)
    done = host._do

    def leaves(word: str) -> None:
        done(word)
        if word == moment:
            link.state = State.GONE

    host._do = leaves  # type: ignore[method-assign] # the moment is the case
    run(handle(link, host))
    assert link.state is State.GONE
    assert host.log[-1] == "record NOT_EFFECTIVE"
    assert str(DeviceGone(name="1-2")) in host.outcomes[-1][1]


@pytest.mark.parametrize("case", LEAVING)
def test_a_device_that_stays_half_there_was_changed_by_somebody(case: str) -> None:
    host = Host(ALLOW)
    link = Link("1-2", LEAVING[case], State.HANDED_OVER)
    link.device, link.decision, link.seq = STICK, ALLOW, 3
    run(verify(link, host))
    assert host.log[0] == "record drift"
    assert host.log[-1] == "record cut 1-2 NOT_EFFECTIVE"


def test_a_device_that_shows_more_is_cut_without_a_wait() -> None:
    """Whatever else it lacks."""
    host = Host(ALLOW)
    more = ReadBack(authorized=True, configuration=1, interfaces=(InterfaceState("1-2:1.1", True, "usbhid"),))
    link = Link("1-2", more, State.HANDED_OVER)
    link.device, link.decision, link.seq = STICK, ALLOW, 3
    link.removal = lambda: pytest.fail("it was waited for")
    run(verify(link, host))
    assert host.log[0] == "record drift"


def test_a_device_in_use_that_shows_more_than_granted_starts_over() -> None:
    """Closed first, then opened as decided."""
    host = Host(ALLOW)
    more = ReadBack(
        authorized=True, configuration=1, interfaces=(*OPEN.interfaces, InterfaceState("1-2:1.1", True, "usbhid"))
    )
    link = Link("1-2", more)
    run(handle(link, host))
    closing = ["nodes taken", "hold", "1-2/authorized=0", "release"]
    assert host.log == [*closing, *CONFIGURE, *OPENING, "record ALLOWED"]


def test_hands_that_do_not_answer_stop_no_cut() -> None:
    """The drive is deauthorised all the same, and the entry says what went wrong."""
    host = Host(BLOCK, hold=HandsTrouble(detail="nobody listens"))
    run(handle(Link("1-2", OPEN), host))
    assert "1-2/authorized=0" in host.log
    assert host.outcomes[0][1]


def test_a_duplicate_cuts_the_other_first() -> None:
    """Both end closed."""
    host = Host(Decision(allow=False, code=Code.DUPLICATE, asset="TB-0001", cut=("1-3",), alarm=True))
    other = Link("1-3", OPEN, State.HANDED_OVER)
    other.decision = ALLOW
    host.others["1-3"] = other
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log[-3:] == ["record cut 1-3 DUPLICATE", "nodes taken", "record DUPLICATE"]
    assert (other.state, link.state) == (State.CLOSED, State.CLOSED)


@pytest.mark.parametrize("decision", [ALLOW, BLOCK], ids=["would be allowed", "would be blocked"])
def test_observing_touches_nothing(decision: Decision) -> None:
    """One entry, no write."""
    host = Host(decision, enforcing=False)
    run(handle(Link("1-2", OPEN), host))
    assert host.log == [f"record {decision.code}"]


def test_looking_again_records_nothing_new() -> None:
    """A list change elsewhere makes no second entry about a device that stays as it is."""
    for decision, seen in ((ALLOW, CLOSED), (BLOCK, CLOSED)):
        host = Host(decision)
        link = Link("1-2", seen)
        run(handle(link, host))
        first = list(host.log)
        run(handle(link, host))
        assert host.log == first


def test_a_closed_device_can_be_opened_by_a_new_decision() -> None:
    """The list changed while the device stayed plugged in."""
    host = Host(BLOCK)
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    host.decision = ALLOW
    host.log.clear()
    run(handle(link, host))
    assert host.log == [*CONFIGURE, *OPENING, "record ALLOWED"]
    assert link.state is State.HANDED_OVER


@pytest.mark.parametrize("again", [BLOCK, Decision(allow=True, code=Code.ALLOWED, granted=(), asset="TB-0001")])
def test_a_list_that_changes_while_the_device_is_configured_closes_it(again: Decision) -> None:
    """Revoked, or met by its twin, between the entry and the opening."""
    host = Host(ALLOW)
    host.again = again
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log[: len(CONFIGURE)] == CONFIGURE
    assert not [word for word in host.log if word.startswith(("1-2:1.0", "probe"))]
    assert link.state is State.CLOSED


def test_a_block_that_does_not_take_is_tried_again_and_never_called_closed() -> None:
    """The kernel shows it open after every attempt."""
    host = Host(BLOCK)
    link = Link("1-2", OPEN, State.HANDED_OVER)
    link.directory.read_back = lambda: OPEN
    run(handle(link, host))
    assert host.log.count("1-2/authorized=0") == ATTEMPTS
    assert link.state is State.HANDED_OVER
    assert host.outcomes[0][1]


def test_a_device_that_has_gone_stays_gone() -> None:
    """No entry about a device that is not there any more."""
    host = Host(BLOCK)
    link = Link("1-2", ReadBack(authorized=False, configuration=None, gone=True), State.GONE)
    run(handle(link, host))
    assert link.state is State.GONE
    assert host.outcomes == []


def a_drive(*found: Lun, expected: tuple[Lun, ...] | None = None) -> Host:
    """A host with a drive that shows ``found``; its passport expects ``expected``, or says nothing of media."""
    host = Host(ALLOW)
    passport = passport_of(STICK, (0,))
    host.faces = (passport if expected is None else msgspec.structs.replace(passport, media=expected),)
    host.media = Drive(host, *found)
    return host


BEFORE = [*CONFIGURE, "hold the units", *OPENING[1:], "table"]
CUT = ["nodes taken", "1-2/authorized=0", "record cut 1-2 MISMATCH"]


@pytest.mark.parametrize("expected", [None, (a_lun(), a_lun(1, 5))], ids=["media not listed", "media listed"])
def test_a_drive_gets_its_nodes_after_its_media_were_judged(expected: tuple[Lun, ...] | None) -> None:
    """The units are held before the interface opens; the nodes are given out last."""
    host = a_drive(a_lun(0, 0, 4096), a_lun(1, 5), expected=expected)
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log == [*BEFORE, "attach 6:0:0:0", "attach 6:0:0:1", "nodes given", "record ALLOWED"]
    assert [lun.capacity for lun in link.media] == [4096, None]
    assert link.decision.results[-1].gate == "media"
    assert link.state is State.HANDED_OVER


TABLES = {
    "another type": ((a_lun(0, 5),), "lun 0 type", "0", "5"),
    "one more": ((a_lun(), a_lun(1)), "luns", "0", "0 1"),
    "another number": ((a_lun(1),), "luns", "0", "1"),
    "another revision": (
        (msgspec.structs.replace(a_lun(), revision=b"9.99".hex()),),
        "lun 0 revision",
        '"1.00"',
        '"9.99"',
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_drive_with_other_units_is_cut_before_one_gets_a_driver(case: str) -> None:
    """The facet is named, an alarm is raised, nothing was mounted that the hands would have to detach."""
    found, *facet = TABLES[case]
    host = a_drive(*found, expected=(a_lun(),))
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log == [*BEFORE, *CUT]
    failed = link.decision.failed
    assert failed is not None
    assert [failed.facet, failed.expected, failed.seen] == facet
    assert (link.decision.allow, link.decision.alarm, link.state) == (False, True, State.CLOSED)


def test_another_capacity_is_seen_before_the_nodes_are_given_out() -> None:
    """It is known only with the driver, while the node still belongs to root alone."""
    host = a_drive(a_lun(capacity=8192), expected=(a_lun(capacity=4096),))
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log == [*BEFORE, "attach 6:0:0:0", *CUT]
    assert link.decision.results[-1].facet == "lun 0 capacity"


def test_a_drive_in_use_with_other_units_is_cut_with_what_is_mounted() -> None:
    """Found open by a start of the judge."""
    host = a_drive(a_lun(0, 5), expected=(a_lun(),))
    run(handle(Link("1-2", OPEN), host))
    assert host.log[-6:] == ["table", "nodes taken", "hold", "1-2/authorized=0", "release", CUT[-1]]


def in_use(*found: Lun, expected: tuple[Lun, ...]) -> tuple[Host, Any]:
    """A drive that was handed over, and its host, which forgot how."""
    host = a_drive(*expected, expected=expected)
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    host.log.clear()
    host.media = Drive(host, *found)
    return host, link


def test_a_drive_in_use_that_goes_on_to_another_face_stays_open() -> None:
    """The nodes of the further unit are nobody's until all was judged."""
    locked, unlocked = (a_lun(0, 5),), (a_lun(0, 5), a_lun(1, 0, 4096))
    host, link = in_use(*unlocked, expected=locked)
    other = msgspec.structs.replace(host.faces[0], media=unlocked)
    link.faces = (*host.faces, other)
    run(grown(link, host))
    assert host.log == ["nodes taken", "table", "attach 6:0:0:0", "attach 6:0:0:1", "nodes given", "record ALLOWED"]
    assert link.state is State.HANDED_OVER
    assert len(link.units) == 2


def test_a_drive_in_use_that_goes_on_to_no_known_face_is_cut() -> None:
    host, link = in_use(a_lun(), a_lun(1), expected=(a_lun(),))
    run(grown(link, host))
    assert host.log == ["nodes taken", "table", "nodes taken", "hold", "1-2/authorized=0", "release", CUT[-1]]
    assert (link.state, link.decision.failed.facet) == (State.CLOSED, "luns")


def test_a_drive_that_the_media_gate_closed_is_not_opened_for_it_again() -> None:
    """A change of the list elsewhere opens nothing; another passport of the same asset does."""
    host = a_drive(a_lun(1), expected=(a_lun(),))
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert link.state is State.CLOSED
    host.log.clear()
    run(handle(link, host))
    assert (host.log, link.decision.code) == ([], Code.MISMATCH)
    host.faces = (*host.faces, msgspec.structs.replace(host.faces[0], media=(a_lun(1),)))
    run(handle(link, host))
    assert link.state is State.HANDED_OVER


TROUBLES: dict[str, tuple[Callable[[Host], object], str]] = {
    "no driver comes": (lambda host: setattr(host.media, "loaded", False), "await the drivers"),
    "no SCSI bus": (lambda host: setattr(host.media, "bus", False), "hold the units"),
    "the bus is not held": (
        lambda host: host.fails.update(
            {"hold the units": SysfsTrouble(value="0", attribute="a", name="s", detail="?")}
        ),
        "hold the units",
    ),
    "no unit appears": (lambda host: setattr(host.media, "found", ()), "await bind"),
    "a unit gets no driver": (lambda host: setattr(host.media, "binds", False), "attach 6:0:0:0"),
    "the device leaves": (lambda host: host.fails.update({"table": DeviceGone(name="1-2")}), "table"),
}


@pytest.mark.parametrize("case", TROUBLES)
def test_media_that_cannot_be_judged_close_the_drive(case: str) -> None:
    """The nodes are never given out, and the outcome says why."""
    break_, last = TROUBLES[case]
    host = a_drive(a_lun())
    break_(host)
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log[-4:] == [last, *TAKE_BACK]
    assert "nodes given" not in host.log
    assert link.state is State.CLOSED
    assert host.outcomes[0][1]


def test_writes_are_refused_before_the_nodes_are_given_out() -> None:
    """By the kernel, read back by the hands."""
    host = a_drive(a_lun(capacity=4096))
    host.access = "ro"
    run(handle(Link("1-2", CLOSED), host))
    assert host.log == [*BEFORE, "attach 6:0:0:0", "refuse writes", "nodes given", "record ALLOWED"]


@pytest.mark.parametrize(
    "answer",
    [(("sda",), ("sda1",)), ((), ()), HandsTrouble(detail="nobody listens")],
    ids=["one takes them", "none", "no hands"],
)
def test_a_drive_that_still_takes_writes_is_closed(answer: Any) -> None:
    """It is to be read only, or not at all."""
    host = a_drive(a_lun(capacity=4096))
    host.access = "ro"
    if isinstance(answer, HandsTrouble):
        host.fails["refuse writes"] = answer
    else:
        host.media.locked, host.media.writable = answer
    run(handle(Link("1-2", CLOSED), host))
    assert host.log[-4:] == ["refuse writes", *TAKE_BACK]
    assert host.outcomes[0][1]

"""When the contents of a drive's disks are read, and what becomes of the drive; the host of the pipeline's tests."""

from types import SimpleNamespace as Namespace
from typing import Any

import msgspec
import pytest

from tests.test_pipeline import BEFORE, CLOSED, CUT, OPEN, TAKE_BACK, Host, Link, a_drive, a_lun, run
from usbguard_py.contents import Wanted, enrolled_contents
from usbguard_py.core.codes import Code
from usbguard_py.core.connection import State
from usbguard_py.core.content import AMBIGUOUS, LATE, NO_MEDIUM, UNREADABLE, Content, Found
from usbguard_py.core.event import Event
from usbguard_py.core.media import Lun
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import GuardError
from usbguard_py.errors_device import HandsTrouble, MediaTrouble
from usbguard_py.exchange import exchanged
from usbguard_py.pipeline import handle

FAT = Content(type="vfat", uuid="1234-5678")
OTHER = Content(type="vfat", uuid="ABCD-0001")
DISK, DISC = a_lun(0, 0, 4096), a_lun(1, 5)
READ = "read x/0"


def holds(found: Found, lun: Lun = DISK) -> Lun:
    return msgspec.structs.replace(lun, content=found)


def a_host(found: Found, *more: Lun) -> Host:
    """A drive with this on its first disk, whose passport says that it holds the FAT."""
    host = a_drive(DISK, *more, expected=(holds(FAT), *more))
    host.media.held = (found,)
    return host


def in_use(host: Host) -> Any:
    """The drive, approved and handed over."""
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert link.state is State.HANDED_OVER
    host.log.clear()
    return link


def test_it_is_read_after_the_capacities_and_before_the_nodes_are_given_out() -> None:
    """Of the unit alone of which the passport says something."""
    host = a_host(FAT, DISC)
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log == [*BEFORE, "attach 6:0:0:0", "attach 6:0:0:1", READ, "nodes given", "record ALLOWED"]
    assert link.media == (holds(FAT), DISC)


def test_it_is_read_before_writes_are_refused() -> None:
    host = a_host(FAT)
    host.access = "ro"
    run(handle(Link("1-2", CLOSED), host))
    assert host.log[-4:] == [READ, "refuse writes", "nodes given", "record ALLOWED"]


@pytest.mark.parametrize("found", [OTHER, Content(), AMBIGUOUS, UNREADABLE, LATE, NO_MEDIUM])
def test_what_is_not_as_enrolled_is_cut_before_there_is_a_node(found: Found) -> None:
    host = a_host(found)
    link = Link("1-2", CLOSED)
    run(handle(link, host))
    assert host.log == [*BEFORE, "attach 6:0:0:0", READ, *CUT]
    failed = link.decision.failed
    assert failed is not None
    assert (failed.facet, failed.expected, failed.code) == ("lun 0 content", "vfat 1234-5678", Code.MISMATCH)
    assert (link.decision.alarm, link.state) == (True, State.CLOSED)


def test_another_capacity_is_not_even_read() -> None:
    host = a_host(FAT)
    host.media.found = (a_lun(0, 0, 8192),)
    run(handle(Link("1-2", CLOSED), host))
    assert host.log == [*BEFORE, "attach 6:0:0:0", *CUT]


def test_hands_that_do_not_answer_close_the_drive() -> None:
    host = a_host(FAT)
    host.fails[READ] = HandsTrouble(detail="nobody listens")
    run(handle(Link("1-2", CLOSED), host))
    assert host.log[-4:] == [READ, *TAKE_BACK]
    assert "nodes given" not in host.log


def test_a_drive_that_is_found_open_is_read_too() -> None:
    """Its card may have been exchanged while the judge was not there."""
    host = a_host(OTHER)
    run(handle(Link("1-2", OPEN), host))
    assert host.log[-6:] == [READ, "nodes taken", "hold", "1-2/authorized=0", "release", CUT[-1]]


@pytest.mark.parametrize(("found", "cut"), [(FAT, False), (NO_MEDIUM, False), (OTHER, True), (Content(), True)])
def test_an_exchanged_medium_is_read_once_more(found: Found, cut: bool) -> None:
    """One that was taken out is no difference: whoever ejects it may put it back."""
    host = a_host(FAT)
    link = in_use(host)
    link.exchanged = True
    host.media.held = (found,)
    run(exchanged(link, host))
    assert host.log[0] == READ
    assert (CUT[-1] in host.log) == cut
    assert link.exchanged is False
    assert link.state is (State.CLOSED if cut else State.HANDED_OVER)
    if found == NO_MEDIUM:
        assert isinstance(link.media[0].content, msgspec.UnsetType)


def test_a_medium_in_use_that_cannot_be_read_is_cut_when_the_drive_stays() -> None:
    host = a_host(FAT)
    link = in_use(host)
    host.media.held = (UNREADABLE,)
    run(exchanged(link, host))
    assert host.log[-1] == CUT[-1]
    assert link.decision.results[-1].seen == "not readable"


def test_one_that_is_being_unplugged_was_exchanged_by_nobody() -> None:
    host = a_host(FAT)
    link = in_use(host)
    host.media.held = (UNREADABLE,)
    link.directory.seen = msgspec.structs.replace(link.directory.seen, gone=True)
    run(exchanged(link, host))
    assert host.log == [READ]
    assert link.decision.allow


def test_hands_that_do_not_answer_cut_a_drive_in_use() -> None:
    host = a_host(FAT)
    link = in_use(host)
    host.fails[READ] = HandsTrouble(detail="nobody listens")
    run(exchanged(link, host))
    assert host.log[-1].startswith("record cut 1-2")
    assert link.state is State.CLOSED


def test_a_drive_that_was_closed_meanwhile_is_not_read() -> None:
    host = a_host(FAT)
    link = in_use(host)
    link.state = State.CLOSED
    run(exchanged(link, host))
    assert host.log == []


def enrolled(*units: Lun, held: tuple[Found, ...], wanted: Wanted = Wanted.YES) -> tuple[Any, list[str]]:
    """What an examination makes of these units."""
    host = a_drive(*units)
    host.media.held = held
    link = Link("1-2", OPEN)
    result: list[Any] = []

    def flow() -> Any:
        try:
            result.append((yield from enrolled_contents(link, host.media, ("x/0", "x/1"), units, wanted)))
        except GuardError as error:
            result.append(error)

    run(flow())
    return result[0], host.log


def test_an_examination_reads_disks_with_a_medium_and_nothing_else() -> None:
    assert enrolled(DISK, DISC, held=(FAT,)) == ((holds(FAT), DISC), [READ])
    second = a_lun(1, 0, 0)
    assert enrolled(DISK, second, held=(FAT,)) == ((holds(FAT), second), [READ])


def test_a_face_without_a_disk_is_learnt_and_one_that_any_medium_would_fit_is_not() -> None:
    """Of an asset that was listed with a content: a CD alone, before a login; an empty reader."""
    assert enrolled(DISC, held=(), wanted=Wanted.OF_DISKS) == ((DISC,), [])
    assert enrolled(DISK, held=(FAT,), wanted=Wanted.OF_DISKS) == ((holds(FAT),), [READ])
    error, _log = enrolled(a_lun(0, 0, 0), held=(), wanted=Wanted.OF_DISKS)
    assert isinstance(error, MediaTrouble)
    assert enrolled(DISK, held=(FAT,), wanted=Wanted.NO) == ((DISK,), [])


@pytest.mark.parametrize(
    ("units", "held", "detail"),
    [
        ((DISK,), (Content(),), "nothing on it says what it is"),
        ((DISK,), (AMBIGUOUS,), "more than one file system"),
        ((DISK, a_lun(1, 0, 512)), (FAT, UNREADABLE), "not readable"),
        ((DISC,), (), "there is no disk with a medium in it"),
        ((a_lun(0, 0, 0),), (), "there is no disk with a medium in it"),
    ],
)
def test_what_could_not_be_recognised_again_is_not_enrolled(
    units: tuple[Lun, ...], held: tuple[Found, ...], detail: str
) -> None:
    error, _log = enrolled(*units, held=held)
    assert isinstance(error, MediaTrouble)
    assert str(error.facts["detail"]).startswith(detail)


class Machine:
    """What the judge asks of its host about a drive in use; its flows are counted, not run."""

    def __init__(self, link: Any, drive: Any) -> None:
        self.connections, self.media, self.enforcing = {link.name: link}, drive, True


@pytest.mark.parametrize(
    ("expected", "exchanged_", "flows"), [(holds(FAT), True, 1), (holds(FAT), False, 0), (DISK, True, 0)]
)
def test_only_an_exchange_and_an_enrolled_content_have_a_drive_in_use_read_again(
    expected: Lun, exchanged_: bool, flows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the kernel's event; another event of the disk, or a drive without the facet, costs nothing."""
    host = a_drive(DISK, expected=(expected,))
    host.media.held = (FAT,)
    link = in_use(host)
    monkeypatch.setattr(host.media, "grown", lambda _connection: "", raising=False)
    judge = Judge(Machine(link, host.media), Namespace(runner=Namespace(bound=lambda: None)), Namespace())  # type: ignore[arg-type] # the parts that are asked
    started: list[Any] = []
    monkeypatch.setattr(judge, "run", lambda _connection, flow: started.append(flow))
    judge.event(Event("change", "/devices/usb1/1-2/1-2:1.0/block/sda", "block", "disk", exchanged=exchanged_))
    assert len(started) == flows
    for flow in started:
        run(flow)
        assert host.log == [READ]

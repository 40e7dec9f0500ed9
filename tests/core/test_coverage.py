"""Coverage: what the entries of a machine's life tell of when enforcement was in force, beside what was true."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.coverage import Coverage, Mark, Reason, coverage, needed

DAY = 1_763_700_000_000  # a day of November 2025, milliseconds since 1970
SECOND = 1000
HOUR = 3_600_000


def at(wall: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=wall)
    return moment.isoformat(timespec="milliseconds")


@dataclass
class Life:
    """A machine: what was true of it, and the entries that its judge wrote."""

    wall: int = DAY
    boot: int = 0
    mono: int = 0
    on: bool = True
    judging: bool = False
    enforcing: bool = False
    wants: bool = True  # the policy enforces
    marks: list[Mark] = field(default_factory=list)
    true: list[tuple[int, int]] = field(default_factory=list)  # stretches of enforcement, by the wall clock
    enforced: int = 0
    uncertain: bool = False  # something happened of which the log cannot know all

    def write(self, kind: str, **facts: Any) -> Mark:
        mark = Mark(len(self.marks) + 1, kind, at(self.wall), self.mono, f"boot-{self.boot}", **facts)
        self.marks.append(mark)
        return mark

    def wait(self, ms: int) -> None:
        if self.on and self.judging and self.enforcing:
            self.true.append((self.wall, self.wall + ms))
            self.enforced += ms
        self.wall += ms
        self.mono += ms if self.on else 0

    def start(self) -> None:
        if self.on and not self.judging:
            self.judging, self.enforcing = True, self.wants
            self.write("start", enforce=self.wants, kernel_parameter=True)

    def stop(self, *, shutdown: bool = False) -> None:
        if self.judging:
            self.write("stop", shutdown=shutdown)
            self.judging = False

    def crash(self) -> None:
        self.uncertain = self.uncertain or self.judging
        self.judging = False

    def off(self) -> None:
        self.stop(shutdown=True)
        self.on = False

    def cut(self) -> None:
        self.crash()
        self.on = False

    def boots(self) -> None:
        if not self.on:
            self.on, self.boot, self.mono = True, self.boot + 1, 0

    def event(self) -> None:
        if self.judging:
            self.write("decision")

    def switch(self) -> None:
        if self.judging:
            self.wants = self.enforcing = not self.wants
            self.write("policy-use", enforce=self.wants)

    def sleep(self, ms: int = 5 * SECOND) -> None:
        """The clock of the boot goes on; nobody judges."""
        if self.on and self.judging:
            since = at(self.wall)
            self.wall += ms
            self.mono += ms
            self.write("sleep", from_=since, ms=ms)

    def set_clock(self, ms: int) -> None:
        self.wall += ms
        if self.judging:
            self.write("clock-step", ms=0)

    def lost(self) -> None:
        if self.judging:
            self.uncertain = True
            self.write("events-lost")


def day(*, shutdown: bool = True) -> Life:
    """On at eight, off at sixteen, and on again the next morning."""
    life = Life()
    life.write("begin")
    life.start()
    life.wait(8 * HOUR)
    life.event()
    life.off() if shutdown else life.cut()
    life.wait(16 * HOUR)
    life.boots()
    life.wait(10 * SECOND)
    life.start()
    life.wait(HOUR)
    life.event()
    return life


def told(found: Coverage) -> list[tuple[str, int]]:
    return [(s.reason, (s.end - s.begin) // SECOND) for s in found.stretches]


def test_a_day_with_a_night() -> None:
    """The night after a shutdown is not counted; the seconds before the judge's start are a gap."""
    found = coverage(day().marks)
    assert told(found) == [("", 8 * 3600), (Reason.OFF, 16 * 3600), (Reason.STARTING, 10), ("", 3600)]
    assert (found.covered, found.missing, found.off) == (9 * HOUR, 10 * SECOND, 16 * HOUR)
    assert found.hundredths == 9996
    assert [s.seq for s in found.stretches] == [2, 4, 5, 5]


def test_what_is_not_known_is_a_gap() -> None:
    """The machine's power went: nobody can say when, or what ran afterwards. The night counts."""
    found = coverage(day(shutdown=False).marks)
    assert told(found)[1:3] == [(Reason.UNKNOWN, 16 * 3600), (Reason.STARTING, 10)]
    assert found.missing == 16 * HOUR + 10 * SECOND


def test_a_stop_that_is_no_shutdown() -> None:
    """The judge was stopped, and the machine started again later: the time between counts, whoever was at it."""
    life = day()
    life.marks = [msgspec.structs.replace(m, shutdown=False) for m in life.marks]
    assert told(coverage(life.marks))[1] == (Reason.STOPPED, 16 * 3600)


def test_stopped_and_died_within_a_boot() -> None:
    life = Life()
    life.write("begin")
    life.start()
    life.wait(60 * SECOND)
    life.stop()
    life.wait(30 * SECOND)
    life.start()
    life.wait(20 * SECOND)
    life.event()
    life.wait(10 * SECOND)
    life.crash()
    life.wait(SECOND)
    life.start()
    life.wait(5 * SECOND)
    life.event()
    expected = [("", 60), (Reason.STOPPED, 30), ("", 20), (Reason.DIED, 11), ("", 5)]
    assert told(coverage(life.marks)) == expected


def test_observing_and_a_default_that_stays_open() -> None:
    life = Life(wants=False)
    life.write("begin")
    life.start()
    life.wait(10 * SECOND)
    life.switch()
    life.wait(20 * SECOND)
    life.write("drift", name="usb1/hub", restored=False)
    life.write("drift", name="usb1/authorized_default", restored=False)
    life.write("alarm", name="judge", detail="something else")
    life.wait(30 * SECOND)
    life.write("drift", name="usb1/authorized_default", restored=True)
    life.wait(40 * SECOND)
    life.write("alarm", name="usb2", detail="the kernel's default could not be set")
    life.wait(50 * SECOND)
    life.event()
    expected = [(Reason.OBSERVE, 10), ("", 20), (Reason.OPEN, 30), ("", 40), (Reason.OPEN, 50)]
    assert told(coverage(life.marks)) == expected


def test_a_start_that_could_not_close_everything() -> None:
    life = Life(judging=True)
    life.write("begin")
    life.write("start", enforce=True, unclosed=("usb1",))
    life.wait(10 * SECOND)
    life.write("policy-use", enforce=True)
    life.wait(10 * SECOND)
    life.write("policy-use")  # of a version that did not say whether it enforces
    life.wait(10 * SECOND)
    life.event()
    assert told(coverage(life.marks)) == [(Reason.OPEN, 10), ("", 10), (Reason.OBSERVE, 10)]


def test_a_sleep_is_laid_over_what_was_written_after_waking() -> None:
    """A device was judged before the judge noticed that the machine had slept; then the sleep is told."""
    life = Life()
    life.write("begin")
    life.start()
    life.wait(10 * SECOND)
    since = at(life.wall)
    life.wait(HOUR)
    life.event()
    life.wait(SECOND)
    life.write("sleep", from_=since, ms=HOUR)
    life.wait(10 * SECOND)
    life.event()
    found = coverage(life.marks)
    assert told(found) == [("", 10), (Reason.SLEEP, 3600), ("", 11)]
    assert (found.hundredths, found.off) == (10_000, HOUR)


def test_lost_events_count_from_the_last_entry_that_was_kept() -> None:
    life = Life()
    life.write("begin")
    life.start()
    life.wait(10 * SECOND)
    life.event()
    life.wait(30 * SECOND)
    life.write("decision", late=True, happened_at=at(life.wall - 25 * SECOND))
    life.write("events-lost")
    life.wait(10 * SECOND)
    life.write("events-lost")
    life.wait(SECOND)
    life.event()
    assert told(coverage(life.marks)) == [("", 15), (Reason.EVENTS_LOST, 35), ("", 1)]


def test_a_late_start_began_when_it_did() -> None:
    """The file took no writes when the judge started: its entry came later, and says since when it judged."""
    life = day()
    life.off()
    life.wait(HOUR)
    life.boots()
    life.wait(60 * SECOND)
    life.write("start", enforce=True, kernel_parameter=False, late=True, happened_at=at(life.wall - 50 * SECOND))
    life.judging = True
    life.wait(SECOND)
    life.event()
    assert told(coverage(life.marks))[-2:] == [(Reason.STARTING_OPEN, 10), ("", 51)]


def test_the_clock_is_set_and_nothing_is_lost() -> None:
    """Lengths are those of the boot's clock: an hour forward is no hour of coverage, an hour back takes none away."""
    for step in (HOUR, -HOUR):
        life = Life()
        life.write("begin")
        life.start()
        life.wait(10 * SECOND)
        life.set_clock(step)
        life.wait(10 * SECOND)
        life.event()
        found = coverage(life.marks)
        assert sum(s.end - s.begin for s in found.stretches) == 20 * SECOND
        assert found.hundredths == 10_000


def test_a_start_that_lies_before_the_end_of_the_one_before() -> None:
    life = day()
    life.off()
    life.wall -= 40 * HOUR
    life.boots()
    life.start()
    life.wait(SECOND)
    life.event()
    assert coverage(life.marks).backwards == 1
    assert coverage(day().marks).backwards == 0


def test_the_edges_of_a_period() -> None:
    """Before the log began and after its last entry nothing is known; an answer of the judge is as good as an entry."""
    life = day()
    whole = coverage(life.marks, DAY - HOUR, life.wall + HOUR)
    assert told(whole)[0] == (Reason.BEFORE, 3600)
    assert told(whole)[-1] == (Reason.END, 3600)
    assert whole.missing == 2 * HOUR + 10 * SECOND
    life.wait(HOUR)
    life.write("")
    assert told(coverage(life.marks, None, life.wall))[-1] == ("", 2 * 3600)
    part = coverage(life.marks, DAY + HOUR, DAY + 2 * HOUR)
    assert told(part) == [("", 3600)]
    assert told(coverage([], DAY, DAY + HOUR)) == [(Reason.BEFORE, 3600)]
    assert coverage([]).hundredths is None


def test_a_millisecond_of_rounding_is_no_gap() -> None:
    """The wall clock and the clock of the boot are read one after the other."""
    life = Life()
    life.write("begin")
    life.wait(50)
    life.wall -= 1
    life.start()
    life.wait(SECOND)
    life.event()
    assert told(coverage(life.marks)) == [("", 1)]
    assert coverage(life.marks).hundredths == 10_000


ACTIONS = st.one_of(
    st.sampled_from(["start", "stop", "crash", "off", "cut", "boots", "event", "switch", "sleep", "lost"]),
    st.integers(1, 5000),
)
STEPS = st.sampled_from(["clock+", "clock-"])


def lived(actions: list[Any]) -> Life:
    life = Life()
    life.write("begin")
    for action in actions:
        if isinstance(action, int):
            life.wait(action)
        elif action in {"clock+", "clock-"}:
            life.set_clock(7000 if action == "clock+" else -7000)
        else:
            getattr(life, action)()
    life.event()
    return life


@given(st.lists(ACTIONS, max_size=40))
def test_nothing_is_called_covered_that_was_not(actions: list[Any]) -> None:
    """Each covered stretch lies in what was true; without loss or crash it is all that was true, up to the end."""
    life = lived(actions)
    found = coverage(life.marks)
    covered = [(s.begin, s.end) for s in found.stretches if not s.reason]
    inside = sum(max(0, min(b, d) - max(a, c)) for a, b in covered for c, d in life.true)
    assert inside == found.covered
    if not life.uncertain and life.marks[-1].seq and life.marks[-1].at == at(life.wall):
        assert found.covered == life.enforced


@given(st.lists(st.one_of(ACTIONS, STEPS), max_size=40))
def test_however_the_clock_is_set(actions: list[Any]) -> None:
    """Never more than was true; every stretch is told once; the parts are the whole."""
    found = coverage((life := lived(actions)).marks)
    assert found.covered <= life.enforced
    lengths = [s.end - s.begin for s in found.stretches]
    assert found.covered + found.missing + found.off == sum(lengths)
    assert all(length > 0 for length in lengths)
    if found.hundredths is not None:
        assert 0 <= found.hundredths <= 10_000
        assert (found.hundredths == 10_000) == (not found.gaps)


@given(st.lists(st.one_of(ACTIONS, STEPS), max_size=40), st.integers(-9000, 90_000), st.integers(0, 90_000))
def test_the_few_entries_that_matter_are_enough(actions: list[Any], since: int, length: int) -> None:
    """What is left out tells nothing: the same stretches, whole or for a period."""
    marks = lived(actions).marks
    few = list(needed(marks))
    assert coverage(few) == coverage(marks)
    period = (DAY + since, DAY + since + length)
    assert coverage(few, *period) == coverage(marks, *period)


@given(st.lists(ACTIONS, max_size=40), st.integers(0, 90_000))
def test_a_period_is_the_sum_of_its_parts(actions: list[Any], middle: int) -> None:
    marks = lived(actions).marks
    whole = coverage(marks)
    halves = coverage(marks, whole.since, DAY + middle), coverage(marks, DAY + middle, max(whole.until, DAY + middle))
    known = [(h.covered, h.total(*[r for r in Reason if r not in {Reason.BEFORE, Reason.END}])) for h in halves]
    if whole.since <= DAY + middle:
        assert sum(c for c, _ in known) == whole.covered
        assert sum(m for _, m in known) == whole.missing + whole.off


@pytest.mark.parametrize("text", ["", "yesterday", "2025-11-21"])
def test_a_time_that_is_none_breaks_nothing(text: str) -> None:
    marks = day().marks
    odd = [msgspec.structs.replace(m, at=text) if m.seq == 3 else m for m in marks]
    assert coverage(odd).covered == coverage(marks).covered

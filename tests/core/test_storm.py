"""Storms: nothing is lost, nothing else is put together, the log stays short and the memory flat."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.storm import FULL, MAX_RUNS, OPENINGS, PERIOD, WINDOW, Arrival, Repeated, Storms

AT = "2026-11-21T12:00:00.000+07:00"


def entry(serial: str = "SAMPLE-0001", code: str = "NOT_LISTED", devnum: int = 5, **more: object) -> dict[str, object]:
    return {"name": "1-2", "devnum": devnum, "serial": serial, "code": code, "allow": False, "gone": False, **more}


class Log:
    """What the entries of a run of arrivals say, port by port."""

    def __init__(self) -> None:
        self.storms = Storms()
        self.arrivals = self.removals = self.recorded = self.folded = self.alarms = 0
        self.written: list[Repeated] = []
        self.now = 0.0

    def arrive(self, port: str = "1-2", *, folds: bool = True, **fields: object) -> Arrival:
        self.arrivals += 1
        body = entry(devnum=self.arrivals, **fields)  # type: ignore[arg-type] # names of fields
        arrival = self.storms.arrived(port, body, self.now, f"at {self.now}", folds=folds)
        self.alarms += arrival.begins
        self.written += [*arrival.before, *arrival.after]
        if arrival.folded:
            self.folded += 1
        else:
            self.recorded += 1
            self.storms.recorded(port, arrival.key, self.arrivals)
        return arrival

    @property
    def counted(self) -> int:
        return sum(w.count for w in self.written)


def test_a_hundred_arrivals_are_twelve_entries_at_most() -> None:
    """Three of its own with their removals, the alarm, and a count at each doubling; the sum is exact."""
    log = Log()
    for _ in range(100):
        arrival = log.arrive()
        counted = arrival.folded and log.storms.removed("1-2", arrival.key, log.now, AT)
        log.removals += not counted
        log.now += 0.5
    assert log.storms.held() == {"1-2": 100}
    log.now += WINDOW + 1
    log.written += log.storms.due(log.now)
    assert (log.recorded, log.alarms, log.removals) == (FULL, 1, FULL)
    assert log.recorded + log.counted == 100
    assert sum(w.removals for w in log.written) + log.removals == 100
    assert log.recorded + log.removals + log.alarms + len(log.written) <= 12
    assert [w.ended for w in log.written] == [False] * (len(log.written) - 1) + [True]
    assert {w.of for w in log.written} == {FULL}
    assert (log.written[0].first_at, log.written[-1].last_at) == ("at 1.5", AT)
    assert log.storms.held() == {}


@given(st.integers(1, 3000))
def test_a_killed_judge_leaves_at_least_half(count: int) -> None:
    """Whenever it ends: what is written, with the arrival that the alarm tells of, is half of all or more."""
    log = Log()
    for _ in range(count):
        log.arrive()
        log.now += 0.01
    known = max(log.recorded + log.counted, FULL + 1 if log.alarms else 0)
    assert 2 * known > count
    assert len(log.written) <= math.log2(count) + 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["1-1", "1-2"]),
        st.integers(0, 6),  # which device
        st.sampled_from([0.0, 0.3, 7.0, 30.0, 61.0, 700.0]),  # seconds until it comes
        st.sampled_from(["arrive", "open", "due", "end"]),
    ),
    max_size=200,
)


@given(STEPS)
def test_nothing_is_lost_and_only_the_same_is_put_together(steps: list[tuple[str, int, float, str]]) -> None:
    log = Log()
    full: dict[tuple[str, int, str], int] = {}
    for port, device, seconds, what in steps:
        log.now += seconds
        if what == "due":
            log.written += log.storms.due(log.now)
        elif what == "end":
            log.written += log.storms.end()
        else:
            of = (port, device, what)
            arrival = log.arrive(port, folds=what == "arrive", serial=f"SAMPLE-{device}", allow=what == "open")
            if arrival.folded:
                assert what == "arrive"
                assert full[of] >= FULL
                assert arrival.seq > 0
            full[of] = full.get(of, 0) + (not arrival.folded)
        assert all(len(runs) <= MAX_RUNS for runs in log.storms._ports.values())
    log.written += log.storms.end()
    assert log.recorded + log.counted == log.arrivals
    assert all(w.count + w.removals for w in log.written)
    assert log.storms._ports == {}


@given(STEPS)
def test_memory_is_given_back(steps: list[tuple[str, int, float, str]]) -> None:
    log = Log()
    for port, device, seconds, _ in steps:
        log.now += seconds
        log.arrive(port, serial=f"SAMPLE-{device}")
        log.storms.failed(port, device, log.now)
    log.storms.due(log.now + WINDOW + 1)
    assert (log.storms._ports, log.storms._failures) == ({}, {})


@pytest.mark.parametrize("field", ["serial", "code", "descriptors", "list_version", "policy_digest", "problems"])
def test_another_entry_is_never_put_together(field: str) -> None:
    """A port that is held hides nothing: what differs in anything but the device number has its own entry."""
    log = Log()
    for _ in range(20):
        log.arrive()
    other = log.arrive(**{field: "other"})
    assert not other.folded
    assert [w.count for w in other.before], "what was counted goes before it"
    assert log.arrive().folded, "the port is still held for the first"
    assert log.recorded + log.counted < log.arrivals == 22


def test_two_that_take_turns_are_both_held() -> None:
    log = Log()
    for number in range(400):
        log.arrive(serial=f"SAMPLE-{number % 2}")
        log.now += 0.1
    assert (log.recorded, log.alarms) == (2 * FULL, 2)
    assert len(log.written) <= 2 * math.log2(400)
    log.written += log.storms.end()
    assert log.recorded + log.counted == 400


def test_people_who_try_again_make_no_storm() -> None:
    """One arrival every twenty seconds, for an hour."""
    log = Log()
    for _ in range(180):
        log.arrive()
        log.now += WINDOW / FULL + 0.1
    assert (log.recorded, log.alarms, log.written) == (180, 0, [])


def test_a_long_storm_is_written_in_between() -> None:
    """Slow enough never to double: at the latest every ten minutes."""
    log = Log()
    for _ in range(1000):
        log.arrive()
        log.now += 0.01
    before = len(log.written)
    since = log.now
    while log.now < since + 3 * PERIOD:
        log.arrive()
        log.written += log.storms.due(log.now)
        log.now += 30
    assert len(log.written) - before in (2, 3)


def test_what_opens_is_recorded_each_time_with_one_alarm() -> None:
    log = Log()
    for _ in range(200):
        assert not log.arrive(folds=False, allow=True, code="ALLOWED").folded
        log.now += 3
    assert (log.recorded, log.alarms, log.written) == (200, 1, [])
    assert log.storms.held() == {}, "such a port is not held: each opening has its entry"


def test_the_alarm_of_an_opened_device_needs_more_than_a_person_does() -> None:
    log = Log()
    for _ in range(OPENINGS):
        log.arrive(folds=False, allow=True)
    assert log.alarms == 0
    assert log.arrive(folds=False, allow=True).begins


def test_failures_are_forgotten_after_a_minute_of_quiet() -> None:
    storms = Storms()
    for now in (0.0, 1.0, 2.0):
        storms.failed("1-2", "hub", now)
    assert storms.failures("1-2", "hub", 2.0 + WINDOW) == 3
    assert storms.failures("1-2", "other", 3.0) == 0
    assert storms.failures("1-3", "hub", 3.0) == 0
    storms.arrived("1-2", entry(), 50.0, AT, folds=True)  # no quiet yet
    assert storms.failures("1-2", "hub", 50.0 + WINDOW) == 3
    assert storms.failures("1-2", "hub", 50.1 + WINDOW) == 0
    storms.arrived("1-2", entry(), 120.0, AT, folds=True)
    assert storms.failures("1-2", "hub", 120.0) == 0, "what was forgotten does not come back"

"""Dates with offset, and steps of the wall clock."""

import time
from collections.abc import Iterator

import pytest

from usbguard_py.shell.clock import Clock, Reading, rfc3339, step, unix_ms

NOON = 1_795_237_200_000


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "ms", "text"),
    [
        ("Asia/Ho_Chi_Minh", NOON, "2026-11-21T12:00:00.000+07:00"),
        ("UTC", NOON + 7, "2026-11-21T05:00:00.007+00:00"),
        ("America/New_York", NOON, "2026-11-21T00:00:00.000-05:00"),
        ("Europe/Berlin", 1_792_890_000_000, "2026-10-25T02:00:00.000+01:00"),
        ("Europe/Berlin", 1_792_886_400_000, "2026-10-25T02:00:00.000+02:00"),
        ("UTC", 0, "1970-01-01T00:00:00.000+00:00"),
    ],
)
def test_local_time_with_offset(monkeypatch: pytest.MonkeyPatch, zone: str, ms: int, text: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    assert rfc3339(ms) == text
    assert unix_ms(text) == ms


@pytest.mark.parametrize("text", ["2026-11-21T12:00:00", "2026-11-21", "", "noon", "2026-13-01T00:00:00+07:00"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the standard library's texts
        unix_ms(text)


@pytest.mark.parametrize(
    ("wall", "mono", "boot", "expected"),
    [(5000, 5000, "a", 0), (3_605_000, 5000, "a", 3_600_000), (-3_595_000, 5000, "a", -3_600_000), (9, 9, "b", None)],
)
def test_a_step_is_what_the_clock_of_the_boot_does_not_explain(
    wall: int, mono: int, boot: str, expected: int | None
) -> None:
    before = Reading("", NOON, 1000, "a")
    assert step(before, Reading("", NOON + wall, 1000 + mono, boot)) == expected


def test_the_clocks_of_this_machine() -> None:
    one, two = Clock().read(), Clock().read()
    assert one.boot == two.boot
    assert len(one.boot) == 36
    assert two.mono_ms >= one.mono_ms
    assert abs(unix_ms(one.at) - one.unix_ms) == 0
    assert abs(step(one, two) or 0) < 1000

"""The clocks by which entries are dated: the wall clock, and the one that no person can set."""

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # Linux random(4)
SUSPENDS = Path("/sys/power/suspend_stats/success")  # Documentation/ABI/testing/sysfs-power; not hibernation


class Reading(msgspec.Struct, frozen=True):
    """Both clocks at one moment.

    ``at`` is local time with offset (RFC 3339), ``unix_ms`` the same as milliseconds since 1970,
    ``mono_ms`` CLOCK_BOOTTIME in milliseconds, which goes on while the machine sleeps (clock_gettime(2)).
    """

    at: str
    unix_ms: int
    mono_ms: int
    boot: str


class Clock:
    """The clocks of this machine."""

    def __init__(self) -> None:
        self._boot = BOOT_ID.read_text(encoding="ascii").strip()

    def read(self) -> Reading:
        """Both clocks now."""
        unix_ms = time.time_ns() // 1_000_000
        mono_ms = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        return Reading(rfc3339(unix_ms), unix_ms, mono_ms, self._boot)


def rfc3339(unix_ms: int) -> str:
    """Milliseconds since 1970 as local time with offset and milliseconds."""
    moment = datetime.fromtimestamp(unix_ms // 1000, UTC).astimezone()
    return moment.replace(microsecond=unix_ms % 1000 * 1000).isoformat(timespec="milliseconds")


def day(unix_ms: int) -> str:
    """The day of that moment by the machine's local time: ``2026-11-21``."""
    return rfc3339(unix_ms)[:10]


def later(today: str, days: int) -> str:
    """The day so many days after ``today``."""
    return (date.fromisoformat(today) + timedelta(days=days)).isoformat()


def unix_ms(at: str) -> int:
    """An RFC 3339 time as milliseconds since 1970.

    Raises:
        ValueError: no such time, or no offset.
    """
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError(f"{at}: no offset")
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000


def step(before: Reading, after: Reading) -> int | None:
    """How far the wall clock moved against the clock of the boot, in milliseconds; ``None`` across a boot."""
    if before.boot != after.boot:
        return None
    return (after.unix_ms - before.unix_ms) - (after.mono_ms - before.mono_ms)


def asleep_ms() -> int:
    """How long the machine has slept since it started: CLOCK_MONOTONIC stands still meanwhile (clock_gettime(2)).

    A machine whose clock runs on in sleep by its real-time clock only knows whole seconds.
    """
    behind = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    return behind // 1_000_000


def suspends() -> int:
    """How often the machine went to sleep since it started, as the kernel counts; 0 where it does not."""
    try:
        return int(SUSPENDS.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0

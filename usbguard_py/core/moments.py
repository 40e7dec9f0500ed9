"""Times as text (RFC 3339, local with offset): which of two is later, and how many days lie between days. Pure."""

import re

from usbguard_py.core.dates import is_day

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?([+-])([01]\d|2[0-3]):([0-5]\d)"
)


def instant(text: str) -> int | None:
    """A time as microseconds since 1970 (UTC); ``None`` for what is none. There are no leap seconds in it."""
    found = _TIME.fullmatch(text)
    if found is None or not is_day(found[1]):
        return None
    day, hours, minutes, seconds, part, sign, off_hours, off_minutes = found.groups()
    offset = (int(off_hours) * 60 + int(off_minutes)) * (1 if sign == "+" else -1)
    clock = (int(hours) * 60 + int(minutes) - offset) * 60 + int(seconds)
    return (_number(day) * 86400 + clock) * 1_000_000 + int((part or "0").ljust(6, "0"))


def is_time(text: str) -> bool:
    """Whether ``text`` is a time of the calendar."""
    return instant(text) is not None


def days_between(earlier: str, today: str) -> int:
    """How many days the day of a time, or a day, is before the day ``today``; 0 when either is none."""
    first, last = earlier[:10], today[:10]
    return _number(last) - _number(first) if is_day(first) and is_day(last) else 0


def _number(day: str) -> int:
    """Days since 1970-01-01 by the Gregorian calendar (ISO 8601): years begin in March, so that February is last."""
    year, month, date = int(day[:4]), int(day[5:7]), int(day[8:])
    year -= month <= 2  # noqa: PLR2004 - February
    months = (month + 9) % 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (months * 153 + 2) // 5 + date - 1 - 719_468

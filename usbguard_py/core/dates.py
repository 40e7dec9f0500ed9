"""Days of the calendar as text: ``2026-11-21`` (RFC 3339, full-date), so that two of them compare as they are."""

import re

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # of the months, in days


def is_day(text: str) -> bool:
    """Whether ``text`` is a day that the calendar has, written with four, two and two digits."""
    found = _DAY.match(text)
    if found is None:
        return False
    year, month, day = (int(part) for part in found.groups())
    if not (year and 1 <= month <= len(_LENGTHS)):
        return False
    # Gregorian leap years (ISO 8601, 3.1.1.21).
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)  # noqa: PLR2004 - February
    return 1 <= day <= _LENGTHS[month - 1] + leap


def passed(last: str, today: str) -> bool:
    """Whether the day ``last`` is over; also when nobody knows what day it is (``today`` empty)."""
    return not today or today > last

"""Times as people type them, for ``--since`` and ``--until``."""

import re
from datetime import datetime, timedelta

from usbguard_py.errors import Usage
from usbguard_py.i18n import _

_DATE = re.compile(r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})/(\d{1,2})/(\d{4}))\Z")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?\Z")
_AGO = re.compile(r"(\d{1,4})([dhm])\Z")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def parsed(text: str, now: datetime, *, end: bool = False) -> datetime:
    """The moment that ``text`` means, in the zone of ``now``.

    ``21/11/2026``, ``2026-11-21``, either with a clock time (``2026-11-21 14:05``, also with ``T``), a clock
    time of today (``14:05``), or how long ago (``7d``, ``24h``, ``30m``). A day alone means its
    beginning, or its last moment when ``end``.

    Raises:
        Usage: none of these, or a day that no calendar has.
    """
    ago = _AGO.match(text.strip())
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        first, *rest = text.replace("T", " ").split()
        if not rest and _CLOCK.match(first):
            return _at(now, first)
        day = _day(first, now)
        if rest:
            return _at(day, " ".join(rest))
    except ValueError as error:
        raise Usage(detail=_("“{text}” is no time; write 21/11/2026 14:05, 14:05 or 7d").format(text=text)) from error
    return day + timedelta(days=1, microseconds=-1) if end else day


def day(text: str) -> str:
    """The day that ``text`` means (``21/11/2026`` or ``2026-11-21``), as the list keeps it: ``2026-11-21``.

    Raises:
        Usage: neither, or a day that no calendar has.
    """
    try:
        return _day(text.strip(), datetime.now().astimezone()).date().isoformat()
    except ValueError as error:
        raise Usage(detail=_("“{text}” is no day; write 21/11/2026 or 2026-11-21").format(text=text)) from error


def _day(text: str, now: datetime) -> datetime:
    found = _DATE.match(text)
    if not found:
        raise ValueError(text)
    year, month, day = (int(v) for v in (found[1] or found[6], found[2] or found[5], found[3] or found[4]))
    # Not the offset of now: the zone's offset on that day.
    return datetime(year, month, day, tzinfo=now.tzinfo)


def _at(day: datetime, text: str) -> datetime:
    found = _CLOCK.match(text)
    if not found:
        raise ValueError(text)
    return day.replace(hour=int(found[1]), minute=int(found[2]), second=int(found[3] or 0), microsecond=0)

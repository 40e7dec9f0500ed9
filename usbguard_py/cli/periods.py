"""The options ``--since`` and ``--until`` of commands about a period of the log."""

import math
from datetime import UTC, datetime
from typing import Any

import msgspec

from usbguard_py.cli.commands import Option
from usbguard_py.cli.times import parsed
from usbguard_py.cli.words import moment
from usbguard_py.errors import Usage
from usbguard_py.i18n import N_, _

OPTIONS = (
    Option(["--since"], metavar="TIME", help=N_("From this time on.")),
    Option(["--until"], metavar="TIME", help=N_("Up to this time; a day counts to its end.")),
)


class Period(msgspec.Struct, frozen=True):
    """A period: seconds since 1970, ``until`` exclusive; ``None`` for no bound."""

    since: int | None
    until: int | None

    @property
    def since_ms(self) -> int | None:
        """Where it begins, in milliseconds."""
        return None if self.since is None else self.since * 1000

    def until_ms(self, now: datetime) -> int | None:
        """Where it ends, in milliseconds: not after ``now``, since nothing is known of what is to come."""
        return None if self.until is None else min(self.until * 1000, int(now.timestamp() * 1000))


def period(since: str | None, until: str | None, now: datetime) -> Period:
    """The period that was asked for.

    Raises:
        Usage: a time that is none, or a period that ends before it begins.
    """
    first = int(parsed(since, now).timestamp()) if since else None
    last = math.ceil(parsed(until, now, end=True).timestamp()) if until else None
    if first is not None and last is not None and first >= last:
        raise Usage(detail=_("the period ends before it begins"))
    return Period(first, last)


def shown(ms: int, *, zone: bool = False) -> str:
    """Milliseconds since 1970 as people write a time, by the computer's local time."""
    return moment(local(ms), zone=zone)


def local(ms: int) -> str:
    """Milliseconds since 1970 as RFC 3339, local time with offset, whole seconds."""
    return datetime.fromtimestamp(ms // 1000, UTC).astimezone().isoformat(timespec="seconds")


def now() -> datetime:
    """Now, in local time."""
    return datetime.now().astimezone()


def as_json(value: Period) -> dict[str, Any]:
    """The period for programs: RFC 3339, null for no bound."""
    ends = {"since": value.since, "until": value.until}
    return {name: None if second is None else local(second * 1000) for name, second in ends.items()}

"""Lengths of time in words."""

from usbguard_py.cli.words import number
from usbguard_py.i18n import _, ngettext

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000  # milliseconds


def lasting(ms: int) -> str:
    """A length of time in its two largest units: 2 days 3 hours; less than a second is said so."""
    units = (
        (DAY, ngettext("{count} day", "{count} days", ms // DAY)),
        (HOUR, ngettext("{count} hour", "{count} hours", ms % DAY // HOUR)),
        (MINUTE, ngettext("{count} minute", "{count} minutes", ms % HOUR // MINUTE)),
        (SECOND, ngettext("{count} second", "{count} seconds", ms % MINUTE // SECOND)),
    )
    larger = {DAY: 0, HOUR: DAY, MINUTE: HOUR, SECOND: MINUTE}
    found = [
        (index, text.format(count=number((ms % larger[size] if larger[size] else ms) // size)))
        for index, (size, text) in enumerate(units)
        if (ms % larger[size] if larger[size] else ms) // size
    ]
    if not found:
        return _("less than a second")
    first = found[0][0]
    return " ".join(text for index, text in found if index <= first + 1)

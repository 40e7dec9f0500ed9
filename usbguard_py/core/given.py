"""The facts of an approved device that people state: which there are, and what may be said of each."""

from collections.abc import Mapping

import msgspec

from usbguard_py.core.dates import is_day, passed
from usbguard_py.core.text import tidy
from usbguard_py.errors import BadInput, Usage

MAX_FACT = 256  # characters of one fact; a name or a document number has a fraction of it
MAX_REASON = 1000  # characters; an entry keeps 1024 (`MAX_TEXT` in core/record.py)
FACTS = ("holder", "unit", "label", "printed_serial", "document", "expires_on", "inspected_on", "inspected_until")
DAYS = frozenset({"expires_on", "inspected_on", "inspected_until"})
NOT_EMPTY = frozenset({"holder", "document", "inspected_on"})


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The facts that come with a move; ``None`` where nothing is said, empty where a fact is to be none.

    Days are written ``2026-11-21``. ``document`` is the paper by which the device came, not that of the move.
    """

    holder: str | None = None
    unit: str | None = None
    label: str | None = None
    printed_serial: str | None = None
    document: str | None = None
    expires_on: str | None = None
    inspected_on: str | None = None
    inspected_until: str | None = None


def tidied(name: str, value: str, limit: int = MAX_FACT) -> str:
    """What a person typed as ``name``, as it is stored: composed (NFC), with single blanks.

    Raises:
        BadInput: too long, or with a character that cannot be seen.
    """
    try:
        return tidy(value, limit)
    except ValueError as error:
        raise BadInput(where=name, detail=str(error)) from error


def checked(name: str, value: str) -> str:
    """One fact as it is stored: composed (NFC), without blanks at its ends.

    Raises:
        BadInput: too long, with characters that cannot be seen, no day of the calendar, or empty where it may not be.
    """
    text = tidied(name, value)
    if name in DAYS and text and not is_day(text):
        raise BadInput(where=name, detail="no day of the calendar")
    if name in NOT_EMPTY and not text:
        raise BadInput(where=name, detail="is empty")
    return text


def see_inspection(facts: Mapping[str, str], today: str) -> None:
    """See that the days of an inspection can be: it was made, and does not end before it.

    Raises:
        Usage: an end without a beginning.
        BadInput: a day that cannot be.
    """
    made, until = facts.get("inspected_on", ""), facts.get("inspected_until", "")
    if until and not made:
        raise Usage(detail="“inspected_on” is missing")
    if made and (not today or made > today):
        raise BadInput(where="inspected_on", detail="that day is still to come")
    if until and passed(until, made):
        raise BadInput(where="inspected_until", detail="that day is before the inspection")

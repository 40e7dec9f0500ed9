"""Legal texts as data: what a paper may cite depends on its date."""

from collections.abc import Sequence

import msgspec

from usbguard_py.core.dates import is_day, passed
from usbguard_py.errors_paper import BadPaperFile, NoCitation
from usbguard_py.papers.strict import read


class Citation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One legal text: as it is cited in each language, first and last day of its effect, where that was seen.

    Days are written ``2026-03-01``. Without ``until`` no end is known.
    """

    subject: str
    since: str
    vi: str
    en: str
    source: str
    until: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: tuple[Citation, ...]


def read_citations(text: str, origin: str) -> tuple[Citation, ...]:
    """The legal texts of a file, in its order.

    Raises:
        BadPaperFile: see :func:`usbguard_py.papers.strict.read`; or a day that no calendar has, or an end before the
            beginning.
    """
    found = read(text, origin, _File).text
    for index, one in enumerate(found):
        days = [day for day in (one.since, one.until) if day]
        if not (one.since and all(map(is_day, days)) and days == sorted(days)):
            heads = [n for n, line in enumerate(text.splitlines(), 1) if line.strip() == "[[text]]"]
            where = heads[index] if index < len(heads) else 1
            raise BadPaperFile(where=f"{origin}:{where}", detail="no day of the calendar")
    return found


def in_force(texts: Sequence[Citation], subject: str, day: str) -> tuple[Citation, ...]:
    """The texts on a subject that are in force on ``day`` (``2026-11-22``).

    Raises:
        NoCitation: there is none; a paper that cites nothing, or what has ended, is not made.
    """
    found = tuple(
        one
        for one in texts
        if one.subject == subject and one.since <= day and not (one.until and passed(one.until, day))
    )
    if not found:
        raise NoCitation(subject=subject, day=day)
    return found

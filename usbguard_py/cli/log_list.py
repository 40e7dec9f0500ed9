"""``usbguard-py log list``: what is printed, and the newest records where nothing else is asked for.

What a look at the log does beside showing it belongs into :func:`printed`, through which both doors go.
"""

from __future__ import annotations

from usbguard_py import paths
from usbguard_py.cli.log_words import heads, row
from usbguard_py.cli.output import json_out, say, show
from usbguard_py.cli.words import number, offset_of
from usbguard_py.i18n import _
from usbguard_py.shell.newest import newest
from usbguard_py.shell.views import viewed

TYPE_CHECKING = False  # usbguard_py.plain says why
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def show_newest(as_json: bool, limit: int) -> None:  # noqa: FBT001 - click's flag
    """Print the last ``limit`` records, all when it is 0."""
    found = newest(paths.DATABASE, limit or None)
    viewed("log list", {"limit": limit})
    printed(found, limit, as_json=as_json)


def printed(bodies: Sequence[Mapping[str, Any]], limit: int, *, as_json: bool) -> None:
    """Print records, oldest first; ``limit`` is how many were asked for."""
    if as_json:
        for body in bodies:
            json_out(body)
        return
    if not bodies:
        say(_("No record fits."))
        return
    show(heads(), [row(b) for b in bodies])
    offsets = sorted({offset_of(str(b.get("at", ""))) for b in bodies} - {""})
    text = _("{count} records. Local time of the computer ({zone}).")
    say(text.format(count=number(len(bodies)), zone=", ".join(offsets)), "dim")
    if limit and len(bodies) == limit:
        say(_("Only the last {count} are shown; see --limit.").format(count=number(limit)), "warn")

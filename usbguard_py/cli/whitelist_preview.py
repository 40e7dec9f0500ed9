"""What would become of the list by an import, as it is shown before anything is asked."""

from collections import Counter
from typing import Any

import msgspec

from usbguard_py.cli.output import say, show
from usbguard_py.cli.places import SHOWN, more, places
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.whitelist import shown
from usbguard_py.cli.words import number, word
from usbguard_py.core.sheet import Fault
from usbguard_py.core.sheet import Row as Line
from usbguard_py.i18n import _, ngettext
from usbguard_py.phrases import CUSTODY


class Preview(msgspec.Struct):
    """What would become of the list."""

    list_version: int = 0
    rows: list[Line] = []
    added: list[Line] = []
    there: list[str] = []
    faults: list[Fault] = []
    notes: list[Fault] = []


def shown_first(seen: Preview) -> None:
    """Tell what would become of the list, or what is wrong with the file."""
    if seen.faults:
        places(seen.faults, _("What is wrong"), "bad")
        return
    if seen.notes:
        places(seen.notes, _("What is not carried over"), "warn")
    count = len(seen.added)
    if count:
        say(
            ngettext("{count} device would be added:", "{count} devices would be added:", count).format(
                count=number(count)
            )
        )
        heads = [
            Column(_("Line"), right=True),
            Column(_("Serial no."), flexible=True),
            Column(_("Holder"), flexible=True),
        ]
        rows = [Row(_cells(line), "" if line.asset.state == "in-use" else "warn") for line in seen.added[:SHOWN]]
        show([*heads, Column(_("Unit"), flexible=True), Column(_("State"))], rows)
        more(count)
        states = Counter(str(line.asset.state) for line in seen.added)
        say(
            _("By state: {states}").format(
                states=", ".join(f"{word(CUSTODY, s)}: {number(n)}" for s, n in states.items())
            )
        )
    if seen.there:
        text = ngettext(
            "{count} device is on the list already, just so.",
            "{count} devices are on the list already, just so.",
            len(seen.there),
        )
        say(text.format(count=number(len(seen.there))))


def _cells(line: Line) -> list[str]:
    asset = line.asset
    serial = asset.printed_serial or shown(asset.electronic_serial)
    return [str(line.line), serial, asset.holder, asset.unit, word(CUSTODY, asset.state)]


def told(file: str, seen: Preview) -> dict[str, Any]:
    """The same for programs."""
    return {
        "file": file,
        "list_version": seen.list_version,
        "rows": len(seen.rows),
        "new": len(seen.added),
        "there": seen.there,
        "faults": seen.faults,
        "notes": seen.notes,
    }

"""Tables that are shown before a question: their first rows, how many more there are, and what is wrong where."""

from collections.abc import Sequence

from usbguard_py.cli.output import say, show
from usbguard_py.cli.sheet_words import place
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import number
from usbguard_py.core.sheet import Fault
from usbguard_py.i18n import _
from usbguard_py.phrases import said

SHOWN = 20  # rows of a table before it says how many more there are


def more(count: int) -> None:
    """Below the first rows of ``count``: how many there are beside them."""
    if count > SHOWN:
        say(_("… and {count} more").format(count=number(count - SHOWN)), "dim")


def places(found: Sequence[Fault], title: str, style: str) -> None:
    """What is to be said of a file, each with its line and column."""
    heads = [Column(_("Line"), right=True), Column(_("Column"), flexible=True), Column(title, flexible=True)]
    show(heads, [Row([str(f.line or "–"), place(f.column), said(f.detail)], style) for f in found[:SHOWN]])
    more(len(found))

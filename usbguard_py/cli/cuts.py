"""What is said of drives that a change of the list cut off."""

from collections.abc import Iterable

from usbguard_py.cli.answers import Cut
from usbguard_py.cli.output import say
from usbguard_py.cli.words import UNSEARCHED, number
from usbguard_py.i18n import _


def cuts(every: Iterable[Cut | str]) -> None:
    """Say how each was cut: how fast, whether data was left, who had it in use."""
    for one in every:
        if isinstance(one, str):
            say(_("The device in port {name} was cut off.").format(name=one))
        else:
            _cut(one)


def _cut(one: Cut) -> None:
    say(_("The device in port {name} was cut off after {ms} ms.").format(name=one.name, ms=number(one.ms)))
    if one.dirty_left:
        say(_("Data was not written to the end before the deadline."), "warn", indent=2)
    for holder in one.holders:
        text = _("In use by: {name} (process {pid})")
        say(text.format(name=holder.get("comm", "?"), pid=holder.get("pid", "?")), indent=2)
    if not one.search_complete:
        say(_(UNSEARCHED), "warn", indent=2)

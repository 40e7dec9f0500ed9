"""``usbguard-py whitelist list``: the list of approved devices, or those of it that are asked for."""

from typing import Any

import click

from usbguard_py import paths
from usbguard_py.cli import list_words, times
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.output import json_list_out, say, show
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.whitelist import Look, capital, shown
from usbguard_py.cli.words import day, number, word
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import Usage
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.phrases import CUSTODY, FACTS
from usbguard_py.shell.finding import DAYS, SORTS, Wanted
from usbguard_py.shell.reader import Reader

PAGE = 100  # rows for people, unless they ask for more
TEXTS = ("holder", "unit", "document", "serial")
NAMES = {
    "holder": FACTS["holder"],
    "unit": FACTS["unit"],
    "document": N_("document"),
    "serial": N_("serial number"),
    "expires": FACTS["expires_on"],
    "inspected": FACTS["inspected_on"],
    "inspection_until": FACTS["inspected_until"],
    "added": N_("day it was put on the list"),
}

_ORDER = N_(
    "The order: number (if not given), label, serial, holder, unit, document, state, expires, inspected or added."
)


def list_(as_json: bool, limit: int | None, **asked: Any) -> None:  # noqa: FBT001 - click's flag
    """Print the list, or the part of it that is asked for; what is asked for in several ways has to fit them all."""
    wanted = conditions(asked, _limit(limit, as_json=as_json))
    with Reader(paths.DATABASE) as reader:
        if as_json:
            with reader.snapshot():
                assets, total = reader.each(wanted)
                json_list_out("assets", assets, total=total, list=reader.standing())
            return
        look = Look.of(reader)
        found, now = reader.find(wanted), reader.standing()
    if not found.total:
        nothing = _("Nothing on the list fits: {asked}.").format(asked="; ".join(_in_words(wanted)))
        say(nothing if _in_words(wanted) else _("No device is on the list."))
        return
    say(capital(list_words.named(now)), "dim")
    show(heads(), [Row(cells(asset, look), look.style(asset)) for asset in found.assets])
    say(ngettext("{count} device.", "{count} devices.", found.total).format(count=number(found.total)))
    _more(found.total - len(found.assets))


def conditions(asked: dict[str, Any], limit: int | None = None) -> Wanted:
    """What the options of this command, by their names, ask for.

    Raises:
        Usage: a span of days that is none.
    """
    return Wanted(
        words=tuple(text for text in (*asked["words"], *asked["search"]) if text.strip()),
        texts={name: asked[name].strip() for name in TEXTS if (asked[name] or "").strip()},
        state=asked["state"] or "",
        not_returned=asked["not_returned"],
        days={name: span(asked[name]) for name in DAYS if asked[name]},
        sort=asked["sort"],
        limit=limit,
    )


def _limit(limit: int | None, *, as_json: bool) -> int | None:
    """How many rows: for programs all, for people a page, unless they said; 0 means all."""
    return (None if as_json else PAGE) if limit is None else (limit or None)


def _more(left: int) -> None:
    if left:
        text = ngettext("{count} more is not shown", "{count} more are not shown", left).format(count=number(left))
        say(_("{text}: ask for less, or for all of them with --limit 0.").format(text=text), "warn")


def heads() -> list[Column]:
    """The columns."""
    names = (_("Label"), _("Serial no."), _("Holder"), _("Unit"))
    return [Column(_("No.")), *(Column(name, flexible=True) for name in names), Column(_("State"))]


def cells(asset: Asset, look: Look) -> list[str]:
    """The row of an asset."""
    serial = asset.printed_serial or shown(asset.electronic_serial)
    return [asset.id, asset.label, serial, asset.holder, asset.unit, look.state(asset)]


def span(text: str) -> tuple[str, str]:
    """First and last day of ``DAY``, ``FIRST..LAST``, ``FIRST..`` or ``..LAST``, as the list keeps days.

    Raises:
        Usage: none of these, or the last day comes before the first.
    """
    first, dots, last = text.partition("..")
    ends = times.day(first) if first.strip() else "", times.day(last) if last.strip() else ""
    if not dots:
        return ends[0], ends[0]
    if not any(ends) or (all(ends) and ends[0] > ends[1]):
        raise Usage(detail=_("“{text}” is no span of days; write 01/01/2026..31/12/2026").format(text=text))
    return ends


def _in_words(wanted: Wanted) -> list[str]:
    """What was asked for, in words."""
    asked = [f"“{text}”" for text in wanted.words]
    asked += [f"{_(NAMES[name])} “{text}”" for name, text in wanted.texts.items()]
    if wanted.state:
        asked.append(_("state “{state}”").format(state=word(CUSTODY, wanted.state)))
    if wanted.not_returned:
        asked.append(_("not handed back"))
    asked += [f"{_(NAMES[name])} {_span_in_words(*ends)}" for name, ends in wanted.days.items()]
    return asked


def _span_in_words(first: str, last: str) -> str:
    if first == last:
        return day(first)
    if first and last:
        return _("from {first} to {last}").format(first=day(first), last=day(last))
    return _("from {first}").format(first=day(first)) if first else _("until {last}").format(last=day(last))


NARROW: list[click.Parameter] = [
    click.Argument(["words"], nargs=-1),
    Option(["--search"], multiple=True, metavar="TEXT", help=N_("As WORDS: found anywhere.")),
    Option(["--serial"], metavar="TEXT", help=N_("Only devices with this in a serial number.")),
    Option(["--state"], type=click.Choice(list(CUSTODY)), help=N_("Only devices in this state.")),
    Option(["--holder"], metavar="TEXT", help=N_("Only devices of holders with these words in their name.")),
    Option(["--unit"], metavar="TEXT", help=N_("Only devices of units with these words in their name.")),
    Option(
        ["--document"],
        metavar="TEXT",
        help=N_("Only devices with this in the paper by which they came, or that of their state."),
    ),
    Option(
        ["--not-returned"],
        is_flag=True,
        help=N_("Only devices that are revoked or damaged and were not handed back."),
    ),
    Option(["--expires"], metavar="RANGE", help=N_("Only devices whose last day of use is in this span.")),
    Option(["--inspected"], metavar="RANGE", help=N_("Only devices inspected in this span.")),
    Option(["--inspection-until"], metavar="RANGE", help=N_("Only devices whose inspection counts until then.")),
    Option(["--added"], metavar="RANGE", help=N_("Only devices that were put on the list in this span.")),
    Option(["--sort"], type=click.Choice(SORTS), default="number", metavar="ORDER", help=_ORDER),
]
"""What narrows and sorts the list, also where it is written to a file."""

command = Command(
    "list",
    callback=list_,
    help=N_(
        "List the approved devices.\n\n"
        "WORDS narrow the list: each must be found in the number, label, serial, holder, unit or document. "
        "Accents and capitals do not matter. What is asked for in several ways has to fit all of them. "
        "RANGE is a day or 01/01/2026..31/12/2026, with one end left out where there is none."
    ),
    params=[
        *NARROW,
        Option(
            ["--limit"],
            type=click.IntRange(0),
            metavar="N",
            help=N_("At most N devices; 0 for all. 100 if not given, with --json all."),
        ),
    ],
    examples=[
        "usbguard-py whitelist list",
        "usbguard-py whitelist list nguyen",
        "usbguard-py whitelist list --state lost",
        "usbguard-py whitelist list --not-returned --sort holder",
        'usbguard-py whitelist list --unit "van thu" --expires ..31/12/2026 --sort expires',
    ],
)

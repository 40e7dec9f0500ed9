"""``usbguard-py log stats``: how often devices came, by what people ask for."""

from collections.abc import Mapping
from typing import Any

import click
import msgspec

from usbguard_py import paths
from usbguard_py.cli import periods
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.output import facts, json_out, say, show
from usbguard_py.cli.stats_words import BY, devices, figure_heads, figure_rows, people_rows
from usbguard_py.cli.words import number
from usbguard_py.core.tally import Figures, Tally
from usbguard_py.i18n import N_, _
from usbguard_py.shell.log_reader import LogReader
from usbguard_py.shell.views import viewed

USUAL = ("code", "class")


def stats(as_json: bool, since: str | None, until: str | None, by: tuple[str, ...], limit: int) -> None:  # noqa: FBT001
    """Print the figures."""
    period = periods.period(since, until, periods.now())
    with LogReader(paths.DATABASE) as reader, reader.snapshot():
        tally = reader.tally(period.since, period.until)
    viewed("log stats", {"since": since, "until": until})
    if as_json:
        json_out(_json(tally, period))
        return
    if not tally.entries:
        say(_("No record fits."))
        return
    _sums(tally)
    for name in by or USUAL:
        say()
        _table(tally, name, limit)


def _sums(tally: Tally) -> None:
    total = tally.total
    facts(
        [
            (_("Records"), number(tally.entries)),
            (_("Devices plugged in"), number(total.arrivals)),
            (_("allowed"), number(total.allowed)),
            (_("blocked"), number(total.blocked)),
            *([(_("only observed"), number(total.observed), "loud")] if total.observed else []),
            *([(_("not carried out"), number(total.failed), "alarm")] if total.failed else []),
            *([(_("cut off"), number(total.cut))] if total.cut else []),
            (_("Foreign devices"), number(tally.foreign.arrivals)),
            (_("Never answered as a device"), number(tally.unenumerated)),
            (_("Alarms"), number(tally.alarms), "alarm" if tally.alarms else ""),
        ]
    )


def _table(tally: Tally, name: str, limit: int) -> None:
    say(_(BY[name]), "head")
    if name == "person":
        rows = people_rows(tally.persons)
    elif name == "device":
        rows = devices(tally)
    else:
        rows = figure_rows(name, cells(tally)[name])
    show(figure_heads(name), rows[: limit or None])
    if limit and len(rows) > limit:
        text = _("{count} more are not shown; see --limit.")
        say(text.format(count=number(len(rows) - limit)), "warn")


def cells(tally: Tally) -> Mapping[str, Mapping[str, Figures]]:
    """The figures by code, class, day and port."""
    return {"code": tally.codes, "class": tally.classes, "day": tally.days, "port": tally.ports}


def _json(tally: Tally, period: periods.Period) -> dict[str, Any]:
    return {
        "period": periods.as_json(period),
        "records": tally.entries,
        "alarms": tally.alarms,
        "never_answered": tally.unenumerated,
        "total": tally.total,
        "foreign": tally.foreign,
        "kinds": tally.kinds,
        **{f"by_{name}": found for name, found in cells(tally).items()},
        "by_person": tally.persons,
        "by_device": [msgspec.structs.asdict(known) for known in tally.devices.values()],
    }


command = Command(
    "stats",
    callback=stats,
    params=[
        *periods.OPTIONS,
        Option(["--by"], type=click.Choice(list(BY)), multiple=True, help=N_("Figures by this; may be given again.")),
        Option(
            ["--limit"], type=click.IntRange(0), default=50, show_default=True, help=N_("Rows of a table; 0 for all.")
        ),
    ],
    help=N_(
        "Figures: how often devices were plugged in, and what became of them.\n\n"
        "By code, class of device, day, port, device or person. A person has the arrivals of the devices that they "
        "hold, and the changes and requests that they made."
    ),
    examples=[
        "usbguard-py log stats --since 01/06/2026",
        "usbguard-py log stats --by day --by port",
        "usbguard-py log stats --json",
    ],
)

"""``usbguard-py log report FILE.html``: the period as one page that verifies itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from usbguard_py import __version__, paths
from usbguard_py.buses.usb_recorded import kind_of
from usbguard_py.cli import periods
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.log import export_recorded
from usbguard_py.cli.log_inspect import Found, block, caveats_of, gathered, headline
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.report_sections import look, sections
from usbguard_py.cli.report_words import SCRIPT
from usbguard_py.cli.words import KINDS, OUTCOMES, number
from usbguard_py.i18n import N_, _, language
from usbguard_py.report.page import Report, page
from usbguard_py.shell import this_machine
from usbguard_py.shell.log_reader import LogReader
from usbguard_py.shell.whole import whole

CARRIED = 20_000  # records: some 30 MB of page, which a browser of ten years ago still searches


def report(as_json: bool, file: str, records: int, force: bool, **span: str | None) -> None:  # noqa: FBT001 - flags
    """Write the page and say what is in it."""
    now = periods.now()
    period = periods.period(span["since"], span["until"], now)
    found = gathered(period, now)
    with LogReader(paths.DATABASE) as reader, reader.snapshot():
        low, last = reader.bounds(period.since, period.until)
        last = min(last, found.seq)  # what came since the figures were counted is not on the page
        first = max(low, last - records + 1) if last else 1
        data = _data(reader, found, period, (low, first, last))
        made = made_of(found, period, data, whole_log=first == low)
        with whole(Path(file), force=force) as out:
            carried = ((body, digest) for _seq, body, digest in reader.rows(first, last))
            out.writelines(page(made, carried if last else ()))
    seq, problem = export_recorded(found.seq, found.head)
    if as_json:
        json_out({"file": file, "first": first, "last": last, "records": last - first + 1, "recorded": seq})
        return
    say(headline(found, found.result.coverage.since, listed=False), look(found))
    text = _("The report is in {file}; it carries {count} records.")
    say(text.format(file=file, count=number(last - first + 1)), "good")
    if first > low:
        text = _("Of {count} older records it has the figures only; usbguard-py log export takes all of them along.")
        say(text.format(count=number(first - low)), "warn")
    if not seq:
        say(_("The report is not in the log. {problem}").format(problem=problem), "warn")


def made_of(found: Found, period: periods.Period, data: Mapping[str, object], *, whole_log: bool) -> Report:
    """The page but for its records."""
    machine = this_machine.facts()
    coverage = found.result.coverage
    begin = coverage.since if period.since is None else period.since * 1000
    span = _("{since} to {until}")
    shown = span.format(since=periods.shown(begin), until=periods.shown(coverage.until, zone=True))
    intact = _("The log was intact when this page was made: {count} records.").format(count=number(found.seq))
    return Report(
        language=language(),
        title=_("USB report of {name}").format(name=machine.name),
        subtitle=shown,
        answer=headline(found, begin, listed=True),
        look={"good": "good", "warn": "warn", "alarm": "bad"}[look(found)],
        lines=[*caveats_of(found), found.broken or intact],
        facts=[
            (_("Computer"), f"{machine.name}, {machine.system}"),
            (_("Policy"), found.policy),
            (_("Approved list"), found.standing),
            (_("Last record"), f"{number(found.seq)}, {found.head}"),
            (_("Made"), periods.shown(int(periods.now().timestamp() * 1000), zone=True)),
            (_("Program"), f"usbguard-py {__version__}"),
        ],
        sections=sections(found, block(found)),
        words={name: _(text) for name, text in SCRIPT.items()},
        data={**data, "whole": whole_log},
        footer=[
            _("Conclusions are left to people. This page holds personal data: names of holders, times, device numbers.")
        ],
    )


def _data(reader: LogReader, found: Found, period: periods.Period, bounds: tuple[int, int, int]) -> dict[str, Any]:
    low, first, last = bounds
    return {
        "format": "usbguard-py-report",
        "version": 1,
        "first": first,
        "last": last,
        "all": max(last - low + 1, 0) if last else 0,
        "before": reader.digest(first - 1),
        "head": reader.digest(last),
        "since": period.since,
        "until": period.until,
        "complete": {"code": True, "class": True, "port": True},
        "classes": {" ".join(one): kind_of(one) for one in found.tally.faces},
        "kinds": {name: _(text) for name, text in KINDS.items()},
        "outcomes": {name: _(text) for name, text in OUTCOMES.items()},
    }


command = Command(
    "report",
    callback=report,
    params=[
        click.Argument(["file"]),
        *periods.OPTIONS,
        Option(
            ["--records"],
            type=click.IntRange(0),
            default=CARRIED,
            show_default=True,
            help=N_("How many records the page carries at most, the newest; the figures are of all."),
        ),
        Option(["--force"], is_flag=True, help=N_("Overwrite FILE.")),
    ],
    help=N_(
        "Write the period as one HTML page: answer, coverage, charts, devices, people, gaps, records.\n\n"
        "The page needs no network and no other file. It verifies the records that it carries by itself, in any "
        "browser, and says what it cannot show. Search in it needs no accents; it prints on A4. That it was made "
        "becomes a record of the log."
    ),
    examples=["usbguard-py log report thang-11.html --since 01/11/2026", "usbguard-py log report all.html --lang en"],
)

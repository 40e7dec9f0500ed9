"""``usbguard-py log inspect``: one page for an inspector; its first line answers the first question."""

from datetime import datetime
from typing import Any

import click
import msgspec

from usbguard_py import __version__, paths
from usbguard_py.cli import coverage_words, inspection_block, list_words, periods
from usbguard_py.cli.commands import Command
from usbguard_py.cli.output import json_out, say, show
from usbguard_py.cli.stats_words import device_heads, device_row
from usbguard_py.cli.words import number
from usbguard_py.core.inspection import Answer, Inspection, foreign, inspected
from usbguard_py.core.requests import Status
from usbguard_py.core.tally import Tally
from usbguard_py.errors import GuardError, LedgerBroken, ListDiffers
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.shell import this_machine
from usbguard_py.shell.client import call
from usbguard_py.shell.clock import Clock, Reading
from usbguard_py.shell.log_reader import LogReader
from usbguard_py.shell.verify import Verified, verify
from usbguard_py.shell.views import viewed

MANY = 50  # gaps or devices that are shown; --json has all
_NETWORK = "NETWORK"


class Found(msgspec.Struct, frozen=True):
    """All that the page says; ``broken`` is the sentence about a log that is not intact."""

    result: Inspection
    tally: Tally
    intact: Verified | None
    broken: str
    seq: int
    head: str
    standing: str
    policy: str


def inspect(as_json: bool, since: str | None, until: str | None) -> None:  # noqa: FBT001 - click's flag
    """Print the page.

    Exit: with 1 when there is something to look at.
    """
    now = periods.now()
    period = periods.period(since, until, now)
    found = gathered(period, now)
    viewed("log inspect", {"since": since, "until": until})
    lines = block(found)
    if as_json:
        json_out(_json(found, period, lines))
    else:
        _page(found, period, lines)
    if found.broken or not found.result.quiet:
        raise click.exceptions.Exit(1)


def gathered(period: periods.Period, now: datetime) -> Found:
    """Read and verify the log."""
    answered = alive()
    LogReader(paths.DATABASE).close()  # says what is wrong with this computer's own, such as the reader's role
    intact, broken = checked()
    with LogReader(paths.DATABASE) as reader, reader.snapshot():
        upto = period.until_ms(now)
        if upto is None:  # up to now: what the judge does not answer for is a gap
            upto = int(now.timestamp() * 1000) if answered is None else answered.unix_ms
        coverage = reader.coverage(period.since_ms, upto, answered)
        tally = reader.tally(period.since, period.until)
        last, policy = reader.last(), reader.policy()
        standing = list_words.named(reader.standing())
    return Found(
        inspected(tally, coverage),
        tally,
        intact,
        broken,
        last.seq if last else 0,
        last.hash.hex() if last else "",
        standing,
        f"{policy.name} ({policy.digest[:12]})" if policy else "–",
    )


def checked() -> tuple[Verified | None, str]:
    """Whether the log is intact, or the sentence that says why not."""
    try:
        return verify(paths.DATABASE), ""
    except (LedgerBroken, ListDiffers) as error:
        return None, str(error)


def alive() -> Reading | None:
    """The clocks at the moment at which the judge answered, ``None`` when it did not."""
    try:
        call(Status())
    except GuardError:
        return None
    return Clock().read()


def block(found: Found) -> list[str]:
    """The block for the minutes."""
    network = found.tally.codes.get(_NETWORK)
    return inspection_block.block(
        this_machine.facts(),
        found.tally.devices.values(),
        network.refused if network else 0,
        _about(found),
        this_machine.minute(),
    )


def _about(found: Found) -> list[str]:
    """Of the log and this program: what proves later that the figures were these."""
    coverage = found.result.coverage
    span = _("period of the data: {since} to {until}")
    return [
        _("usbguard-py {version}; policy {policy}; {list}").format(
            version=__version__, policy=found.policy, list=found.standing
        ),
        span.format(since=periods.shown(coverage.since, zone=True), until=periods.shown(coverage.until, zone=True)),
        headline(found, coverage.since, listed=False),
        found.broken or _("log intact: {count} records").format(count=number(found.seq)),
        _("last record {seq}, hash {head}").format(seq=number(found.seq), head=found.head),
    ]


def headline(found: Found, since: int, *, listed: bool) -> str:
    """The answer in one sentence; ``listed`` when the gaps stand below it."""
    result, when = found.result, periods.shown(since)
    coverage = result.coverage
    if result.answer is Answer.CLEAN:
        text = _("No foreign device since {time}").format(time=when)
    else:
        text = ngettext(
            "{count} foreign device since {time} (plugged in: {arrivals})",
            "{count} foreign devices since {time} (plugged in: {arrivals})",
            result.count,
        ).format(count=number(result.count), time=when, arrivals=number(result.arrivals))
        if result.may_work:
            text += ", " + _("NOT CLOSED: {count}").format(count=number(result.may_work))
        else:
            text += ", " + _("all were blocked")
    gaps = len(coverage.gaps)
    text += "; " + _("coverage {percent}").format(percent=coverage_words.percent(coverage.hundredths))
    told = ngettext("{count} gap", "{count} gaps", gaps).format(count=number(gaps)) if gaps else _("no gap")
    parts = [text, told, _("listed below")] if gaps and listed else [text, told]
    return ", ".join(parts) + "."


def caveats_of(found: Found) -> list[str]:
    """What has to stand below the answer."""
    lines = coverage_words.caveats(found.result.coverage)
    if found.result.unanswered:
        text = _("Plugged in and never answered as a device: {count} times.")
        lines.append(text.format(count=number(found.result.unanswered)))
    return lines


def _page(found: Found, period: periods.Period, lines: list[str]) -> None:
    result = found.result
    if found.broken:
        say(found.broken, "alarm")
        say(_("What follows is what the file says now; do not rely on it."), "alarm")
    since = result.coverage.since if period.since is None else period.since * 1000
    look = {Answer.CLEAN: "good", Answer.BLOCKED: "warn", Answer.OPEN: "alarm"}[result.answer]
    say(headline(found, since, listed=True), look)
    for text in caveats_of(found):
        say(text)
    if found.intact is not None:
        text = _("LOG INTACT: {count} records, last hash {head}.")
        say(text.format(count=number(found.intact.entries), head=found.intact.head), "good")
    _tables(found)
    say()
    say(_("For the minutes:"), "head")
    say()
    for line in lines:
        say(line.lstrip(), indent=len(line) - len(line.lstrip()))


def _tables(found: Found) -> None:
    strangers = foreign(found.tally)
    if strangers:
        say()
        say(_("Foreign devices"), "head")
        show(device_heads(), [device_row(known, known.foreign) for known in strangers[:MANY]])
        _left(len(strangers))
    rows = coverage_words.gap_rows(found.result.coverage)
    if rows:
        say()
        say(_("Gaps"), "head")
        show(coverage_words.gap_heads(), rows[:MANY])
        _left(len(rows))


def _left(count: int) -> None:
    if count > MANY:
        text = _("{count} more are not shown; --json has all.")
        say(text.format(count=number(count - MANY)), "warn")


def _json(found: Found, period: periods.Period, lines: list[str]) -> dict[str, Any]:
    result = found.result
    return {
        "answer": result.answer,
        "quiet": result.quiet and not found.broken,
        "period": periods.as_json(period),
        "foreign_devices": result.count,
        "foreign_arrivals": result.arrivals,
        "foreign_not_closed": result.may_work,
        "never_answered": result.unanswered,
        "devices": [
            {**msgspec.structs.asdict(known), "figures": known.figures, "foreign": known.foreign}
            for known in found.tally.devices.values()
        ],
        "coverage": coverage_words.as_json(result.coverage),
        "integrity": {
            "intact": found.intact is not None,
            "problem": found.broken,
            "seq": found.seq,
            "head": found.head,
        },
        "version": __version__,
        "policy": found.policy,
        "block": lines,
    }


command = Command(
    "inspect",
    callback=inspect,
    params=[*periods.OPTIONS],
    help=N_(
        "One page for an inspection: whether a foreign device came, since when, and how far the log knows.\n\n"
        "Then every gap, and the block for the minutes with what the computer knows filled in. Nothing is changed. The "
        "exit code is 0 when there is nothing to look at: the log is intact, no foreign device came, and the only gaps "
        "are starts of the computer in which the kernel kept USB closed; else 1."
    ),
    examples=["usbguard-py log inspect --since 01/11/2026", "usbguard-py log inspect --since 30d --json"],
)

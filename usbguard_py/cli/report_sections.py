"""The parts of the HTML report, as values: coverage, charts, devices, people, the block for the minutes."""

from collections.abc import Iterable, Mapping, Sequence

from usbguard_py.cli import coverage_words, periods
from usbguard_py.cli.lengths import lasting
from usbguard_py.cli.log_inspect import Found
from usbguard_py.cli.stats_words import by_number, named
from usbguard_py.cli.words import FUNCTIONS, UNKNOWN, moment, number, word
from usbguard_py.core.inspection import Answer
from usbguard_py.core.tally import Figures
from usbguard_py.i18n import _
from usbguard_py.report.charts import bars, columns, timeline
from usbguard_py.report.page import NUMBERS, WORDS, Section, Table

DAYS = 62  # columns of single days; a longer period has one for each month
MANY = 500  # rows of a table


def look(found: Found) -> str:
    """How the answer looks."""
    if found.broken:
        return "alarm"
    return {Answer.CLEAN: "good", Answer.BLOCKED: "warn", Answer.OPEN: "alarm"}[found.result.answer]


def sections(found: Found, lines: Sequence[str]) -> list[Section]:
    """All parts in their order."""
    return [_coverage(found), _charts(found), _devices(found), _people(found), _minutes(lines)]


def _coverage(found: Found) -> Section:
    coverage = found.result.coverage
    rows = coverage_words.gap_rows(coverage)[:MANY]
    ends = [(coverage.since, periods.shown(coverage.since)), (coverage.until, periods.shown(coverage.until))]
    legend = (("covered", _("in force")), ("gap", _("gap")), ("off", _("off or asleep")))
    colours = "".join(f'<span class="{kind}"></span>{text}' for kind, text in legend)
    heads = [c.head + (NUMBERS if c.right else "" if c.flexible else WORDS) for c in coverage_words.gap_heads()]
    text = _("In force {length}, coverage {percent}; gaps {gaps} in all.")
    return Section(
        _("Coverage and gaps"),
        lines=[
            text.format(
                length=lasting(coverage.covered),
                percent=coverage_words.percent(coverage.hundredths),
                gaps=lasting(coverage.missing) if coverage.missing else _("none"),
            )
        ],
        drawn=timeline(_("Coverage"), coverage, ends) + f'<p class="legend dim">{colours}</p>',
        table=Table(heads, [row.cells for row in rows]) if rows else None,
    )


def _charts(found: Found) -> Section:
    tally = found.tally
    parts = [
        *_bars(_("By class of device"), "class", tally.classes),
        *_bars(_("By port"), "port", tally.ports),
        *_bars(_("By code"), "code", tally.codes),
        f'<div class="wide">{_days(tally.days)}</div>',
    ]
    total = _("Plugged in: {count}. Allowed: {allowed}. Refused: {refused}. Never answered as a device: {unanswered}.")
    return Section(
        _("Refused devices"),
        lines=[
            total.format(
                count=number(tally.total.arrivals),
                allowed=number(tally.total.allowed),
                refused=number(tally.total.refused),
                unanswered=number(tally.unenumerated),
            )
        ],
        drawn=f'<div class="charts">{"".join(parts)}</div>' if tally.total.refused else "",
    )


def _bars(title: str, name: str, cells: Mapping[str, Figures]) -> Iterable[str]:
    refused = [(key, figures) for key, figures in by_number(cells.items()) if figures.refused]
    drawn = bars(title, [(f"{name}:{key}", named(name, key), figures.refused) for key, figures in refused])
    yield f"<div><h3>{title}</h3>{drawn}</div>"


def _days(days: Mapping[str, Figures]) -> str:
    """Columns of days, or of months where the period is long."""
    if len(days) <= DAYS:
        title = _("By day")
        cells = [(f"day:{day}", named("day", day), figures.refused) for day, figures in sorted(days.items())]
    else:
        title, months = _("By month"), dict[str, int]()
        for day, figures in sorted(days.items()):
            months[day[:7]] = months.get(day[:7], 0) + figures.refused
        cells = [(f"month:{month}", f"{month[5:]}/{month[:4]}", count) for month, count in months.items()]
    return f"<h3>{title}</h3>{columns(title, cells)}"


def _devices(found: Found) -> Section:
    came = [one for one in found.tally.devices.values() if one.figures.arrivals]
    came.sort(key=lambda one: (-one.foreign.arrivals, -one.figures.refused, one.figures.first))
    heads = [_("Kind"), _("Serial no."), _("Name"), _("Holder"), _("Port") + WORDS, _("Allowed") + NUMBERS]
    heads += [_("Blocked") + NUMBERS, _("Not closed") + NUMBERS, _("Code") + WORDS, _("Last") + WORDS]
    rows = [
        (
            word(FUNCTIONS, one.kind) if one.kind else _(UNKNOWN),
            one.serial or "–",
            " ".join(text for text in (one.asset or one.peripheral, one.title, one.usb_id) if text),
            one.holder or "–",
            ", ".join(one.ports),
            number(one.figures.allowed),
            number(one.figures.blocked),
            number(one.figures.observed + one.figures.failed),
            ", ".join(one.codes),
            moment(one.figures.last),
        )
        for one in came[:MANY]
    ]
    bad = frozenset(i for i, one in enumerate(came[:MANY]) if one.foreign.arrivals)
    lines = [_("Foreign devices, neither listed nor enrolled, come first, in red.")] if bad else []
    if len(came) > MANY:
        lines.append(_("{count} more are not shown; --json has all.").format(count=number(len(came) - MANY)))
    return Section(_("Devices"), lines=lines, table=Table(heads, rows, bad) if rows else None)


def _people(found: Found) -> Section:
    heads = [
        _("Person"),
        _("Allowed") + NUMBERS,
        _("Blocked") + NUMBERS,
        _("Changes") + NUMBERS,
        _("First") + WORDS,
        _("Last") + WORDS,
    ]
    rows = [
        (
            name,
            number(one.allowed),
            number(one.refused),
            number(one.changes),
            moment(one.first),
            moment(one.last),
        )
        for name, one in by_number(found.tally.persons.items())[:MANY]
    ]
    text = _("Holders, with the arrivals of their devices, and who changed or asked for something.")
    return Section(_("People"), lines=[text] if rows else [_("none")], table=Table(heads, rows) if rows else None)


def _minutes(lines: Sequence[str]) -> Section:
    return Section(_("For the minutes"), plain=lines)

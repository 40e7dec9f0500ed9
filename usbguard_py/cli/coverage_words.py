"""Coverage in words: a figure, lengths of time, and the list of gaps."""

from collections import Counter
from typing import Any

from usbguard_py.cli.lengths import lasting
from usbguard_py.cli.periods import local, shown
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import number, word
from usbguard_py.core.coverage import Coverage, Stretch
from usbguard_py.core.stretches import Reason
from usbguard_py.i18n import N_, _, language

REASONS: dict[str, str] = {
    Reason.BEFORE: N_("the log had not begun"),
    Reason.STARTING: N_("the computer was starting; the kernel kept USB closed"),
    Reason.STARTING_OPEN: N_("the computer was starting; USB was not closed yet"),
    Reason.STOPPED: N_("the daemon had been stopped"),
    Reason.DIED: N_("the daemon had ended by itself"),
    Reason.OBSERVE: N_("only observed: nothing was blocked"),
    Reason.OPEN: N_("a default of the kernel could not be closed"),
    Reason.EVENTS_LOST: N_("events are missing from the log"),
    Reason.UNKNOWN: N_("not known: the log ends without a stop, as after a power cut"),
    Reason.END: N_("after the last record; the daemon does not answer"),
    Reason.SLEEP: N_("the computer slept"),
    Reason.OFF: N_("the computer was off"),
}
CAVEAT = N_(
    "Off or asleep: {length}, not counted. A log cannot tell whether another system was started on this computer "
    "meanwhile; that is outside it."
)
BACKWARDS = N_(
    "How often the clock was set back while the computer was off, so that nobody knows for how long: {count}."
)
SUMMED = frozenset({Reason.STARTING, Reason.STARTING_OPEN})
MANY = 3  # starts of the computer that are listed one by one; more are one line


def percent(hundredths: int | None) -> str:
    """A figure in hundredths of a per cent: 99,20 % in Vietnamese."""
    if hundredths is None:
        return "–"
    text = f"{hundredths // 100}.{hundredths % 100:02d} %"
    return text if language() == "en" else text.replace(".", ",")


def gap_heads() -> list[Column]:
    """The columns of the list of gaps."""
    return [
        Column(_("Begin")),
        Column(_("End")),
        Column(_("Length"), right=True),
        Column(_("Why"), flexible=True),
        Column(_("Record"), right=True),
    ]


def gap_rows(coverage: Coverage) -> list[Row]:
    """Every gap; the seconds at the starts of the computer, when they are many, as one row for each kind."""
    counted = Counter(gap.reason for gap in coverage.gaps)
    summed = {reason for reason in SUMMED if counted[reason] > MANY}
    rows = [_row(gap) for gap in coverage.gaps if gap.reason not in summed]
    for reason in sorted(summed):
        gaps = [gap for gap in coverage.gaps if gap.reason == reason]
        text = _("{count} times: {why}").format(count=number(len(gaps)), why=word(REASONS, reason))
        ends = shown(gaps[0].begin), shown(gaps[-1].end)
        rows.append(Row([*ends, lasting(coverage.total(reason)), text, "–"], "dim"))
    return rows


def _row(gap: Stretch) -> Row:
    cells = [shown(gap.begin), shown(gap.end), lasting(gap.end - gap.begin), word(REASONS, gap.reason)]
    return Row([*cells, str(gap.seq or "–")], "dim" if gap.reason in SUMMED else "warn")


def caveats(coverage: Coverage) -> list[str]:
    """What has to stand beside the figure."""
    text = [_(CAVEAT).format(length=lasting(coverage.off) if coverage.off else _("none"))]
    if coverage.backwards:
        text.append(_(BACKWARDS).format(count=number(coverage.backwards)))
    return text


def as_json(coverage: Coverage) -> dict[str, Any]:
    """Coverage for programs: lengths in milliseconds, times in RFC 3339."""
    return {
        "since": local(coverage.since),
        "until": local(coverage.until),
        "hundredths_of_percent": coverage.hundredths,
        "covered_ms": coverage.covered,
        "gaps_ms": coverage.missing,
        "off_ms": coverage.off,
        "clock_backwards": coverage.backwards,
        "stretches": [
            {"from": local(s.begin), "to": local(s.end), "ms": s.end - s.begin, "reason": s.reason, "seq": s.seq}
            for s in coverage.stretches
        ],
    }

"""Charts as inline SVG: bars, columns, a line of time. Every text is escaped; looks come from the page's own sheet."""

from collections.abc import Iterable, Sequence
from html import escape

from usbguard_py.core.stretches import NOT_COUNTED, Coverage, Reason

WIDTH, LABEL, ROW = 540, 226, 22  # units of the drawing
WIDE, HIGH = 1060, 130
SEEN = 1.2  # the least width of a gap
LETTERS = 30  # of a label; the whole text is its tooltip


def bars(title: str, cells: Sequence[tuple[str, str, int]]) -> str:
    """Bars to the right, one for each cell: name of the figure, label, number."""
    most = max((count for _, _, count in cells), default=0) or 1
    space = WIDTH - LABEL - 70
    lines = []
    for place, (name, label, count) in enumerate(cells):
        top = place * ROW
        length = max(count * space / most, 1 if count else 0)
        short = label if len(label) <= LETTERS else label[: LETTERS - 1] + "…"
        lines.append(
            f"<g><title>{escape(label)}</title>"
            f'<text x="{LABEL - 8}" y="{top + 15}" text-anchor="end">{escape(short)}</text>'
            f'<rect class="bar" x="{LABEL}" y="{top + 4}" width="{length:.1f}" height="{ROW - 8}"/></g>'
            f'<text x="{LABEL + length + 6:.1f}" y="{top + 15}" {figure(name, count)}>{count}</text>'
        )
    return _svg(title, WIDTH, max(len(cells), 1) * ROW + 4, lines)


def columns(title: str, cells: Sequence[tuple[str, str, int]]) -> str:
    """Columns side by side in the order of time; the highest is named, and the first and last label."""
    most = max((count for _, _, count in cells), default=0) or 1
    step = (WIDE - 60) / max(len(cells), 1)
    lines = [f'<line class="axis" x1="50" y1="{HIGH - 20}" x2="{WIDE}" y2="{HIGH - 20}"/>']
    lines.append(f'<text class="small" x="44" y="14" text-anchor="end">{most}</text>')
    for place, (name, label, count) in enumerate(cells):
        height = count * (HIGH - 32) / most
        left = 52 + place * step
        lines.append(
            f'<g><title>{escape(label)}: {count}</title><rect class="bar" x="{left:.1f}" y="{HIGH - 20 - height:.1f}"'
            f' width="{max(step - 1, 0.8):.1f}" height="{height:.1f}" {figure(name, count)}/></g>'
        )
    for place in sorted({0, len(cells) - 1} if cells else set()):
        way = f'x="{52 if place == 0 else WIDE}" y="{HIGH - 4}" text-anchor="{"start" if place == 0 else "end"}"'
        lines.append(f'<text class="small" {way}>{escape(cells[place][1])}</text>')
    return _svg(title, WIDE, HIGH, lines)


def figure(name: str, count: int) -> str:
    """The attributes by which the page counts a figure again."""
    return f'data-figure="{escape(name)}" data-count="{count}"'


def timeline(title: str, coverage: Coverage, labels: Iterable[tuple[int, str]]) -> str:
    """A line of time: in force, gaps, off. ``labels``: times with text.

    A gap is at least wide enough to be seen, but for the seconds of a start in which the kernel kept USB closed: a
    year has hundreds of these, and they would hide everything else.
    """
    whole = max(coverage.until - coverage.since, 1)

    def place(moment: int) -> float:
        return 2 + (WIDE - 4) * (moment - coverage.since) / whole

    lines = []
    # Gaps come last, so that none is hidden below its neighbours.
    for stretch in sorted(coverage.stretches, key=lambda s: (bool(s.reason) and s.counts, s.begin)):
        kind = "covered" if not stretch.reason else "off" if stretch.reason in NOT_COUNTED else "gap"
        width = max(
            place(stretch.end) - place(stretch.begin), 1.2 if kind == "gap" and stretch.reason != Reason.STARTING else 0
        )
        lines.append(f'<rect class="{kind}" x="{place(stretch.begin):.2f}" y="4" width="{width:.2f}" height="34"/>')
    for moment, text in labels:
        at = place(moment)
        anchor = "start" if at < WIDE / 4 else "end" if at > WIDE * 3 / 4 else "middle"
        lines.append(f'<text class="small" x="{at:.1f}" y="54" text-anchor="{anchor}">{escape(text)}</text>')
    return _svg(title, WIDE, 60, lines)


def _svg(title: str, width: int, height: int, lines: Iterable[str]) -> str:
    drawn = "\n".join(lines)
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">\n{drawn}\n</svg>'

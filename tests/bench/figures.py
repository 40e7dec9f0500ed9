"""A figure with its samples, the table of them all, and ``build/bench.json``."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured quantity. ``ours``, ``peer`` and ``kernel`` are medians; ``ratio`` is ours to the peer's.

    ``aim`` is what was wished for, in words; ``met`` whether that was reached, ``None`` when nothing was wished for.
    """

    name: str
    unit: str
    ours: float
    peer: float | None = None
    kernel: float | None = None
    ratio: float | None = None
    aim: str = ""
    met: bool | None = None
    note: str = ""
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)


def figure(
    name: str,
    unit: str,
    samples: Mapping[str, Sequence[float]],
    *,
    at_most: float | None = None,
    ratio_at_most: float | None = None,
    note: str = "",
) -> Figure:
    """The figure of these samples, one list for each of ``ours``, ``peer`` and ``kernel`` that was measured."""
    middle = {who: statistics.median(values) for who, values in samples.items() if values}
    ratio = middle["ours"] / middle["peer"] if middle.get("peer") else None
    met = None
    if at_most is not None:
        met = middle["ours"] <= at_most
    if ratio_at_most is not None and ratio is not None:
        met = ratio <= ratio_at_most and met is not False
    words = [f"≤ {at_most:g} {unit}"] if at_most is not None else []
    words += [f"≤ {ratio_at_most:g}× the peer"] if ratio_at_most is not None else []
    return Figure(
        name=name,
        unit=unit,
        ours=_round(middle["ours"]),
        peer=_round(middle.get("peer")),
        kernel=_round(middle.get("kernel")),
        ratio=_round(ratio),
        aim=", ".join(words),
        met=met,
        note=note,
        samples={who: [_round(v) for v in values] for who, values in samples.items()},
    )


def _round(value: float | None) -> Any:
    """Four digits: no clock here is better than that."""
    return None if value is None else float(f"{value:.4g}")


def table(figures: Iterable[Figure]) -> str:
    """The figures as text; the last column says what was wished for."""
    head = ("figure", "unit", "kernel", "peer", "ours", "ratio", "n", "aim")
    rows = [head, *(_cells(one) for one in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    left = {0, 1, len(head) - 1}
    return "\n".join(
        "  ".join(c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        .rstrip()
        for row in rows
    )  # fmt: skip


def _cells(one: Figure) -> tuple[str, ...]:
    count = str(len(one.samples.get("ours", ())) or "")
    verdict = {None: "", True: " (yes)", False: " (NO)"}[one.met]
    ratio = "" if one.ratio is None else f"{shown(one.ratio)}×"
    return (
        one.name, one.unit, shown(one.kernel), shown(one.peer), shown(one.ours), ratio, count, one.aim + verdict,
    )  # fmt: skip


def shown(value: float | None) -> str:
    """A number as people write it."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def write(path: Path, about: Mapping[str, Any], figures: Iterable[Figure], proofs: Mapping[str, Any]) -> None:
    """Write all of it as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"about": dict(about), "figures": [asdict(one) for one in figures], "proofs": dict(proofs)}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

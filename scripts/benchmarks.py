"""Writes docs/benchmarks.md from build/bench.json, as ``make bench`` left it.

usage: python scripts/benchmarks.py [--check]

With ``--check`` nothing is written and nothing is measured: the page must be there, say where it was measured, and
hold a row for every figure that ``make bench`` always has; the figures themselves differ from run to run.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/benchmarks.md"
FIGURES = ROOT / "build/bench.json"
HEAD = "| figure | unit | kernel alone | usbguard | usbguard-py | ratio | samples | aim |"
ALWAYS = (
    "add → bind, 1 entry",
    "plug → readable disk",
    "start to ready",
    "memory (PSS)",
    "memory (RSS)",
    "status",
    "verify",
)
DURABLE = "durable before the interface was opened"
TEXT = ROOT / "scripts/benchmarks.txt"


def page(found: dict[str, Any]) -> str:
    """The page."""
    about, proofs = found["about"], found["proofs"]
    missed = [one for one in found["figures"] if one["met"] is False]
    lines = [
        "# Benchmarks",
        "",
        "Written by `scripts/benchmarks.py` from what `make bench` measured; edits are overwritten.",
        "",
        f"Measured on {about['date']}. Host: {about['host']}, load {about.get('load', 'not recorded')}.",
        f"Guest: {', '.join(about['guest'])}; `{about['accelerator']}`.",
        f"Beside us: {about['peer']}, in the same guest and run, taking turns; {about['plugs']} plugs for each of the",
        "two and each length of the list. Medians; the samples are in `build/bench.json`.",
        "",
        HEAD,
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
        *(_row(one) for one in found["figures"]),
        "",
        f"By the kernel's times the entry was {DURABLE}: {proofs['proven']} of {proofs['plugs']} plugs.",
        "",
        "## Where we fall short",
        "",
        *(
            [f"* {one['name']}: {_number(one['ours'])} {one['unit']}, aim {one['aim']}." for one in missed]
            or ["Nowhere."]
        ),
        "",
        TEXT.read_text(encoding="utf-8").rstrip(),
        "",
    ]
    return "\n".join(lines)


def _row(one: dict[str, Any]) -> str:
    verdict = {None: "", True: " (met)", False: " (missed)"}[one["met"]]
    ratio = "" if one["ratio"] is None else _number(one["ratio"]) + "×"
    numbers = (
        _number(one["kernel"]),
        _number(one["peer"]),
        _number(one["ours"]),
        ratio,
        str(len(one["samples"]["ours"])),
    )
    return f"| {one['name']} | {one['unit']} | {' | '.join(numbers)} | {one['aim']}{verdict} |"


def _number(value: float | None) -> str:
    """Three digits: no figure here is better than that."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def complaints(text: str) -> list[str]:
    """What the page lacks."""
    wanted = (HEAD, "Measured on ", "Host: ", DURABLE, "## Where we fall short")
    lacking = [f"no line with {word!r}" for word in wanted if word not in text]
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return lacking + [f"no figure {name!r}" for name in ALWAYS if not any(name in row for row in rows)]


def main() -> int:
    """Write or check; the exit code."""
    if "--check" in sys.argv[1:]:
        wrong = complaints(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else [f"no {PAGE.name}"]
        print("\n".join(wrong), end="\n" if wrong else "")
        return 1 if wrong else 0
    PAGE.write_text(page(json.loads(FIGURES.read_text(encoding="utf-8"))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

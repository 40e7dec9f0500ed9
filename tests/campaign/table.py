"""Writes docs/campaign.md from the results file: every figure of the page comes from there."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.campaign import cut, kill, soak
from tests.campaign.results import FAILED, FILE, HELD, VOID, Line, read
from tests.scenarios.rig import ROOT

PAGE = ROOT / "docs/campaign.md"
COPY = ROOT / "docs/campaign.jsonl"  # what the page was written from, so that anybody can count again
TEXT = Path(__file__).parent / "page.txt"
TRIALS = """\
| kind | trials | held | failed | no verdict | processes killed | arrivals | bindings of approved devices | entries | \
caught between decision and outcome | median seconds |
| --- | --: | --: | --: | --: | --- | --: | --: | --: | --: | --: |
"""
SOAKS = """\
| cycles | ports | arrivals by the kernel | told by the ledger | entries | resident memory of the judge, MiB \
| minutes | verdict |
| --: | --: | --: | --: | --: | --- | --: | --- |
"""


def write(file: Path = FILE) -> None:
    """Keep a copy of the results beside the page, and write the page from it."""
    lines = read(file)
    text = "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines)
    COPY.write_text(text, encoding="utf-8")
    PAGE.write_text(page(read(COPY)), encoding="utf-8")


def page(lines: Sequence[Line]) -> str:
    """The page: for each build a table, the last one first."""
    builds = list(dict.fromkeys(line["build"]["package"] for line in reversed(lines)))
    parts = [TEXT.read_text(encoding="utf-8").rstrip()]
    parts += [_build([line for line in lines if line["build"]["package"] == one]) for one in builds]
    if not builds:
        parts.append("No trial is in the file: the long campaign has not been run for a published build.")
    return "\n\n".join(parts) + "\n"


def _build(lines: Sequence[Line]) -> str:
    first, last = lines[0], lines[-1]
    commits = list(dict.fromkeys(line["build"]["commit"] for line in lines))
    seeds = sorted({line["seed"] for line in lines})
    kernels = sorted({line["kernel"] for line in lines if "kernel" in line})
    about = (
        f"## Package `{first['build']['package']}`\n\nCommit {', '.join(commits)}; seed "
        f"{', '.join(map(str, seeds))}; kernel {', '.join(kernels)}; {first['at']} to {last['at']}."
    )
    trials = "".join(_trials(kind, lines) for kind in (kill.KIND, cut.KIND))
    soaks = "".join(_soak(line) for line in lines if line["kind"] == soak.KIND and line["verdict"] != VOID)
    failures = [line for line in lines if line["verdict"] == FAILED]
    parts = [about, TRIALS + trials if trials else "", SOAKS + soaks if soaks else "", _failures(failures)]
    return "\n\n".join(part.rstrip() for part in parts if part)


def _trials(kind: str, lines: Sequence[Line]) -> str:
    mine = [line for line in lines if line["kind"] == kind]
    if not mine:
        return ""
    verdicts = Counter(line["verdict"] for line in mine)
    judged = [line for line in mine if line["verdict"] != VOID]
    hit: Counter[str] = Counter(" and ".join(line["moment"]["units"]) or "none" for line in judged)
    units = ", ".join(f"{name} {count}" for name, count in sorted(hit.items()))
    sums = [sum(line["seen"][name] for line in judged) for name in ("arrivals", "bound", "entries", "unfinished")]
    seconds = median(line["seconds"] for line in judged) if judged else 0
    figures = [len(judged), verdicts[HELD], verdicts[FAILED], verdicts[VOID], units, *sums, f"{seconds:.1f}"]
    return f"| {kind} | {' | '.join(map(str, figures))} |\n"


def _soak(line: Line) -> str:
    seen = line["seen"]
    memory = [kib / 1024 for kib in seen["memory_kib"]]
    through = f"{memory[0]:.1f} at the start, {max(memory):.1f} at most, {memory[-1]:.1f} at the end"
    figures = [seen["cycles"], seen["ports"], seen["arrivals"], seen["told"], seen["entries"], through]
    return f"| {' | '.join(map(str, [*figures, round(seen['seconds'] / 60, 1), line['verdict']]))} |\n"


def _failures(lines: Sequence[Line]) -> str:
    if not lines:
        return "No trial failed."
    rows = [
        f"* {line['kind']} {line['trial']} (seed {line['seed']}): {'; '.join(line['problems'][:3])}" for line in lines
    ]
    return "Trials that failed:\n\n" + "\n".join(rows)

"""``python -m tests.fuzz.table``: docs/fuzz.md from ``build/fuzz.jsonl``, with a copy of the lines it rests on.

Only long runs count: those of the fast room (``test_fuzz.py``) come with every change and are there to fail.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.fuzz.__main__ import RESULTS, ROOT
from tests.fuzz.targets import TARGETS

PAGE = ROOT / "docs/fuzz.md"
COPY = ROOT / "docs/fuzz.jsonl"
LONG = 1_000_000  # executions of a run that is published
HEAD = """# Fuzzing

Written by `python -m tests.fuzz.table` from the long runs in `build/fuzz.jsonl`, of which [fuzz.jsonl](fuzz.jsonl) is
a copy, one line a run; edits are overwritten. `make fuzz` appends to that file. The inputs are found by coverage
(libFuzzer, through atheris); a run goes on from the corpus of the one before. What a target checks in each execution
stands in `tests/fuzz/targets.py`: an answer or an error with its place, in bounded time and memory, and nothing opens
that was not granted.

| target | what it is | runs | executions | held | seconds | commits | from | to |
| --- | --- | --: | --: | --- | --: | --- | --- | --- |
"""

Line = dict[str, Any]


def read(file: Path) -> list[Line]:
    """The long runs of a results file."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["executions"] >= LONG or (not line["held"] and line["target"] in TARGETS)]


def page(lines: Sequence[Line]) -> str:
    """The page: a row for each target."""
    return HEAD + "".join(_row(name, [line for line in lines if line["target"] == name]) for name in TARGETS)


def _row(name: str, mine: Sequence[Line]) -> str:
    what = (TARGETS[name].__doc__ or "").splitlines()[0].partition(":")[0]
    if not mine:
        return f"| {name} | {what} | 0 | 0 | – | 0 | – | – | – |\n"
    held = "yes" if all(line["held"] for line in mine) else "NO"
    builds = ", ".join(dict.fromkeys(line["build"] for line in mine))
    executions, seconds = (sum(line[key] for line in mine) for key in ("executions", "seconds"))
    return (
        f"| {name} | {what} | {len(mine)} | {executions:,} | {held} | {seconds} | {builds} "
        f"| {mine[0]['at']} | {mine[-1]['at']} |\n"
    )


def write(lines: Iterable[Line]) -> None:
    """Keep the lines beside the page, and write the page from them."""
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
    COPY.write_text(text, encoding="utf-8")
    PAGE.write_text(page(read(COPY)), encoding="utf-8")


if __name__ == "__main__":
    write(read(RESULTS))

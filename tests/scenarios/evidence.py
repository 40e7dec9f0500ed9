"""Checks that every scenario named in ``names.txt`` ran and passed, and writes the table in the docs from its evidence.

usage: python -m tests.scenarios.evidence check [FOLDER …] | table | names
``check`` fails when fewer ran than are named (in these folders of ``tests/``; all of them when none is given);
``table`` writes docs/scenarios.md from build/scenarios.json;
``names`` prints the names of the scenarios that pytest finds now.
"""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.lab.evidence import missing, read

ROOT = Path(__file__).parents[2]
NAMES = Path(__file__).parent / "names.txt"
EVIDENCE = ROOT / "build/scenarios.json"
TABLE = ROOT / "docs/scenarios.md"
HEAD = """# Scenarios

Each line is one scenario on a real kernel with the installed package, as its last complete run recorded it in
`build/scenarios.json`: the kernel, how long it took, how many binds and unbinds the kernel reported meanwhile,
and the ledger's records it made.
Written by `python -m tests.scenarios.evidence table`. What each does is its test of that name in `tests/scenarios/` or
`tests/attacks/`.

| scenario | result | kernel | seconds | binds and unbinds | records |
| --- | --- | --- | --: | --: | --- |
"""


def named() -> set[str]:
    """The scenarios that must run."""
    return {line for line in NAMES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}


def table(evidence: Iterable[dict[str, Any]]) -> str:
    """The page for the docs."""
    rows = []
    for record in sorted(evidence, key=lambda r: r["name"]):
        first, last = record["ledger"] or ("–", "–")
        name = record["name"].removeprefix("test_").replace("_", " ")
        rows.append(
            f"| {name} | {record['result']} | {record['kernel']} | {record['seconds']:.1f} "
            f"| {len(record['bindings'])} | {first} to {last} |\n"
        )
    return HEAD + "".join(rows)


FOLDERS = ("scenarios", "attacks")


def found(folders: Sequence[str] = FOLDERS) -> list[str]:
    """The scenarios that pytest finds in these folders of ``tests/``."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *(f"tests/{folder}" for folder in folders)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line)


def main(arguments: list[str]) -> int:
    """Run one of the three."""
    if arguments == ["names"]:
        print("\n".join(found()))
        return 0
    if arguments == ["table"]:
        TABLE.write_text(table(read(EVIDENCE)), encoding="utf-8")
        return 0
    wanted = named() & set(found(arguments[1:])) if arguments[1:] else named()
    gaps = missing(sorted(wanted), EVIDENCE)
    for name in gaps:
        print(f"scenario without a passed run: {name}", file=sys.stderr)
    print(f"{len(wanted) - len(gaps)} of {len(wanted)} named scenarios ran and passed")
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

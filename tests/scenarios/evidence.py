"""Checks that every scenario named in ``names.txt`` ran and passed, and writes the table in the docs from its evidence.

usage: python -m tests.scenarios.evidence check [FOLDER …] | table | names
``check`` fails when fewer ran than are named (in these folders of ``tests/``; all of them when none is given);
``table`` writes docs/scenarios.md from build/scenarios.json;
``names`` prints the names of the scenarios that pytest finds now.
With USBGUARD_PY_LAB_IMAGE=debian13 the first two are about the scenarios that share a guest of Debian 13:
build/scenarios-13.json and docs/scenarios-13.md.
"""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.lab.evidence import file_of, missing, read
from tests.lab.recipe import ASKED, USUAL, image_asked

ROOT = Path(__file__).parents[2]
NAMES = Path(__file__).parent / "names.txt"
HEAD = """# Scenarios{where}

Each line is one scenario on a real kernel with the installed package, as its last complete run recorded it in
`{file}`: the kernel, how long it took, how many binds and unbinds the kernel reported meanwhile,
and the ledger's records it made.
Written by `{command}`. What each does is its test of that name in `tests/scenarios/` or
`tests/attacks/`.

| scenario | result | kernel | seconds | binds and unbinds | records |
| --- | --- | --- | --: | --: | --- |
"""


def named() -> set[str]:
    """The scenarios that must run."""
    return {line for line in NAMES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}


def page_of(image: str) -> Path:
    """Where the scenarios in a guest of this image are shown."""
    return ROOT / "docs" / file_of(image).with_suffix(".md").name


def head(image: str) -> str:
    """Title and explanation of that page."""
    command = "python -m tests.scenarios.evidence table"
    if image == USUAL:
        return HEAD.format(where="", file=file_of(image), command=command)
    where = f" on Debian {image.removeprefix('debian')}"
    return HEAD.format(where=where, file=file_of(image), command=f"{ASKED}={image} {command}")


def shown(name: str) -> str:
    """A scenario's name as the page has it."""
    return name.removeprefix("test_").replace("_", " ")


def table(evidence: Iterable[dict[str, Any]], image: str = USUAL) -> str:
    """The page for the docs."""
    rows = []
    for record in sorted(evidence, key=lambda r: r["name"]):
        first, last = record["ledger"] or ("–", "–")
        rows.append(
            f"| {shown(record['name'])} | {record['result']} | {record['kernel']} | {record['seconds']:.1f} "
            f"| {len(record['bindings'])} | {first} to {last} |\n"
        )
    return head(image) + "".join(rows)


FOLDERS = ("scenarios", "days", "attacks")
SHARED = "not own_guest"  # the others choose their image themselves


def found(folders: Sequence[str] = FOLDERS, image: str = USUAL) -> list[str]:
    """The scenarios that pytest finds in these folders of ``tests/``; of another image those that share a guest."""
    select = [] if image == USUAL else ["-m", SHARED]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *select, *(f"tests/{name}" for name in folders)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line)


def main(arguments: list[str]) -> int:
    """Run one of the three."""
    image = image_asked()
    evidence = ROOT / file_of(image)
    if arguments == ["names"]:
        print("\n".join(found()))
        return 0
    if arguments == ["table"]:
        page_of(image).write_text(table(read(evidence), image), encoding="utf-8")
        return 0
    all_of_it = image == USUAL and not arguments[1:]
    wanted = named() if all_of_it else named() & set(found(arguments[1:] or FOLDERS, image))
    gaps = missing(sorted(wanted), evidence)
    for name in gaps:
        print(f"scenario without a passed run: {name}", file=sys.stderr)
    print(f"{len(wanted) - len(gaps)} of {len(wanted)} named scenarios ran and passed")
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

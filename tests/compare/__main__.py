"""``python -m tests.compare``: run the scenarios with both sides; ``publish`` and ``page`` write the documents.

usage: python -m tests.compare [run [SCENARIO…] | publish | page]
``run`` writes build/compare.json; when scenarios are named, the others in it are kept. ``publish`` takes it over into
tests/compare/results.json and writes docs/comparison.md; ``page`` only writes that page from the published results.
A row without a finding of both sides is an error then.
"""

import json
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from tests.compare import registry
from tests.compare.findings import Finding, merged, verdict
from tests.compare.page import findings, page
from tests.compare.registry import Scenario
from tests.compare.sides import SIDES, lab_files, stored
from tests.lab import Guest, Lab
from tests.lab.accel import accelerator
from tests.lab.lab import cache_folder
from tests.scenarios.rig import ROOT, boot

FOUND = ROOT / "build/compare.json"
RESULTS = Path(__file__).parent / "results.json"
PAGE = ROOT / "docs/comparison.md"
ORDERS = (("peer", "ours"), ("ours", "peer"))  # who comes first in a round


def main(words: Sequence[str]) -> int:
    """Do one of the three; the exit code."""
    if words == ["page"]:
        return write_page()
    if words == ["publish"]:
        found = FOUND.read_text(encoding="utf-8")
        page(json.loads(found), registry.every())  # an incomplete run replaces nothing
        RESULTS.write_text(found, encoding="utf-8")
        return write_page()
    every = registry.every()
    wanted = [every[name] for name in words[1:] or every]
    results = json.loads(FOUND.read_text(encoding="utf-8")) if FOUND.exists() and words[1:] else {"rows": {}}
    failed = run(wanted, results)
    print("\n".join(failed), file=sys.stderr)
    return 1 if failed else 0


def write_page() -> int:
    """The page of the published results."""
    PAGE.write_text(page(json.loads(RESULTS.read_text(encoding="utf-8")), registry.every()), encoding="utf-8")
    return 0


def run(wanted: Sequence[Scenario], results: dict[str, Any]) -> list[str]:
    """Play these scenarios; ``results`` is brought up to date and written after each. What did not succeed."""
    failed = []
    with boot(Lab()) as guest:
        sides = prepare(guest)
        results["about"] = where(guest, sides)
        for one in wanted:
            failed += play(one, sides, results)
    return failed


def prepare(guest: Guest) -> dict[str, Any]:
    """Both sides, each in its snapshot, in which the other never ran."""
    lab_files(guest)
    guest.snapshot("clean")
    sides = {}
    for name, kind in SIDES.items():
        guest.restore("clean")
        sides[name] = kind(guest)
        sides[name].prepare()
        sides[name].version = stored(sides[name])
        guest.snapshot(name)
    return sides


def where(guest: Guest, sides: dict[str, Any]) -> dict[str, str]:
    """Versions, kernel, day."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {
        "date": date.today().isoformat(),  # noqa: DTZ011 - the day on the wall
        "kernel": guest.kernel_release,
        "system": guest.run(". /etc/os-release; echo $PRETTY_NAME").stdout.strip(),
        "accelerator": " ".join(accelerator(Lab().image(), cache_folder())),
        "commit": commit.stdout.strip(),
        **{name: side.version for name, side in sides.items()},
    }


def play(one: Scenario, sides: dict[str, Any], results: dict[str, Any]) -> list[str]:
    """One scenario with both sides, in turns; writes the results."""
    found: dict[str, list[Finding]] = {}
    for number in range(one.rounds):
        for name in ORDERS[number % 2]:
            begun = time.monotonic()
            try:
                sides[name].guest.restore(name)
                answers = list(one.play(sides[name]))
            except Exception as error:  # noqa: BLE001 - one scenario that breaks must not cost the others
                traceback.print_exc()
                return [f"{one.name}, {name}: {error}"]
            print(f"  {one.name}, {name}: {time.monotonic() - begun:.0f} s", flush=True)
            before = found.get(name)
            found[name] = (
                [merged(a, b, row.wanted) for a, b, row in zip(before, answers, one.rows, strict=True)]
                if before
                else answers
            )
    for index, row in enumerate(one.rows):
        results["rows"][row.key] = {name: asdict(found[name][index]) for name in found}
        who = verdict(row, *findings(results, row))
        said = {name: (found[name][index].state, found[name][index].note, found[name][index].figure) for name in found}
        print(f"    {who}: {row.key}: {said}", flush=True)
    FOUND.parent.mkdir(exist_ok=True)
    FOUND.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs the tests room by room and holds each room to its time.

A room is a group of tests that share what they need (nothing, the package, a guest). Every room
runs, also after a failure, so that one run tells everything; the last line sums them up.
usage: python -m tests.rooms [--slow] ROOM...
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.lab.lab import PROCESSORS
from tests.lab.recipe import ASKED

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
PYTEST = (sys.executable, "-m", "pytest")
WHOLE_BUDGET = 40 * 60
"""Seconds all rooms may take together on two cores."""
WHOLE_BUDGET_SLOW = 80 * 60
"""As above, with the slow tests."""


@dataclass(frozen=True)
class Room:
    """A group of tests: how pytest selects them, seconds they may take, what to run before and after, environment.

    Of a room with guests `side_by_side` the tests marked `alone` run after the others, one at a time; a room that has
    none of these says so.
    """

    select: tuple[str, ...]
    budget: int
    side_by_side: str = ""
    before: tuple[tuple[str, ...], ...] = ()
    after: tuple[tuple[str, ...], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    alone: bool = True


TESTS, FILES = "loadgroup", "loadfile"
"""How two guests at a time, each of one processor (`ALONE`), share the work: whoever is free takes the next test, or,
where a file's tests share a guest of their own, the next file (pytest-xdist, `--dist`)."""
ALONE = {PROCESSORS: "1"}

ROOMS = {
    "fast": Room(
        (
            "-m",
            "not lab and not scenarios and not days and not attacks and not crashes and not package and not papers",
            "-n",
            "2",
            "--dist",
            "loadfile",
            "--durations=5",
        ),
        budget=3 * 60,
    ),
    "package": Room(("-m", "package"), budget=8 * 60, before=(("make", "package"),)),
    "papers": Room(("-m", "papers"), budget=3 * 60),
    "lab": Room(("-m", "lab"), budget=10 * 60, side_by_side=FILES, environment=ALONE),
    "scenarios": Room(
        ("-m", "scenarios"),
        budget=15 * 60,
        side_by_side=TESTS,
        before=(("rm", "-f", "build/scenarios.json"),),
        after=((sys.executable, "-m", "tests.scenarios.evidence", "check", "scenarios"),),
        environment=ALONE,
    ),
    "days": Room(
        ("-m", "days"),
        budget=6 * 60,
        side_by_side=TESTS,
        after=((sys.executable, "-m", "tests.scenarios.evidence", "check", "days"),),
        environment=ALONE,
        alone=False,
    ),
    "attacks": Room(
        ("-m", "attacks"),
        budget=20 * 60,
        side_by_side=TESTS,
        after=((sys.executable, "-m", "tests.scenarios.evidence", "check", "attacks"),),
        environment=ALONE,
    ),
    "attacks-13": Room(
        ("-m", "attacks and not own_guest"),
        budget=25 * 60,
        side_by_side=TESTS,
        before=(("rm", "-f", "build/scenarios-13.json"),),
        after=((sys.executable, "-m", "tests.scenarios.evidence", "check", "attacks"),),
        environment={ASKED: "debian13", **ALONE},
    ),
    "crashes": Room(("-m", "crashes"), budget=10 * 60),
}


@dataclass(frozen=True)
class Outcome:
    """What a room said."""

    name: str
    seconds: float
    budget: int
    ok: bool
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def in_time(self) -> bool:
        return self.seconds <= self.budget


def counts(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of a JUnit report; nothing when pytest wrote none."""
    if not report.exists():
        return 0, 0, 0
    suite = next(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 - our own file of a moment ago
    total, failures, errors, skipped = (int(suite.get(k, "0")) for k in ("tests", "failures", "errors", "skipped"))
    return total - failures - errors - skipped, failures + errors, skipped


def runs(room: Room, *, slow: bool) -> dict[str, tuple[str, ...]]:
    """How pytest is called for a room: the ending of the report's name, and the arguments."""
    option, marks, *more = room.select
    chosen = marks if slow else f"({marks}) and not slow"
    if not room.side_by_side:
        return {"": (option, chosen, *more)}
    two = ("-n", "2", "--dist", room.side_by_side)
    if not room.alone:
        return {"": (option, chosen, *two, *more)}
    return {
        "": (option, f"({chosen}) and not alone", *two, *more),
        "-alone": (option, f"({chosen}) and alone", *more),
    }


def run_room(name: str, *, slow: bool) -> Outcome:
    room = ROOMS[name]
    parts = runs(room, slow=slow)
    reports = [BUILD / f"junit-{name}{part}.xml" for part in parts]
    for report in reports:
        report.unlink(missing_ok=True)
    tests = [(*PYTEST, *select, f"--junitxml={report}") for select, report in zip(parts.values(), reports, strict=True)]
    print(f"\n=== room {name}: at most {room.budget // 60} minutes ===", flush=True)
    start = time.monotonic()
    environment = {**os.environ, **room.environment}

    def good_end(command: Sequence[str]) -> bool:
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0

    ready = all(map(good_end, room.before))
    ends = [good_end(command) for command in tests] if ready else []  # all of them, also after a failure
    ok = ready and all(ends) and all(map(good_end, room.after))
    passed, failed, skipped = (sum(numbers) for numbers in zip(*map(counts, reports), strict=True))
    return Outcome(name, time.monotonic() - start, room.budget, ok, passed, failed, skipped)


def summary(outcomes: Sequence[Outcome], bound: int = WHOLE_BUDGET) -> str:
    lines = [f"{'room':<10}{'seconds':>9}{'budget':>9}{'passed':>8}{'failed':>8}{'skipped':>9}  verdict"]
    for o in outcomes:
        verdict = "ok" if o.ok and o.in_time else "FAILED" if not o.ok else "OVER BUDGET"
        lines.append(
            f"{o.name:<10}{o.seconds:>9.0f}{o.budget:>9}{o.passed:>8}{o.failed:>8}{o.skipped:>9}  {verdict}",
        )
    whole = sum(o.seconds for o in outcomes)
    lines.append(f"{'all':<10}{whole:>9.0f}{bound:>9}{'':>25}  {'ok' if whole <= bound else 'OVER BUDGET'}")
    return "\n".join(lines)


def good(outcomes: Sequence[Outcome], bound: int = WHOLE_BUDGET) -> bool:
    """Every room passed, in its time, with at least one test, and all together in theirs."""
    each = all(o.ok and o.in_time and o.passed > 0 and o.failed == 0 for o in outcomes)
    return bool(outcomes) and each and sum(o.seconds for o in outcomes) <= bound


def main(arguments: Sequence[str]) -> int:
    names = [a for a in arguments if a != "--slow"]
    unknown = [n for n in names if n not in ROOMS]
    if unknown or not names:
        print(f"usage: python -m tests.rooms [--slow] {' '.join(ROOMS)}", file=sys.stderr)
        return 64
    BUILD.mkdir(exist_ok=True)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    outcomes = [run_room(name, slow="--slow" in arguments) for name in names]
    bound = WHOLE_BUDGET_SLOW if "--slow" in arguments else WHOLE_BUDGET
    print("\n" + summary(outcomes, bound))
    passed, failed, skipped = (sum(getattr(o, k) for o in outcomes) for k in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 0 if good(outcomes, bound) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``python -m tests.fuzz [TARGET …] [--runs N] [--seed S]``: coverage-guided fuzzing with atheris (libFuzzer).

Each target runs in a process of its own. What it did is appended to ``build/fuzz.jsonl``; an input that made it
fail is left in ``build/fuzz/TARGET/`` and shown. The corpus stays there, so that a later run goes on.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.fuzz.targets import BOUNDS, TARGETS, seeds

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build/fuzz"
RESULTS = ROOT / "build/fuzz.jsonl"
LONGEST = 4096  # bytes of an input; the parser's own bound, 64 KiB, has a test of its own
TIMEOUT = 5  # seconds for one input
MEMORY = 1024  # MiB of a target, libFuzzer and coverage tables included
# libFuzzer's last line: "Done 20000 runs in 3 second(s)"
DONE = re.compile(r"Done (\d+) runs? in (\d+) second")


def main() -> None:
    """Run the targets one after the other; exit 1 when one of them failed."""
    words = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    words.add_argument("target", nargs="*", choices=[*TARGETS, []], help="all of them when none is named")
    words.add_argument("--runs", type=int, default=100_000, help="executions for each target")
    words.add_argument("--seed", type=int, default=0, help="0: a new one, which is recorded")
    chosen = words.parse_args()
    failed = [name for name in chosen.target or TARGETS if not fuzz(name, chosen.runs, chosen.seed)]
    if failed:
        raise SystemExit(f"failed: {' '.join(failed)}")


def fuzz(name: str, runs: int, seed: int = 0, work: Path = WORK) -> bool:
    """Fuzz one target; whether it held for all ``runs`` executions."""
    corpus = work / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(data)
    seed = seed or random.SystemRandom().randrange(1, 2**31)
    command = [
        *(sys.executable, "-m", "tests.fuzz.run", name, str(corpus)),
        *(f"-runs={runs}", f"-seed={seed}", f"-max_len={BOUNDS.get(name, LONGEST)}"),
        *(f"-timeout={TIMEOUT}", f"-rss_limit_mb={MEMORY}"),
        *(f"-artifact_prefix={work / name}/", "-print_final_stats=1", "-verbosity=1"),
    ]
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    told = DONE.search(done.stderr)
    executed = int(told[1]) if told else 0
    held = done.returncode == 0 and executed >= runs
    if not held:
        print(done.stderr[-4000:])
    _record(name, seed, executed, held, time.monotonic() - began)
    print(f"{name:12} {executed:>10} executions, seed {seed}: {'held' if held else 'FAILED'}")
    return held


def _record(name: str, seed: int, executed: int, held: bool, seconds: float) -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "build": commit.stdout.strip(),
        "target": name,
        "seed": seed,
        "executions": executed,
        "seconds": round(seconds),
        "held": held,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

"""``python -m tests.campaign [--kill N] [--cut N] [--soak CYCLES] [--seed S] | table``: the crash campaign.

Makes trials until there are so many of each kind for this build (the package), and appends each to
``build/campaign.jsonl``; a second call goes on after the last complete one. ``--repeat KIND:NUMBER`` makes one trial
again by its seed and appends nothing. ``table`` writes docs/campaign.md from the file.
"""

import argparse
import tempfile
from pathlib import Path

from tests.campaign import cut, kill, soak, table
from tests.campaign.results import FILE
from tests.campaign.run import WORK, Killing, Runner, Soaking
from tests.lab.image import say

KILLS, CUTS, CYCLES = 270, 30, 10_000


def main() -> None:
    """Do what was asked; exit 1 when a trial of this call did not hold."""
    words = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    words.add_argument("do", nargs="?", choices=["run", "table"], default="run")
    words.add_argument("--kill", type=int, default=KILLS, help="trials in which processes are killed")
    words.add_argument("--cut", type=int, default=CUTS, help="trials in which the power goes")
    words.add_argument("--soak", type=int, default=CYCLES, help="plug cycles of the soak")
    words.add_argument("--seed", type=int, help="of all trials; by default that of the last line, or a fresh one")
    words.add_argument("--repeat", metavar="KIND:NUMBER", help="one trial again")
    words.add_argument("--results", type=Path, default=FILE, help="the file that lines are appended to")
    chosen = words.parse_args()
    if chosen.do == "table":
        table.write(chosen.results)
        return
    if chosen.repeat:
        kind, _, number = chosen.repeat.partition(":")
        raise SystemExit(repeat(kind, int(number), chosen.seed, chosen.soak))
    runner = Runner(chosen.seed, chosen.results)
    say(f"package {runner.which.package}, commit {runner.which.commit}, seed {runner.seed}")
    runner.kills(chosen.kill)
    runner.cuts(chosen.cut)
    runner.soaks(chosen.soak)
    if runner.failed:
        raise SystemExit(f"{runner.failed} trials did not hold; their evidence is in build/campaign/")


def repeat(kind: str, number: int, seed: int | None, cycles: int) -> int:
    """One trial again; its line goes to a file of its own."""
    runner = Runner(seed, Path(tempfile.mkdtemp()) / "repeated.jsonl")
    makers = {
        kill.KIND: lambda: Killing(runner.lab),
        cut.KIND: lambda: cut.Cuts(runner.lab, WORK / "cut"),
        soak.KIND: lambda: Soaking(runner.lab, cycles),
    }
    machine = makers[kind]()
    try:
        runner.one(machine, kind, number)
    finally:
        machine.close()
    return int(runner.failed > 0)


if __name__ == "__main__":
    main()

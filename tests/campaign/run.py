"""Runs trials one after the other and writes down what each came to."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.campaign import cut, kill, results, soak
from tests.campaign.cut import Cuts
from tests.campaign.kill import Kills
from tests.campaign.results import FAILED, FAILURES, FILE, Line
from tests.campaign.trial import Trial
from tests.campaign.world import CMDLINE
from tests.lab import Guest, Lab
from tests.lab.image import LabError, say
from tests.scenarios.rig import boot, enforce

VOIDS = 3  # failures of the lab one after the other after which it is given up
WORK = FAILURES / "work"


class Machine(Protocol):
    """What makes the trials of one kind."""

    guest: Guest

    def trial(self, number: int, seed: int, folder: Path) -> Trial:
        """Make one trial; what is larger than a line goes to ``folder``."""

    def close(self) -> None:
        """End the machine."""


class Killing(Kills):
    """A guest of its own for the trials of kind ``kill``."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(ready(lab))

    def close(self) -> None:
        """End the machine."""
        self.guest.close()


class Soaking(Killing):
    """The same for a soak of so many cycles."""

    def __init__(self, lab: Lab, cycles: int) -> None:
        self.cycles = cycles
        super().__init__(lab)

    def trial(self, number: int, seed: int, folder: Path) -> Trial:
        """All the cycles."""
        return soak.soak(self, number, seed, self.cycles, folder)


def ready(lab: Lab) -> Guest:
    """A guest with the product, the strict policy and one stick on the list."""
    guest = boot(lab, cmdline=CMDLINE)
    try:
        enforce(guest)
    except BaseException:
        guest.close()
        raise
    return guest


class Runner:
    """Makes what is missing of each kind for this build; ``failed`` counts the trials that did not hold."""

    def __init__(self, seed: int | None, file: Path = FILE) -> None:
        self.file, self.lab, self.failed = file, Lab(), 0
        self.which = results.build()
        self.seed = results.seed_of(self.lines(), seed)

    def lines(self) -> list[Line]:
        """What is known of this build."""
        return results.of_build(results.read(self.file), self.which)

    def kills(self, wanted: int) -> None:
        """Trials of kind ``kill`` until there are so many."""
        self._until(kill.KIND, lambda: results.finished(self.lines(), kill.KIND) >= wanted, lambda: Killing(self.lab))

    def cuts(self, wanted: int) -> None:
        """Trials of kind ``cut`` until there are so many."""
        self._until(
            cut.KIND, lambda: results.finished(self.lines(), cut.KIND) >= wanted, lambda: Cuts(self.lab, WORK / "cut")
        )

    def soaks(self, cycles: int) -> None:
        """One soak of at least so many cycles."""

        def enough() -> bool:
            return any(one["kind"] == soak.KIND and _cycles(one) >= cycles for one in self.lines())

        self._until(soak.KIND, enough, lambda: Soaking(self.lab, cycles))

    def _until(self, kind: str, enough: Callable[[], bool], make: Callable[[], Machine]) -> None:
        machine: Machine | None = None
        voids = 0
        try:
            while not enough() and voids < VOIDS:
                number = results.following(self.lines(), kind)
                try:
                    machine = machine or make()
                    self.one(machine, kind, number)
                    voids = 0
                except LabError as error:
                    voids += 1
                    self._void(kind, number, error)
                    if machine is not None:
                        machine.close()
                    machine = None
        finally:
            if machine is not None:
                machine.close()
        if voids >= VOIDS:
            raise LabError(f"{kind}: the lab failed {VOIDS} times in a row")

    def _void(self, kind: str, number: int, error: LabError) -> None:
        say(f"{kind} {number}: no verdict: {error}")
        results.append(results.void(kind, number, self.seed, str(error)[:2000]), self.file)

    def one(self, machine: Machine, kind: str, number: int) -> Line:
        """Make one trial and write it down; one that did not hold leaves its folder."""
        folder = WORK / kind
        shutil.rmtree(folder / "ledger", ignore_errors=True)
        begun = time.monotonic()
        trial = machine.trial(number, self.seed, folder / "ledger")
        line = results.line(kind, number, self.seed, machine.guest, trial, seconds=time.monotonic() - begun)
        if line["verdict"] == FAILED:
            self.failed += 1
            keep(machine.guest, line, trial, folder / "ledger")
        results.append(line, self.file)
        shown = "; ".join(trial.problems[:3]) or "held"
        say(f"{kind} {number}, seed {self.seed}, {line['seconds']} s: {shown}")
        return line


def keep(guest: Guest, line: Line, trial: Trial, ledger: Path) -> Path:
    """Leave journal, kernel log, ledger, evidence and the sentence that repeats the trial."""
    folder = FAILURES / f"{line['kind']}-{line['trial']}-{line['seed']}"
    shutil.rmtree(folder, ignore_errors=True)
    repeat = f"python -m tests.campaign --seed {line['seed']} --repeat {line['kind']}:{line['trial']}"
    guest.collect(folder, "\n".join([*trial.problems, f"again: {repeat}"]))
    trial.evidence.write(folder / "evidence.json")
    if ledger.exists():
        shutil.copytree(ledger, folder / "ledger", dirs_exist_ok=True)
    return folder


def _cycles(line: Line) -> int:
    return int(line.get("seen", {}).get("cycles", 0))

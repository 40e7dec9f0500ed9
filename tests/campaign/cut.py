"""Trials of kind ``cut``: the power goes in a storm, unflushed writes are lost, the machine starts from the rest.

One boot a trial: the machine that started after one cut is the one that the next cut hits.
"""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.campaign import gather
from tests.campaign.evidence import APPROVED, JUDGE, UNKNOWN, Evidence
from tests.campaign.plan import LENGTH, Plan, seeded, storm
from tests.campaign.trial import Trial
from tests.campaign.verdict import never_alive, numbers, opened_by_an_entry, problems
from tests.campaign.world import CMDLINE, ROLES, STAYS, World, enlist
from tests.lab import Lab
from tests.lab.devices import at_boot
from tests.lab.media import medium
from tests.lab.powercut import copy_sparse
from tests.scenarios.rig import APPROVED as SAMPLE
from tests.scenarios.rig import Rig, enforce

KIND = "cut"
STRANGER = "SAMPLE-9999"
STICKS = {"2-1": (SAMPLE, APPROVED), "2-2": (STRANGER, UNKNOWN)}  # plugged in when the power returns; USB 3, so bus 2


class Cuts:
    """A machine that loses its power again and again. Ended with :meth:`close`."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        """Install the product on a machine with a state disk; ``folder`` holds its disks."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.lab, self.folder = lab, folder
        self.root, self.state = folder / "root.qcow2", folder / "state.raw"
        self.sticks = {port: medium(folder / f"stick-{port}.raw") for port in STICKS}
        self.guest = lab.boot("debian12", cmdline=CMDLINE, state_disk=True)
        try:
            rig = enforce(self.guest)
            self._ready()
            enlist(rig, self.world)
            self._keep_root()
        except BaseException:
            self.close()
            raise
        self.devices = self.world.devices()

    def _ready(self) -> None:
        gather.bring(self.guest)
        self.world = World(self.guest)

    def _keep_root(self) -> None:
        """Copy the root disk while nothing moves: each later machine starts from this one."""
        self.guest.run("sync")
        self.guest.qmp.execute("stop")
        try:
            shutil.copyfile(self.guest.machine.overlay, self.root)
        finally:
            self.guest.qmp.execute("cont")

    def trial(self, number: int, seed: int, folder: Path) -> Trial:
        """Storm, cut, boot, wait, judge. Evidence that is larger than a line goes to ``folder``."""
        plan = storm(seeded(seed, KIND, number), list(ROLES), STAYS)
        before, lost = self._until_the_cut(plan)
        self._boot()
        devices = {port: kind for port, (_, kind) in STICKS.items()}
        seen = gather.settled(gather.start(self.guest, "settle"), devices, devices)
        found = gather.evidence(self.guest, devices, seen, folder)
        found = replace(found, saw=before.saw, told=before.told, killed=[JUDGE], before=before.before)
        then = replace(before, entries=found.entries)
        wrong = [*never_alive(then), *opened_by_an_entry(then), *problems(found)]
        self._ready()
        self.devices = {**self.world.devices(), **devices}
        moment = {"drawn": plan.moment, "units": ["power"]}
        figures = numbers(replace(then, present=found.present))
        return Trial(moment, {**figures, "lost_writes": lost}, wrong, replace(found, records=then.records))

    def _until_the_cut(self, plan: Plan) -> tuple[Evidence, int]:
        """The storm, and the power goes in it; what was known until then, and how many writes were lost."""
        last = Rig(self.guest).seq()
        self.guest.witness.restart()
        gather.observer(self.guest, "--console")
        asked: dict[str, Any] = {"gadgets": self.world.described(), "steps": plan.steps}
        gather.ask(gather.start(self.guest, "storm"), {**asked, "cut": plan.moment, "seconds": LENGTH})
        self.guest.machine.wait_console("lab-cut", 120)
        copy_sparse(self.guest.cut_power(), self.state)
        saw, told = gather.heard(_lines(self.guest.machine.console))
        records = gather.records(self.guest)
        found = Evidence(self.guest.boot_id, self.devices, records=records, saw=saw, told=told, before=last)
        return found, self.guest.lost_writes

    def _boot(self) -> None:
        self.guest.close()
        extra = [word for port in STICKS for word in self._stick(port)]
        self.guest = self.lab.boot("debian12", cmdline=CMDLINE, overlay=self.root, after=self.state, extra=tuple(extra))

    def _stick(self, port: str) -> tuple[str, ...]:
        number = int(port.partition("-")[2])
        return at_boot("usb-storage", number, self.sticks[port], serial=STICKS[port][0], removable="on")

    def collect(self, folder: Path, sentence: str) -> None:
        """Leave the evidence of a failed trial."""
        self.guest.collect(folder, sentence)

    def close(self) -> None:
        """End the machine."""
        self.guest.close()


def _lines(console: Path) -> Iterable[str]:
    """What the observer wrote to the console; a last line without its end was cut off."""
    whole = console.read_text(errors="replace").rpartition("\n")[0]
    return [line.removeprefix("lab-") for line in whole.splitlines() if line.startswith("lab-")]

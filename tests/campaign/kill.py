"""Trials of kind ``kill``: a storm from a snapshot, the judge or the hands killed in it, and what became of it all."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.campaign import gather
from tests.campaign.evidence import APPROVED, JUDGE, UNKNOWN
from tests.campaign.plan import LENGTH, Plan, seeded, storm
from tests.campaign.trial import Trial
from tests.campaign.verdict import numbers, problems
from tests.campaign.world import ROLES, STAYS, Role, World, crowd, enlist
from tests.lab import Guest
from tests.lab.image import LabError
from tests.scenarios import rig as rigs
from tests.scenarios.rig import Rig

KIND = "kill"
BASE = "campaign"
STRANGER = "SAMPLE-9999"


class Kills:
    """A guest with the base of the trials in a snapshot; the soak begins there, too."""

    def __init__(self, guest: Guest, roles: Mapping[str, Role] | None = None) -> None:
        """``guest`` has the product, the strict policy and one stick on the list (``tests.scenarios.rig.enforce``).

        ``roles`` are the devices it gets, by default all that the soak needs; the storms need :data:`ROLES`.
        """
        self.guest = guest
        gather.bring(guest)
        self.world = World(guest, crowd() if roles is None else roles)
        enlist(Rig(guest), self.world)
        entries = Rig(guest).entries()
        self.before = int(entries[-1]["seq"])
        self.start = max(e["seq"] for e in entries if e["kind"] == "start")
        self.watching = gather.observer(guest)
        self.storm, self.settling = gather.start(guest, "storm"), gather.start(guest, "settle")
        guest.snapshot(BASE)

    def trial(self, number: int, seed: int, folder: Path) -> Trial:
        """Restore, storm, kill, wait, judge. Evidence that is larger than a line goes to ``folder``."""
        plan = storm(seeded(seed, KIND, number), list(ROLES), STAYS)
        self.guest.restore(BASE)
        return self.run(plan, folder)

    def run(self, plan: Plan, folder: Path) -> Trial:
        """Carry a plan out in the guest, which was restored."""
        devices, done = self._storm(plan)
        killed = next(one for one in done if "killed" in one)
        after = self.start if JUDGE in killed["killed"] else None
        expected = [self.world.ports[name] for name in plan.inside()]
        seen = gather.settled(self.settling, devices, expected, after)
        self.watching.type("", close=True)
        self.watching.wait()
        saw, told = gather.heard(self.watching.output.splitlines())
        found = gather.evidence(self.guest, devices, seen, folder)
        found = replace(found, saw=saw, told=told, killed=list(killed["killed"]), before=self.before)
        return Trial(moment(killed, plan), numbers(found), problems(found), found)

    def _storm(self, plan: Plan) -> tuple[dict[str, str], list[dict[str, Any]]]:
        """The storm in the guest, and sticks from outside beside it; the devices, and what was done."""
        devices = self.world.devices()
        asked = {
            "gadgets": self.world.described(),
            "steps": plan.steps,
            "kill": [plan.moment, plan.targets],
            "seconds": LENGTH,
        }
        process = gather.ask(self.storm, asked)
        process.wait_output("begun")
        if plan.sticks:
            devices[self.guest.plug_stick(serial=rigs.APPROVED).port] = APPROVED
            devices[self.guest.plug_stick(serial=STRANGER).port] = UNKNOWN
        if process.wait(timeout=120):
            raise LabError(f"the storm ended with an error:\n{process.output}")
        return devices, [json.loads(line) for line in process.output.splitlines()]


def moment(killed: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """The moment of the blow, for the results: as drawn, and when it fell; seconds from the begin of the storm."""
    return {"drawn": plan.moment, "fell": killed["after"], "units": sorted(killed["killed"])}

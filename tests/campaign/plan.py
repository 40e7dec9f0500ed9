"""What a trial does and when, drawn from its seed: the same seed gives the same plan."""

import random
from dataclasses import dataclass

from tests.campaign.evidence import HANDS, JUDGE

LENGTH = 3.0  # seconds of a storm in the guest; a restart of the judge takes as long
FIRST = 1.0  # seconds in which every device has come once
ARRIVALS = 3  # of one device at most: a fourth would be counted and have no entry of its own (docs/adr/0070)
CONTACT = (0.15, 1.5)  # seconds plugged in; the kernel needs 0.2 to announce a device
GAP = (0.1, 0.6)
EARLIEST = 0.2  # seconds into the storm; the latest moment is just after its end, when the last are judged
AFTER = 1.5
TARGETS = {(JUDGE,): 70, (HANDS,): 10, (JUDGE, HANDS): 20}  # how often each is killed, in a hundred

Step = tuple[float, str, bool]  # seconds, device, whether in


@dataclass(frozen=True)
class Plan:
    """A storm: its steps, the moment of the blow, which units are killed, whether the host plugs sticks, too."""

    steps: list[Step]
    moment: float
    targets: tuple[str, ...]
    sticks: bool

    def inside(self) -> set[str]:
        """The devices that are plugged in at the end."""
        last = {name: state for _, name, state in self.steps}
        return {name for name, state in last.items() if state}


def seeded(seed: int, kind: str, number: int) -> random.Random:
    """The source of all that a trial draws."""
    return random.Random(f"{seed}/{kind}/{number}")


def storm(source: random.Random, names: list[str], stays: str) -> Plan:
    """A storm of the devices ``names``; the one called ``stays`` is plugged in at its end."""
    steps: list[Step] = []
    for name in names:
        steps += _visits(source, name, stays=name == stays)
    targets = source.choices(list(TARGETS), list(TARGETS.values()))[0]
    moment = round(source.uniform(EARLIEST, LENGTH + AFTER), 3)
    return Plan(sorted(steps), moment, targets, source.random() < 1 / 3)


def _visits(source: random.Random, name: str, *, stays: bool) -> list[Step]:
    """When one device comes and goes, in turn, within the storm."""
    moment, steps = source.uniform(0, FIRST), []
    for _ in range(source.randint(1, ARRIVALS)):
        steps.append((round(moment, 3), name, True))
        moment += source.uniform(*CONTACT)
        steps.append((round(moment, 3), name, False))
        moment += source.uniform(*GAP)
    if stays or source.random() < 2 / 3:
        steps.pop()
    return [step for step in steps if step[0] <= LENGTH] if not stays else _bounded(steps)


def _bounded(steps: list[Step]) -> list[Step]:
    """The steps within the storm, with the device in at its end."""
    kept = [step for step in steps if step[0] <= LENGTH]
    return kept if kept[-1][2] else kept[:-1]

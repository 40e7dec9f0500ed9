"""The answer to an inspector's first question: was there a foreign device, and how far does the log know?

Pure. *Foreign* is what was neither on the list nor enrolled. A device that was blocked did nothing; one that was only
observed, that the kernel did not close, or that a start for maintenance let in, may have worked.
"""

from enum import StrEnum

import msgspec

from usbguard_py.core.coverage import Coverage
from usbguard_py.core.stretches import Reason
from usbguard_py.core.tally import Known, Tally

# A gap in which the kernel itself kept every bus closed: each start of a machine has one.
CLOSED = frozenset({Reason.STARTING})


class Answer(StrEnum):
    """What was found, in one word. ASCII, stable, never translated."""

    CLEAN = "no-foreign-device"
    BLOCKED = "foreign-blocked"
    OPEN = "foreign-may-have-worked"


class Inspection(msgspec.Struct, frozen=True):
    """What the log says of a period.

    ``count`` foreign devices came ``arrivals`` times; ``may_work`` of these times nothing had closed them.
    ``unanswered`` is how often something was plugged in that never answered as a device.
    """

    answer: Answer
    count: int
    arrivals: int
    may_work: int
    unanswered: int
    coverage: Coverage

    @property
    def quiet(self) -> bool:
        """Nothing to look at: no foreign device, nothing that never answered, no gap in which something could work."""
        exposed = any(stretch.reason not in CLOSED for stretch in self.coverage.gaps)
        return self.answer is Answer.CLEAN and not self.unanswered and not exposed


def inspected(tally: Tally, coverage: Coverage) -> Inspection:
    """What the figures and the coverage of a period come to."""
    seen = tally.foreign
    may_work = seen.arrivals - seen.blocked
    answer = Answer.OPEN if may_work else Answer.BLOCKED if seen.arrivals else Answer.CLEAN
    return Inspection(answer, len(foreign(tally)), seen.arrivals, may_work, tally.unenumerated, coverage)


def foreign(tally: Tally) -> list[Known]:
    """The foreign devices, in the order in which they first came."""
    return [known for known in tally.devices.values() if known.foreign.arrivals]

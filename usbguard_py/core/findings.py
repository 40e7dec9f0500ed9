"""What ``doctor`` can find: each finding has one row with its level, its sentence and its remedy."""

import msgspec

from usbguard_py.core.findings_mild import MILD
from usbguard_py.core.findings_pressing import PRESSING
from usbguard_py.core.levels import Kind, Level

FINDINGS: dict[str, Kind] = {**PRESSING, **MILD}
"""In the order in which those of one level are shown."""


class Finding(msgspec.Struct, frozen=True):
    """One finding: its name in :data:`FINDINGS`, and what stands in the braces of its texts."""

    name: str
    facts: dict[str, str] = {}

    @property
    def level(self) -> Level:
        """How pressing it is."""
        return FINDINGS[self.name].level


def found(name: str, /, **facts: object) -> Finding:
    """A finding with its facts as text."""
    return Finding(name, {key: str(value) for key, value in facts.items()})

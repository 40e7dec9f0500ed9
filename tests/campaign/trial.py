"""What one trial came to."""

from dataclasses import dataclass
from typing import Any

from tests.campaign.evidence import Evidence


@dataclass(frozen=True)
class Trial:
    """A trial that ran: when the blow fell, what was seen in figures, what was not as promised, and the evidence."""

    moment: dict[str, Any]
    seen: dict[str, Any]
    problems: list[str]
    evidence: Evidence

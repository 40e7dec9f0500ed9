"""What a scenario found with one side, and which side does better: pure, so that the table cannot say otherwise.

A finding holds what the witness said, never whether that is good: the row says what is wanted, and :func:`verdict`
compares. A side wins by doing what is wanted where the other does not, or by a figure that is clearly lower.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OPPOSITES = {"dead": "alive", "alive": "dead", "yes": "no"}
CLEARLY = 1.25  # times: figures of one emulated run that differ by less are equal
SIDES = ("peer", "ours")


class NotFound(ValueError):
    """A result that cannot stand in a table: an unknown state, a row without a finding of both sides."""


@dataclass(frozen=True)
class Row:
    """One question to both sides.

    ``done`` says what is done, ``asked`` what is asked, ``wanted`` is the state that is good: ``dead``, ``alive`` or
    ``yes``. With a ``unit`` there are samples, of which lower is better; ``slack``, in that unit, is no difference.
    ``remark`` is what a reader should know of the answers.
    """

    key: str
    done: str
    asked: str
    wanted: str
    unit: str = ""
    slack: float = 0.0
    remark: str = ""


@dataclass(frozen=True)
class Finding:
    """What one side showed: ``dead`` or ``alive`` by the witness, else ``yes`` or ``no``; why; figures; evidence."""

    state: str
    note: str = ""
    samples: Sequence[float] = ()
    evidence: Sequence[str] = field(default=())

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Finding":
        """A finding from its JSON object."""
        return cls(stored["state"], stored["note"], tuple(stored["samples"]), tuple(stored["evidence"]))

    @property
    def figure(self) -> float | None:
        """The median of the samples."""
        return statistics.median(self.samples) if self.samples else None


def good(row: Row, finding: Finding) -> bool:
    """Whether the finding is what the row wants. Raises NotFound for a state that is no answer to its question."""
    if finding.state not in (row.wanted, OPPOSITES[row.wanted]):
        raise NotFound(f"{row.key}: {finding.state!r} is no answer; wanted is {row.wanted!r}")
    return finding.state == row.wanted


def verdict(row: Row, peer: Finding, ours: Finding) -> str:
    """Who does better: ``peer``, ``ours`` or ``equal``.

    Figures count only where both do what is wanted; a figure on one side only is a mistake of the scenario.
    """
    fine = {"peer": good(row, peer), "ours": good(row, ours)}
    if fine["peer"] != fine["ours"]:
        return "peer" if fine["peer"] else "ours"
    if not row.unit or not fine["peer"]:
        return "equal"
    if peer.figure is None or ours.figure is None:
        raise NotFound(f"{row.key}: no figure")
    low, high = sorted((max(peer.figure, 0.0), max(ours.figure, 0.0)))
    if high - low <= row.slack or high < low * CLEARLY:
        return "equal"
    return "peer" if peer.figure < ours.figure else "ours"


def merged(first: Finding, again: Finding, wanted: str) -> Finding:
    """Two rounds of one scenario: what was not as wanted once is the finding; figures of both."""
    worse = first if first.state != wanted else again
    return Finding(worse.state, worse.note, (*first.samples, *again.samples), (*first.evidence, *again.evidence))

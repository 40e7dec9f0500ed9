"""The values of coverage: what an entry says of it, stretches of time, and their sums. See docs/ledger-format.md."""

from enum import StrEnum

import msgspec

# Entries that turn something, besides those in TELLING. With the entry before each, and the last, they say all.
TURNING = frozenset({"begin", "start", "stop", "policy-use", "sleep", "events-lost", "clock-step"})
NOT_SET = "the kernel's default could not be set"  # of an alarm, as the judge writes it
HUB = "/hub"  # a drift of a root hub: the bus is dead, which is not open
ALL = 10_000  # hundredths of a per cent


class Reason(StrEnum):
    """Why a stretch is not covered. ASCII, stable, never translated."""

    BEFORE = "before"  # the log had not begun, or no judge had ever been started
    STARTING = "starting"  # the machine ran, the judge did not yet; the kernel's parameter kept every bus closed
    STARTING_OPEN = "starting-open"  # as before, without that parameter
    STOPPED = "stopped"  # the judge had been asked to stop
    DIED = "died"  # the judge ended without being asked to, and was started again
    OBSERVE = "observe"  # decisions were recorded, not carried out
    OPEN = "open"  # a default of the kernel could not be closed
    EVENTS_LOST = "events-lost"  # entries or events of the kernel are missing
    UNKNOWN = "unknown"  # the entries end without a stop, the next are of another start of the machine
    END = "end"  # after the last entry
    SLEEP = "sleep"
    OFF = "off"  # the machine was switched off, or another system ran on it


NOT_COUNTED = frozenset({Reason.SLEEP, Reason.OFF})


class Mark(msgspec.Struct, frozen=True):
    """What coverage needs of an entry; ``from_`` is the body's ``from``."""

    seq: int
    kind: str
    at: str
    mono_ms: int
    boot: str
    enforce: bool | None = None
    kernel_parameter: bool = False
    shutdown: bool = False
    unclosed: tuple[str, ...] = ()
    restored: bool | None = None
    name: str = ""
    detail: str = ""
    from_: object = msgspec.field(name="from", default=None)
    ms: int = 0
    late: bool = False
    happened_at: str = ""

    @property
    def turns(self) -> bool:
        """Whether the entry itself says something of coverage."""
        drift = self.kind == "drift" and self.restored is not None
        return self.kind in TURNING or drift or (self.kind == "alarm" and self.detail == NOT_SET)


class Stretch(msgspec.Struct, frozen=True):
    """A stretch of time: begin and end in milliseconds since 1970 by the wall clock of its begin.

    ``reason`` is empty where enforcement was in force; ``seq`` is the entry that tells of it.
    """

    begin: int
    end: int
    reason: str
    seq: int

    @property
    def counts(self) -> bool:
        """Whether it is part of the time in which the machine ran, as far as is known."""
        return self.reason not in NOT_COUNTED


class Coverage(msgspec.Struct, frozen=True):
    """What is known of a period: its stretches in the order of the entries, and how often a clock went back unseen.

    ``backwards`` counts starts of the machine that by the wall clock lie before the end of the one before.
    """

    since: int
    until: int
    stretches: tuple[Stretch, ...]
    backwards: int = 0

    def total(self, *reasons: str) -> int:
        """Milliseconds of the stretches with one of these reasons; ``""`` is enforcement in force."""
        return sum(s.end - s.begin for s in self.stretches if s.reason in reasons)

    @property
    def covered(self) -> int:
        """Milliseconds in which enforcement was in force."""
        return self.total("")

    @property
    def missing(self) -> int:
        """Milliseconds that count as gaps."""
        return sum(s.end - s.begin for s in self.gaps)

    @property
    def off(self) -> int:
        """Milliseconds in which the machine slept or was off, as far as is known."""
        return self.total(*NOT_COUNTED)

    @property
    def gaps(self) -> tuple[Stretch, ...]:
        """The stretches that count and are not covered."""
        return tuple(s for s in self.stretches if s.reason and s.counts)

    @property
    def hundredths(self) -> int | None:
        """Coverage in hundredths of a per cent, rounded down; ``None`` when there is nothing to count."""
        counted = self.covered + self.missing
        return ALL * self.covered // counted if counted else None

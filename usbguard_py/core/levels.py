"""How pressing a finding of ``doctor`` is, and what a row of their table holds."""

from enum import IntEnum

import msgspec


class Level(IntEnum):
    """How pressing a finding is; a greater one comes first."""

    OK = 0
    NOTE = 1
    WARNING = 2
    DANGER = 3


class Kind(msgspec.Struct, frozen=True):
    """The level and the texts of a finding; the remedy is a command that can be typed."""

    level: Level
    sentence: str
    remedy: str = ""

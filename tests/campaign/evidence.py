"""What one trial left behind, as plain values: all that its verdict may rest on, and nothing else."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

APPROVED = "approved"  # on the list: works when it is plugged in
TWIN = "twin"  # two that match one passport: each works alone, none beside the other
UNKNOWN = "unknown"  # never works

JUDGE, HANDS = "usbguard-py", "usbguard-py-hands"  # units


@dataclass(frozen=True)
class Evidence:
    """One machine between two moments.

    ``records`` are the witness's own, ``trees`` what it found in sysfs at the end, ``bound`` the bindings that the
    kernel's driver core wrote into the kernel's log. ``saw`` are pairs of number and hash that a reader of the file saw
    committed, ``told`` triples of number, event and port that the judge told those who watch.
    """

    boot_id: str
    devices: dict[str, str]  # port: kind
    records: list[dict[str, Any]] = field(default_factory=list)
    trees: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    bound: list[list[str]] = field(default_factory=list)  # [interface, driver]
    entries: list[dict[str, Any]] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)  # of each entry, by its number
    broken: list[str] = field(default_factory=list)  # what the independent check of the file found
    verify: str = ""  # what `log verify` said when it did not succeed
    saw: list[list[Any]] = field(default_factory=list)
    told: list[list[Any]] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)  # units of which a process was killed
    before: int = 0  # number of the last entry before the trial
    present: dict[str, int] = field(default_factory=dict)  # port: device number, at the end
    waiting: list[str] = field(default_factory=list)  # what never came to its end
    usable: dict[str, dict[str, Any]] = field(default_factory=dict)  # port: node, mode, bytes

    def of(self, kind: str) -> list[str]:
        """The ports with devices of this kind."""
        return [port for port, one in self.devices.items() if one == kind]

    def added(self) -> list[dict[str, Any]]:
        """The entries of the trial."""
        return [entry for entry in self.entries if entry["seq"] > self.before]

    def write(self, path: Path) -> None:
        """Keep it, for a look at a trial that failed and for tests of the verdict."""
        path.write_text(json.dumps(dataclasses.asdict(self), ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Evidence":
        """What :meth:`write` kept."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

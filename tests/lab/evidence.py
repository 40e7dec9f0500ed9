"""What every scenario leaves behind: one entry in `build/scenarios.json`, written while it runs.

Scenarios in a guest of another image than the usual one have a file of their own: `build/scenarios-13.json`.
The tables in the documents are generated from these files, and the run fails when fewer scenarios than named ran.
"""

import fcntl
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .guest import Guest
from .recipe import USUAL

FILE = Path("build/scenarios.json")


def file_of(image: str) -> Path:
    """Return the file for scenarios in a guest of `image` (`debian12`, `debian13`)."""
    return FILE if image == USUAL else FILE.with_stem(f"{FILE.stem}-{image.removeprefix('debian')}")


Sequence = Callable[[], int | None]  # the ledger's last sequence number, None while there is no ledger


@dataclass
class Scenario:
    """One scenario's evidence. `facts` is for what the scenario itself wants to show."""

    name: str
    kernel: str
    boot_id: str
    ledger: tuple[int, int] | None = None  # first and last sequence number it added, None when it added nothing
    bindings: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    result: str = "failed"
    facts: dict[str, Any] = field(default_factory=dict)


class Recording:
    """A scenario that runs; `finish` writes it down."""

    def __init__(self, evidence: "Evidence", name: str, guest: Guest, sequence: Sequence | None) -> None:
        self.entry = Scenario(name, guest.kernel_release, guest.boot_id)
        self._evidence, self._guest, self._sequence = evidence, guest, sequence
        self._begun, self._since = time.monotonic(), guest.witness.mark
        self._first = (sequence() if sequence else None) or 0

    def finish(self, *, passed: bool) -> None:
        """Write the scenario with its result."""
        entry = self.entry
        entry.seconds = round(time.monotonic() - self._begun, 3)
        entry.bindings = self._guest.witness.bindings(self._since)
        # A failed scenario may have left nothing that could still be asked.
        last = self._sequence() if self._sequence and passed else None
        if last is not None and last > self._first:
            entry.ledger = (self._first + 1, last)
        entry.result = "passed" if passed else "failed"
        self._evidence.write(entry)


class Evidence:
    """The recorder of one run; entries of other runs with the same name are replaced, others kept."""

    def __init__(self, file: Path = FILE) -> None:
        self.file = file

    @contextmanager
    def scenario(self, name: str, guest: Guest, sequence: Sequence | None = None) -> Iterator[Scenario]:
        """Record what happens in the block; it passed when no exception leaves it."""
        recording = Recording(self, name, guest, sequence)
        passed = False
        try:
            yield recording.entry
            passed = True
        finally:
            recording.finish(passed=passed)

    def write(self, entry: Scenario) -> None:
        """Put one entry into the file, at once: a run that dies leaves what it had."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # runs side by side write into one file
            scenarios = {one["name"]: one for one in read(self.file)}
            scenarios[entry.name] = asdict(entry)
            temporary = self.file.with_suffix(".tmp")
            temporary.write_text(json.dumps(list(scenarios.values()), indent=1, ensure_ascii=False) + "\n")
            temporary.replace(self.file)


def read(file: Path = FILE) -> list[dict[str, Any]]:
    """Return the entries of `file`, none when there is no file."""
    return list(json.loads(file.read_text())) if file.exists() else []


def missing(wanted: list[str], file: Path = FILE) -> list[str]:
    """Return the names of `wanted` that did not run and pass."""
    passed = {entry["name"] for entry in read(file) if entry["result"] == "passed"}
    return [name for name in wanted if name not in passed]

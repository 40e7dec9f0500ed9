"""Base snapshots that outlive the machine they were made in: rooms, and runs side by side, share one boot and one
installation.

A base is the root disk of a guest with its snapshot in it, and a few words about it. It is made in a machine of its
own, which is ended before anybody loads it, and named by everything it was made from.
"""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .accel import host
from .guest import Guest
from .lab import Lab, processors

HERE = Path(__file__).parent
BASE = "base"
FOLDER = Path("build/bases")
KEPT = 4  # bases, of a few hundred MiB each


@dataclass(frozen=True)
class Base:
    """How a base is made: `Lab.boot`'s arguments, what is done in the guest, and the files that say how."""

    options: dict[str, Any]
    install: Callable[[Guest], None]
    made_from: Iterable[Path]

    def boot(self, lab: Lab) -> Guest:
        """Return a guest that stands where the snapshot does; makes the base when there is none."""
        digest = self.digest(lab)
        disk = FOLDER / f"{digest}.qcow2"
        FOLDER.mkdir(parents=True, exist_ok=True)
        with _lock(FOLDER / f"{digest}.lock"):
            if not disk.exists():
                self.make(lab, disk)
        disk.touch()
        words = json.loads(disk.with_suffix(".json").read_text())
        guest = lab.boot(**self.options, overlay=disk, load=BASE)
        guest.loaded(BASE, words["controllers"], words["present"])
        return guest

    def digest(self, lab: Lab) -> str:
        """Name the base by image, machine, QEMU, and the bytes of all that made it."""
        image = lab.image(self.options.get("image", "debian12"))
        shape = {key: value for key, value in self.options.items() if key != "image"}
        found = hashlib.sha256(json.dumps([str(image.folder), host(), processors(), shape], sort_keys=True).encode())
        inside = (path for path in HERE.rglob("*.py") if "__pycache__" not in path.parts)
        for path in sorted({*inside, *self.made_from}):
            found.update(hashlib.sha256(path.read_bytes()).digest())
        return found.hexdigest()[:16]

    def make(self, lab: Lab, disk: Path) -> None:
        """Boot, install, save, end the machine, and put its disk where it is looked for."""
        for old in sorted(FOLDER.glob("*.qcow2"), key=lambda path: path.stat().st_mtime)[: -KEPT + 1]:
            old.unlink()
            old.with_suffix(".json").unlink(missing_ok=True)
        with lab.boot(**self.options) as guest:
            self.install(guest)
            guest.snapshot(BASE)
            words = {"controllers": guest.controllers, "present": sorted(guest.witness.present)}
            disk.with_suffix(".json").write_text(json.dumps(words))
            guest.quit()
            unfinished = guest.save_disk(disk.with_suffix(".part"))
        unfinished.replace(disk)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold `path` locked, so that two runs do not make the same base at once."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""What needs no guest: verifying a long log, and the size of the package."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.figures import Figure, figure
from usbguard_py.shell.schema import SCHEMA_SHA256
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify

ENTRIES = 1_000_000
REPEATS = 3
# A blocked device's entry is the longest that comes often.
BODY = {
    "name": "2-3", "devnum": 4, "usb_id": "46f4:0001", "serial": "SAMPLE-0001", "serial_hex": b"SAMPLE-0001".hex(),
    "code": "NOT_LISTED", "allow": False, "asset": "", "peripheral": "", "outcome": "blocked", "facet": "serial",
    "expected": "a serial on the list", "seen": "SAMPLE-0001", "descriptors": "00" * 32, "policy": "standalone",
    "policy_digest": "00" * 32, "list_version": 1, "gates": [{"gate": f"gate-{n}"} for n in range(14)],
}  # fmt: skip


def database(folder: Path, name: str, fill: Callable[[Store], None]) -> Path:
    """A database of that name, filled in one transaction, made once for each schema."""
    from usbguard_py.shell.migrations import create  # noqa: PLC0415 - slow, and only needed when it is not there yet

    path = folder / f"{name}-{SCHEMA_SHA256[:12]}.db"
    if path.exists():
        return path
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    create(draft)
    store = Store.open(draft)
    with store.transaction():
        fill(store)
    store.close()
    draft.rename(path)
    return path


def ledger(folder: Path, count: int) -> Path:
    """A database with ``count`` entries."""

    def fill(store: Store) -> None:
        for _ in range(count - 1):
            store.append("decision", BODY)

    return database(folder, f"ledger-{count}", fill)


def verified(folder: Path, count: int = ENTRIES) -> Figure:
    """Seconds to verify ``count`` entries on this machine."""
    path = ledger(folder, count)
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        found = verify(path)
        taken.append(time.perf_counter() - began)
        if found.last != count:
            raise AssertionError(f"{found.last} entries verified, {count} written")
    size = path.stat().st_size / count
    note = f"on the host, from the page cache; {size:.0f} bytes of file for an entry"
    aim = 5.0 if count == ENTRIES else None
    return figure(f"verify {count:_} entries".replace("_", " "), "s", {"ours": taken}, at_most=aim, note=note)


def package_size(path: Path) -> Figure:
    """Size of the package."""
    return figure(
        "package, with all libraries for three Pythons", "MB", {"ours": [path.stat().st_size / 1e6]}, at_most=8
    )

"""An import of ten thousand devices on this machine: how long it takes, and how long the judge does nothing else."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, figure
from usbguard_py import paths
from usbguard_py.core.importing import Planner
from usbguard_py.core.sheet import Row
from usbguard_py.shell import sheets

ROWS = 10_000
REPEATS = 3


@contextmanager
def elsewhere(folder: Path) -> Iterator[None]:
    """Every path of the product below ``folder``."""
    before = {name: value for name, value in vars(paths).items() if isinstance(value, Path) and name != "ROOT"}
    for name, value in before.items():
        setattr(paths, name, folder / value.relative_to(paths.ROOT))
    try:
        for made in (paths.STATE, paths.RUN, paths.FLOOR_MODE.parent, paths.USB_DEVICES):
            made.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for name, value in before.items():
            setattr(paths, name, value)


def imported(count: int = ROWS, repeats: int = REPEATS) -> list[Figure]:
    """Seconds from a CSV file to the list, and milliseconds of the judge's longest step in it."""
    taken, longest = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder, elsewhere(Path(folder)):
            seconds, step = _once(Path(folder), count)
        taken.append(seconds)
        longest.append(step * 1000)
    aim = 5.0 if count == ROWS else None
    note = "on the host: read, compared, handed over, written; without the processes' start"
    name = f"import of {count:_} devices".replace("_", " ")
    return [
        figure(name, "s", {"ours": taken}, at_most=aim, note=note),
        figure(
            f"{name}: the judge's longest step", "ms", {"ours": longest}, note="what a decision may have to wait for"
        ),
    ]


def _once(folder: Path, count: int) -> tuple[float, float]:
    from tests.daemon.test_imports import Desk, row  # noqa: PLC0415 - the paths have to be set before
    from tests.daemon.test_storms import Machine  # noqa: PLC0415 - as above

    machine = Machine()
    desk = Desk(machine)
    file = folder / "list.csv"
    with file.open("wb") as out:
        sheets.write("csv", out, (row(number).asset for number in range(1, count + 1)), {}, 1)
    began = time.perf_counter()
    rows: list[Any] = list(sheets.read("csv", file, lambda _place: None))
    planner = Planner(lambda serial: machine.books.candidates(bytes.fromhex(serial)), machine.books.date(), "–")
    if not all(isinstance(one, Row) and planner.judge(one).asset for one in rows):
        raise AssertionError("not every row would be added")
    said = desk.start(desk.stage(rows, count))
    step = 0.0
    while not said:
        before = time.perf_counter()
        machine.loop._wait(-1, time.monotonic())
        step = max(step, time.perf_counter() - before)
    seconds = time.perf_counter() - began
    if said[0].get("count") != count:
        raise AssertionError(f"{said[0]} came onto the list")
    machine.books.store.close()  # type: ignore[union-attr] # open
    return seconds, step

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
FORMS = ("csv", "xlsx")
PLUGS = 5


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
    """Seconds from a file to the list, the judge's longest step in it, and how long a device waits for its decision."""
    figures = []
    name = f"import of {count:_} devices".replace("_", " ")
    note = "on the host: read, compared, handed over, written; without the processes' start"
    longest: list[float] = []
    for form in FORMS:
        taken: list[float] = []
        for _ in range(repeats):
            with at_a_desk() as (machine, desk, folder):
                seconds, step = _once(machine, desk, folder / f"list.{form}", count)
            taken.append(seconds)
            longest.append(step * 1000)
        aim = 5.0 if count == ROWS else None
        figures.append(figure(f"{name}, {form.upper()}", "s", {"ours": taken}, at_most=aim, note=note))
    what = "what a decision may have to wait for"
    figures.append(figure(f"{name}: the judge's longest step", "ms", {"ours": longest}, note=what))
    return [*figures, *_decisions(name, count)]


@contextmanager
def at_a_desk() -> Iterator[tuple[Any, Any, Path]]:
    """A judge at work, somebody who asks it, and a folder."""
    with tempfile.TemporaryDirectory() as folder, elsewhere(Path(folder)):
        from tests.daemon.test_imports import Desk  # noqa: PLC0415 - the paths have to be set before
        from tests.daemon.test_storms import Machine  # noqa: PLC0415 - as above

        for default in ("authorized_default", "interface_authorized_default"):
            (paths.USB_DEVICES / "usb1").mkdir(parents=True, exist_ok=True)
            (paths.USB_DEVICES / "usb1" / default).write_text("0\n", encoding="ascii")
        machine = Machine()
        try:
            yield machine, Desk(machine), Path(folder)
        finally:
            machine.books.store.close()  # type: ignore[union-attr] # open


def _rows(count: int) -> list[Row]:
    from tests.daemon.test_imports import row  # noqa: PLC0415 - as above

    return [row(number) for number in range(1, count + 1)]


def _once(machine: Any, desk: Any, file: Path, count: int) -> tuple[float, float]:
    form = file.suffix[1:]
    with file.open("wb") as out:
        sheets.write(form, out, (row.asset for row in _rows(count)), {}, 1)
    began = time.perf_counter()
    rows: list[Any] = list(sheets.read(form, file, lambda _place: None))
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
    _see_all(said, count)
    return seconds, step


def _decisions(name: str, count: int) -> list[Figure]:
    """Milliseconds from an event to the entry about a device that is not listed, without and beside an import."""
    with at_a_desk() as (machine, _desk, _folder):
        idle = [_decided(machine, f"1-{number}") for number in range(1, PLUGS + 1)]
    beside = []
    for number in range(1, PLUGS + 1):
        with at_a_desk() as (machine, desk, _folder):
            said = desk.start(desk.stage(_rows(count), count))
            until = time.perf_counter() + number / (PLUGS + 1)  # early and later in the first attempt
            while time.perf_counter() < until:
                machine.loop._wait(-1, time.monotonic())
            if said:
                raise AssertionError("the import was over before the device came")
            beside.append(_decided(machine, "1-1"))
            while not said:
                machine.loop._wait(-1, time.monotonic())
            _see_all(said, count)
    note = "on the host, from the event to the durable entry"
    return [
        figure("decision", "ms", {"ours": idle}, note=note),
        figure(f"decision, {name} under way", "ms", {"ours": beside}, note=f"{note}; the import begins anew after it"),
    ]


def _decided(machine: Any, port: str) -> float:
    """Milliseconds until the entry of a device that comes at ``port`` is written."""
    written: list[float] = []
    machine.books.appended = lambda *_: written.append(time.perf_counter())
    machine.settle = lambda: None
    began = time.perf_counter()
    machine.plug(port)
    while not written:
        machine.loop._wait(-1, time.monotonic())
    machine.books.appended = lambda *_: None
    del machine.settle
    return (written[0] - began) * 1000


def _see_all(said: list[Any], count: int) -> None:
    if said[0].get("count") != count:
        raise AssertionError(f"{said[0]} came onto the list")

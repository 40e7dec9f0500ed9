"""Speed and size, by the benchmark's own turns (``tests/bench``), which take the kernel's times."""

import tempfile
from pathlib import Path

from tests.bench.plugs import Plan, turn
from tests.bench.trace import Trace
from tests.compare.findings import Finding, Row
from tests.compare.registry import Findings, scenario
from tests.compare.sides import Side

PLUGS = 4  # in each of the rounds


@scenario(
    Row(
        "add to bind",
        "an approved stick is plugged in, nothing else goes on",
        "from the kernel's add to its bind",
        "yes",
        "ms",
        2.0,
    ),
    Row(
        "add to byte",
        "an approved stick is plugged in, nothing else goes on",
        "from the kernel's add to the first byte of its disk",
        "yes",
        "ms",
        20.0,
    ),
    Row("start", "the daemon is started", "until it judges", "yes", "s", 0.05),
    Row("memory", "the daemon has judged some plugs", "its memory (PSS)", "yes", "MiB", 0.5),
    Row("list command", "the command that lists devices", "until it has ended", "yes", "s", 0.02),
    rounds=2,
)
def speed(side: Side) -> Findings:
    """One turn."""
    trace = Trace(side.guest)
    side.contender.stop()
    with tempfile.TemporaryDirectory() as folder:
        medium = Path(folder) / "medium.raw"
        with medium.open("wb") as file:
            file.truncate(64 << 20)  # as large as when it was put on the list
        one = turn(side.guest, side.contender, trace, medium, Plan(PLUGS, read=True, commands=3, listings=False))
    figures = (
        [p.latency for p in one.plugs],
        [p.usable for p in one.plugs],
        [one.start or 0.0],
        [one.pss],
        list(one.commands[side.listing]),
    )
    return tuple(Finding("yes", "", tuple(round(v, 4) for v in values)) for values in figures)


@scenario(
    Row(
        "installed size",
        "the package is installed",
        "its size on disk, what it depends on not counted",
        "yes",
        "KiB",
        100.0,
        remark="ours carries its libraries for three versions of Python; those of usbguard are packages of their own.",
    )
)
def installed_size(side: Side) -> Findings:
    """As the packages say of themselves (Installed-Size, KiB; deb-control(5))."""
    package = {"ours": "usbguard-py", "peer": "usbguard"}[side.name]
    size = side.guest.run(f"dpkg-query -W -f '${{Installed-Size}}' {package}").stdout
    return (Finding("yes", "", (float(size),)),)

"""``python -m tests.bench [--quick]``: measure, print a table, write ``build/bench.json``."""

import argparse
import os
import platform
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tests.bench import find, host, imports, stock
from tests.bench.contenders import INSIDE, Contender, Kernel, Ours, Theirs
from tests.bench.figures import Figure, figure, table, write
from tests.bench.plugs import PORT, Plan, Turn, turn
from tests.bench.trace import Trace
from tests.lab import Guest, Lab
from tests.lab.accel import accelerator
from tests.lab.lab import cache_folder
from tests.scenarios.rig import APPROVED, DATABASE, ROOT, Rig, boot, enforce, package

WORK = ROOT / "build/bench"
SIZES = (1, 10_000, 100_000)
SMALL = SIZES[0]
MEDIUM = 64 << 20  # bytes, sparse: as large as the sample stick was when it was put on the list
DRIVE = 2 << 30  # bytes, sparse: what carries the long lists into the guest
AIMS = {1: 1.0, 10_000: 0.5, 100_000: 0.1}  # add → bind, ours to the peer's


def main() -> None:
    """Run it all."""
    words = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    words.add_argument(
        "--quick", action="store_true", help="few repetitions and no list of 100 000: does it still run?"
    )
    words.add_argument("--sizes", type=int, nargs="+", default=[], help="lengths of the lists")
    words.add_argument("--plugs", type=int, default=0, help="plugs for each contender and length")
    chosen = words.parse_args()
    sizes = chosen.sizes or ([1, 1000] if chosen.quick else list(SIZES))
    plugs = chosen.plugs or (3 if chosen.quick else 30)
    began = time.monotonic()
    WORK.mkdir(parents=True, exist_ok=True)
    drive = WORK / "lists.raw"
    drive.unlink(missing_ok=True)
    with drive.open("wb") as file:
        file.truncate(DRIVE)
    extra = ("-drive", f"if=virtio,format=raw,readonly=on,file={drive}")
    with boot(Lab(), extra=extra) as guest:
        about = _about(guest, plugs)
        turns = _compete(guest, drive, sizes, plugs)
    figures = [
        *summed(turns, sizes),
        *find.found(WORK, sizes),
        host.verified(WORK, 10_000 if chosen.quick else host.ENTRIES),
        *imports.imported(1000 if chosen.quick else imports.ROWS),
        host.package_size(package()),
    ]
    proofs = _proofs(turns)
    about["seconds"] = round(time.monotonic() - began)
    write(ROOT / "build/bench.json", about, figures, proofs)
    print(table(figures))
    print(f"\ndurable before the opening: {proofs['proven']} of {proofs['plugs']} plugs")
    for why in proofs["unproven"]:
        print(f"  {why}")
    if proofs["unproven"]:
        raise SystemExit(1)


def _about(guest: Guest, plugs: int) -> dict[str, Any]:
    """Where this was measured."""
    cpu = next(
        (line.split(": ")[1] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?"
    )
    return {
        "date": date.today().isoformat(),  # noqa: DTZ011 - the day on the wall
        "host": f"{cpu}, {platform.system()} {platform.release()}",
        "guest": guest.run("uname -sr; . /etc/os-release; echo $PRETTY_NAME; nproc; python3 -V").stdout.split("\n")[:4],
        "accelerator": " ".join(accelerator(Lab().image(), cache_folder())),
        "peer": guest.run("dpkg-query -W -f '${Package} ${Version}' usbguard").stdout,
        "plugs": plugs,
        "load": round(os.getloadavg()[1], 1),  # of the host, over five minutes, this guest's boot included
    }


def _compete(guest: Guest, drive: Path, sizes: Sequence[int], plugs: int) -> dict[int, list[Turn]]:
    """All turns, for each length of the list."""
    rig = enforce(guest)
    for script in INSIDE.iterdir():
        guest.put(script, f"/opt/lab/{script.name}")
    ours, theirs, kernel = Ours(guest), Theirs(guest), Kernel(guest)
    _lists(rig, ours, theirs, drive, sizes)
    trace = Trace(guest)
    medium = WORK / "medium.raw"
    with medium.open("wb") as file:
        file.truncate(MEDIUM)
    rounds = 3 if plugs >= 9 else 1
    turns: dict[int, list[Turn]] = {}
    for size in sizes:
        ours.use(f"/root/bench/{size}.db")
        theirs.use(f"/root/bench/{size}.rules")
        everybody: list[Contender] = [ours, theirs, kernel] if size == sizes[0] else [ours, theirs]
        plan = Plan(
            plugs // rounds,
            read=size == sizes[0],
            commands=3 if size in (sizes[0], sizes[-1]) else 0,
            listings=size == SMALL,
        )
        turns[size] = []
        for number in range(rounds):
            for contender in everybody if number % 2 == 0 else reversed(everybody):
                turns[size].append(turn(guest, contender, trace, medium, plan))
                _tell(size, turns[size][-1])
    return turns


def _lists(rig: Rig, ours: Ours, theirs: Theirs, drive: Path, sizes: Sequence[int]) -> None:
    """Make the databases and the rules on the host and put them into the guest's ``/root/bench``."""
    guest = rig.guest
    ours.stop()
    own = stock.fresh(WORK / "own") / "one.db"
    guest.get(DATABASE, own)
    sample = stock.sample_of(own)
    rules = peer_rules(guest, theirs)
    folder = stock.fresh(WORK / "lists")
    for size in sizes:
        stock.database(sample, size, folder / f"{size}.db")
        (folder / f"{size}.rules").write_text(stock.rules(rules, size), encoding="utf-8")
    stock.pack(folder, drive)
    guest.run("mkdir -p /root/bench && blockdev --flushbufs /dev/vdb && tar -xf /dev/vdb -C /root/bench", timeout=300)


def peer_rules(guest: Guest, theirs: Theirs) -> str:
    """The rule that the peer itself writes for the stick."""
    guest.write("/root/none.rules", "")
    theirs.use("/root/none.rules")
    theirs.start()
    stick = guest.plug_stick(serial=APPROVED, port=PORT)
    text = guest.run("usbguard generate-policy -P").stdout
    stick.unplug()
    theirs.stop()
    return next(line for line in text.splitlines() if f'"{APPROVED}"' in line)


def _tell(size: int, one: Turn) -> None:
    shown = " ".join(f"{p.latency:.0f}" for p in one.plugs)
    start = "" if one.start is None else f", start {one.start:.2f} s, {one.pss:.1f} MiB PSS"
    print(f"  {_entries(size)}, {one.who}: add → bind {shown} ms{start}", flush=True)


def _entries(size: int) -> str:
    """A length in words: ``1 entry``, ``100 000 entries``."""
    return f"{size:_} entr{'y' if size == 1 else 'ies'}".replace("_", " ")


def summed(turns: dict[int, list[Turn]], sizes: Sequence[int]) -> list[Figure]:
    """The figures of all turns."""
    figures = []
    for size in sizes:
        samples = {
            w: [p.latency for t in turns[size] if t.who == w for p in t.plugs] for w in ("ours", "peer", "kernel")
        }
        name = f"add → bind, {_entries(size)}"
        figures.append(figure(name, "ms", samples, ratio_at_most=AIMS.get(size)))
    usable = {w: [p.usable for t in turns[sizes[0]] if t.who == w for p in t.plugs] for w in ("ours", "peer", "kernel")}
    figures.append(figure("plug → readable disk", "ms", usable, ratio_at_most=0.3))
    for size in sizes:
        figures += _of_process(turns[size], size, last=size == sizes[-1])
    for size in dict.fromkeys((sizes[0], sizes[-1])):
        figures += _of_commands(turns[size], size)
    return figures


def _of_process(turns: Sequence[Turn], size: int, *, last: bool) -> list[Figure]:
    starts = {w: [t.start for t in turns if t.who == w and t.start is not None] for w in ("ours", "peer")}
    pss = {w: [t.pss for t in turns if t.who == w] for w in ("ours", "peer")}
    rss = {w: [t.rss for t in turns if t.who == w] for w in ("ours", "peer")}
    return [
        figure(f"start to ready, {_entries(size)}", "s", starts, at_most=1.0 if last else None),
        figure(f"memory (PSS), {_entries(size)}", "MiB", pss),
        figure(f"memory (RSS), {_entries(size)}", "MiB", rss, at_most=28.0),
    ]


def _of_commands(turns: Sequence[Turn], size: int) -> list[Figure]:
    """Our commands beside the one question that people ask the peer."""
    ours = [t.commands for t in turns if t.who == "ours"]
    peer = [s for t in turns if t.who == "peer" for values in t.commands.values() for s in values]
    return [
        figure(
            f"`{command}`, {_entries(size)}",
            "s",
            {"ours": [s for one in ours for s in one[command]], "peer": peer},
            ratio_at_most=2.0,
            note="the peer's is `usbguard list-devices`",
        )
        for command in ours[0]
    ]


def _proofs(turns: dict[int, list[Turn]]) -> dict[str, Any]:
    """How many plugs of ours the kernel's times prove: the entry was durable before the interface was opened."""
    ours = [p for every in turns.values() for t in every if t.who == "ours" for p in t.plugs]
    unproven = [p.unproven for p in ours if p.unproven]
    return {"plugs": len(ours), "proven": len(ours) - len(unproven), "unproven": unproven}


if __name__ == "__main__":
    main()

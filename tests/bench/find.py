"""How long the list is searched, on this machine: a page, words, orders, a serial with a slip; and the memory of it.

Each question is asked in a process of its own, as a command does (``python -m tests.bench.find PATH QUESTION``).
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from tests.bench.figures import Figure, figure
from tests.bench.host import database
from tests.build import a_stick, an_asset
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.shell.finding import Wanted
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.store import Store

ROOT = Path(__file__).parents[2]
PAGE = 100
REPEATS = 7
LONGEST = 300.0  # ms, for each question of each list
MEMORY = 40.0  # MiB of the whole process, for a list as agencies have it
USUAL = 10_000  # devices: more than any agency's list
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Đặng", "Vũ", "Bùi", "Đỗ", "Hồ")
MIDDLES = ("Văn", "Thị", "Đức", "Hữu", "Ngọc", "Xuân", "Quốc")
# What is asked, of the device in the middle of the list where one is meant.
QUESTIONS: dict[str, Callable[[Reader, int], object]] = {
    "a page": lambda reader, _: reader.find(Wanted(limit=PAGE)),
    "a page by holder": lambda reader, _: reader.find(Wanted(sort="holder", limit=PAGE)),
    "two words": lambda reader, n: reader.find(Wanted(words=("dang thi", f"{n % 900}"), limit=PAGE)),
    "words and conditions": lambda reader, _: reader.find(
        Wanted(words=("mau",), texts={"holder": "do van"}, state="in-use", sort="unit", limit=PAGE)
    ),
    "a serial": lambda reader, n: reader.serials(f"sample x{n:06d}"),
    "a serial with a slip": lambda reader, n: reader.serials(f"SAMPLE-XX{n:06d}"),
}


def assets(count: int) -> Iterator[Asset]:
    """Assets with names, units and papers as an agency writes them; all made up."""
    face = an_asset(a_stick()).fingerprints[0]
    for number in range(count):
        serial = f"SAMPLE-X{number:06d}".encode().hex()
        passport = msgspec.structs.replace(face.passport, serial=serial)
        yield Asset(
            id="",
            label=f"USB an toàn {number}",
            printed_serial=f"TB-P{number:06d}",
            electronic_serial=serial,
            holder=f"{FAMILIES[number % 10]} {MIDDLES[number % 7]} Mẫu {number % 900}",
            unit=f"Phòng Tổng hợp {number % 200}",
            document=f"MAU-{number % 5000}/2026",
            state=Custody.PENDING if number % 9 == 0 else Custody.IN_USE,
            fingerprints=(msgspec.structs.replace(face, passport=passport),),
        )


def listed(folder: Path, count: int) -> Path:
    """A list of ``count`` assets, put there by the real store."""

    def fill(store: Store) -> None:
        for asset in assets(count):
            store.add_asset(asset, "benchmark")

    return database(folder, f"find-{count}", fill)


def found(folder: Path, sizes: Sequence[int]) -> list[Figure]:
    """Milliseconds of each question for each length of the list, and the memory of the process that asks."""
    figures = []
    for size in sizes:
        path = listed(folder, size)
        memory = []
        for question in QUESTIONS:
            command = [sys.executable, "-m", "tests.bench.find", str(path), question, str(size // 2)]
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            answer = json.loads(run.stdout)
            memory.append(answer["rss"])
            name = f"find {question}, {size:_} in the list".replace("_", " ")
            note = "on the host; from the opened file to the answer, without the start of Python"
            figures.append(figure(name, "ms", {"ours": answer["ms"]}, at_most=LONGEST, note=note))
        name = f"memory (RSS) of a command that finds, {size:_} in the list".replace("_", " ")
        figures.append(
            figure(
                name, "MiB", {"ours": memory}, at_most=MEMORY if size <= USUAL else None, note="the peak, on the host"
            )
        )
    return figures


def main() -> None:
    """Ask one question some times; print how long each took and the peak of the memory."""
    path, question, number = sys.argv[1:]
    taken = []
    for _ in range(REPEATS):
        with Reader(Path(path)) as reader:
            began = time.perf_counter()
            QUESTIONS[question](reader, int(number))
            taken.append((time.perf_counter() - began) * 1000)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": taken, "rss": rss}))


if __name__ == "__main__":
    main()

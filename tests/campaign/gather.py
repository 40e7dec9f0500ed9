"""Takes what a trial left in the guest to the host, as :class:`tests.campaign.evidence.Evidence`."""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.campaign import ledger
from tests.campaign.evidence import Evidence
from tests.campaign.world import bound
from tests.lab import Guest
from tests.lab.control import Process
from tests.lab.image import LabError
from tests.scenarios.rig import ROOT

INSIDE = Path(__file__).parent / "inside"
REMOTE = "/opt/lab/campaign"
COPY = "/run/lab-campaign"
SETTLES = 90.0  # seconds for everything under way to come to its end, emulated, on a busy machine


def bring(guest: Guest) -> None:
    """Put the programs into the guest."""
    for script in sorted(INSIDE.glob("*.py")):
        guest.put(script, f"{REMOTE}/{script.name}")


def start(guest: Guest, program: str, *words: str) -> Process:
    """Start one of them in the background; all but the observer wait for what is asked, see :func:`ask`.

    It may be started before a snapshot: after each restore it is there again, and has not been asked yet.
    """
    return guest.start(["python3", "-I", f"{REMOTE}/{program}.py", *words])


def ask(process: Process, asked: dict[str, Any]) -> Process:
    """Tell it what to do."""
    process.type(json.dumps(asked) + "\n")
    return process


def observer(guest: Guest, *words: str) -> Process:
    """Start the observer, and wait until it is joined to the judge."""
    process = start(guest, "observe", *words)
    process.wait_output("joined", timeout=60)
    return process


def heard(lines: Iterable[str]) -> tuple[list[list[Any]], list[list[Any]]]:
    """What the observer ``saw`` and was ``told``; a line that was cut off is none."""
    saw: list[list[Any]] = []
    told: list[list[Any]] = []
    for line in lines:
        match line.rstrip("\r\n").split(" "):
            case ["saw", number, digest] if len(digest) == 64:
                saw.append([int(number), digest])
            case ["told", number, event, name]:
                told.append([int(number), event, name])
    return saw, told


def settled(
    process: Process, devices: dict[str, str], expected: Iterable[str] = (), after: int | None = None
) -> dict[str, Any]:
    """Wait in the guest until all that was under way has its end; ``process`` is an ``inside/settle.py``."""
    asked = {"devices": devices, "expected": list(expected), "after": after, "timeout": SETTLES, "to": COPY}
    if ask(process, asked).wait(3 * SETTLES):
        raise LabError(f"nobody could wait for the end:\n{process.output}")
    found: dict[str, Any] = json.loads(process.output)
    return found


def evidence(guest: Guest, devices: dict[str, str], seen: dict[str, Any], folder: Path) -> Evidence:
    """All that is known of the guest now; ``seen`` is the answer of :func:`settled`. The ledger goes to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in seen["files"]:
        guest.get(f"{COPY}/{name}", folder / name)
    found = Evidence(
        guest.boot_id,
        devices,
        trees=trees(guest, seen["present"]),
        bound=bound(guest.run("dmesg").stdout),
        present=seen["present"],
        waiting=seen["waiting"],
        usable=seen["usable"],
    )
    found = replace(found, records=records(guest))
    return with_ledger(found, folder / "usbguard-py.db")


def trees(guest: Guest, ports: Iterable[str]) -> dict[str, dict[str, Any] | None]:
    """What sysfs holds of each device, after everything the kernel and udev do about it has ended."""
    found = {}
    for number, port in enumerate(ports):
        found[port] = guest.witness.fence(port, settle=number == 0).data["tree"]
    guest.witness.fence()
    return found


def records(guest: Guest) -> list[dict[str, Any]]:
    """The witness's records."""
    return [event.data for event in list(guest.witness.events)]


def with_ledger(found: Evidence, database: Path) -> Evidence:
    """The evidence with the ledger in it, checked twice: here, and by the product's own command on this host."""
    said = verified(database)  # first: the check here would apply the write-ahead log to the copy
    read = ledger.read(database)
    hashes = {str(seq): digest for seq, digest in read.hashes.items()}
    return replace(found, entries=read.entries, hashes=hashes, broken=read.problems, verify=said)


def verified(database: Path) -> str:
    """What ``log verify`` says of a copy when it is not intact; else nothing."""
    command = [sys.executable, "-m", "usbguard_py", "log", "verify", str(database)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else " ".join((done.stderr or done.stdout).split()) or f"code {done.returncode}"

"""In the guest: wait until every connection has its end in the ledger, then say what there is, and copy the file.

What is asked comes as one line of JSON: ``devices`` (port: kind), ``expected`` (ports where a device is plugged in),
``after`` (number of the entry from which a start counts; null when nobody was killed), ``timeout`` (seconds), ``to``
(folder of the copy).
Prints one JSON object: ``present`` (port: device number), ``waiting`` (ports without an end), ``usable`` (port: what
could be read of an approved drive, and its node's mode), ``files`` (names of what was copied).
"""

import glob
import json
import os
import shutil
import socket
import sqlite3
import sys
import time
from typing import Any

CONTROL = "/run/usbguard-py/control.sock"
DATABASE = "/var/lib/usbguard-py/usbguard-py.db"
PAUSE = 0.1  # seconds between two looks: neither SQLite nor sysfs has an event for it
CALM = 0.5  # seconds in which nothing was added
ENUMERATED = 15.0  # seconds; a device that the kernel has not announced by then is not waited for
GIVEN = 15.0  # seconds until udev has stated the modes of a drive that was handed over
SECTOR = 512
Rows = list[dict[str, Any]]


def devnum(port: str) -> int:
    try:
        with open(f"/sys/bus/usb/devices/{port}/devnum") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def ended(entries: Rows, port: str, number: int, since: int) -> bool:
    """Whether the ledger says what became of this connection."""
    mine = [e for e in entries if e.get("name") == port and e.get("devnum") == number and e["seq"] > since]
    mine = [e for e in mine if e["kind"] in ("decision", "cut", "outcome")]
    return bool(mine) and not (mine[-1]["kind"] == "decision" and mine[-1].get("allow"))


def uncut(entries: Rows, since: int) -> list[str]:
    """The twins that a decision cuts and that the kernel or the ledger still shows as open.

    Between the one and the other lies the cut's own entry: what is closed already is not recorded yet.
    """
    wanted = {(port, e["seq"]) for e in entries if e["seq"] > since for port in e.get("cuts") or ()}
    closed = [(e.get("name"), e["seq"]) for e in entries if e["kind"] in ("cut", "removed")]
    left = {port for port, seq in wanted if not any(name == port and at > seq for name, at in closed)}
    return sorted(port for port in left if authorized(port) or recorded_open(entries, port))


def recorded_open(entries: Rows, port: str) -> bool:
    """Whether the last that the ledger says of a port is that its device was opened."""
    last = [e for e in entries if e.get("name") == port and e["kind"] in ("decision", "outcome", "cut", "removed")][-1:]
    return bool(last) and last[0]["kind"] == "outcome" and last[0]["outcome"] == "allowed"


def authorized(port: str) -> bool:
    try:
        with open(f"/sys/bus/usb/devices/{port}/authorized") as file:
            return file.read().strip() == "1"
    except OSError:
        return False


def entries_after(file: sqlite3.Connection, seq: int) -> Rows:
    rows = file.execute("SELECT body FROM ledger WHERE seq > ? ORDER BY seq", (seq,))
    return [json.loads(body) for (body,) in rows]


def waiting(entries: Rows, asked: dict[str, Any], *, patient: bool) -> list[str]:
    """What is not there yet: a start, a device that was plugged in, the end of a connection."""
    starts = [e["seq"] for e in entries if e["kind"] == "start"]
    since = max(starts, default=0)
    if asked["after"] is not None and since <= asked["after"]:
        return ["start"]
    present = {port: number for port in asked["devices"] if (number := devnum(port))}
    missing = [port for port in asked["expected"] if patient and port not in present]
    unended = [port for port, number in present.items() if not ended(entries, port, number, since)]
    return missing + unended + uncut(entries, since)


def settled(file: sqlite3.Connection, asked: dict[str, Any]) -> list[str]:
    """Wait; what was still waited for at the end."""
    begun = calm = time.monotonic()
    entries: Rows = []
    while True:
        fresh, now = entries_after(file, len(entries)), time.monotonic()
        entries += fresh
        left = waiting(entries, asked, patient=now - begun < ENUMERATED)
        if left or fresh:
            calm = now
        if now - calm >= CALM or now - begun > asked["timeout"]:
            return left
        time.sleep(PAUSE)


def readable(port: str) -> dict[str, Any]:
    """What a member of the group ``disk`` can read of the drive at ``port``, once udev has stated its mode."""
    end = time.monotonic() + GIVEN
    seen: dict[str, Any] = {}
    while time.monotonic() < end:
        for place in glob.glob(f"/sys/bus/usb/devices/{port}/{port}:*/host*/target*/*/block/*"):
            node = f"/dev/{os.path.basename(place)}"
            try:
                mode = os.stat(node).st_mode & 0o777
                with open(node, "rb", buffering=0) as drive:
                    seen = {"node": node, "mode": mode, "bytes": len(drive.read(SECTOR))}
            except OSError as error:
                seen = {"node": node, "error": error.strerror}
            if seen.get("mode") == 0o660 and seen.get("bytes") == SECTOR:
                return seen
        time.sleep(PAUSE)
    return seen


def copy(file: sqlite3.Connection, folder: str) -> list[str]:
    """Copy the database's files as they lie on the disk.

    The open read keeps the judge from writing the log's beginning anew meanwhile; whatever else it does, file and log
    together are what a crash at this moment would leave (SQLite documentation, "Write-Ahead Logging").
    """
    os.makedirs(folder, exist_ok=True)
    file.execute("BEGIN")
    file.execute("SELECT count(*) FROM ledger").fetchone()
    names = [name for name in (DATABASE, f"{DATABASE}-wal") if os.path.exists(name)]
    for name in names:
        shutil.copyfile(name, f"{folder}/{os.path.basename(name)}")
    file.execute("ROLLBACK")
    return [os.path.basename(name) for name in names]


def judging(timeout: float) -> None:
    """Wait for a judge that answers: it has opened the file by then, and not we with our read recovered its log."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(CONTROL) == 0:
                return
        time.sleep(PAUSE)


def main(asked: dict[str, Any]) -> None:
    judging(asked["timeout"])
    file = sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True, isolation_level=None)
    left = settled(file, asked)
    present = {port: number for port in asked["devices"] if (number := devnum(port))}
    approved = [port for port, kind in asked["devices"].items() if kind == "approved" and port in present]
    usable = {port: readable(port) for port in approved}
    files = copy(file, asked["to"])
    print(json.dumps({"present": present, "waiting": left, "usable": usable, "files": files}))


main(json.loads(sys.stdin.readline()))

"""An independent check of the ledger: the file as SQLite's own library reads it, by docs/ledger-format.md alone.

Nothing of the product is used here, so that what it writes is not judged by what it believes.
"""

import hashlib
import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LABEL = b"usbguard-py/ledger/1\0"  # docs/ledger-format.md, "An entry"
COMMON = {"seq": int, "kind": str, "at": str, "mono_ms": int, "boot": str}

Row = tuple[int, str, bytes]


@dataclass
class Ledger:
    """What a file holds: the bodies of its entries, their hashes by number, and what is wrong with it."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)  # hexadecimal
    problems: list[str] = field(default_factory=list)


def read(path: Path) -> Ledger:
    """Read and check a copy of the database; its write-ahead log, when it lies beside it, is applied to it."""
    try:
        connection = sqlite3.connect(path)
        try:
            return _checked(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        return Ledger(problems=[f"the file cannot be read: {error}"])


def _checked(connection: sqlite3.Connection) -> Ledger:
    rows: list[Row] = connection.execute("SELECT seq, body, hash FROM ledger ORDER BY seq").fetchall()
    found = Ledger(hashes={seq: bytes(digest).hex() for seq, _, digest in rows})
    found.problems += [f"SQLite: {said}" for (said,) in connection.execute("PRAGMA integrity_check") if said != "ok"]
    found.problems += follow(rows, connection.execute("SELECT seq, hash FROM head").fetchone())
    for seq, body, _ in rows:
        entry, problem = whole(seq, body)
        found.entries.append(entry)
        found.problems += problem
    pieces = connection.execute("SELECT sha256, data FROM evidence").fetchall()
    found.problems += evidence(found.entries, pieces)
    return found


def follow(rows: list[Row], head: tuple[int, bytes] | None) -> list[str]:
    """Walk the chain: numbers without gaps, each hash over the one before it, the end where the file says it is."""
    previous, number = bytes(32), 0
    for seq, body, digest in rows:
        number += 1
        previous = hashlib.sha256(LABEL + previous + body.encode()).digest()
        if seq != number:
            return [f"entry {number} is missing: {seq} follows"]
        if bytes(digest) != previous:
            return [f"entry {seq} does not follow from the one before it"]
    end = (number, previous) if rows else None
    if (head and (head[0], bytes(head[1]))) != end:
        return [f"the file says that its end is {head and head[0]}, and it is {number}"]
    return []


def whole(seq: int, body: str) -> tuple[dict[str, Any], list[str]]:
    """The entry, and whether it is one: an object with the fields that each has."""
    try:
        entry = json.loads(body)
    except ValueError:
        return {"seq": seq, "kind": ""}, [f"entry {seq} is no JSON"]
    if not isinstance(entry, dict):
        return {"seq": seq, "kind": ""}, [f"entry {seq} is no object"]
    bad = [name for name, kind in COMMON.items() if not isinstance(entry.get(name), kind)]
    if bad or entry["seq"] != seq:
        return {"kind": "", **entry, "seq": seq}, [f"entry {seq} is half an entry: {', '.join(bad) or 'its number'}"]
    return entry, []


def evidence(entries: list[dict[str, Any]], pieces: list[tuple[bytes, bytes]]) -> list[str]:
    """Each piece is what its digest says, and each that an entry names is there."""
    changed = [digest.hex() for digest, data in pieces if hashlib.sha256(data).digest() != digest]
    kept = {digest.hex() for digest, _ in pieces}
    named = {digest for entry in entries for digest in entry.get("evidence", [])}
    return [f"evidence {one} was changed" for one in changed] + [
        f"evidence {one} is missing" for one in sorted(named - kept)
    ]

"""Verification: is the ledger whole, and does the list say what the ledger says?

Reads a database or an exported file, on any machine, without writing. The first bad entry is named
with what is wrong with it. What no file can tell by itself: whether it is the newest. For that, compare
with a number and hash that left the machine: a seal, or both as they are (``expected``).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from usbguard_py.core.checkpoint import fingerprint, statement
from usbguard_py.errors import BadInput, DatabaseDamaged
from usbguard_py.i18n import N_
from usbguard_py.shell.check_list import check_list
from usbguard_py.shell.database import readable
from usbguard_py.shell.diagnosis import broken
from usbguard_py.shell.export import head, opened, rows
from usbguard_py.shell.faults import reported
from usbguard_py.shell.machine_id import machine_id
from usbguard_py.shell.seals import Held, Typed, held
from usbguard_py.shell.signing import verified
from usbguard_py.shell.walk import Verified, Walk
from usbguard_py.tampering import Kind

BAD_SIGNATURE = N_("its signature was not made with the key that it names")
ELSEWHERE = N_("the log was written on another computer or system, not on this one")

__all__ = ["Checked", "Verified", "see_machine", "verify"]

Expected = tuple[int, bytes] | None


class Signed(msgspec.Struct, frozen=True):
    """Up to which entry a key has signed, by its last checkpoint; ``checked``: the signature was verified, and is good.

    It is not checked where there is neither ``openssl`` nor ``ssh-keygen``. ``key`` is by what paper knows the key.
    """

    key: str
    seq: int
    checked: bool


class Checked(Verified, frozen=True):
    """An intact ledger, and what became of the seals that were held against it."""

    seals: tuple[Held, ...] = ()
    signed: tuple[Signed, ...] = ()


def verify(path: Path, expected: Expected = None, *, thorough: bool = False, seals: Sequence[Typed] = ()) -> Checked:
    """Verify a database file or an exported file.

    ``expected`` is a number and the 32 bytes of the hash that the entry with that number must have. What became of
    ``seals`` is in the answer. ``thorough`` also compares the search indexes of a database with its records; it takes
    three times as long.

    Raises:
        LedgerBroken: the first bad entry.
        ListDiffers: a row of the list is not what its entry says.
        DatabaseTrouble: the file cannot be read.
        BadInput: it is neither a database nor an exported file.
    """
    if is_database(path):
        return verify_database(path, expected, thorough=thorough, seals=seals)
    return verify_export(path, expected, seals=seals)


def see_machine(result: Verified) -> None:
    """See that the log of this computer was written on this computer last.

    Raises:
        LedgerBroken: the daemon that started last did so on another one.
    """
    here = machine_id()
    if here and result.machine and result.machine != here:
        raise broken(result.last, ELSEWHERE, Kind.OTHER_MACHINE)


def is_database(path: Path) -> bool:
    """Whether the file begins as SQLite files do (SQLite documentation, "Database File Format", 1.3)."""
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError as error:
        raise BadInput(where=str(path), detail=error.strerror or "") from error


def verify_database(
    path: Path, expected: Expected = None, *, thorough: bool = False, seals: Sequence[Typed] = ()
) -> Checked:
    """Verify a database: chain, end, evidence, and the list row by row; see :func:`verify`."""
    connection = readable(path)
    try:
        with reported(path):
            connection.execute("BEGIN")  # one state of the file, while the judge goes on writing
            walk = _walk(expected, seals)
            walk.follow(rows(connection))
            walk.ended(*head(connection))
            pieces = walk.evidence(connection.execute("SELECT sha256, data FROM evidence ORDER BY id"))
            assets = check_list(connection, path)
            if thorough:
                _check_indexes(connection, path)
            return _checked(walk, expected, seals, pieces, assets)
    finally:
        connection.close()


def _walk(expected: Expected, seals: Sequence[Typed]) -> Walk:
    return Walk({*(one.seal.seq for one in seals), *((expected[0],) if expected else ())})


def _checked(walk: Walk, expected: Expected, seals: Sequence[Typed], pieces: int, assets: int) -> Checked:
    if expected is not None:
        walk.expect(*expected)
    found = msgspec.structs.asdict(walk.result(pieces, assets))
    return Checked(**found, seals=held(walk.ledger, walk.seq, walk.marked, seals), signed=tuple(_signed(walk)))


def _signed(walk: Walk) -> Iterator[Signed]:
    """Verify the last checkpoint of each key: by the chain it stands for all before it."""
    for key, made in walk.signed.items():
        text = statement(walk.ledger, made.of, made.head)
        good = verified(bytes.fromhex(key), bytes.fromhex(made.signature), text)
        if good is False:
            raise broken(made.of, BAD_SIGNATURE, Kind.REWRITTEN)
        yield Signed(fingerprint(key), made.of, bool(good))


def _check_indexes(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise DatabaseDamaged(path=str(path), detail=found)


def verify_export(path: Path, expected: Expected = None, *, seals: Sequence[Typed] = ()) -> Checked:
    """Verify an exported file: chain, end and evidence; see :func:`verify`."""
    with opened(path) as file:
        header = file.header
        walk = _walk(expected, seals)
        walk.follow(file.entries())
        walk.ended(header.last, file.head)
        pieces = walk.evidence(file.evidence())
        if pieces != header.evidence or walk.ledger != header.ledger:
            raise BadInput(where=f"{path}:1", detail="its first line does not agree with what follows")
        return _checked(walk, expected, seals, pieces, 0)

"""What was done to a log, judged by the first record that does not follow and what stands behind it.

The chain says that something is wrong and where; the numbers and the hashes of the neighbours say what. A wrong guess
is possible where several things were done at once; that the log is not intact never is one.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from usbguard_py.core.chain import link
from usbguard_py.errors import LedgerBroken
from usbguard_py.i18n import N_, translate
from usbguard_py.tampering import Kind

Row = tuple[int, bytes, bytes]  # number, body, hash

EDITED = N_("its content was changed afterwards")
HASH_EDITED = N_("its stored hash was changed afterwards")
CHANGED = N_("its content or the hash of the record before it was changed")
UNREADABLE = N_("it cannot be read")
MISNUMBERED = N_("it calls itself record {other}")
REPLACED = N_("record {other} stands in its place")
MISSING = N_("records {seq} to {last} are missing")
CUT_OFF = N_("the end was cut off; records {seq} to {last} are missing")
INSERTED = N_("it was inserted afterwards; the record after it follows the one before it")
AGAIN = N_("record {other} stands here once more")
REORDERED = N_("records were put into another order; record {other} stands in its place")
NOT_THE_LAST = N_("the file ends with record {last}, but names {other} as its last")


class _Numbered(msgspec.Struct, frozen=True):
    seq: int


_NUMBERED = msgspec.json.Decoder(_Numbered)


def broken(seq: int, why: str = UNREADABLE, kind: Kind = Kind.EDITED, **facts: object) -> LedgerBroken:
    """The error for a bad entry, in the language in use."""
    detail = translate(why).format(seq=seq, **facts)
    return LedgerBroken(seq=seq, record=seq, tampering=str(kind), detail=detail)


def number_of(body: bytes, otherwise: int) -> int:
    """The number that a body calls itself; ``otherwise`` when it cannot be read."""
    try:
        return _NUMBERED.decode(body).seq
    except (msgspec.DecodeError, UnicodeDecodeError):
        return otherwise


def diagnosed(seq: int, before: tuple[bytes, bytes], row: Row, later: Iterable[Row]) -> LedgerBroken:
    """What is wrong at ``seq``, the first number whose ``row`` does not follow.

    ``before`` are the hashes of the last record that followed and of the one before it; ``later`` are the rows behind.
    """
    number, body, digest = row
    own = number_of(body, number) if number == seq else number
    rows = _readable(later)
    if own > seq:
        return _skipped(seq, own, rows)
    if own < seq:
        return _repeated(seq, own, before, row, rows)
    return _unlinked(seq, before[0], body, digest, list(islice(rows, 1)))


def _skipped(seq: int, own: int, later: Iterable[Row]) -> LedgerBroken:
    """A record with a higher number stands where ``seq`` should."""
    numbers = [number_of(body, number) for number, body, _ in later]
    if seq in numbers:
        again = own in numbers
        return broken(seq, *((AGAIN, Kind.INSERTED) if again else (REORDERED, Kind.REORDERED)), other=own)
    if own in numbers:
        return broken(seq, REPLACED, other=own)
    if numbers[:1] == [seq + 1]:
        return broken(seq, MISNUMBERED, other=own)
    return broken(seq, MISSING, Kind.REMOVED, last=own - 1)


def _repeated(seq: int, own: int, before: tuple[bytes, bytes], row: Row, later: Iterable[Row]) -> LedgerBroken:
    """A record with a lower number stands where ``seq`` should."""
    if row[2] == before[0]:
        return broken(seq, AGAIN, Kind.INSERTED, other=own)
    if own == seq - 1 and link(before[1], row[1]) == row[2]:
        return broken(own, INSERTED, Kind.INSERTED)  # this one is the true record of that number
    if any(number_of(body, number) == seq for number, body, _ in later):
        return broken(seq, AGAIN, Kind.INSERTED, other=own)
    return broken(seq, REPLACED, Kind.EDITED, other=own)


def _unlinked(seq: int, previous: bytes, body: bytes, digest: bytes, following: list[Row]) -> LedgerBroken:
    """The record has its number, and its hash is not that of its content after the record before it."""
    for number, next_body, next_digest in following:
        if link(digest, next_body) == next_digest:
            return broken(seq, EDITED)
        if link(link(previous, body), next_body) == next_digest:
            return broken(seq, HASH_EDITED)
        if link(previous, next_body) == next_digest or number_of(next_body, number) == seq:
            return broken(seq, INSERTED, Kind.INSERTED)
    return broken(seq, CHANGED)


def _readable(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows up to the first that is damaged itself."""
    try:
        yield from rows
    except LedgerBroken:
        return

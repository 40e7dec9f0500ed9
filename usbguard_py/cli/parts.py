"""Many rows go over to the daemon in parts, since a request has a bound; the last step waits longer than others."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

PART = 60_000  # bytes of rows in one request, which may have 65536
COMMIT = 600.0  # seconds for the transaction; ten thousand rows take a few on a usual machine

_T = TypeVar("_T")


def parts(rows: Iterable[_T]) -> Iterator[tuple[_T, ...]]:
    """The rows, as many at a time as a request holds; an empty part where there is none."""
    held: list[_T] = []
    size = 0
    for row in rows:
        length = len(msgspec.json.encode(row)) + 1
        if held and size + length > PART:
            yield tuple(held)
            held, size = [], 0
        held.append(row)
        size += length
    yield tuple(held)

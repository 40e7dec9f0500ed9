"""Canonical JSON: one value, one sequence of bytes (RFC 8785, narrowed).

Narrower than the RFC where it leaves room for accidents: keys are ASCII, so that sorting by code
point and by UTF-16 unit agree (RFC 8785, 3.2.3); numbers are integers that every JSON reader holds
exactly (RFC 7493, 2.2); there are no floats.
"""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

MAX_INTEGER = 2**53 - 1  # RFC 7493, 2.2
MAX_DEPTH = 16  # containers within containers; a record has at most five

_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(value: Mapping[str, object]) -> bytes:
    """The canonical bytes of an object.

    Raises:
        ValueError: a key that is not ASCII text, a float, an integer beyond 2^53 - 1, a lone surrogate,
            another type, or nesting beyond ``MAX_DEPTH``; the message names the place.
    """
    if not _sound(value):
        _check(value, "$", 0)
    return _ENCODER.encode(value)


def digest(value: Mapping[str, object]) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _sound(value: Mapping[str, object]) -> bool:
    """Whether an object is plain at one look; when not, :func:`_check` says where and why, or that it is good."""
    return isinstance(value, dict) and _ascii(value) and _plain(value.values(), 1)


def _plain(values: Iterable[object], depth: int) -> bool:
    """Whether all of ``values``, which are so deep, are plain: a loop, for most of an entry's time is spent here."""
    for value in values:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            continue
        if kind is int:
            if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator] # an int, by its exact type
                return False
        elif isinstance(value, dict):
            if depth >= MAX_DEPTH or not _ascii(value) or not _plain(value.values(), depth + 1):
                return False
        elif isinstance(value, list | tuple):
            if depth >= MAX_DEPTH or not _plain(value, depth + 1):
                return False
        elif not isinstance(value, str):  # a word of an enumeration is one
            return False
    return True


def _ascii(value: dict[object, object]) -> bool:
    try:
        return "".join(value).isascii()  # type: ignore[arg-type] # what is no text is an error here
    except TypeError:
        return False


def _check(value: object, place: str, depth: int) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ValueError(f"{place}: integer beyond 2^53 - 1")
        return
    if depth >= MAX_DEPTH:
        raise ValueError(f"{place}: nested too deeply")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"{place}: a key that is not ASCII text")
            _check(item, f"{place}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{place}[{index}]", depth + 1)
    else:
        raise ValueError(f"{place}: {type(value).__name__} has no canonical form")  # noqa: TRY004 - one error for all

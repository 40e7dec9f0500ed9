"""TOML files of an agency as typed values: what is not known is an error with its place."""

import re
import tomllib
import unicodedata
from typing import Any, TypeVar

import msgspec

from usbguard_py.core.text import escaped, hidden
from usbguard_py.errors_paper import BadPaperFile

MAX_SIZE = 65536  # bytes; the longest form that is shipped has 4000
MAX_TEXT = 2000  # characters of one text
Kind = TypeVar("Kind")

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)\Z")
_PATH = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>.*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_QUOTED = re.compile(r"([`'])(.*?)\1")
_STEP = re.compile(r"\.([a-z_]+)(?:\[(\d+)\])?")


def read(text: str, origin: str, kind: type[Kind]) -> Kind:
    """The value that ``text`` (TOML 1.0) describes; texts are composed (NFC).

    Raises:
        BadPaperFile: with ``where`` as ``origin:line``: no TOML, a key that is not known, missing or of a wrong type,
            a character that cannot be seen, too long.
    """
    values = _toml(text, origin)
    _visible(values, text, origin)
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        found = _PATH.fullmatch(str(error))
        what, path = (found["what"], found["path"] or "") if found else (str(error), "")
        unknown, missing = _UNKNOWN.fullmatch(what), _MISSING.fullmatch(what)
        line = _line(text, path, unknown[1] if unknown else "")
        detail = _QUOTED.sub("“\\2”", what)  # nothing in it is invisible: that was refused before
        if unknown:
            detail = f"there is no key “{unknown[1]}”"
        elif missing:
            detail = f"“{missing[1]}” is missing"
        raise BadPaperFile(where=f"{origin}:{line}", detail=detail) from None


def _toml(text: str, origin: str) -> dict[str, Any]:
    if len(text.encode("utf-8", "replace")) > MAX_SIZE:
        raise BadPaperFile(where=f"{origin}:1", detail=f"more than {MAX_SIZE} bytes")
    try:
        return tomllib.loads(unicodedata.normalize("NFC", text.removeprefix("\ufeff")))
    except ValueError as error:
        place = _TOML_PLACE.search(str(error))
        line = 1 if place is None else int(place[1]) if place[1] else text.count("\n") + 1
        detail = escaped(_TOML_PLACE.sub("", str(error)).encode("utf-8", "replace"))
        raise BadPaperFile(where=f"{origin}:{line}", detail=detail) from None
    except RecursionError:
        raise BadPaperFile(where=f"{origin}:1", detail="nested too deeply") from None


def _visible(value: object, text: str, origin: str) -> None:
    if isinstance(value, str):
        if any(hidden(char) and char != "\n" for char in value) or len(value) > MAX_TEXT:
            part = next((piece for piece in value.split("\n") if any(map(hidden, piece))), value)
            line = text.count("\n", 0, max(text.find(part), 0)) + 1
            long = len(value) > MAX_TEXT
            detail = f"more than {MAX_TEXT} characters" if long else "holds control or invisible characters"
            raise BadPaperFile(where=f"{origin}:{line}", detail=detail)
    elif isinstance(value, dict):
        for key, one in value.items():
            _visible(key, text, origin)
            _visible(one, text, origin)
    elif isinstance(value, list):
        for one in value:
            _visible(one, text, origin)


def _line(text: str, path: str, key: str) -> int:
    """The line of a place in msgspec's words, and of a key below it; 1 when it is not found."""
    lines = text.splitlines()
    start = 0
    steps = _STEP.findall(path)
    if steps:
        name, index = steps[0]
        heads = [n for n, line in enumerate(lines) if re.match(rf"\s*(\[+\s*)?{name}\b", line)]
        place = min(int(index or 0), len(heads) - 1)
        start = heads[place] if heads else 0
        key = key or next((last for last, _ in reversed(steps[1:])), "")
    if key:
        spelled = re.compile(rf"\s*(?:\[.*\b)?[\"']?{re.escape(key)}\b|.*[{{,]\s*{re.escape(key)}\s*=")
        found = [n for n in range(start, len(lines)) if spelled.match(lines[n])]
        inner = int(steps[1][1] or 0) if len(steps) > 1 else 0  # which of several on lines of their own
        start = (found[inner : inner + 1] or found[:1] or [start])[0]
    return start + 1

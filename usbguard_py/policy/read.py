"""Policy text to values. Nothing is guessed: what the table of knobs does not know is an error with its line."""

import re
import tomllib

from usbguard_py.core.text import escaped, hidden
from usbguard_py.errors import BadPolicy
from usbguard_py.policy.knobs import Policy
from usbguard_py.policy.table import BY_NAME, KNOBS, Knob

MAX_SIZE = 65536  # bytes; a request on the control socket is no larger
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)\Z")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
_TYPES = {str: "a text in quotation marks", bool: "true or false", int: "a whole number"}


def read_policy(text: str, origin: str = "policy") -> Policy:
    """The policy that ``text`` (TOML 1.0) describes; ``origin`` names it in errors, as a file does.

    Raises:
        BadPolicy: with ``where`` as ``origin:line``: no TOML, an unknown key, a key given twice, a
            value of the wrong type or outside its range, no name, nothing at all, or too large.
    """
    values = _toml(text, origin)
    checked = {key: _checked(key, value, f"{origin}:{_line(text, key)}") for key, value in values.items()}
    for knob in KNOBS:
        if knob.required and knob.name not in checked:
            raise BadPolicy(where=f"{origin}:1", detail=f"“{knob.name}” is missing")
    return Policy(**checked)  # type: ignore[arg-type]  # each value was checked against the table


def _toml(text: str, origin: str) -> dict[str, object]:
    if len(text.encode("utf-8", "replace")) > MAX_SIZE:
        raise BadPolicy(where=f"{origin}:1", detail=f"more than {MAX_SIZE} bytes")
    try:
        # Files edited elsewhere may begin with a byte order mark.
        values: dict[str, object] = tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError as error:  # TOMLDecodeError is one; a number of thousands of digits raises it bare
        raise BadPolicy(where=f"{origin}:{_place(str(error), text)}", detail=_cause(str(error))) from None
    except RecursionError:
        raise BadPolicy(where=f"{origin}:1", detail="nested too deeply") from None
    if not values:
        raise BadPolicy(where=f"{origin}:1", detail="the policy is empty")
    return values


def _place(message: str, text: str) -> int:
    """The line in tomllib's message; 1 when it names none."""
    found = _PLACE.search(message)
    if found is None:
        return 1
    return int(found[1]) if found[1] else text.count("\n") + 1


def _cause(message: str) -> str:
    return escaped(_PLACE.sub("", message).encode("utf-8", "replace"))


def _checked(key: str, value: object, where: str) -> str | bool | int:
    knob = BY_NAME.get(key)
    if knob is None:
        raise BadPolicy(where=where, detail=f"there is no key “{escaped(key.encode())}”")
    # `true` is an int to isinstance, and a date or float is nothing we know: the very type is asked for.
    if type(value) is not knob.type or not isinstance(value, str | bool | int):
        raise BadPolicy(where=where, detail=f"“{key}” must be {_TYPES[knob.type]}")
    if isinstance(value, str):
        _check_text(knob, value, where)
    elif not isinstance(value, bool) and not knob.lowest <= value <= knob.highest:
        raise BadPolicy(where=where, detail=f"“{key}” must be from {knob.lowest} to {knob.highest}")
    return value


def _check_text(knob: Knob, value: str, where: str) -> None:
    if not knob.lowest <= len(value) <= knob.highest:
        raise BadPolicy(where=where, detail=f"“{knob.name}” must have {knob.lowest} to {knob.highest} characters")
    if any(hidden(char) for char in value):
        raise BadPolicy(where=where, detail=f"“{knob.name}” holds control or invisible characters")
    if knob.name == "name" and not _NAME.match(value):
        raise BadPolicy(where=where, detail="“name” may hold a-z, 0-9 and -, and begins with no -")


def _line(text: str, key: str) -> int:
    """The line on which ``key`` is set, 1 for the first; tomllib does not say.

    Strings over several lines are passed over by counting their delimiters. A key that is spelled in a
    way that is not found (with escapes) is said to be on line 1.
    """
    spelled = rf"(?:{re.escape(key)}|\"{re.escape(key)}\"|'{re.escape(key)}')"
    sets = re.compile(rf"\s*(?:{spelled}\s*[.=]|\[\[?\s*{spelled}\s*[.\]])")
    inside = ""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not inside and sets.match(line):
            return number
        for delimiter in ('"""', "'''"):
            if line.count(delimiter) % 2 and inside in ("", delimiter):
                inside = "" if inside else delimiter
    return 1

r"""Rule files of USBGuard: read strictly, matched as USBGuard does, and its hash of a device.

One rule a line: a target, an optional short id, attributes with a value or a set, a comment. First match wins. Whether
a rule applies is answered with yes, no, or ``None``: nobody here can say, because it asks for a parent, a connector or
a condition. Whoever uses the answer takes the one that opens less (docs/adr/0161-an-import-only-adds.md).
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

TARGETS = ("allow", "block", "reject")
OPERATORS = ("all-of", "one-of", "none-of", "equals-ordered", "equals", "match-all")
_STRINGS = ("name", "hash", "parent-hash", "serial", "via-port", "with-connect-type", "label")
_BLANKS = re.compile(r"[ \t]+")
_WORD = re.compile(r"[a-z-]+")
_ID = re.compile(r"(?:([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4}|\*)|(\*):(\*))(?=[ \t}#]|$)")
_INTERFACE = re.compile(r"([0-9A-Fa-f]{2}):(?:([0-9A-Fa-f]{2}):([0-9A-Fa-f]{2}|\*)|(\*):\*)(?=[ \t}#]|$)")
_STRING = re.compile(r'"((?:[^"\\\r\n]|\\"|\\\\|\\x[0-9A-Fa-f]{2})*)"')
_ESCAPE = re.compile(rb'\\(?:x([0-9A-Fa-f]{2})|(["\\]))')
_CONDITION = re.compile(r"!?[a-z-]+(?:\([^()\r\n]*\))?(?=[ \t}#]|$)")
# Trailing bytes that USBGuard takes off a string of sysfs before it hashes.
_TRAILING = b"\x00\n\r\t\x08"
_LINUX, _ROOT_HUBS = 0x1D6B, (1, 2, 3)  # of which the release is left out, because it is that of the kernel
_BCD_DEVICE = slice(12, 14)  # of a device descriptor (USB 2.0, table 9-8)

Triple = tuple[int, int, int]
Value = str | bytes | tuple[str, str] | tuple[int, int | None, int | None]


class Attribute(NamedTuple):
    """One attribute of a rule, and the column (from 1) where it begins."""

    key: str
    operator: str
    values: tuple[Value, ...]
    column: int


class Rule(msgspec.Struct, frozen=True):
    """One rule; ``line`` from 1."""

    line: int
    target: str
    attributes: tuple[Attribute, ...]

    def of(self, key: str) -> Attribute | None:
        """The attribute ``key``, if the rule has it."""
        return next((one for one in self.attributes if one.key == key), None)


class BadRule(ValueError):
    """A line that is no rule; ``column`` from 1."""

    def __init__(self, column: int, detail: str) -> None:
        super().__init__(detail)
        self.column = column


class Shown(NamedTuple):
    """What a device shows, in USBGuard's terms."""

    vid: str
    pid: str
    name: bytes
    serial: bytes
    port: str
    hash: str
    interfaces: Sequence[Triple]


def device_hash(product: bytes, vid: int, pid: int, serial: bytes, descriptors: bytes) -> str:
    """SHA-256 of product, ids in hex, serial and raw descriptors, one after the other, in base64."""
    raw = bytearray(descriptors)
    if vid == _LINUX and pid in _ROOT_HUBS:
        raw[_BCD_DEVICE] = b"\0\0"
    head = product.rstrip(_TRAILING) + f"{vid:04x}{pid:04x}".encode() + serial.rstrip(_TRAILING)
    return base64.b64encode(hashlib.sha256(head + raw).digest()).decode()


def read_rule(number: int, text: str) -> Rule | None:
    """The rule on a line; ``None`` for an empty line or a comment.

    Raises:
        BadRule: it is neither.
    """
    line = _Line(text.strip(" \t"), len(text) - len(text.lstrip(" \t")))
    if line.ended():
        return None
    target = line.take(_WORD, "a target")[0]
    if target not in TARGETS:
        raise BadRule(line.offset + 1, f"there is no target “{target[:32]}”")
    attributes: list[Attribute] = []
    while line.blanks():
        column = line.column
        short = not attributes and _ID.match(line.text, line.at)
        key = "id" if short else line.take(_WORD, "an attribute")[0]
        if key not in _READ:
            raise BadRule(column, f"there is no attribute “{key[:32]}”")
        if key in {one.key for one in attributes}:
            raise BadRule(column, "is there twice")
        if not short and not line.blanks():
            raise BadRule(line.column, "a blank is expected")
        operator, values = _values(line, _READ[key])
        attributes.append(Attribute(key, operator, values, column))
    if not line.ended():
        raise BadRule(line.column, "a blank is expected")
    return Rule(number, target, tuple(attributes))


class _Line:
    """A line that is read from left to right."""

    def __init__(self, text: str, offset: int) -> None:
        self.text = text
        self.offset = offset
        self.at = 0

    @property
    def column(self) -> int:
        return self.offset + self.at + 1

    def ended(self) -> bool:
        return self.at == len(self.text) or self.text[self.at] == "#"

    def blanks(self) -> bool:
        """Skip blanks; whether there were some and something follows them."""
        found = _BLANKS.match(self.text, self.at)
        if found:
            self.at = found.end()
        return bool(found) and not self.ended()

    def take(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise BadRule(self.column, f"{what} is expected")
        self.at = found.end()
        return found

    def sign(self, sign: str) -> bool:
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) * found
        return found


def _values(line: _Line, read: Callable[[_Line], Value]) -> tuple[str, tuple[Value, ...]]:
    """The operator and the values of an attribute."""
    word = _WORD.match(line.text, line.at)
    operator = "equals"
    if word and word[0] in OPERATORS:
        operator = word[0]
        line.at = word.end()
        line.blanks()
        if not line.text.startswith("{", line.at):
            raise BadRule(line.column, "a set is expected")
    if not line.sign("{"):
        return operator, (read(line),)
    values = []
    line.blanks()
    while not line.sign("}"):
        values.append(read(line))
        if not line.blanks() and not line.text.startswith("}", line.at):
            raise BadRule(line.column, "a blank is expected")
    if not values:
        raise BadRule(line.column, "the set is empty")
    return operator, tuple(values)


def _id(line: _Line) -> Value:
    found = line.take(_ID, "an id")
    return (found[1] or "*", found[2] or "*")


def _interface(line: _Line) -> Value:
    found = line.take(_INTERFACE, "an interface")
    subclass, protocol = found[2], found[3]
    return (int(found[1], 16), None if subclass is None else int(subclass, 16), _hex(protocol))


def _hex(text: str | None) -> int | None:
    return None if text in {None, "*"} else int(str(text), 16)


def _string(line: _Line) -> Value:
    text = line.take(_STRING, "a text in quotation marks")[1].encode()
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]) if found[1] else found[2], text)


def _condition(line: _Line) -> Value:
    return line.take(_CONDITION, "a condition")[0]


_READ: dict[str, Callable[[_Line], Value]] = {
    "id": _id,
    "with-interface": _interface,
    "if": _condition,
    **dict.fromkeys(_STRINGS, _string),
}


def matches(rule: Rule, device: Shown) -> bool | None:
    """Whether a rule applies to a device; ``None`` when nobody here can say."""
    answers = [_fits(one, device) for one in rule.attributes]
    return False if False in answers else None if None in answers else True


def _fits(one: Attribute, device: Shown) -> bool | None:
    if one.key == "label":
        return True
    seen: dict[str, Sequence[Value]] = {
        "id": [(device.vid, device.pid)],
        "name": [device.name],
        "serial": [device.serial],
        "hash": [device.hash.encode()],
        "via-port": [device.port.encode()],
        "with-interface": list(device.interfaces),
    }
    if one.key not in seen or one.operator == "match-all":
        return None
    return _applied(one.operator, one.values, seen[one.key])


def _applied(operator: str, wanted: Sequence[Value], seen: Sequence[Value]) -> bool:
    met = [any(_same(value, other) for other in seen) for value in wanted]
    ordered: Iterable[bool] = (_same(value, other) for value, other in zip(wanted, seen, strict=False))
    long_as = len(wanted) == len(seen)
    return {
        "all-of": lambda: all(met),
        "one-of": lambda: any(met),
        "none-of": lambda: not any(met),
        "equals": lambda: long_as and all(met),
        "equals-ordered": lambda: long_as and all(ordered),
    }[operator]()


def _same(wanted: Value, seen: Value) -> bool:
    if isinstance(wanted, tuple) and isinstance(seen, tuple):  # an id or an interface, either with "any"
        return all(one in {"*", None} or one == other for one, other in zip(wanted, seen, strict=True))
    return wanted == seen

"""Finds assets in a list of any length: conditions of SQLite, and texts that are compared without accents.

Nothing is kept between two questions. The texts of the list are read as a few long ones (``group_concat``) and folded
at once, which for 100 000 assets takes a tenth of a second (docs/adr/0167-the-list-is-searched-by-who-asks.md).
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from usbguard_py.core.changes import shown_serial
from usbguard_py.core.fold import folded, folded_lines
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.shell.register import Register

ROWS = 8192  # read and folded at once: about a megabyte
TEXTS = ("id", "label", "printed_serial", "electronic_serial", "holder", "unit", "document", "reason_document")
SERIALS = ("printed_serial", "electronic_serial")
PARTS = {"serial": SERIALS, "document": ("document", "reason_document")}  # what one word for people stands for
DAYS = {
    "expires": "expires_on",
    "inspected": "inspected_on",
    "inspection_until": "inspected_until",
    "added": "substr(added_at, 1, 10)",
}
_STATES = " ".join(f"WHEN '{state}' THEN {place}" for place, state in enumerate(Custody))
_ORDERS = {  # by what SQLite can tell; the order of texts is that of their folded form
    "number": "number",
    "state": f"CASE state {_STATES} END, number",
    "expires": "expires_on IS NULL, expires_on, number",
    "inspected": "inspected_on IS NULL, inspected_on, number",
    "added": "added_at, number",
}
_BY_TEXT = ("label", "serial", "holder", "unit", "document")
SORTS = ("number", *_BY_TEXT, *list(_ORDERS)[1:])
# What most devices send (usbguard_py.core.text): shown as it is.
_PLAIN = re.compile(rb"(?:(?:[A-Za-z0-9][A-Za-z0-9 ._:/-]*)?\n)*")


class Wanted(msgspec.Struct, frozen=True):
    """Which assets: all that is asked must hold.

    ``words`` stand anywhere in number, label, serials, holder, unit or papers; ``texts`` are parts of one fact:
    ``holder``, ``unit``, ``document`` (by which it came, or of its state) or ``serial``. ``days`` are first and last
    day, each may be empty, by a key of :data:`DAYS`. ``expired`` as ``state`` also finds what is in use past its last
    day. ``limit``: all when ``None``.
    """

    words: tuple[str, ...] = ()
    texts: Mapping[str, str] = {}
    state: str = ""
    not_returned: bool = False
    days: Mapping[str, tuple[str, str]] = {}
    sort: str = "number"
    limit: int | None = None


class Found(msgspec.Struct, frozen=True):
    """The first of what was found, in order, and how many there are."""

    assets: tuple[Asset, ...]
    total: int


class Piece(msgspec.Struct, frozen=True):
    """Some rows of the list, column by column: their numbers, and their texts, folded."""

    numbers: Sequence[int]
    texts: Mapping[str, Sequence[str]]


def find(connection: sqlite3.Connection, register: Register, wanted: Wanted, today: str) -> tuple[Iterator[Asset], int]:
    """The assets that ``wanted`` asks for, one by one, and how many there are; each is compared with its entry.

    Raises:
        ListDiffers: one of them was changed outside this program.
    """
    condition = _conditions(wanted, today)
    if wanted.words or any(wanted.texts.values()) or wanted.sort in _BY_TEXT:
        found = list(_matching(connection, wanted, condition))
        if wanted.sort in _BY_TEXT:
            found.sort(key=lambda pair: pair[1])  # stable: equal ones stay in the order of their numbers
        numbers = [number for number, _ in found]
        if wanted.sort in _ORDERS and wanted.sort != "number":
            among = set(numbers)
            numbers = [number for number in _ordered(connection, wanted.sort, condition) if number in among]
    else:
        numbers = _ordered(connection, wanted.sort, condition)
    page = numbers if wanted.limit is None else numbers[: wanted.limit]
    return register.numbered(page), len(numbers)


def _ordered(connection: sqlite3.Connection, sort: str, condition: tuple[str, Mapping[str, object]]) -> list[int]:
    where, values = condition
    query = f"SELECT number FROM asset WHERE {where} ORDER BY {_ORDERS[sort]}"  # noqa: S608 - ours
    return [number for (number,) in connection.execute(query, values)]


def pieces(
    connection: sqlite3.Connection, names: Sequence[str], condition: tuple[str, Mapping[str, object]] = ("1", {})
) -> Iterator[Piece]:
    """The rows that meet a condition, piece by piece, with the columns ``names`` of :data:`TEXTS`."""
    where, values = condition
    (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM asset").fetchone()
    joined = ", ".join(f"group_concat({name}, '{'0a' if name == 'electronic_serial' else chr(10)}')" for name in names)
    for first in range(1, last + 1, ROWS):
        span = f"FROM asset WHERE number BETWEEN {first} AND {first + ROWS - 1} AND {where}"
        query = f"SELECT count(*), group_concat(number, ' '), {joined} {span}"
        count, numbers, *texts = connection.execute(query, values).fetchone()
        if not count:
            continue
        columns = [_lines(name, text) for name, text in zip(names, texts, strict=True)]
        if any(len(column) != count for column in columns):  # a text holds the end of a line
            query = f"SELECT {', '.join(names)} {span}"
            columns = _one_by_one(names, connection.execute(query, values))
        yield Piece([int(number) for number in numbers.split()], dict(zip(names, columns, strict=True)))


def _lines(name: str, text: str) -> Sequence[str]:
    if name != "electronic_serial":
        return folded_lines(text).split("\n")
    raw = bytes.fromhex(text)
    if _PLAIN.fullmatch(raw + b"\n"):
        return raw.decode("ascii").lower().split("\n")
    return [folded(shown_serial(serial.hex())) for serial in raw.split(b"\n")]


def _one_by_one(names: Sequence[str], rows: sqlite3.Cursor) -> list[Sequence[str]]:
    def text(name: str, value: str) -> str:
        return folded(shown_serial(value) if name == "electronic_serial" else value)

    every = [[text(name, value) for name, value in zip(names, row, strict=True)] for row in rows]
    return [list(column) for column in zip(*every, strict=True)]


def _conditions(wanted: Wanted, today: str) -> tuple[str, dict[str, object]]:
    """What SQLite can tell. A ``+`` keeps an index away that would be read anew for every piece of the list."""
    found, values = ["1"], dict[str, object]()
    if wanted.state:
        found.append("+state = :state")
        values["state"] = wanted.state
    if wanted.state == Custody.EXPIRED:
        found[-1] = "(+state = :state OR (+state = 'in-use' AND +expires_on < :today))"
        values["today"] = today
    if wanted.not_returned:
        found.append("+state IN ('revoked', 'damaged') AND +holder <> ''")
    for name, (first, last) in wanted.days.items():
        for sign, end, value in ((">=", "first", first), ("<=", "last", last)):
            if value:
                found.append(f"+{DAYS[name]} {sign} :{name}_{end}")
                values[f"{name}_{end}"] = value
    return " AND ".join(found), values


def _matching(
    connection: sqlite3.Connection, wanted: Wanted, condition: tuple[str, Mapping[str, object]]
) -> Iterator[tuple[int, str]]:
    """The numbers of the assets whose texts fit, each with the text that they are sorted by."""
    words = [folded(word) for word in wanted.words]
    parts = {name: folded(part) for name, part in wanted.texts.items() if part}
    asked = {one for name in (*parts, wanted.sort) for one in PARTS.get(name, (name,))}
    names = [name for name in TEXTS if words or name in asked]
    for piece in pieces(connection, names, condition):
        kept: Sequence[int] = range(len(piece.numbers))
        for name, part in parts.items():
            columns = [piece.texts[one] for one in PARTS.get(name, (name,))]
            kept = [i for i in kept if any(part in column[i] for column in columns)]
        if words:
            whole = list(map("\x1f".join, zip(*piece.texts.values(), strict=True)))
            for word in words:
                kept = [i for i in kept if word in whole[i]]
        keys = _keys(piece, wanted.sort)
        yield from ((piece.numbers[i], keys[i]) for i in kept)


def _keys(piece: Piece, sort: str) -> Sequence[str]:
    """The texts by which the rows of a piece are sorted: the serial is the one that is shown."""
    if sort == "serial":
        pairs = zip(*(piece.texts[name] for name in SERIALS), strict=True)
        return [printed or electronic for printed, electronic in pairs]
    return piece.texts[sort] if sort in _BY_TEXT else [""] * len(piece.numbers)

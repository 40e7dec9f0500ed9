"""Which entries of the log a command asks for, as one question to the database that its indexes answer."""

from collections.abc import Sequence

import msgspec

NEWEST = 100  # entries, unless asked for more

# What each filter of a query means, with as many values as it has question marks. Each is looked up in its index alone
# first: SQLite would read every body instead. Of a text each value that there is is folded once, however many rows
# have it.
_VALUES = (
    "(WITH RECURSIVE one(v) AS (SELECT min({0}) FROM ledger INDEXED BY ledger_{0} WHERE {0} IS NOT NULL UNION ALL"
    " SELECT (SELECT {0} FROM ledger INDEXED BY ledger_{0} WHERE {0} > v ORDER BY {0} LIMIT 1) FROM one"
    " WHERE v IS NOT NULL) SELECT v FROM one WHERE v IS NOT NULL AND instr(folded(v), folded(?)))"
)
_NUMBERS = "SELECT seq FROM ledger INDEXED BY ledger_{0} WHERE {0} {1}"
_SERIAL = _NUMBERS.format("serial", "IN " + _VALUES.format("serial"))
_HOLDER = _NUMBERS.format("holder", "IN " + _VALUES.format("holder"))
# Who made a change is not indexed; entries that name one are of kinds that are few.
_WHO = (
    _NUMBERS.format(
        "kind",
        "IN "
        + _VALUES.format("kind").replace(
            "instr(folded(v), folded(?))",
            "v NOT IN ('decision', 'outcome', 'cut', 'removed', 'repeated', 'unenumerated')",
        ),
    )
    + " AND instr(folded(who(body)), folded(?))"
)
_ASSET, _NAME = _NUMBERS.format("asset", "= upper(?)"), _NUMBERS.format("name", "= ?")
_CONDITIONS = {
    "since": f"seq IN ({_NUMBERS.format('time', '>= ?')})",
    "until": f"seq IN ({_NUMBERS.format('time', '< ?')})",
    "span": f"seq IN ({_NUMBERS.format('time', '>= ? AND time < ?')})",
    "kind": "kind = ?",
    "code": "code = ?",
    "outcome": "outcome = ?",
    "asset": "asset = ?",
    "name": "name = ?",
    "before": "seq < ?",
    "after": "seq > ?",
    "serial": f"seq IN ({_SERIAL})",
    "holder": f"seq IN ({_HOLDER})",
    "device": f"seq IN ({_SERIAL} UNION ALL {_ASSET} UNION ALL {_NAME})",
    "person": f"seq IN ({_HOLDER} UNION ALL {_WHO})",
    "kind_of_device": "kind = 'decision' AND device_kind(body) = ?",
}


class Query(msgspec.Struct, frozen=True):
    """Which entries: all conditions that are given hold.

    ``since`` (inclusive) and ``until`` (exclusive) are seconds since 1970; ``before`` and ``after`` entry
    numbers. ``serial`` and ``holder`` are parts of what is shown, accents and case left out. The newest
    ``limit`` entries are given, all of them when it is ``None``. ``device`` is a part of a serial, a number of the list
    or a port; ``person`` a part of the name of a holder or of who made a change; ``kind_of_device`` a word of
    :class:`~usbguard_py.core.device.Function`, which only decisions tell.
    """

    since: int | None = None
    until: int | None = None
    kind: str | None = None
    code: str | None = None
    outcome: str | None = None
    serial: str | None = None
    holder: str | None = None
    asset: str | None = None
    name: str | None = None
    device: str | None = None
    person: str | None = None
    kind_of_device: str | None = None
    before: int | None = None
    after: int | None = None
    limit: int | None = NEWEST


def selected(query: Query) -> tuple[str, Sequence[object]]:
    """The question: body and hash of the entries, newest first, with its values."""
    given = {f: v for f, v in msgspec.structs.asdict(query).items() if v is not None and f in _CONDITIONS}
    values = [value for f, value in given.items() for _ in range(_CONDITIONS[f].count("?"))]
    if {"since", "until"} <= given.keys():  # the first two of a query; asked together they are few
        given = {"span": 0, **{f: v for f, v in given.items() if f not in {"since", "until"}}}
    where = " AND ".join(_CONDITIONS[f] for f in given) or "1"
    numbers = f"SELECT seq FROM ledger WHERE {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608 - our conditions
    text = f"SELECT body, hash FROM ledger WHERE seq IN ({numbers}) ORDER BY seq DESC"  # noqa: S608 - as above
    limit = -1 if query.limit is None else query.limit
    return text, (*values, limit)

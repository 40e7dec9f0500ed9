"""The newest entries of the log for a command that asks for nothing else; any other question: :mod:`.reader`."""

from __future__ import annotations

import json
from datetime import datetime

from usbguard_py.shell.database import readable
from usbguard_py.shell.faults import reported

TYPE_CHECKING = False  # usbguard_py.plain says why
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

_COMMON = {"seq": int, "kind": str, "at": str, "mono_ms": int, "boot": str}  # as Common in usbguard_py.shell.ledger


def newest(path: Path, limit: int | None) -> list[dict[str, Any]]:
    """The bodies of the last ``limit`` entries, of all when it is ``None``, newest last.

    Raises:
        DatabaseTrouble: the file is missing, foreign, damaged, or this account may not read it.
        LedgerBroken: an entry cannot be read.
    """
    connection = readable(path)
    try:
        with reported(path):
            rows = connection.execute(
                "SELECT body FROM ledger ORDER BY seq DESC LIMIT ?", (-1 if limit is None else limit,)
            ).fetchall()
    finally:
        connection.close()
    try:
        return [_body(text) for (text,) in reversed(rows)]
    except (ValueError, RecursionError):
        from usbguard_py.shell.log_query import Query  # noqa: PLC0415 - as below
        from usbguard_py.shell.reader import Reader  # noqa: PLC0415 - knows what is wrong, and says it

        with Reader(path) as reader:
            return [record.body for record in reader.log(Query(limit=limit))]


def _body(text: str) -> dict[str, Any]:
    body = json.loads(text)
    if not isinstance(body, dict) or any(type(body.get(name)) is not kind for name, kind in _COMMON.items()):
        raise ValueError("not an entry")
    if datetime.fromisoformat(body["at"]).tzinfo is None:
        raise ValueError("no offset")
    return body

"""Run in the guest: print the ledger's entries after SEQ that match every FIELD=VALUE, as a JSON list.

With ``--wait SECONDS`` it looks until one matches or the time is over: SQLite has no event for another's commit.
usage: entries.py [--wait SECONDS] SEQ [FIELD=VALUE…]
"""

import json
import sqlite3
import sys
import time

DATABASE = "file:/var/lib/usbguard-py/usbguard-py.db?mode=ro"
PAUSE = 0.02  # seconds between two looks


def matching(connection: sqlite3.Connection, after: int, fields: dict[str, str]) -> list[dict[str, object]]:
    rows = connection.execute("SELECT body FROM ledger WHERE seq > ? ORDER BY seq", (after,))
    bodies = [json.loads(body) for (body,) in rows]
    return [b for b in bodies if all(str(b.get(k, "")) == v for k, v in fields.items())]


def main(words: list[str]) -> None:
    end = time.monotonic()
    if words[0] == "--wait":
        end += float(words[1])
        words = words[2:]
    after, fields = int(words[0]), dict(word.split("=", 1) for word in words[1:])
    connection = sqlite3.connect(DATABASE, uri=True)
    while True:
        found = matching(connection, after, fields)
        if found or time.monotonic() >= end:
            print(json.dumps(found))
            return
        time.sleep(PAUSE)


main(sys.argv[1:])

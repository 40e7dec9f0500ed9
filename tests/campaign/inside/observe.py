"""In the guest: say which entries somebody could know of, so that none of them may be missing later.

Two sources: what a reader of the file sees committed, and what the judge tells those who watch. Prints a line for each:
``saw SEQ HASH`` and ``told SEQ EVENT NAME``. With ``--console`` the lines go to the serial console, too: they have left
the machine when its power goes. Ends with its standard input.

While no judge runs the file is let go, so that the next judge is the first to open it, as after a crash on a machine
where nobody looks on; a reader that stays would spare it the recovery of the log.
"""

import json
import os
import select
import socket
import sqlite3
import sys
from typing import Any

DATABASE = "file:/var/lib/usbguard-py/usbguard-py.db?mode=ro"
CONTROL = "/run/usbguard-py/control.sock"
CONSOLE = "/dev/ttyS0"
PAUSE = 20  # milliseconds between two looks: SQLite has no event for another's commit
# Varlink's wire format (varlink.org, "Method Call"), written out: an observer uses nothing of what it observes.
WATCH = b'{"method":"org.usbguardpy.Control.Watch","parameters":{},"more":true}\0'


class Observer:
    """Looks at one judge after the other."""

    def __init__(self, console: int) -> None:
        self.console = console
        self.socket: socket.socket | None = None
        self.file: sqlite3.Connection | None = None
        self.rest = b""
        self.last = 0

    def say(self, line: str) -> None:
        print(line, flush=True)
        if self.console >= 0:
            os.write(self.console, f"lab-{line}\n".encode())

    def run(self) -> None:
        while True:
            watched = [sys.stdin, *([self.socket] if self.socket else [])]
            ready, _, _ = select.select(watched, [], [], PAUSE / 1000)
            if sys.stdin in ready:
                return
            if self.socket is None:
                self.join()
            elif self.socket in ready:
                self.hear()
            if self.socket is not None:
                self.look()

    def join(self) -> None:
        joined = socket.socket(socket.AF_UNIX)
        try:
            joined.connect(CONTROL)
            joined.sendall(WATCH)
        except OSError:
            joined.close()
            return
        self.socket, self.rest = joined, b""
        self.file = sqlite3.connect(DATABASE, uri=True)
        print("joined", flush=True)

    def hear(self) -> None:
        assert self.socket is not None
        try:
            data = self.socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.leave()
            return
        *messages, self.rest = (self.rest + data).split(b"\0")
        for message in messages:
            self.told(json.loads(message).get("parameters", {}))

    def told(self, event: dict[str, Any]) -> None:
        if event.get("seq"):
            self.say(f"told {event['seq']} {event.get('event', '?')} {event.get('name', '')}")

    def leave(self) -> None:
        if self.socket is not None:
            self.socket.close()
        if self.file is not None:
            self.file.close()
        self.socket = self.file = None

    def look(self) -> None:
        assert self.file is not None
        try:
            rows = self.file.execute("SELECT seq, hash FROM ledger WHERE seq > ? ORDER BY seq", (self.last,)).fetchall()
        except sqlite3.Error:
            return  # no judge has opened it yet
        for seq, digest in rows:
            self.say(f"saw {seq} {digest.hex()}")
            self.last = seq


def main(words: list[str]) -> None:
    console = os.open(CONSOLE, os.O_WRONLY | os.O_NOCTTY) if "--console" in words else -1
    Observer(console).run()


main(sys.argv[1:])

"""Who looked at the log: the client reads the file by itself, and says so; the judge records who it was."""

import time
from typing import Any

from usbguard_py.core import record_machine
from usbguard_py.core.requests import LogViewed
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.judge import Judge
from usbguard_py.shell.peer import Peer

AGAIN = 60.0  # seconds in which further looks of one account are only counted: nobody fills the log by reading it


class Views:
    """One entry for the first look of an account, and with the next one how many there were in between."""

    def __init__(self) -> None:
        self._looks: dict[int, tuple[float, int]] = {}  # by uid: when one was recorded, how many since

    def seen(self, judge: Judge, request: LogViewed, caller: Peer) -> dict[str, Any]:
        """Record that ``caller`` looked; number of the entry, 0 when it was counted only.

        Raises:
            DatabaseTrouble: nothing can be recorded now.
        """
        now = time.monotonic()
        when, count = self._looks.get(caller.uid, (-AGAIN, 0))
        if now - when < AGAIN:
            self._looks[caller.uid] = (when, count + 1)
            return {"seq": 0}
        body = record_machine.view(request.command, request.asked, count, by(caller))
        entry = judge.host.books.append("view", body)
        self._looks[caller.uid] = (now, 0)
        return {"seq": entry.seq}

"""The entry about an exported log: the client writes the file, the judge records who did."""

from typing import Any

from usbguard_py.core import record
from usbguard_py.core.requests import LogExported
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import Usage
from usbguard_py.shell.peer import Peer


def exported(judge: Judge, request: LogExported, caller: Peer) -> dict[str, Any]:
    """Record that ``caller`` wrote the entries 1 to ``last`` to a file; only what is true of this log is recorded.

    Raises:
        Usage: entry ``last`` has another hash, or there is none; nothing was recorded.
        DatabaseTrouble: nothing can be recorded now.
    """
    digest = judge.host.books.ready().digest(request.last)
    if digest is None or digest.hex() != request.head:
        raise Usage(detail=f"this log has no record {request.last} with that hash")
    entry = judge.host.books.append("export", record.export(1, request.last, digest, by(caller)))
    return {"seq": entry.seq}

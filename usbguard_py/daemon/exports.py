"""The entries about an exported log or list: the client writes the file, the judge records who did."""

import re
from typing import Any

from usbguard_py.core import changes, record
from usbguard_py.core.requests import LogExported, WhitelistExported
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import Usage
from usbguard_py.shell.peer import Peer

SHA256 = re.compile(r"[0-9a-f]{64}")


def exported(judge: Judge, request: LogExported, caller: Peer) -> dict[str, Any]:
    """Record that ``caller`` wrote the entries 1 to ``last`` to a file; only what is true of this log is recorded.

    Raises:
        Usage: entry ``last`` has another hash, or there is none; nothing was recorded.
        DatabaseTrouble: nothing can be recorded now.
    """
    digest = judge.host.books.ready().digest(request.last)
    if digest is None or digest.hex() != request.head:
        raise Usage(detail=f"this log has no record {request.last} with that hash")
    body = record.export(1, request.last, digest, by(caller))
    entry = judge.host.books.append("export", {**body, "redacted": True} if request.redacted else body)
    return {"seq": entry.seq}


def list_exported(judge: Judge, request: WhitelistExported, caller: Peer) -> dict[str, Any]:
    """Record that ``caller`` wrote the list to a file; only what can be true of this list is recorded.

    Raises:
        Usage: the list never had that number, or never so many devices, or that is no SHA-256; nothing was recorded.
        DatabaseTrouble: nothing can be recorded now.
    """
    books = judge.host.books
    books.ready()
    if not 0 <= request.list_version <= books.list_version() or not 0 <= request.count <= books.count_assets():
        raise Usage(detail="this list was never like that")
    if not SHA256.fullmatch(request.sha256):
        raise Usage(detail="“sha256” is missing")
    body = changes.list_exported(request.count, request.list_version, request.sha256, by(caller))
    return {"seq": books.append("list-export", body).seq}

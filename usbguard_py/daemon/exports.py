"""The entries about what leaves the machine: log and list as files, seals; the client writes, the judge records."""

import re
from typing import Any

from usbguard_py.core import changes, record, record_seals
from usbguard_py.core.checkpoint import RECENT, Checkpoint
from usbguard_py.core.given import MAX_REASON, tidied
from usbguard_py.core.requests import LogCheckpoint, LogExported, LogSeal, WhitelistExported
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import PermissionRefused, Usage
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


def sealed(judge: Judge, request: LogSeal, caller: Peer) -> dict[str, Any]:
    """Record that ``caller`` takes a seal; number and hash of the entry, in hex.

    Raises:
        BadInput: a text that cannot be stored.
        DatabaseTrouble: nothing can be recorded now.
    """
    books = judge.host.books
    books.ready()
    minutes = tidied("minutes", request.minutes, MAX_REASON)
    entry = books.append("seal", record_seals.seal(minutes, by(caller)))
    return {"seq": entry.seq, "head": entry.hash.hex()}


def checkpointed(judge: Judge, request: LogCheckpoint, caller: Peer) -> dict[str, Any]:
    """Record a checkpoint. The signature itself is verified by who makes it: the judge calls no program for it.

    Raises:
        PermissionRefused: the caller is not root; anybody else could only record a signature that is none.
        Usage: it is not of a recent entry of this log, or not well formed; nothing was recorded.
        DatabaseTrouble: nothing can be recorded now.
    """
    if caller.uid != 0:
        raise PermissionRefused(role="administrator")
    made = Checkpoint(request.of, request.head, request.key, request.signature)
    store = judge.host.books.ready()
    digest, last = store.digest(made.of), store.last()
    recent = last is not None and made.of > last.seq - RECENT
    if not made.well_formed or digest is None or digest.hex() != made.head or not recent:
        raise Usage(detail=f"this log has no record {made.of} with that hash")
    return {"seq": judge.host.books.append("checkpoint", record_seals.checkpoint(made)).seq}


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

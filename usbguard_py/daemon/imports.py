"""Imports, and carried lists: rows come in parts, and go onto the list in one transaction that holds no decision up.

A transaction of ten thousand rows takes seconds, and the judge has one thread. So it is made on a connection of its
own, a few milliseconds at a time between the loop's rounds, and taken back when the judge itself has to write: who
waits for a decision never waits for an import (docs/adr/0162-an-import-gives-way.md).
"""

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from usbguard_py.core import changes
from usbguard_py.core.importing import MAX_ROWS, Planner
from usbguard_py.core.record import Entry
from usbguard_py.core.requests import WhitelistImportBegin, WhitelistImportCommit, WhitelistImportPart
from usbguard_py.core.sheet import Row
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.daemon import second
from usbguard_py.daemon.changes import announced
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.exports import SHA256
from usbguard_py.daemon.flow import Bound, Flow
from usbguard_py.daemon.judge import Judge
from usbguard_py.daemon.moves import why
from usbguard_py.errors import Usage
from usbguard_py.errors_life import ImportBusy, ImportDisturbed, ListChanged, OtherCount, RowRefused
from usbguard_py.shell.database import copy_the_log
from usbguard_py.shell.peer import Peer
from usbguard_py.shell.register import kept
from usbguard_py.shell.store import Store

MAX_BYTES = 64 * 1024 * 1024  # of rows that wait for the commit
IDLE = 60.0  # seconds after which an import that nobody goes on with is forgotten
SLICE = 0.010  # seconds of work between two looks at everything else
TRIES = 8  # times that an import begins anew because the judge had to write

Answer = dict[str, Any]
_ROW = msgspec.json.Decoder(Row)


class GaveWay(Exception):
    """The judge had to write; the transaction was taken back."""


class Staged(msgspec.Struct, eq=False):
    """An import under way: what was said of it, and its rows as JSON."""

    token: str
    caller: Peer
    begun: Any
    touched: float  # seconds of time.monotonic()
    rows: list[bytes] = []
    size: int = 0
    committing: bool = False


class Imports:
    """At most one import or one carried list (:mod:`usbguard_py.daemon.takes`) at a time."""

    def __init__(self) -> None:
        self._staged: Staged | None = None

    def see_free(self, caller: Peer) -> None:
        """See that nobody else's is under way; one of the same account that was not committed is forgotten.

        Raises:
            ImportBusy: somebody else's is.
        """
        self.forget()
        other = self._staged
        if other is not None and (other.committing or other.caller.uid != caller.uid):
            raise ImportBusy

    def stage(self, caller: Peer, begun: Any) -> Answer:
        """Begin; the answer names it by its token."""
        self._staged = Staged(secrets.token_hex(16), caller, begun, time.monotonic())
        return {"token": self._staged.token}

    def add(self, staged: Staged, rows: list[bytes], limit: int) -> Answer:
        """Take the next rows in.

        Raises:
            Usage: more than ``limit``, or than memory is given for; it is over.
        """
        staged.size += sum(map(len, rows))
        if len(staged.rows) + len(rows) > limit or staged.size > MAX_BYTES:
            self._staged = None
            raise Usage(detail="more rows than an import may have")
        staged.rows += rows
        staged.touched = time.monotonic()
        return {"rows": len(staged.rows)}

    def attempts(self, staged: Staged, attempt: Callable[[], Flow]) -> Flow:
        """What ``attempt`` comes to, which begins anew when it had to give way; then it is over.

        Raises:
            ImportDisturbed: the judge had to write all the time.
        """
        staged.committing = True
        try:
            for _ in range(TRIES):
                try:
                    return (yield from attempt())
                except GaveWay:
                    continue
            raise ImportDisturbed
        finally:
            self._staged = None

    def begin(self, judge: Judge, request: WhitelistImportBegin, caller: Peer) -> Answer:
        """Begin an import; one of the same account that was not committed is forgotten.

        Raises:
            ReasonNeeded, BadInput, Usage: what was said of it is not enough.
            ImportBusy: somebody else's is under way.
            ListChanged: it was compared with another list.
        """
        self.see_free(caller)
        said = msgspec.structs.replace(request, **why(request, "import")._asdict())
        if not 1 <= said.rows <= MAX_ROWS:
            raise Usage(detail=f"not from 1 to {MAX_ROWS} rows")
        if not SHA256.fullmatch(said.sha256):
            raise Usage(detail="“sha256” is missing")
        judge.host.books.ready()
        if judge.host.books.list_version() != said.list_version:
            raise ListChanged
        return self.stage(caller, said)

    def part(self, _judge: Judge, request: WhitelistImportPart, caller: Peer) -> Answer:
        """Take the next rows in.

        Raises:
            Usage: there is no such import, or it has more rows than it said, or than memory is given for.
        """
        staged = self.named(request.token, caller)
        return self.add(staged, [msgspec.json.encode(row) for row in request.rows], staged.begun.rows)

    def commit(self, judge: Judge, request: WhitelistImportCommit, caller: Peer) -> Flow:
        """Put all rows on the list, or none.

        Raises:
            Usage: there is no such import, or rows are missing.
            ListChanged, OtherCount, RowRefused: the list or the file is not what was looked at.
            ImportDisturbed: the judge had to write all the time.
            DatabaseTrouble: it cannot be written.
        """
        staged = self.named(request.token, caller)
        if len(staged.rows) != staged.begun.rows:
            raise Usage(detail="rows are missing")
        transaction = Transaction(judge, lambda known, store: _rows(judge, staged, known, store))
        entry, added = yield from self.attempts(staged, transaction.run)
        return _taken_over(judge, staged, entry, added)

    def forget(self) -> None:
        """Give the memory of an import back that nobody goes on with."""
        staged = self._staged
        if staged is not None and not staged.committing and time.monotonic() - staged.touched > IDLE:
            self._staged = None

    def named(self, token: str, caller: Peer) -> Staged:
        """The one under way of that token and account.

        Raises:
            Usage: there is none, or it is being committed.
        """
        staged = self._staged
        mine = staged is not None and staged.token == token and staged.caller.uid == caller.uid
        if staged is None or not mine or staged.committing:
            raise Usage(detail="that import is not under way")
        return staged


class Transaction:
    """Attempts at one piece of work: everything on a connection of its own, in slices.

    Args:
        judge: whose books they are.
        work: gets the store as it was before and that of the transaction; yields ``None`` after each step, then
            the result.
    """

    def __init__(self, judge: Judge, work: Callable[[Store, Store], Iterator[Any]]) -> None:
        self._judge = judge
        self._work = work
        self._gave_way = False

    def run(self) -> Flow:
        """The result of the work; on disk on return.

        Raises:
            GaveWay: none of it; the judge had to write.
        """
        self._gave_way = False
        books = self._judge.host.books
        known = books.ready()
        store = Store.open(books.path)
        store.committed = known.committed
        books.giving_way = lambda: self._give_way(store)
        store.leave_the_log()
        try:
            with store.transaction():
                return (yield from self._sliced(self._work(known, store)))
        finally:
            books.giving_way = lambda: None
            store.close()

    def _give_way(self, store: Store) -> None:
        self._gave_way = True
        store.give_way()

    def _sliced(self, work: Iterator[Any]) -> Flow:
        """Do the work, and let everything else go first every few milliseconds."""
        until = time.monotonic() + SLICE
        for result in work:
            if result is not None:
                return result
            if time.monotonic() >= until:
                yield Bound(lambda: False, time.monotonic())
                if self._gave_way:
                    raise GaveWay
                until = time.monotonic() + SLICE
        return None


def _rows(judge: Judge, staged: Staged, known: Store, store: Store) -> Iterator[tuple[Entry, list[Asset]] | None]:
    """One step for each row, then the result; ``known`` sees the list as it was before the import."""
    begun: WhitelistImportBegin = staged.begun
    if store.list_version() != begun.list_version:
        raise ListChanged
    operator, said = by(staged.caller), {"reason": begun.reason, "document": begun.document}
    body = changes.imported(begun.rows, begun.new, begun.list_version, begun.sha256, operator, **said)
    entry = store.append("list-import", body)
    planner = Planner(lambda serial: known.candidates(bytes.fromhex(serial)), known.today(), begun.document)
    added: list[Asset] = []
    for raw in staged.rows:
        row = _ROW.decode(raw)
        verdict = planner.judge(row)
        for fault in verdict.faults:
            raise RowRefused(line=fault.line, column=fault.column, detail=fault.detail)
        if verdict.asset is not None:
            noted = changes.row_imported(row.asset, row.line, entry.seq, **said)
            asset, _ = store.add_asset(second.held_back(judge, verdict.asset), operator, noted)
            if not kept(asset):  # a row that does not agree with its entry would end the use of the whole list
                raise RowRefused(line=row.line, column="", detail="it cannot be stored as it is")
            second.added(judge, asset, staged.caller, store)
            added.append(asset)
        yield None
    if len(added) != begun.new:
        raise OtherCount(found=len(added), expected=begun.new)
    yield entry, added


def _taken_over(judge: Judge, staged: Staged, entry: Entry, added: list[Asset]) -> Answer:
    """The list is another from here on: what is connected is judged by it."""
    serials = {face.passport.serial for asset in added for face in asset.fingerprints}
    serials |= {asset.electronic_serial for asset in added}
    connections, path = judge.host.connections.items(), judge.host.books.path
    judge.host.helper.aside(lambda: copy_the_log(path))
    announced(judge, entry, reason=staged.begun.reason)
    judge.judge_again([name for name, c in connections if (c.device.serial or b"").hex() in serials - {""}])
    ids = [asset.id for asset in added]
    waiting = sum(asset.state is Custody.PENDING for asset in added)
    ends = {"first": ids[0], "last": ids[-1]} if ids else {"first": "", "last": ""}
    return {"seq": entry.seq, "count": len(ids), "waiting": waiting, **ends}

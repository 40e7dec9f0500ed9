"""The proposals as rows, compared with their entries whenever they are read."""

import sqlite3
from collections.abc import Iterator

import msgspec

from usbguard_py.core.canonical import canonical
from usbguard_py.core.four_eyes import Proposal, Stage, fingerprint, plain
from usbguard_py.errors import ListDiffers

_RECORD = msgspec.json.Decoder(Proposal)
_COLUMNS = "number, asset, until, state, record, entry"


class ProposalTable:
    """The table of proposals of an open connection; ``path`` is named in errors."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def next_number(self) -> int:
        """The number that the next proposal gets."""
        (last,) = self._connection.execute("SELECT coalesce(max(number), 0) FROM proposal").fetchone()
        return int(last) + 1

    def get(self, number: int) -> Proposal | None:
        """The proposal with that number, if there is one."""
        return next(self._found("WHERE number = ?", number), None)

    def open_of(self, asset: str) -> Proposal | None:
        """The open proposal about an asset, also when its last day is over."""
        return next(self._found("WHERE asset = ? AND state = 'open'", asset), None)

    def every(self) -> Iterator[Proposal]:
        """All of them, oldest first."""
        yield from self._found("ORDER BY number")

    def waiting(self, today: str) -> Iterator[Proposal]:
        """Those that a second person may approve today, oldest first."""
        yield from self._found("WHERE state = 'open' AND until >= ? ORDER BY number", today)

    def assets(self, today: str) -> frozenset[str]:
        """Numbers of the assets about which something waits for a second person; the rows themselves are not read."""
        rows = self._connection.execute("SELECT asset FROM proposal WHERE state = 'open' AND until >= ?", (today,))
        return frozenset(asset for (asset,) in rows)

    def count(self, today: str) -> int:
        """How many a second person may approve today."""
        (number,) = self._connection.execute(
            "SELECT count(*) FROM proposal INDEXED BY proposal_waiting WHERE state = 'open' AND until >= ?", (today,)
        ).fetchone()
        return int(number)

    def insert(self, proposal: Proposal, entry: int) -> None:
        """Store a proposal whose entry has number ``entry``."""
        record = canonical(plain(proposal)).decode()
        self._connection.execute(
            f"INSERT INTO proposal ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - our columns
            (proposal.number, proposal.asset, proposal.until, str(proposal.state), record, entry),
        )

    def end(self, proposal: Proposal, entry: int) -> None:
        """Store what became of a proposal, as ``entry`` says it."""
        self._connection.execute(
            "UPDATE proposal SET state = ?, entry = ? WHERE number = ?", (str(proposal.state), entry, proposal.number)
        )

    def _found(self, where: str, *values: object) -> Iterator[Proposal]:
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM proposal {where}", values)  # noqa: S608 - ours
        for row in rows.fetchall():
            yield self._built(row)

    def _built(self, row: tuple[int, str, str, str, str, int]) -> Proposal:
        """The proposal of a row.

        Raises:
            ListDiffers: the row does not say what its entry says.
        """
        number, asset, until, state, record, entry = row
        name = f"proposal {number}"
        try:
            proposal = msgspec.structs.replace(_RECORD.decode(record), state=Stage(state))
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
            raise ListDiffers(name=name, path=self._path) from error
        kind = "proposal" if proposal.state is Stage.OPEN else f"proposal-{state}"
        want = self._connection.execute(
            "SELECT json_extract(body, '$.record_sha256'), kind FROM ledger WHERE seq = ?", (entry,)
        ).fetchone()
        same = (proposal.number, proposal.asset, proposal.until) == (number, asset, until)
        if not same or want != (fingerprint(proposal), kind):
            raise ListDiffers(name=name, path=self._path)
        return proposal

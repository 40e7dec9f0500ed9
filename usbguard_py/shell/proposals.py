"""What one person proposed and a second one has to approve, as the judge keeps it: each with its entry."""

from collections.abc import Callable, Mapping

import msgspec

from usbguard_py.core import four_eyes
from usbguard_py.core.changes import By, fingerprint_of
from usbguard_py.core.four_eyes import CHANGED, REPLACED, Ending, Proposal, Stage
from usbguard_py.core.record import Entry
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import BadInput, NotFound
from usbguard_py.shell.clock import day, later
from usbguard_py.shell.session import Session


class Proposals(Session):
    """The proposals of an open database file. The store is one of these, since approving is a change of the list."""

    def today(self) -> str:
        """The day by which dates are judged, local time: never earlier than that of the newest entry.

        So a clock that was set back brings nothing back to life (docs/adr/0152-the-clock-that-decides.md).
        """
        with self._watched():
            return day(max(self._clock.read().unix_ms, self._ledger.newest() * 1000))

    def proposal(self, number: int) -> Proposal:
        """The proposal with that number.

        Raises:
            NotFound: there is none.
        """
        with self._watched():
            found = self._proposals.get(number)
        if found is None:
            raise NotFound(what="proposal", name=str(number))
        return found

    def proposal_of(self, asset: str) -> Proposal | None:
        """The proposal about an asset that a second person may approve today, if there is one."""
        with self._watched():
            found = self._proposals.open_of(asset)
            return None if found is None or four_eyes.lapsed(found, self.today()) else found

    def propose(self, draft: Proposal, days: int, before: Asset, after: Asset, by: By) -> tuple[Proposal, Entry]:
        """Store a proposal to make ``after`` of the asset ``before``, to be approved within so many days.

        It gets the next number, whatever ``draft`` has, and takes the place of another one about the same asset.

        Raises:
            BadInput: text that cannot be stored.
        """
        with self.transaction(), self._watched():
            self._void(before, by, REPLACED)
            proposal = msgspec.structs.replace(
                draft,
                number=self._proposals.next_number(),
                asset=before.id,
                asset_sha256=fingerprint_of(before),
                at=self._clock.read().at,
                until=later(self.today(), days),
            )
            entry = self._append("proposal", lambda: four_eyes.proposed(proposal, before, after, by))
            self._proposals.insert(proposal, entry.seq)
        return proposal, entry

    def refuse(self, number: int, stage: Stage, by: By, *, reason: str, document: str) -> tuple[Proposal, Entry]:
        """End an open proposal without the change, also one whose last day is over.

        Raises:
            NotFound: there is no such proposal.
            ProposalOver: it has ended already.
        """
        with self.transaction(), self._watched():
            proposal = self.proposal(number)
            asset = self.asset_of(proposal)
            if proposal.state is not Stage.OPEN:
                four_eyes.see_open(proposal, proposal.until, asset)
            return self._end(proposal, stage, asset, by, Ending(reason, document))

    def second(self, number: int, person: int | None, by: By, *, reason: str, document: str) -> tuple[Proposal, Asset]:
        """Record that ``person``, a login uid, approves a proposal: the proposal, and its asset as it is.

        The change itself is made in the same transaction (:mod:`usbguard_py.shell.approval`).

        Raises:
            NotFound: there is no such proposal.
            ProposalOver: it can no longer be approved.
            NoPerson, SamePerson: there is no second person.
        """
        with self.transaction(), self._watched():
            proposal = self.proposal(number)
            asset = self.asset_of(proposal)
            four_eyes.see_open(proposal, self.today(), asset)
            four_eyes.see_second(proposal, person)
            over, _ = self._end(proposal, Stage.APPROVED, asset, by, Ending(reason, document, person=person))
        return over, asset

    def asset_of(self, proposal: Proposal) -> Asset:
        """The asset that a proposal is about, as it is.

        Raises:
            NotFound: there is none.
        """
        with self._watched():
            asset = self._register.asset(proposal.asset)
        if asset is None:
            raise NotFound(what="asset", name=proposal.asset)
        return asset

    def _void(self, asset: Asset, by: By, why: str = CHANGED) -> None:
        """End the open proposal about an asset that is no longer what it was made for, if there is one."""
        found = self._proposals.open_of(asset.id)
        if found is not None:
            self._end(found, Stage.VOID, asset, by, Ending(why=why))

    def _end(self, proposal: Proposal, stage: Stage, asset: Asset, by: By, ending: Ending) -> tuple[Proposal, Entry]:
        over = msgspec.structs.replace(proposal, state=stage)
        entry = self._append(f"proposal-{stage}", lambda: four_eyes.ended(over, asset, by, ending))
        self._proposals.end(over, entry.seq)
        return over, entry

    def _append(self, kind: str, body: Callable[[], Mapping[str, object]]) -> Entry:
        """The entry of a change; what people typed may have no canonical form."""
        try:
            return self._ledger.append(kind, body())
        except ValueError as error:
            raise BadInput(where=kind, detail=escaped(str(error).encode("utf-8", "replace"))) from error

"""A proposal carried out by a second person: its approval and the change are one transaction."""

from usbguard_py.core.changes import By
from usbguard_py.core.record import Entry
from usbguard_py.core.whitelist import Asset, Fingerprint
from usbguard_py.shell.store import Store


def approve(
    store: Store, number: int, person: int | None, by: By, *, reason: str, document: str
) -> tuple[Asset, Entry]:
    """Approve proposal ``number`` and make its change: the asset as it is then, and the entry of the change.

    ``person`` is the login uid of who approves it. Why and on which paper stand in the approval's own entry, and in the
    change's where who proposed it gave none.

    Raises:
        NotFound: there is no such proposal.
        ProposalOver: it can no longer be approved.
        NoPerson, SamePerson: there is no second person.
        MoveForbidden, MoveNotYet, Usage, BadInput: what was proposed is not possible any more.
    """
    with store.transaction():
        asked, before = store.second(number, person, by, reason=reason, document=document)
        why, paper = (asked.reason, asked.document) if asked.reason or asked.document else (reason, document)
        if isinstance(asked.face, Fingerprint):
            entry = store.add_fingerprint(before.id, asked.face, paper, by, proposal=number)
            return store.asset_of(asked), entry
        return store.move(before.id, asked.verb, by, reason=why, document=paper, given=asked.facts, proposal=number)

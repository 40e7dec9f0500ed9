"""Requests about the list as it is carried to other computers."""

from usbguard_py.core.carrying import Head, Receipt
from usbguard_py.core.request import Request
from usbguard_py.core.whitelist import Asset


class WhitelistCarried(Request, frozen=True):
    """The list of that head is being written to a file to be carried: record who takes it along."""

    ROLE = "manager"
    CHANGES = True
    head: Head


class WhitelistReceipts(Request, frozen=True):
    """What other computers said of the lists that they took; only what is later than what is known is recorded."""

    ROLE = "manager"
    CHANGES = True
    receipts: tuple[Receipt, ...] = ()


class WhitelistTakeBegin(Request, frozen=True):
    """A carried list is to be taken: its devices follow in parts, then the commit; nothing is changed before that.

    ``list_version`` is the list here that it was compared with, ``changes`` how many devices become different or new.
    ``accept`` names the devices for which the list's word is taken though this computer's is stricter; ``new_origin``:
    from another computer than until now. ``machines`` is what the file says of other computers.
    """

    ROLE = "manager"
    CHANGES = True
    reason: str
    document: str
    head: Head
    list_version: int
    changes: int
    accept: tuple[str, ...] = ()
    new_origin: bool = False
    machines: tuple[Receipt, ...] = ()


class WhitelistTakePart(Request, frozen=True):
    """The next devices of a carried list, in the order of their numbers."""

    ROLE = "manager"
    CHANGES = True
    token: str
    assets: tuple[Asset, ...] = ()


class WhitelistTakeCommit(Request, frozen=True):
    """All devices were sent: take the list in one transaction, or refuse all of it."""

    ROLE = "manager"
    CHANGES = True
    token: str


class WhitelistKeep(Request, frozen=True):
    """Keep the list on this computer from now on; it followed another one."""

    ROLE = "administrator"
    CHANGES = True
    reason: str
    document: str


LIST_REQUESTS: tuple[type[Request], ...] = (
    WhitelistCarried,
    WhitelistReceipts,
    WhitelistTakeBegin,
    WhitelistTakePart,
    WhitelistTakeCommit,
    WhitelistKeep,
)

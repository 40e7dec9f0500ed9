"""The list as it is carried to other computers: what a file of it says, and which list is the newer one. Pure.

One computer keeps the list, others follow it (docs/adr/0170-one-computer-keeps-the-list.md). What becomes of each
device when a list is taken stands in :mod:`usbguard_py.core.taking`.
"""

import hashlib
import re

import msgspec

from usbguard_py.core.canonical import canonical, digest
from usbguard_py.core.changes import fields
from usbguard_py.core.importing import MAX_ROWS
from usbguard_py.core.moments import is_time
from usbguard_py.core.text import tidy
from usbguard_py.core.whitelist import Asset

FORMAT = "usbguard-py-carried-list"
VERSION = 1
RECEIPT = "usbguard-py-receipt"
MAX_MACHINES = 100  # in the table of a file; a request, of at most 64 KiB, holds it
MAX_HELD = 20  # devices that a receipt names
MAX_SAID = 200  # characters of the reason and of the paper that it has of each
MAX_NAME = 64  # characters of a host name, gethostname(2)
MAX_AGE = 3650  # days
SHOWN = 16  # hex digits of a digest on paper: 64 bits, which nobody meets by chance
_ID = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TYPED = re.compile(rf"[0-9a-f]{{{SHOWN},64}}")
_DOMAIN = b"usbguard-py/list/1\0"


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A computer: the identity of its ledger (32 hex digits), and its host name, which is for people."""

    id: str
    name: str


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device that is stricter on a computer than the list that it took says: reported lost there, for instance."""

    id: str
    state: str
    reason: str
    document: str


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a computer took a list: which one, when (RFC 3339), and what is stricter there."""

    machine: Machine
    origin: str
    number: int
    sha256: str
    taken_at: str
    held: tuple[Held, ...] = ()


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which list a file holds.

    ``origin`` is the computer that keeps it, ``number`` how often it was changed there, ``changed_at`` when it was the
    last time, ``count`` how many devices it has. ``written_at`` is when the file was written: it was the newest then.
    ``max_age`` are the days after which the one who keeps it wants a newer one to be there; 0: never. ``sha256``
    stands for the list itself (:func:`list_digest`): two files of one list have the same.
    """

    origin: Machine
    number: int
    count: int
    changed_at: str
    written_at: str
    max_age: int
    sha256: str


class Digest:
    """SHA-256 of a list, device by device."""

    def __init__(self, head: Head) -> None:
        said = {"origin": head.origin.id, "number": head.number, "count": head.count, "changed_at": head.changed_at}
        self._hash = hashlib.sha256(_DOMAIN + canonical(said) + b"\n")

    def add(self, asset: Asset) -> None:
        """The next device, in the order of the numbers.

        Raises:
            ValueError: it has no canonical form.
        """
        self._hash.update(canonical(fields(asset)) + b"\n")

    def hex(self) -> str:
        """The digest of all that was added."""
        return self._hash.hexdigest()


def list_digest(head: Head, assets: tuple[Asset, ...]) -> str:
    """SHA-256 of a list, in hex: of where it is kept, its number, the day of its last change, and every device."""
    found = Digest(head)
    for asset in assets:
        found.add(asset)
    return found.hex()


def envelope_digest(head: Head, machines: tuple[Receipt, ...]) -> str:
    """SHA-256 in hex of what a file says beside its devices: it shows damage, and is computed by forgers, too."""
    return digest({"head": msgspec.to_builtins(head), "machines": msgspec.to_builtins(machines)})


def receipt_digest(receipt: Receipt) -> str:
    """The same of a receipt."""
    return digest(msgspec.to_builtins(receipt))


def on_paper(sha256: str) -> str:
    """The first digits of a digest, in groups that a person can read aloud."""
    return " ".join(sha256[place : place + 4] for place in range(0, SHOWN, 4))


def typed_digest(text: str) -> str:
    """What a person typed from paper, as hex digits; empty when it is too short or no digest."""
    plain = "".join(text.split()).casefold()
    return plain if _TYPED.fullmatch(plain) else ""


def odd_head(head: Head) -> str:
    """What in the head of a file can not be; empty when nothing is."""
    if odd_machine(head.origin) or not _SHA256.fullmatch(head.sha256):
        return "“origin” or “sha256” is none"
    if not (1 <= head.number < 2**53 and 0 <= head.count <= MAX_ROWS and 0 <= head.max_age <= MAX_AGE):
        return f"“number”, “count” (at most {MAX_ROWS}) or “max_age” is none"
    return "" if is_time(head.changed_at) and is_time(head.written_at) else "“changed_at” or “written_at” is no time"


def odd_receipt(receipt: Receipt) -> str:
    """The same of a receipt."""
    if odd_machine(receipt.machine) or not _ID.fullmatch(receipt.origin) or not _SHA256.fullmatch(receipt.sha256):
        return "“machine”, “origin” or “sha256” is none"
    if not 1 <= receipt.number < 2**53 or not is_time(receipt.taken_at) or len(receipt.held) > MAX_HELD:
        return "“number”, “taken_at” or “held” is none"
    return "" if all(_seen(text) for one in receipt.held for text in msgspec.structs.astuple(one)) else "“held” is none"


def odd_machine(machine: Machine) -> bool:
    """Whether that is no computer: an identity that is none, a name that is empty or cannot be seen."""
    return not (_ID.fullmatch(machine.id) and machine.name and _seen(machine.name, MAX_NAME))


def _seen(text: str, limit: int = MAX_SAID) -> bool:
    try:
        return tidy(text, limit) == text
    except ValueError:
        return False

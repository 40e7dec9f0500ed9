"""Requests on the control socket and their answers, as typed values.

The wire is Varlink's (one JSON object, a NUL byte): ``{"method": "org.usbguardpy.Control.Status",
"parameters": {…}}``. A request is at most 64 KiB. ``ROLE`` names the least role that may ask.
"""

from typing import Literal

from usbguard_py.core.given import Given
from usbguard_py.core.interface import INTERFACE, MAX_REQUEST
from usbguard_py.core.list_requests import LIST_REQUESTS
from usbguard_py.core.passport import Passport
from usbguard_py.core.request import Request
from usbguard_py.core.sheet import Row

__all__ = ["INTERFACE", "MAX_REQUEST", "METHODS", "Request"]  # and each request

PeripheralKind = Literal["keyboard", "mouse", "printer", "token", "ups", "scanner"]  # usbguard_py.core.kinds


class Status(Request, frozen=True):
    """How things stand."""


class Devices(Request, frozen=True):
    """The devices connected now, with the decision on each."""


class Explain(Request, frozen=True):
    """The gates' table for one connected device."""

    name: str


class Watch(Request, frozen=True):
    """A stream of decisions and changes as they happen."""


class PeripheralList(Request, frozen=True):
    """The devices enrolled for this workplace."""


class PeripheralEnrol(Request, frozen=True):
    """Put a connected device on the list of this workplace: as the kind that it says it is, or as ``kind``.

    ``replaces`` names an enrolled one that it takes the place of.
    """

    ROLE = "administrator"
    CHANGES = True
    name: str
    label: str = ""
    document: str = ""
    kind: PeripheralKind | Literal[""] = ""
    replaces: str = ""


class PeripheralRemove(Request, frozen=True):
    """Take an enrolled peripheral off again; it is cut at once."""

    ROLE = "administrator"
    CHANGES = True
    id: str
    reason: str


class Examine(Request, frozen=True):
    """Read a connected device's real descriptors and a drive's media; nobody is given anything of it.

    ``content``, here and below: also which file system, LUKS header or partition table lies on each of its disks.
    """

    ROLE = "manager"
    CHANGES = True
    name: str
    content: bool = False


class WhitelistAdd(Request, frozen=True):
    """Put an asset on the list: from a connected device (``name``) or by hand (``passport``)."""

    ROLE = "manager"
    CHANGES = True
    holder: str
    document: str
    unit: str = ""
    label: str = ""
    printed_serial: str = ""
    name: str = ""
    passport: Passport | None = None
    grant: tuple[int, ...] = ()
    access: Literal["rw", "ro"] = "rw"
    login_tool: bool = False  # whether the program on its own disc may run and talk to it
    content: bool = False
    pending: bool = False  # it waits for its approval, and may be nobody's
    expires_on: str = ""  # last day of use, 2026-11-21; none when empty, as with the next two
    inspected_on: str = ""
    inspected_until: str = ""


class WhitelistLearn(Request, frozen=True):
    """Another face of the asset ``id``, as the connected ``device`` shows it; ``face`` is a name for people."""

    ROLE = "manager"
    CHANGES = True
    id: str
    device: str
    face: str
    document: str
    grant: tuple[int, ...] = ()
    content: bool = False


class WhitelistRevokeHolder(Request, frozen=True):
    """Take the right to use everything away that somebody of this very name holds, in one step."""

    ROLE = "manager"
    CHANGES = True
    holder: str
    reason: str
    document: str


class WhitelistMove(Request, frozen=True):
    """A move of the asset ``id``: a verb of :mod:`usbguard_py.core.custody`, why, on which paper, with its facts."""

    ROLE = "manager"
    CHANGES = True
    verb: str
    id: str
    reason: str
    document: str
    facts: Given = Given()


class WhitelistApprove(Request, frozen=True):
    """Carry out what somebody else proposed, by its number; the policy asks for a second person."""

    ROLE = "manager"
    CHANGES = True
    proposal: int
    reason: str
    document: str


class WhitelistRefuse(Request, frozen=True):
    """End a proposal without what it proposes: one's own is withdrawn, that of somebody else refused."""

    ROLE = "manager"
    CHANGES = True
    proposal: int
    reason: str
    document: str


class WhitelistImportBegin(Request, frozen=True):
    """An import begins: ``rows`` rows in parts, then its commit; nothing is changed before that.

    ``list_version`` is the list that it was compared with, ``new`` how many devices it adds to it. ``sha256`` is that
    of the file. The answer names the import by a ``token``.
    """

    ROLE = "manager"
    CHANGES = True
    reason: str
    document: str
    sha256: str
    list_version: int
    rows: int
    new: int


class WhitelistImportPart(Request, frozen=True):
    """The next rows of an import, in the order of the file."""

    ROLE = "manager"
    CHANGES = True
    token: str
    rows: tuple[Row, ...] = ()


class WhitelistImportCommit(Request, frozen=True):
    """All rows were sent: put them on the list in one transaction, or refuse all of them."""

    ROLE = "manager"
    CHANGES = True
    token: str


class WhitelistExported(Request, frozen=True):
    """The list of that version was written to a file: record who took how many devices, and the file's SHA-256."""

    list_version: int
    count: int
    sha256: str


class LogExported(Request, frozen=True):
    """The log was written to a file: record who took it, up to which entry; ``head`` is that entry's hash in hex.

    ``redacted``: without names and serial numbers.
    """

    last: int
    head: str
    redacted: bool = False


class LogSeal(Request, frozen=True):
    """Record that the caller takes a seal; the answer has number and hash (hex) of that entry, which the code is of.

    ``minutes`` is the paper that the code is written on, as the caller names it; it may be empty.
    """

    minutes: str = ""


class LogViewed(Request, frozen=True):
    """Somebody looks at the log by ``command`` with the conditions ``asked``: record who."""

    command: str
    asked: str = ""


class LogCheckpoint(Request, frozen=True):
    """Record a signed checkpoint of a recent entry; only root may, who alone can read the key."""

    ROLE = "administrator"
    of: int
    head: str
    key: str
    signature: str


class PolicyUse(Request, frozen=True):
    """Store a policy text in the database and follow it from now on."""

    ROLE = "administrator"
    CHANGES = True
    text: str
    origin: str = ""
    no_keyboard: bool = False  # enforce even though this takes the only keyboard away
    confirm_within: int = 0  # seconds after which the policy before comes back unless confirmed; 0: it stays


class PolicyConfirm(Request, frozen=True):
    """The policy on trial stays in force."""

    ROLE = "administrator"
    CHANGES = True


class FloorChanged(Request, frozen=True):
    """Record that the floor was put into the start of the machine, or taken out of it."""

    ROLE = "administrator"
    CHANGES = True
    installed: bool = True  # false: taken out
    parts: tuple[str, ...] = ()  # what was changed, by the names that `floor check` uses


class DriversChanged(Request, frozen=True):
    """Record that the storage drivers are kept away until an approved drive needs them, or no longer."""

    ROLE = "administrator"
    CHANGES = True
    just_in_time: bool = True


_EVERY: tuple[type[Request], ...] = (
    Status,
    Devices,
    Explain,
    Watch,
    PeripheralList,
    PeripheralEnrol,
    PeripheralRemove,
    Examine,
    WhitelistAdd,
    WhitelistLearn,
    WhitelistRevokeHolder,
    WhitelistMove,
    WhitelistApprove,
    WhitelistRefuse,
    WhitelistImportBegin,
    WhitelistImportPart,
    WhitelistImportCommit,
    WhitelistExported,
    LogExported,
    LogSeal,
    LogViewed,
    LogCheckpoint,
    PolicyUse,
    PolicyConfirm,
    *LIST_REQUESTS,
    FloorChanged,
    DriversChanged,
)
METHODS: dict[str, type[Request]] = {kind.__name__: kind for kind in _EVERY}

"""The daemon's answers as typed values, so that a command never trips over what it was sent.

Every field has a default: a daemon that is a version behind leaves fields out, one that is ahead
sends more, and neither is an error. A field of a wrong type is one.
"""

from collections.abc import Mapping

from usbguard_py.errors import BadMessage
from usbguard_py.plain import Value

TYPE_CHECKING = False  # usbguard_py.plain says why
if TYPE_CHECKING:
    from typing import TypeVar

    Kind = TypeVar("Kind", bound=Value)


class Policy(Value):
    """The policy in force; ``edited``: the file it came from has changed since it was taken into use."""

    name: str = ""
    digest: str = ""
    edited: bool = False


class Ledger(Value):
    """The last entry: its number and its hash in hex."""

    seq: int = 0
    head: str = ""


class Floor(Value):
    """What holds without the daemon; ``None`` when it could not be read."""

    kernel_parameter: bool | None = None
    module_parameter: int | None = None
    buses_closed: bool | None = None
    enforcing_flag: bool | None = None
    mode: str = ""


class Trial(Value):
    """A policy on trial: what is left in seconds, the policy that comes back, the number of its entry."""

    seconds_left: int = 0
    back_to: str = "observe"
    seq: int = 0


class Maintenance(Value):
    """Whether this is a start for maintenance, and the keyboard that it let in: port, id, SHA-256 of descriptors."""

    started: bool = False
    accepted: str = ""


class Computer(Value):
    """A computer: the identity of its ledger, and its host name."""

    id: str = ""
    name: str = ""


class ListInForce(Value):
    """Which list is in force; as :class:`usbguard_py.core.list_notes.Standing`."""

    kept: bool = False
    origin: Computer = Computer()
    number: int = 0
    date: str = ""
    as_of: str = ""
    max_age: int = 0
    sha256: str = ""
    taken_at: str = ""
    local: int = 0


class Status(Value):
    """How things stand."""

    mode: str = ""
    fail_safe: str = ""
    remedy: str = ""
    since: str = ""
    closed_since: str = ""
    policy: Policy = Policy()
    trial: Trial | None = None
    list_version: int = 0
    list: ListInForce | None = None
    assets: int = 0
    ledger: Ledger = Ledger()
    floor: Floor = Floor()
    maintenance: Maintenance = Maintenance()
    connected: int = 0
    open: int = 0
    blocked_today: int = 0
    alarms: int = 0
    reminders: dict[str, int] = {}  # noqa: RUF012 - never changes
    held_ports: dict[str, int] = {}  # noqa: RUF012 - never changes
    kept_entries: int = 0
    other_enforcer: str = ""
    version: str = ""
    problems: tuple[str, ...] = ()


class Gate(Value):
    """What one gate said; ``code`` is ``None`` when the device passed."""

    gate: str = ""
    code: str | None = None
    status: str = ""
    facet: str = ""
    expected: str = ""
    seen: str = ""


class Waiting(Value):
    """What waits for a second person about a device of the list: its number is 0 when nothing does."""

    number: int = 0
    verb: str = ""
    login: str = ""
    until: str = ""


class Device(Value):
    """A connected device, a decision on one, or an event of the stream."""

    name: str = ""
    event: str = ""
    at: str = ""
    usb_id: str = ""
    kind: str = ""
    serial: str = ""
    manufacturer: str = ""
    product: str = ""
    interfaces: tuple[str, ...] = ()
    state: str = ""
    code: str = ""
    allow: bool = False
    asset: str = ""
    peripheral: str = ""
    holder: str = ""
    reason: str = ""
    lost: dict[str, str] = {}  # noqa: RUF012 - never changes
    access: str = ""
    login_tool: bool = False
    facet: str = ""
    expected: str = ""
    seen: str = ""
    detail: str = ""
    outcome: str = ""
    alarm: bool = False
    times: int = 0
    seq: int = 0
    gates: tuple[Gate, ...] = ()
    open_interfaces: tuple[int, ...] = ()
    sentence_facts: dict[str, object] = {}  # noqa: RUF012 - never changes
    proposal: Waiting | int = Waiting()  # a number in an entry about one

    @property
    def observed(self) -> bool:
        """Whether the decision was only taken, not carried out (observing, or judged from a capture)."""
        return self.state == "seen" or self.outcome.startswith("would-")

    @property
    def title(self) -> str:
        """Maker and product as the device names itself, escaped; empty when it does not."""
        if self.product.casefold().startswith(self.manufacturer.casefold()):
            return self.product
        return " ".join(t for t in (self.manufacturer, self.product) if t)


class Devices(Value):
    """The connected devices."""

    devices: tuple[Device, ...] = ()


class Peripheral(Value):
    """An enrolled device of this workplace."""

    id: str = ""
    kind: str = ""
    port: str = ""
    label: str = ""
    enrolled_at: str = ""
    enrolled_by: str = ""
    document: str = ""


class Peripherals(Value):
    """The enrolled devices of this workplace."""

    peripherals: tuple[Peripheral, ...] = ()


class Examined(Value):
    """What an examination saw; ``passport`` as :class:`usbguard_py.core.passport.Passport`."""

    name: str = ""
    serial: str = ""
    manufacturer: str = ""
    product: str = ""
    interfaces: tuple[str, ...] = ()
    passport: dict[str, object] = {}  # noqa: RUF012 - never changes
    problems: tuple[str, ...] = ()


class Cut(Value):
    """How one device was cut."""

    name: str = ""
    ms: int = 0
    flushed: str = ""
    dirty_left: bool = False
    holders: tuple[dict[str, object], ...] = ()
    search_complete: bool = True


class Done(Value):
    """A change that was made: its entry, and what else the answer says."""

    id: str = ""
    seq: int = 0
    kind: str = ""
    port: str = ""
    name: str = ""
    digest: str = ""
    enforce: bool | None = None
    state: str = ""
    verb: str = ""
    proposal: int = 0  # the number of one that waits for a second person
    until: str = ""
    effective: bool = True
    cut: tuple[Cut | str, ...] = ()
    trial: Trial | None = None


class Sealed(Value):
    """A seal was recorded: number and hash (hex) of its entry, which the code is of."""

    seq: int = 0
    head: str = ""


class Named(Value):
    """A device of the list in an answer about several."""

    id: str = ""
    label: str = ""
    serial: str = ""
    state: str = ""
    seq: int = 0


class Revoked(Value):
    """What a person held: what was revoked, and what they still have."""

    holder: str = ""
    revoked: tuple[Named, ...] = ()
    not_returned: tuple[Named, ...] = ()
    cut: tuple[Cut | str, ...] = ()


def typed(answer: Mapping[str, object], kind: "type[Kind]") -> "Kind":
    """``answer`` as a value of ``kind``.

    Raises:
        BadMessage: a field has another type than the interface says.
    """
    try:
        return kind.taken(answer)
    except TypeError as error:
        raise BadMessage(detail=str(error)[:200]) from error

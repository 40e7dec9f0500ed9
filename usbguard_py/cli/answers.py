"""The daemon's answers as typed values, so that a command never trips over what it was sent.

Every field has a default: a daemon that is a version behind leaves fields out, one that is ahead
sends more, and neither is an error. A field of a wrong type is one.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from usbguard_py.core.list_notes import Standing as ListInForce
from usbguard_py.errors import BadMessage

Kind = TypeVar("Kind")


class Policy(msgspec.Struct, frozen=True):
    """The policy in force; ``edited``: the file it came from has changed since it was taken into use."""

    name: str = ""
    digest: str = ""
    edited: bool = False


class Ledger(msgspec.Struct, frozen=True):
    """The last entry: its number and its hash in hex."""

    seq: int = 0
    head: str = ""


class Floor(msgspec.Struct, frozen=True):
    """What holds without the daemon; ``None`` when it could not be read."""

    kernel_parameter: bool | None = None
    module_parameter: int | None = None
    buses_closed: bool | None = None
    enforcing_flag: bool | None = None
    mode: str = ""


class Trial(msgspec.Struct, frozen=True):
    """A policy on trial: what is left in seconds, the policy that comes back, the number of its entry."""

    seconds_left: int = 0
    back_to: str = "observe"
    seq: int = 0


class Maintenance(msgspec.Struct, frozen=True):
    """Whether this is a start for maintenance, and the keyboard that it let in: port, id, SHA-256 of descriptors."""

    started: bool = False
    accepted: str = ""


class Status(msgspec.Struct, frozen=True):
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
    reminders: dict[str, int] = {}
    held_ports: dict[str, int] = {}
    kept_entries: int = 0
    other_enforcer: str = ""
    version: str = ""
    problems: tuple[str, ...] = ()


class Gate(msgspec.Struct, frozen=True):
    """What one gate said; ``code`` is ``None`` when the device passed."""

    gate: str = ""
    code: str | None = None
    status: str = ""
    facet: str = ""
    expected: str = ""
    seen: str = ""


class Waiting(msgspec.Struct, frozen=True):
    """What waits for a second person about a device of the list: its number is 0 when nothing does."""

    number: int = 0
    verb: str = ""
    login: str = ""
    until: str = ""


class Device(msgspec.Struct, frozen=True):
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
    lost: dict[str, str] = {}
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
    sentence_facts: dict[str, Any] = {}
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


class Devices(msgspec.Struct, frozen=True):
    """The connected devices."""

    devices: tuple[Device, ...] = ()


class Peripheral(msgspec.Struct, frozen=True):
    """An enrolled device of this workplace."""

    id: str = ""
    kind: str = ""
    port: str = ""
    label: str = ""
    enrolled_at: str = ""
    enrolled_by: str = ""
    document: str = ""


class Peripherals(msgspec.Struct, frozen=True):
    """The enrolled devices of this workplace."""

    peripherals: tuple[Peripheral, ...] = ()


class Examined(msgspec.Struct, frozen=True):
    """What an examination saw; ``passport`` as :class:`usbguard_py.core.passport.Passport`."""

    name: str = ""
    serial: str = ""
    manufacturer: str = ""
    product: str = ""
    interfaces: tuple[str, ...] = ()
    passport: dict[str, Any] = {}
    problems: tuple[str, ...] = ()


class Cut(msgspec.Struct, frozen=True):
    """How one device was cut."""

    name: str = ""
    ms: int = 0
    flushed: str = ""
    dirty_left: bool = False
    holders: tuple[dict[str, Any], ...] = ()
    search_complete: bool = True


class Done(msgspec.Struct, frozen=True):
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


class Sealed(msgspec.Struct, frozen=True):
    """A seal was recorded: number and hash (hex) of its entry, which the code is of."""

    seq: int = 0
    head: str = ""


class Named(msgspec.Struct, frozen=True):
    """A device of the list in an answer about several."""

    id: str = ""
    label: str = ""
    serial: str = ""
    state: str = ""
    seq: int = 0


class Revoked(msgspec.Struct, frozen=True):
    """What a person held: what was revoked, and what they still have."""

    holder: str = ""
    revoked: tuple[Named, ...] = ()
    not_returned: tuple[Named, ...] = ()
    cut: tuple[Cut | str, ...] = ()


def typed(answer: Mapping[str, Any], kind: type[Kind]) -> Kind:
    """``answer`` as a value of ``kind``.

    Raises:
        BadMessage: a field has another type than the interface says.
    """
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError as error:
        raise BadMessage(detail=str(error)[:200]) from error

"""What a gate is, and the case that comes before the gates: a device with everything they may ask."""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from usbguard_py.core.codes import Code
from usbguard_py.core.decision import GateResult, Status
from usbguard_py.core.device import Device, Function
from usbguard_py.core.facts import Facts
from usbguard_py.core.functions import INPUT, functions, input_kind
from usbguard_py.core.kinds import KINDS
from usbguard_py.core.passport import Difference, differences
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint, Peripheral


class Role(StrEnum):
    """The way a device has to go. Each has its own gates, and every device has exactly one."""

    HUB = "hub"  # needs no listing; each device behind it is judged by itself
    INPUT = "input"  # a keyboard or mouse: has to be enrolled on this port
    PERIPHERAL = "peripheral"  # another kind that is enrolled on this machine, or calls itself one that is
    LISTED = "listed"  # everything else: has to be on the list


class Match(msgspec.Struct, frozen=True):
    """A fingerprint of an asset held against the device; no differences means that it is this one."""

    asset: Asset
    fingerprint: Fingerprint
    differences: tuple[Difference, ...]

    @property
    def full(self) -> bool:
        """Whether every facet is as expected."""
        return not self.differences


class Case(msgspec.Struct, frozen=True):
    """One device at one moment, with what was found about it."""

    device: Device
    facts: Facts
    role: Role
    peripheral: Peripheral | None = None  # the enrolment that fits in full, port included
    nearest: Peripheral | None = None  # the one it claims to be, where none fits
    matches: tuple[Match, ...] = ()  # best first

    @property
    def match(self) -> Match | None:
        """The fingerprint that fits best."""
        return self.matches[0] if self.matches else None


class Gate(msgspec.Struct, frozen=True):
    """One question, for the roles it concerns. Its check gives ``ok(…)`` or ``no(…)``."""

    name: str
    check: Callable[[Case], GateResult]
    roles: frozenset[Role] = frozenset(Role)


def ok(facet: str = "", expected: str = "", seen: str = "") -> GateResult:
    """The device passes."""
    return GateResult(gate="", facet=facet, expected=expected, seen=seen)


def no(code: Code, facet: str, expected: str, seen: str) -> GateResult:
    """The device fails, and why."""
    return GateResult(gate="", code=code, facet=facet, expected=expected, seen=seen, status=Status.FAILED)


def case(device: Device, facts: Facts) -> Case:
    """The case of ``device``: its way, its enrolment, its place on the list."""
    peripheral = next(
        (p for p in facts.peripherals if p.port == device.name and not differences(p.passport, device)), None
    )
    matches = _matches(device, facts.candidates)
    listed = bool(matches) and matches[0].full
    claimed = None if listed or peripheral is not None else _claimed(device, facts)
    return Case(
        device=device,
        facts=facts,
        role=_role(device, peripheral, claimed),
        peripheral=peripheral,
        nearest=claimed,
        matches=matches,
    )


def _role(device: Device, peripheral: Peripheral | None, claimed: Peripheral | None) -> Role:
    offered = functions(device)
    if Function.HUB in offered:
        return Role.HUB
    if peripheral is not None:
        return Role.INPUT if _early(peripheral) else Role.PERIPHERAL
    if (offered and offered <= INPUT) or input_kind(device):
        return Role.INPUT
    return Role.LISTED if claimed is None else Role.PERIPHERAL


def _early(peripheral: Peripheral) -> bool:
    """Whether it is a keyboard or mouse; the floor's own file, which holds no others, may leave the kind out."""
    return not peripheral.kind or (peripheral.kind in KINDS and KINDS[peripheral.kind].early)


def _claimed(device: Device, facts: Facts) -> Peripheral | None:
    """The printer, token, … that ``device`` claims to be: by numbers and serial on its port, or in full elsewhere."""
    shown = (device.vid, device.pid, None if device.serial is None else device.serial.hex())
    others = (p for p in facts.peripherals if not _early(p))
    alike = (p for p in others if (p.passport.vid, p.passport.pid, p.passport.serial) == shown)
    return next((p for p in alike if p.port == device.name or not differences(p.passport, device)), None)


# Of several assets with the very same passport the first of these states counts: what must not open goes
# before what may; an entry that ended gives way to a newer one (a stick that was recovered and issued again).
PRECEDENCE = (
    Custody.DESTROYED,
    Custody.LOST,
    Custody.DAMAGED,
    Custody.SUSPENDED,
    Custody.PENDING,
    Custody.IN_USE,
    Custody.EXPIRED,
    Custody.REVOKED,
)


def _matches(device: Device, candidates: tuple[Asset, ...]) -> tuple[Match, ...]:
    """Every fingerprint of the assets with this serial, the one that fits best first."""
    serial = None if device.serial is None else device.serial.hex()
    found = [
        Match(asset, fingerprint, differences(fingerprint.passport, device))
        for asset in candidates
        if serial in {asset.electronic_serial, *(f.passport.serial for f in asset.fingerprints)}
        for fingerprint in asset.fingerprints
    ]
    return tuple(sorted(found, key=lambda m: (len(m.differences), PRECEDENCE.index(m.asset.state), m.asset.id)))

"""Gates of everything that has to be on the list: its serial, its entry, its passport, its state."""

from usbguard_py.core.codes import Code
from usbguard_py.core.decision import GateResult
from usbguard_py.core.gate import Case, Gate, Match, Role, no, ok
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Custody

STATES: dict[Custody, Code] = {
    Custody.PENDING: Code.PENDING,
    Custody.SUSPENDED: Code.SUSPENDED,
    Custody.EXPIRED: Code.EXPIRED,
    Custody.REVOKED: Code.REVOKED,
    Custody.LOST: Code.LOST,
    Custody.DAMAGED: Code.DAMAGED,
    Custody.DESTROYED: Code.DESTROYED,
}

# What chips show whose maker never set a serial: one character throughout, or a part of these runs.
_RUNS = ("0123456789ABCDEF" * 3, "1234567890" * 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "FEDCBA9876543210" * 3)


def generic(serial: bytes) -> bool:
    """Whether ``serial`` says nothing: blank, one character throughout, or a counting run."""
    text = serial.decode("utf-8", "replace").strip().upper()
    return len(set(text)) <= 1 or any(text in run for run in _RUNS)


def _has_serial(case: Case) -> GateResult:
    serial = case.device.serial
    shown = "none" if serial is None else escaped(serial)
    if case.facts.policy.require_serial and generic(serial or b""):
        return no(Code.NO_SERIAL, "serial", "a serial of its own", shown)
    return ok("serial", "a serial of its own" if case.facts.policy.require_serial else "", shown)


def _listed(case: Case) -> GateResult:
    shown = escaped(case.device.serial or b"")
    return ok("serial", "on the list", shown) if case.matches else no(Code.NOT_LISTED, "serial", "on the list", shown)


def _passport(case: Case) -> GateResult:
    """Every facet of one fingerprint, or a clone."""
    match = matched(case)
    if not match.full:
        first = match.differences[0]
        return no(Code.MISMATCH, first.facet, first.expected, first.seen)
    twins = {m.asset.id for m in case.matches if m.full and m.asset.state is Custody.IN_USE}
    if match.asset.state is Custody.IN_USE and len(twins) > 1:
        # Two holders for one device: nobody can say whose it is.
        return no(Code.UNREADABLE, "asset", "one asset with this passport", " ".join(sorted(twins)))
    return ok("passport", match.asset.id, match.fingerprint.name)


def _custody(case: Case) -> GateResult:
    state = matched(case).asset.state
    if state is Custody.IN_USE:
        return ok("state", Custody.IN_USE, state)
    return no(STATES[state], "state", Custody.IN_USE, state)


def _unique(case: Case) -> GateResult:
    """Only a device that fits the passport in full comes here, so that a cheap copy cuts nobody off."""
    others = twins(case)
    expected = f"{matched(case).asset.id} once"
    return no(Code.DUPLICATE, "asset", expected, " ".join(others)) if others else ok("asset", expected, "once")


def twins(case: Case) -> tuple[str, ...]:
    """Kernel names of the other connected devices that matched the same asset."""
    asset = matched(case).asset.id
    return tuple(c.name for c in case.facts.connected if c.asset == asset and c.name != case.device.name)


def matched(case: Case) -> Match:
    """The best match; the gate ``listed`` lets nothing through that has none."""
    if case.match is None:
        raise ValueError("no match: asked before the gate `listed`")
    return case.match


_LISTED = frozenset({Role.LISTED})

HAS_SERIAL = Gate("has_serial", _has_serial, _LISTED)
LISTED = Gate("listed", _listed, _LISTED)
PASSPORT = Gate("passport", _passport, _LISTED)
CUSTODY = Gate("custody", _custody, _LISTED)
UNIQUE = Gate("unique", _unique, _LISTED)

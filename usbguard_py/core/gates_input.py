"""Gates of keyboards and mice: enrolled here, on this port, and not more of them than a person has hands for."""

from usbguard_py.core.codes import Code
from usbguard_py.core.decision import GateResult
from usbguard_py.core.gate import Case, Gate, Role, no, ok
from usbguard_py.core.passport import Difference, differences


def _enrolled(case: Case) -> GateResult:
    if case.peripheral is not None:
        return ok("enrolment", case.device.name, case.peripheral.id)
    first = _nearest(case)
    return no(Code.INPUT_NOT_ENROLLED, first.facet, first.expected, first.seen)


def _nearest(case: Case) -> Difference:
    """What keeps the device from being the enrolled one that it resembles most."""
    device = case.device
    alike = [p for p in case.facts.peripherals if (p.passport.vid, p.passport.pid) == (device.vid, device.pid)]
    unlike = [
        (
            *differences(p.passport, device),
            *((Difference("port", p.port, device.name),) if p.port != device.name else ()),
        )
        for p in alike
    ]
    nearest = min((u for u in unlike if u), key=len, default=())
    return nearest[0] if nearest else Difference("enrolment", f"enrolled on port {device.name}", "not enrolled")


def _input_limit(case: Case) -> GateResult:
    """A second keyboard is a colleague's, a third is somebody else's."""
    peripherals = {p.id: p.kind for p in case.facts.peripherals}
    policy = case.facts.policy
    limits = {"keyboard": ("keyboards", policy.keyboards), "mouse": ("mice", policy.mice)}
    kind = case.peripheral.kind if case.peripheral is not None else ""
    if kind not in limits:
        return ok("kind", "", kind)
    facet, limit = limits[kind]
    others = {c.name for c in case.facts.connected if c.name != case.device.name and peripherals.get(c.asset) == kind}
    count = len(others) + 1
    expected = f"at most {limit}"
    return ok(facet, expected, str(count)) if count <= limit else no(Code.TOPOLOGY, facet, expected, str(count))


_INPUT = frozenset({Role.INPUT})

ENROLLED = Gate("enrolled", _enrolled, _INPUT)
INPUT_LIMIT = Gate("input_limit", _input_limit, _INPUT)

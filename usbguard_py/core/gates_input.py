"""Gates of peripherals: enrolled on this port, no more of a kind than the policy says, no keys but a keyboard's."""

from usbguard_py.core.codes import Code
from usbguard_py.core.decision import Decision, GateResult, Status
from usbguard_py.core.device import Function
from usbguard_py.core.enforcement import ReadBack
from usbguard_py.core.functions import CODES, kind
from usbguard_py.core.gate import Case, Gate, Role, no, ok
from usbguard_py.core.kinds import KINDS, limit
from usbguard_py.core.passport import Difference, differences
from usbguard_py.core.whitelist import MAINTENANCE, Peripheral

KEYS = "keys"


def _enrolled(case: Case) -> GateResult:
    if case.peripheral is not None:
        return ok("enrolment", case.device.name, case.peripheral.id)
    alike = case.facts.peripherals if case.nearest is None else (case.nearest,)
    first = _first(case, alike)
    if case.role is Role.INPUT:
        return no(Code.INPUT_NOT_ENROLLED, first.facet, first.expected, first.seen)
    code = CODES[kind(case.device) or Function.OTHER] if first.facet == "port" else Code.MISMATCH
    return no(code, first.facet, first.expected, first.seen)


def _first(case: Case, enrolled: tuple[Peripheral, ...]) -> Difference:
    """What keeps the device from being the enrolled one that it resembles most."""
    device = case.device
    alike = [p for p in enrolled if (p.passport.vid, p.passport.pid) == (device.vid, device.pid)]
    unlike = [
        (
            *differences(p.passport, device),
            *((Difference("port", p.port, device.name),) if p.port != device.name else ()),
        )
        for p in alike
    ]
    nearest = min((u for u in unlike if u), key=len, default=())
    return nearest[0] if nearest else Difference("enrolment", f"enrolled on port {device.name}", "not enrolled")


def _limit(case: Case) -> GateResult:
    """Of each kind no more than the policy says: the second printer is somebody else's."""
    kinds = {p.id: p.kind for p in case.facts.peripherals} | {MAINTENANCE: "keyboard"}
    name = case.peripheral.kind if case.peripheral is not None else ""
    if name not in KINDS:
        return ok("kind", "", name)
    most, facet = limit(case.facts.policy, KINDS[name]), KINDS[name].knob
    others = {c.name for c in case.facts.connected if c.name != case.device.name and kinds.get(c.asset) == name}
    count, expected = len(others) + 1, f"at most {most}"
    return ok(facet, expected, str(count)) if count <= most else no(Code.LIMIT, facet, expected, str(count))


def keys(decision: Decision, seen: ReadBack) -> GateResult | None:
    """Asked of what is open: keys from a device that is enrolled as something else; nothing when all is well.

    What a HID interface is able to send stands in its report descriptor, which the kernel reads when its driver takes
    it. Until the cut, which follows at once, such a device can send a few keys.
    """
    typing = [i.name for i in seen.interfaces if i.types] if decision.allow and decision.silent else []
    return GateResult(KEYS, Code.MISMATCH, "keys", "none", typing[0], Status.FAILED) if typing else None


_ROLES = frozenset({Role.INPUT, Role.PERIPHERAL})

ENROLLED = Gate("enrolled", _enrolled, _ROLES)
LIMIT = Gate("limit", _limit, _ROLES)

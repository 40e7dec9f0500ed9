"""The gates, in order, and the decision that follows from them.

Default is no: a device is allowed when every gate that concerns it said yes, and only the interfaces are
opened that the last of them looked at. A gate is pure: the same device and facts give the same answer.
"""

import msgspec

from usbguard_py.core.codes import Code
from usbguard_py.core.decision import Decision, GateResult, Status
from usbguard_py.core.device import Device, Function
from usbguard_py.core.facts import Facts
from usbguard_py.core.functions import CODES, INPUT, default_grant, input_grant, input_kind, numbers
from usbguard_py.core.gate import Case, Gate, Role, case, no, ok
from usbguard_py.core.gates_dates import EXPIRY, HOLDER, INSPECTED
from usbguard_py.core.gates_device import CONFIGURATIONS, FAIL_SAFE, FORBIDDEN_CLASS, HUB, READABLE, STEADY, TOPOLOGY
from usbguard_py.core.gates_input import ENROLLED, LIMIT
from usbguard_py.core.gates_listed import CUSTODY, HAS_SERIAL, LISTED, PASSPORT, UNIQUE, twins
from usbguard_py.core.kinds import KINDS
from usbguard_py.core.whitelist import MAINTENANCE

__all__ = ["GATES", "Gate", "default_grant", "input_grant", "input_kind", "judge"]

MAY_OPEN: dict[Role, frozenset[Function]] = {
    Role.HUB: frozenset({Function.HUB}),
    Role.INPUT: INPUT,
    Role.PERIPHERAL: frozenset(),  # only what its kind opens
    Role.LISTED: frozenset({Function.STORAGE}),
}
ALLOWED: dict[Role, Code] = {
    Role.HUB: Code.HUB,
    Role.INPUT: Code.INPUT_ENROLLED,
    Role.PERIPHERAL: Code.PERIPHERAL_ENROLLED,
    Role.LISTED: Code.ALLOWED,
}
_ENROLLED = frozenset({Role.INPUT, Role.PERIPHERAL})
ALARMS = frozenset({Code.MISMATCH, Code.DUPLICATE, Code.LOST, Code.DESTROYED, Code.MAINTENANCE})


def granted(case: Case) -> tuple[int, ...]:
    """The interface numbers to open once every gate has said yes; a hub's is its only one."""
    if case.role is Role.HUB:
        return numbers(case.device, MAY_OPEN[Role.HUB])
    if case.role in _ENROLLED:
        return case.peripheral.passport.granted if case.peripheral is not None else ()
    return case.match.fingerprint.passport.granted if case.match is not None else ()


def _interfaces(case: Case) -> GateResult:
    """What the passport grants is there, and is of a kind that may open on this way."""
    wanted = set(granted(case))
    may_open = numbers(case.device, _may_open(case))
    expected = "some of " + (_shown(may_open) or "none")
    if wanted and wanted <= set(may_open):
        return ok("granted", expected, _shown(wanted))
    offending = sorted(o.function for o in case.device.offers if o.interface in wanted - set(may_open))
    code = CODES[offending[0]] if offending else Code.MISMATCH
    return no(code, "granted", expected, _shown(wanted) or "none")


def _may_open(case: Case) -> frozenset[Function]:
    """The functions that may open: of an enrolled peripheral those of its kind."""
    kind = case.peripheral.kind if case.peripheral is not None else ""
    return KINDS[kind].opens if kind in KINDS else MAY_OPEN[case.role]


GATES: tuple[Gate, ...] = (
    FAIL_SAFE,
    READABLE,
    TOPOLOGY,
    HUB,
    FORBIDDEN_CLASS,
    CONFIGURATIONS,
    STEADY,
    ENROLLED,
    LIMIT,
    HAS_SERIAL,
    LISTED,
    PASSPORT,
    CUSTODY,
    HOLDER,
    EXPIRY,
    INSPECTED,
    UNIQUE,
    Gate("interfaces", _interfaces),
)


def judge(device: Device, facts: Facts) -> Decision:
    """Whether ``device`` is allowed, why, and what of it is opened.

    Every gate is in the decision's results: those for other kinds of device as not applicable, those
    after the first failure as not evaluated.
    """
    before = case(device, facts)
    # 1) The default is no.
    decision = Decision(
        allow=False,
        code=Code.NOT_LISTED,
        results=_through(before),
        policy=facts.policy.name,
        policy_digest=facts.policy_digest,
    )
    # 2) The first gate that said no decides.
    if decision.failed is not None and decision.failed.code is not None:
        return _blocked(before, decision, decision.failed.code)
    # 3) All that concern this device said yes.
    return _allowed(before, decision)


def _through(case: Case) -> tuple[GateResult, ...]:
    results: list[GateResult] = []
    decided = False
    for gate in GATES:
        if case.role not in gate.roles:
            results.append(GateResult(gate.name, status=Status.NOT_APPLICABLE))
        elif decided:
            results.append(GateResult(gate.name, status=Status.NOT_EVALUATED))
        else:
            result = msgspec.structs.replace(gate.check(case), gate=gate.name)
            decided = result.status is not Status.PASSED
            results.append(result)
    return tuple(results)


def _allowed(case: Case, decision: Decision) -> Decision:
    """The permission, with the entry it rests on."""
    match = case.match if case.role is Role.LISTED else None
    peripheral = case.peripheral if case.role in _ENROLLED else None
    code = Code.MAINTENANCE if peripheral is not None and peripheral.id == MAINTENANCE else ALLOWED[case.role]
    return msgspec.structs.replace(
        decision,
        allow=True,
        code=code,
        granted=granted(case),
        asset="" if match is None else match.asset.id,
        fingerprint="" if match is None else match.fingerprint.name,
        peripheral="" if peripheral is None else peripheral.id,
        silent=peripheral is not None and peripheral.kind in KINDS and not KINDS[peripheral.kind].types,
        alarm=code in ALARMS,
    )


def _blocked(case: Case, decision: Decision, code: Code) -> Decision:
    """The refusal, with the asset it is about and, for a duplicate, the twins to cut."""
    match = case.match if case.role is Role.LISTED else None
    about = match is not None and (match.full or code is Code.MISMATCH)
    peripheral = (case.peripheral or case.nearest) if case.role in _ENROLLED else None
    return msgspec.structs.replace(
        decision,
        code=code,
        asset=match.asset.id if match is not None and about else "",
        fingerprint=match.fingerprint.name if match is not None and match.full else "",
        peripheral="" if peripheral is None else peripheral.id,
        cut=twins(case) if code is Code.DUPLICATE else (),
        alarm=code in ALARMS,
    )


def _shown(interfaces: tuple[int, ...] | set[int]) -> str:
    return " ".join(str(number) for number in sorted(interfaces))

"""Gates of what is in use on the list: somebody holds it, its last day has not passed, its inspection counts."""

from usbguard_py.core.codes import Code
from usbguard_py.core.decision import GateResult
from usbguard_py.core.gate import Case, Gate, Role, no, ok
from usbguard_py.core.gates_listed import matched
from usbguard_py.core.standing import expired, inspection_due


def _holder(case: Case) -> GateResult:
    asset = matched(case).asset
    return ok("holder", "a holder", asset.holder) if asset.holder else no(Code.NO_HOLDER, "holder", "a holder", "none")


def _expiry(case: Case) -> GateResult:
    asset, today = matched(case).asset, case.facts.today
    if not isinstance(asset.expires_on, str):
        return ok("expiry", "", today)
    if expired(asset, today):
        return no(Code.EXPIRED, "expiry", asset.expires_on, today)
    return ok("expiry", asset.expires_on, today)


def _inspected(case: Case) -> GateResult:
    asset, facts = matched(case).asset, case.facts
    until = asset.inspected_until if isinstance(asset.inspected_until, str) else ""
    seen = asset.inspected_on if isinstance(asset.inspected_on, str) else "none"
    if inspection_due(asset, facts.today, required=facts.policy.require_inspection):
        return no(Code.INSPECTION_DUE, "inspection", until or "an inspection", facts.today if until else seen)
    return ok("inspection", until, seen)


_LISTED = frozenset({Role.LISTED})

HOLDER = Gate("holder", _holder, _LISTED)
EXPIRY = Gate("expiry", _expiry, _LISTED)
INSPECTED = Gate("inspected", _inspected, _LISTED)

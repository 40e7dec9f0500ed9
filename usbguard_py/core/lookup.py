"""What would become of an approved device if it were plugged in today, asked of the gates themselves."""

import msgspec

from usbguard_py.core.decision import GateResult, Status
from usbguard_py.core.device import Device
from usbguard_py.core.facts import Facts
from usbguard_py.core.gate import PRECEDENCE, Case, Match, Role
from usbguard_py.core.gates_dates import EXPIRY, HOLDER, INSPECTED
from usbguard_py.core.gates_listed import CUSTODY, HAS_SERIAL
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.policy.knobs import Policy

_OF_THE_LIST = (HAS_SERIAL, CUSTODY, HOLDER, EXPIRY, INSPECTED)  # what needs nothing but the list, in their order
_ENDED = frozenset({Custody.REVOKED, Custody.LOST, Custody.DAMAGED, Custody.DESTROYED})


def forecast(asset: Asset, policy: Policy, today: str) -> tuple[GateResult, ...]:
    """What the gates say no to, the one that decides first; nothing when the device would open.

    It is asked for the device as it was enrolled: whether the one in somebody's hand is that one, only its port tells.
    Of a device whose use has ended nothing is said but that.
    """
    device = Device(name="", syspath="", busnum=0, devnum=0, serial=bytes.fromhex(asset.electronic_serial))
    match = Match(asset, asset.fingerprints[0], ())
    case = Case(device=device, facts=Facts(policy=policy, today=today), role=Role.LISTED, matches=(match,))
    results = [msgspec.structs.replace(gate.check(case), gate=gate.name) for gate in _OF_THE_LIST]
    failed = tuple(result for result in results if result.status is Status.FAILED)
    return tuple(r for r in failed if r.gate == CUSTODY.name) if asset.state in _ENDED else failed


def counts(assets: tuple[Asset, ...]) -> Asset:
    """Of several assets with the same passport the one by which the gates judge."""
    return min(assets, key=lambda asset: (PRECEDENCE.index(asset.state), asset.id))

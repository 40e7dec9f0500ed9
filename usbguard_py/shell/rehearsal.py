"""What the gates would say about a captured device, with the list and the policy of this machine, read only."""

from pathlib import Path
from typing import Any

import msgspec

from usbguard_py.core.facts import Facts
from usbguard_py.core.functions import kind
from usbguard_py.core.gates import judge
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset
from usbguard_py.policy.knobs import Policy
from usbguard_py.policy.read import read_policy
from usbguard_py.shell import capture
from usbguard_py.shell.reader import Reader


def judged(path: Path, database: Path) -> dict[str, Any]:
    """The decision on the device in the capture ``path``; nothing of another connected device is considered.

    Raises:
        BadInput: no capture.
        DatabaseTrouble: the list cannot be read.
    """
    device = capture.device(capture.load(path), str(path))
    with Reader(database) as reader:
        facts = _facts(reader, device.serial)
    decision = judge(device, facts)
    failed = decision.failed
    holder = next((a.holder for a in facts.candidates if a.id == decision.asset), "")
    return {
        "name": device.name,
        "state": "seen",  # nothing was done
        "usb_id": device.usb_id,
        "kind": str(kind(device) or ""),
        "serial": escaped(device.serial or b""),
        "manufacturer": escaped(device.manufacturer or b""),
        "product": escaped(device.product or b""),
        "interfaces": [i.triple() for i in device.interfaces],
        "allow": decision.allow,
        "code": str(decision.code),
        "facet": failed.facet if failed else "",
        "expected": failed.expected if failed else "",
        "seen": failed.seen if failed else "",
        "asset": decision.asset,
        "peripheral": decision.peripheral,
        "holder": holder,
        "reason": _reason(facts.candidates, decision.asset),
        "alarm": decision.alarm,
        "policy": decision.policy,
        "gates": msgspec.to_builtins(decision.results),
    }


def _facts(reader: Reader, serial: bytes | None) -> Facts:
    stored = reader.policy()
    return Facts(
        policy=Policy(name="observe", enforce=False)
        if stored is None
        else read_policy(stored.text, origin=stored.name),
        policy_digest="" if stored is None else stored.digest,
        candidates=reader.candidates(serial or b""),
        peripherals=reader.peripherals(),
    )


def _reason(candidates: tuple[Asset, ...], asset: str) -> str:
    return next((a.reason for a in candidates if a.id == asset), "")

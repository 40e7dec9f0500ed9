"""What the gates would say about a captured device, with the list and the policy of this machine, read only."""

from pathlib import Path
from typing import Any

import msgspec

from usbguard_py.core.account import account
from usbguard_py.core.facts import Facts
from usbguard_py.core.gates import judge
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
        known = facts(reader, device.serial)
    decision = judge(device, known)
    asset = next((a for a in known.candidates if a.id == decision.asset), None)
    return {
        **account(device, decision),
        "state": "seen",  # nothing was done
        "holder": "" if asset is None else asset.holder,
        "reason": "" if asset is None else asset.reason,
        "access": "" if asset is None else asset.access,
        "login_tool": asset is not None and asset.login_tool is True,
        "policy": decision.policy,
        "gates": msgspec.to_builtins(decision.results),
    }


def facts(reader: Reader, serial: bytes | None) -> Facts:
    """What the gates may ask about a device with that serial; no other connected device is considered."""
    stored = reader.policy()
    return Facts(
        policy=Policy(name="observe", enforce=False)
        if stored is None
        else read_policy(stored.text, origin=stored.name),
        policy_digest="" if stored is None else stored.digest,
        candidates=reader.candidates(serial or b""),
        peripherals=reader.peripherals(),
        today=reader.today(),
    )

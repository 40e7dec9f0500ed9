"""What is told of a device and the decision on it, as plain values: one account for every answer."""

from usbguard_py.core.codes import Code
from usbguard_py.core.decision import Decision
from usbguard_py.core.device import Device
from usbguard_py.core.functions import kind
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset

Account = dict[str, object]
Lost = dict[str, str]


def lost(asset: Asset | None, code: Code) -> Lost:
    """Since when an asset is lost (``2026-11-21``), and on which paper; nothing for any other decision."""
    if asset is None or code is not Code.LOST:
        return {}
    return {"since": asset.changed_at[:10], "document": asset.reason_document}


def account(device: Device, decision: Decision) -> Account:
    """The fields that every answer about a device has; strings that the device chose are escaped."""
    failed = decision.failed
    return {
        "name": device.name,
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
        "alarm": decision.alarm,
    }

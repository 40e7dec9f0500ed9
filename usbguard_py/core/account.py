"""What is told of a device and the decision on it, as plain values: one account for every answer."""

from usbguard_py.core.decision import Decision
from usbguard_py.core.device import Device
from usbguard_py.core.functions import kind
from usbguard_py.core.text import escaped

Account = dict[str, object]


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

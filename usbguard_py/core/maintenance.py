"""A start for maintenance: a keyboard that broke is replaced without a keyboard.

Whoever stands at the boot menu can choose it. It lets exactly one device in, for that start: a keyboard and nothing
else, on the port of an enrolled keyboard. Before the daemon runs the floor decides the same (systemd/floor).
"""

from collections.abc import Iterable

from usbguard_py.core.device import Device, Function
from usbguard_py.core.kinds import KINDS, grant
from usbguard_py.core.passport import passport_of
from usbguard_py.core.whitelist import MAINTENANCE, Peripheral

PARAMETER = "usbguard-py.maintenance=keyboard"


def asked(words: Iterable[str]) -> bool:
    """Whether the kernel's command line says that this is such a start."""
    return PARAMETER in words


def plain_keyboard(device: Device) -> bool:
    """Whether ``device`` is a keyboard and nothing else: one configuration, one interface, one setting."""
    whole = len(device.configurations) == len(device.interfaces) == 1 and device.device_class == 0
    return whole and not device.problems and {o.function for o in device.offers} == {Function.KEYBOARD}


def stand_in(device: Device) -> Peripheral:
    """``device`` as if it were enrolled where it is."""
    passport = passport_of(device, grant(device, KINDS["keyboard"]))
    return Peripheral(id=MAINTENANCE, kind="keyboard", port=device.name, passport=passport)

"""Storage drivers that are there only while an approved drive is, where the administrator wants it so.

The judge has no power over modules (``ProtectKernelModules=``): it leaves a file, ``usbguard-py-drivers.path`` sees
it and has ``floor drivers`` load them or take them away.
"""

import time
from collections.abc import Generator, Iterable
from typing import Any

from usbguard_py import paths
from usbguard_py.core.connection import State
from usbguard_py.core.functions import default_grant
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Bound, Wait
from usbguard_py.errors_device import MediaTrouble
from usbguard_py.i18n import N_

DEADLINE = 10.0  # seconds; a second seen under emulation
AGAIN = 60  # looks (about a second each) until drivers that did not go are asked to go once more
STORAGE = ("usb-storage", "uas")  # as named in /sys/bus/usb/drivers


def just_in_time() -> bool:
    """Whether the drivers are kept unavailable while no approved drive is there."""
    return paths.DRIVERS_HIDDEN.exists()


def wanted(name: str) -> Generator[Wait, Any, None]:
    """See that the drivers are there before the drive ``name`` opens.

    Raises:
        MediaTrouble: they do not come.
    """
    if not just_in_time():
        return
    # First let them go, if they are about to: a driver that leaves takes its drives along.
    ready = yield Bound(lambda: not paths.DRIVERS_AWAY.exists(), time.monotonic() + DEADLINE)
    if ready:
        _ask("load")
        ready = yield Bound(_loaded, time.monotonic() + DEADLINE)
    if not ready:
        raise MediaTrouble(name=name, detail=N_("the storage driver could not be loaded"))


class Drivers:
    """Looks, about once a second, whether they are still needed."""

    def __init__(self) -> None:
        self._asked = 0  # looks since they were last asked to go

    def look(self, connections: Iterable[Connection], *, enforcing: bool) -> None:
        """Have the drivers taken away when no drive has one; have them loaded while everything is only observed."""
        if not just_in_time():
            return
        there = any((paths.USB_DRIVERS / name).exists() for name in STORAGE)
        if not enforcing:
            if any(c.state is State.SEEN and default_grant(c.device) for c in connections) and not there:
                _ask("load")
            return
        idle = there and not any(c.busy for c in connections) and not _used() and not paths.DRIVERS_LOAD.exists()
        if idle and self._asked % AGAIN == 0:
            _ask("away")
        self._asked = self._asked + 1 if idle else 0


def _ask(what: str) -> None:
    paths.DRIVERS.mkdir(mode=0o755, parents=True, exist_ok=True)
    (paths.DRIVERS / what).touch(mode=0o600)


def _used() -> bool:
    """Whether a drive has one of them: an interface, by its name with a colon, is linked below the driver."""
    return any(":" in link.name for name in STORAGE for link in (paths.USB_DRIVERS / name).glob("*"))


def _loaded() -> bool:
    there = [(paths.USB_DRIVERS / name).exists() for name in STORAGE]
    # Not every kernel has uas.
    return all(there) or (there[0] and not paths.DRIVERS_LOAD.exists())

"""Root hubs in sysfs: whether each has its driver, without which its bus is dead."""

from usbguard_py.shell.sysfs import Directory, probe, root_hubs


def seen() -> dict[str, str]:
    """What became of each root hub's driver, by ``BUS/hub``: ``"there"``, ``"no driver"`` or ``"no interface"``."""
    found = {}
    for bus in root_hubs():
        own = bus.interfaces()
        found[f"{bus.name}/hub"] = ("there" if own[0].driver else "no driver") if own else "no interface"
    return found


def revive(name: str) -> None:
    """Give the root hub ``name`` its driver back.

    One that somebody took to 0 and back, or configured anew, has its interface closed, by our default: the bus is dead.

    Raises:
        DeviceGone: the bus left.
        SysfsTrouble: the kernel refused, or the bus is turned off altogether.
    """
    bus = Directory(name)
    try:
        interface = f"{name.removeprefix('usb')}-0:1.0"
        bus.write(f"{interface}/authorized", "1", "1")
        probe(interface, "hub")
    finally:
        bus.close()

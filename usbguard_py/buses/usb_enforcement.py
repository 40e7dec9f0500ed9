"""What a decision means on the USB bus: the writes that carry it out, and what must read back.

Source: Documentation/usb/authorization.rst.
"""

from collections.abc import Iterator

from usbguard_py.core.codes import Code
from usbguard_py.core.decision import Decision
from usbguard_py.core.device import Device
from usbguard_py.core.enforcement import PERSIST, InterfaceState, Probe, ReadBack, Step, Write

# By interface class (usb.org, "Defined Class Codes"). The kernel also matches drivers by vendor and product alone:
# a device can call itself a hub and bear the numbers of a drive that usb-storage knows (unusual_devs.h).
STORAGE = 0x08
DRIVERS = {
    0x03: frozenset({"usbhid", "usbkbd", "usbmouse"}),
    STORAGE: frozenset({"usb-storage", "uas"}),
    0x09: frozenset({"hub"}),
}
# Of an enrolled printer, token, scanner or power supply programs take the interface through usbfs (CUPS, pcscd, SANE,
# NUT), or nobody does. Only printers are probed: usbhid and the drivers that know a device by its numbers stay away.
PROGRAMS = frozenset({"", "usbfs"})
BESIDE_PROGRAMS = {0x03: frozenset({"usbhid"}), 0x07: frozenset({"usblp"})}
PROBED = frozenset({0x07})


def interface_number(name: str) -> int:
    """The interface number in a kernel name such as ``1-2:1.0``."""
    return int(name.rpartition(".")[2])


def expected_interfaces(device: Device) -> tuple[str, ...]:
    """Kernel names of the interfaces that appear when ``device`` is authorised; empty unless it has one configuration.

    With several configurations the kernel chooses, and no such device passes the gates.
    """
    if len(device.configurations) != 1:
        return ()
    only = device.configurations[0]
    return tuple(_interface(device, number) for number in sorted({i.number for i in only.interfaces}))


def plan(device: Device, decision: Decision) -> tuple[Step, ...]:
    """The steps that carry ``decision`` out.

    Allowed: first the bus's own default for interfaces is closed, then the device is authorised, which opens
    none of them, then a drive is made one that does not outlast sleep, then the granted ones are authorised and, when
    all are, probed: a driver that needs two interfaces (CDC) looks for its second while it binds the first. What
    programs use is not probed. Blocked: one write.

    Raises:
        ValueError: a root hub, which is never written: one taken to 0 and back leaves its bus dead.
    """
    if device.root_hub:
        raise ValueError(f"{device.name} is a root hub")
    if not decision.allow:
        return (Write(device.name, "authorized", "0", "0"),)
    granted = [_interface(device, number) for number in decision.granted]
    return (
        Write(f"usb{device.busnum}", "interface_authorized_default", "0", "0"),
        Write(device.name, "authorized", "1", "1"),
        *not_kept(device, decision),
        *(Write(interface, "authorized", "1", "1") for interface in granted),
        *(Probe(_interface(device, n), "hub" if decision.code is Code.HUB else "") for n in _probed(decision, device)),
    )


def awaited(decision: Decision, device: Device) -> frozenset[int]:
    """The granted interfaces that are open only when they have a driver."""
    return frozenset(n for n in decision.granted if "" not in _drivers(decision, device, n))


def _probed(decision: Decision, device: Device) -> Iterator[int]:
    for number in decision.granted:
        if decision.code is not Code.PERIPHERAL_ENROLLED or _classes(device, number) <= PROBED:
            yield number


def not_kept(device: Device, decision: Decision) -> tuple[Write, ...]:
    """The write by which a drive that was in use before sleep is another arrival afterwards; none for anything else.

    A keyboard is kept: the kernel compares its descriptors, and a copy of them would be let in on that port anyway.
    """
    return (Write(device.name, PERSIST, "0", "0"),) if _stores(device, decision) else ()


def effective(decision: Decision, device: Device, seen: ReadBack) -> tuple[str, ...]:
    """What ``seen`` shows that ``decision`` did not mean; empty when the decision took effect."""
    return tuple(_open_faults(decision, device, seen) if decision.allow else _closed_faults(seen))


def only_missing(decision: Decision, device: Device, seen: ReadBack) -> bool:
    """Whether ``seen`` has nothing that ``decision`` did not open, whatever it lacks.

    So is a device that the kernel takes away: it unbinds the drivers and removes the interfaces before the device
    (usb_disconnect in drivers/usb/core/hub.c, usb_disable_device in drivers/usb/core/message.c).
    """
    granted = {_interface(device, number) for number in decision.granted}
    return all(
        not interface.driver or _driver(interface) in _drivers(decision, device, interface_number(interface.name))
        if interface.name in granted
        else not any(_dead_faults(interface))
        for interface in seen.interfaces
    )


def _closed_faults(seen: ReadBack) -> Iterator[str]:
    if seen.closed:
        return
    if seen.authorized:
        yield "the device is authorised"
    if seen.configuration is not None:
        yield f"configuration {seen.configuration} is set"
    for interface in seen.interfaces:
        yield f"interface {interface.name} is there" + (f", driver {interface.driver}" if interface.driver else "")


def _open_faults(decision: Decision, device: Device, seen: ReadBack) -> Iterator[str]:
    if seen.gone:
        yield "the device is gone"
        return
    if not seen.authorized:
        yield "the device is not authorised"
    configuration = device.configurations[0].value if len(device.configurations) == 1 else None
    if configuration is None or seen.configuration != configuration:
        yield f"configuration {seen.configuration}, expected {configuration}"
    expected = expected_interfaces(device)
    found = [interface.name for interface in seen.interfaces]
    if sorted(found) != sorted(expected):
        yield f"interfaces {' '.join(found) or '-'}, expected {' '.join(expected) or '-'}"
    if seen.persist and _stores(device, decision):
        yield "it would be kept through sleep unseen"
    granted = {_interface(device, number) for number in decision.granted}
    if not granted:
        yield "nothing is granted"
    for interface in seen.interfaces:
        if interface.name in granted:
            yield from _granted_faults(interface, _drivers(decision, device, interface_number(interface.name)))
        else:
            yield from _dead_faults(interface)


def _classes(device: Device, number: int) -> set[int]:
    return {i.class_ for i in device.interfaces if i.number == number}


def _stores(device: Device, decision: Decision) -> bool:
    """Whether a storage interface is granted (class 08, usb.org)."""
    return any(i.class_ == STORAGE and i.number in decision.granted for i in device.interfaces)


def _drivers(decision: Decision, device: Device, number: int) -> frozenset[str]:
    """The drivers that the class of an interface stands for; the empty name where it needs none."""
    classes = _classes(device, number)
    only = classes.pop() if len(classes) == 1 else -1
    if decision.code is Code.PERIPHERAL_ENROLLED:
        return PROGRAMS | BESIDE_PROGRAMS.get(only, frozenset())
    return DRIVERS.get(only, frozenset())


def _granted_faults(interface: InterfaceState, drivers: frozenset[str]) -> Iterator[str]:
    if not interface.authorized:
        yield f"interface {interface.name} is not authorised"
    if _driver(interface) not in drivers:
        yield f"interface {interface.name} has {interface.driver or 'no driver'}"


def _driver(interface: InterfaceState) -> str:
    """The driver's name; the variants of usb-storage for single chips count as itself."""
    return "usb-storage" if interface.driver.startswith("ums-") else interface.driver


def _dead_faults(interface: InterfaceState) -> Iterator[str]:
    if interface.authorized or interface.driver:
        yield f"interface {interface.name} is open ({interface.driver or 'no driver'}) and not granted"


def _interface(device: Device, number: int) -> str:
    value = device.configurations[0].value if device.configurations else 0
    return f"{device.name}:{value}.{number}"

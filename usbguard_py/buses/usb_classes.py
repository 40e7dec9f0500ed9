"""Which USB class codes mean which function.

Only what the descriptors say counts, class, subclass and protocol of each interface, never a guess from
vendor and product numbers. Codes: usb.org "Defined Class Codes", and the class documents named below.
"""

from collections.abc import Iterable

from usbguard_py.core.device import Function, Interface, Offer

HUB_CLASS = 0x09
_ANY = -1

# The first row that fits decides; -1 fits everything.
TABLE: tuple[tuple[int, int, int, Function], ...] = (
    (0x01, _ANY, _ANY, Function.AUDIO),
    # RNDIS as Microsoft's own "abstract control model, vendor protocol" (Remote NDIS specification, USB mapping).
    (0x02, 0x02, 0xFF, Function.NETWORK),
    (0x02, 0x02, _ANY, Function.SERIAL_PORT),  # abstract control model (CDC 1.2, table 4)
    (0x02, 0x06, _ANY, Function.NETWORK),  # Ethernet, ECM
    (0x02, 0x07, _ANY, Function.NETWORK),  # ATM
    (0x02, 0x09, _ANY, Function.NETWORK),  # device management of mobile broadband
    (0x02, 0x0A, _ANY, Function.NETWORK),  # mobile direct line, used for Ethernet by phones
    (0x02, 0x0C, _ANY, Function.NETWORK),  # Ethernet emulation, EEM
    (0x02, 0x0D, _ANY, Function.NETWORK),  # network control, NCM
    (0x02, 0x0E, _ANY, Function.NETWORK),  # mobile broadband, MBIM 1.0
    (0x02, _ANY, _ANY, Function.SERIAL_PORT),  # telephone line models and the rest of CDC
    (0x03, 0x01, 0x01, Function.KEYBOARD),  # boot interface (HID 1.11, 4.2 and 4.3)
    (0x03, 0x01, 0x02, Function.MOUSE),
    # A HID interface without boot protocol may be a pen, a power supply or a keyboard: only its report
    # descriptor says, which the kernel does not read before the interface is open.
    (0x03, _ANY, _ANY, Function.INPUT),
    # Still image, which carries PTP and MTP. A scanner, a camera and a phone in "photo" mode are the same here, and
    # the interface string "MTP" is not in sysfs while the device is closed. One word for all of them.
    (0x06, 0x01, 0x01, Function.IMAGE),
    (0x06, _ANY, _ANY, Function.PHONE),
    (0x07, _ANY, _ANY, Function.PRINTER),
    (0x08, _ANY, _ANY, Function.STORAGE),
    (HUB_CLASS, _ANY, _ANY, Function.HUB),
    # The data half of a CDC function; what it is for stands in the communication interface beside it.
    (0x0A, _ANY, _ANY, Function.OTHER),
    (0x0B, _ANY, _ANY, Function.SMART_CARD),
    (0x0E, _ANY, _ANY, Function.VIDEO),
    (0x10, _ANY, _ANY, Function.VIDEO),  # audio/video
    (0xE0, 0x01, 0x03, Function.NETWORK),  # RNDIS
    (0xE0, _ANY, _ANY, Function.WIRELESS),  # Bluetooth and others
    (0xEF, 0x01, 0x01, Function.PHONE),  # Active Sync
    (0xEF, 0x04, _ANY, Function.NETWORK),  # RNDIS over Ethernet, Wi-Fi, WiMAX, WWAN
    # Numbers of a maker's own class that two makers of phones have published and always use.
    (0xFF, 0x42, 0x01, Function.PHONE),  # Android debug bridge
    (0xFF, 0xFE, 0x02, Function.PHONE),  # Apple mobile device multiplexer
    (0xFF, _ANY, _ANY, Function.VENDOR),
)


def function(interface: Interface) -> Function:
    """What one alternate setting of an interface is for."""
    return next(
        (
            meaning
            for class_, subclass, protocol, meaning in TABLE
            if class_ == interface.class_
            and subclass in (_ANY, interface.subclass)
            and protocol in (_ANY, interface.protocol)
        ),
        Function.OTHER,
    )


def offers(interfaces: Iterable[Interface], device_class: int = 0) -> tuple[Offer, ...]:
    """Each interface number with the functions of its alternate settings, in order and each once.

    The kernel's hub driver also takes a device by its device class alone (hub_id_table,
    drivers/usb/core/hub.c), so a device of class 9 is a hub whatever its interfaces say.
    """
    found = {Offer(i.number, function(i)) for i in interfaces}
    if device_class == HUB_CLASS:
        found |= {Offer(offer.interface, Function.HUB) for offer in found}
    return tuple(sorted(found))

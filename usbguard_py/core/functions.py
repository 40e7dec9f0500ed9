"""What a device is for, in words that are the same on every bus.

A bus says in its own file which of its numbers mean which function (for USB
:mod:`usbguard_py.buses.usb_classes`) and hands the answer over in :attr:`Device.offers`. The gates
ask here, so that they know no bus and a new bus needs no new gate.
"""

from usbguard_py.core.codes import Code
from usbguard_py.core.device import Device, Function

INPUT = frozenset({Function.KEYBOARD, Function.MOUSE, Function.INPUT})

# What a keyboard or mouse may bring along without becoming something else: a headset socket, a
# maker's own interface. None of it is opened. A keyboard that comes with storage or a network
# interface is no keyboard of a workplace.
BESIDE_INPUT = INPUT | {Function.AUDIO, Function.VENDOR}

# A device that is several things at once is called by the first of these that it offers. First what
# carries data out of the room, then what listens, then what an agency may own but has to enrol. Storage
# stands before input: a stick that hides a keyboard is to a person a stick, and "not listed" sends it to
# the list manager, where "not enrolled" would ask to enrol it.
MOST_TELLING = (
    Function.PHONE,
    Function.IMAGE,
    Function.NETWORK,
    Function.SERIAL_PORT,
    Function.WIRELESS,
    Function.VIDEO,
    Function.PRINTER,
    Function.SMART_CARD,
    Function.STORAGE,
    Function.KEYBOARD,
    Function.MOUSE,
    Function.AUDIO,
    Function.INPUT,
    Function.HUB,
    Function.VENDOR,
    Function.OTHER,
)

CODES: dict[Function, Code] = {
    Function.PHONE: Code.PHONE,
    Function.IMAGE: Code.PHONE,
    Function.NETWORK: Code.NETWORK,
    Function.SERIAL_PORT: Code.SERIAL_PORT,
    Function.WIRELESS: Code.WIRELESS,
    Function.VIDEO: Code.VIDEO,
    Function.AUDIO: Code.AUDIO,
    Function.PRINTER: Code.PRINTER,
    Function.SMART_CARD: Code.SMART_CARD,
    Function.STORAGE: Code.NOT_LISTED,
    Function.KEYBOARD: Code.INPUT_NOT_ENROLLED,
    Function.MOUSE: Code.INPUT_NOT_ENROLLED,
    Function.INPUT: Code.INPUT_NOT_ENROLLED,
    Function.HUB: Code.TOPOLOGY,
    Function.VENDOR: Code.VENDOR_CLASS,
    Function.OTHER: Code.OTHER_CLASS,
}


def functions(device: Device) -> frozenset[Function]:
    """Everything that ``device`` says it is."""
    return frozenset(offer.function for offer in device.offers)


def kind(device: Device) -> Function | None:
    """The most telling function of ``device``; ``None`` when it offers none.

    What offers still images is called a phone: that is what people plug in, and nothing tells the others apart.
    """
    return most_telling(functions(device))


def most_telling(offered: frozenset[Function]) -> Function | None:
    """The one of these functions by which a person calls the device; see :func:`kind`."""
    telling = next((f for f in MOST_TELLING if f in offered), None)
    return Function.PHONE if telling is Function.IMAGE else telling


def numbers(device: Device, wanted: frozenset[Function]) -> tuple[int, ...]:
    """The interfaces that are one of ``wanted`` in every alternate setting, in order.

    An interface that is storage in one setting and something else in another is neither.
    """
    found = {offer.interface for offer in device.offers}
    other = {offer.interface for offer in device.offers if offer.function not in wanted}
    return tuple(sorted(found - other))


def default_grant(device: Device) -> tuple[int, ...]:
    """The interfaces that approving a drive opens: storage, nothing else."""
    return numbers(device, frozenset({Function.STORAGE}))


def input_grant(device: Device) -> tuple[int, ...]:
    """The interfaces that enrolling a keyboard or mouse opens.

    All input interfaces: media keys and the receivers of wireless sets need those beside the boot interface.
    """
    return numbers(device, INPUT)


def input_kind(device: Device) -> str:
    """``"keyboard"``, ``"mouse"``, or ``""`` for anything that does not say that it is one.

    What can type is a keyboard, also when it points too (the receiver of a wireless set).
    """
    offered = functions(device)
    if not offered <= BESIDE_INPUT:
        return ""
    if Function.KEYBOARD in offered:
        return "keyboard"
    return "mouse" if Function.MOUSE in offered else ""

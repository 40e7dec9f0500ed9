"""What a recorded decision says of a USB device: its kind, from the interfaces as the entry lists them."""

import functools
import re

from usbguard_py.buses.usb_classes import offers
from usbguard_py.core.device import Interface
from usbguard_py.core.functions import most_telling

# NUMBER.ALTERNATE=CLASS:SUBCLASS:PROTOCOL, as usbguard_py.core.record writes them
_INTERFACE = re.compile(r"(\d{1,3})\.(\d{1,3})=([0-9a-f]{2}):([0-9a-f]{2}):([0-9a-f]{2})")


@functools.lru_cache(maxsize=4096)
def kind_of(interfaces: tuple[str, ...]) -> str:
    """The kind of a device with these recorded interfaces, a word of :class:`Function`; empty when they say none."""
    found = [_INTERFACE.fullmatch(text) for text in interfaces]
    parsed = [Interface(int(m[1]), int(m[2]), *(int(m[n], 16) for n in (3, 4, 5))) for m in found if m]
    return str(most_telling(frozenset(offer.function for offer in offers(parsed))) or "")

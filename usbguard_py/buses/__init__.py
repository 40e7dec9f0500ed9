"""Pure: what each bus calls things, one sibling per bus behind one small interface.

A new bus is a new file here and one line in :data:`BUSES`.
"""

from usbguard_py.buses import usb
from usbguard_py.buses.base import Bus

USB: Bus = usb

BUSES: dict[str, Bus] = {
    "usb": USB,
}

__all__ = ["BUSES", "USB", "Bus"]

"""A plain word for a device that is built into a laptop: people know a fingerprint reader, not ``ff:00:00``."""

from usbguard_py.core.condition import Device
from usbguard_py.i18n import N_

WORDS = {
    "camera": N_("camera"),
    "bluetooth": N_("Bluetooth"),
    "fingerprint": N_("fingerprint reader"),
    "card-reader": N_("memory card reader"),
    "smart-card": N_("smart card reader"),
    "modem": N_("mobile network modem"),
    "network": N_("network adapter"),
    "touch": N_("touch screen or pen"),
    "keyboard": N_("keyboard"),
    "mouse": N_("mouse or touch pad"),
    "audio": N_("microphone or loudspeaker"),
    "other": N_("device that does not say what it is"),
}

BLUETOOTH = "e0:01:01"  # wireless controller, radio frequency, Bluetooth programming interface (usb.org)
# Makers of fingerprint readers that speak a class of their own: the drivers of libfprint name these vendors
# (Synaptics, Validity, Goodix, Elan, LighTuning, Upek, AuthenTec, FocalTech).
FINGERPRINT = frozenset({"06cb", "138a", "27c6", "04f3", "1c7a", "147e", "08ff", "2808"})
_BY_KIND = {
    "video": "camera",
    "network": "network",
    "serial-port": "modem",
    "smart-card": "smart-card",
    "input": "touch",
    "keyboard": "keyboard",
    "mouse": "mouse",
    "audio": "audio",
    "storage": "card-reader",
}
_BY_NAME = {"fingerprint": "fingerprint", "card reader": "card-reader", "cardreader": "card-reader"}


def plain_word(device: Device) -> str:
    """A key of :data:`WORDS`: from what the device does, then from its name and its maker."""
    if BLUETOOTH in device.interfaces:
        return "bluetooth"
    title = device.title.casefold()
    named = next((word for text, word in _BY_NAME.items() if text in title), "")
    if named or device.kind != "vendor":
        return named or _BY_KIND.get(device.kind, "other")
    return "fingerprint" if device.usb_id.partition(":")[0] in FINGERPRINT else "other"

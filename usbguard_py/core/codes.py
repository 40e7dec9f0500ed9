"""The stable words by which a decision is known, each with one sentence for people."""

from enum import StrEnum

from usbguard_py.i18n import N_


class Code(StrEnum):
    """Why a device was allowed or blocked. ASCII, stable, never translated."""

    ALLOWED = "ALLOWED"
    ADOPTED = "ADOPTED"
    HUB = "HUB"
    INPUT_ENROLLED = "INPUT_ENROLLED"
    PERIPHERAL_ENROLLED = "PERIPHERAL_ENROLLED"
    MAINTENANCE = "MAINTENANCE"
    NOT_LISTED = "NOT_LISTED"
    NO_SERIAL = "NO_SERIAL"
    MISMATCH = "MISMATCH"
    DUPLICATE = "DUPLICATE"
    PENDING = "PENDING"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    LOST = "LOST"
    DAMAGED = "DAMAGED"
    DESTROYED = "DESTROYED"
    NO_HOLDER = "NO_HOLDER"
    INSPECTION_DUE = "INSPECTION_DUE"
    PHONE = "PHONE"
    NETWORK = "NETWORK"
    SERIAL_PORT = "SERIAL_PORT"
    AUDIO = "AUDIO"
    VIDEO = "VIDEO"
    PRINTER = "PRINTER"
    SMART_CARD = "SMART_CARD"
    WIRELESS = "WIRELESS"
    VENDOR_CLASS = "VENDOR_CLASS"
    OTHER_CLASS = "OTHER_CLASS"
    INPUT_NOT_ENROLLED = "INPUT_NOT_ENROLLED"
    LIMIT = "LIMIT"
    TOPOLOGY = "TOPOLOGY"
    HELD = "HELD"
    UNREADABLE = "UNREADABLE"
    FAIL_SAFE = "FAIL_SAFE"
    NOT_EFFECTIVE = "NOT_EFFECTIVE"


SENTENCES: dict[Code, str] = {
    Code.ALLOWED: N_("ALLOWED: {name}, serial {serial}, holder {holder}."),
    Code.ADOPTED: N_("ALLOWED: {name} was in use before the daemon started and still matches."),
    Code.HUB: N_("ALLOWED: a hub; each device behind it is judged by itself."),
    Code.INPUT_ENROLLED: N_("ALLOWED: enrolled keyboard or mouse of this workplace."),
    Code.PERIPHERAL_ENROLLED: N_("ALLOWED: enrolled device of this workplace."),
    Code.MAINTENANCE: N_(
        "ALLOWED FOR THIS START ONLY: a keyboard that is not enrolled, on the port of the enrolled one."
    ),
    Code.NOT_LISTED: N_("BLOCKED: the device is not on the approved list."),
    Code.NO_SERIAL: N_("BLOCKED: the storage device has no serial number; its origin is not known."),
    Code.MISMATCH: N_(
        "BLOCKED: the serial matches {asset} but the device does not. Possible clone; keep it and report to {contact}."
    ),
    Code.DUPLICATE: N_("BLOCKED: two connected devices claim to be {asset}. Keep both and report to {contact}."),
    Code.PENDING: N_("PENDING: {asset} is not approved yet."),
    Code.SUSPENDED: N_("BLOCKED: {asset} is suspended."),
    Code.EXPIRED: N_("BLOCKED: {asset} has expired (last day: {until}). Ask the list manager to renew."),
    Code.REVOKED: N_("BLOCKED: the right to use {asset} was revoked (reason: {reason})."),
    Code.LOST: N_(
        "BLOCKED: {asset} {lost}. Keep it, do not give it back to who plugged it in, and report to {contact} at once."
    ),
    Code.DAMAGED: N_("BLOCKED: {asset} is registered as damaged."),
    Code.DESTROYED: N_("BLOCKED: {asset} is registered as destroyed. Keep it and report to {contact}."),
    Code.NO_HOLDER: N_("BLOCKED: {asset} is given to nobody. Ask the list manager."),
    Code.INSPECTION_DUE: N_("BLOCKED: {asset} has no valid security inspection. Ask the list manager."),
    Code.PHONE: N_("BLOCKED: phone or tablet. Do not connect it to this computer, even to charge."),
    Code.NETWORK: N_("BLOCKED: network adapter. This computer must stay offline."),
    Code.SERIAL_PORT: N_("BLOCKED: serial port or modem."),
    Code.AUDIO: N_("BLOCKED: audio device."),
    Code.VIDEO: N_("BLOCKED: video device."),
    Code.PRINTER: N_("BLOCKED: printer that is not enrolled on this computer."),
    Code.SMART_CARD: N_("BLOCKED: smart card reader or token that is not enrolled on this computer."),
    Code.WIRELESS: N_("BLOCKED: wireless adapter."),
    Code.VENDOR_CLASS: N_("BLOCKED: the device does not say what it is (vendor-specific class)."),
    Code.OTHER_CLASS: N_("BLOCKED: this kind of device is not permitted ({kind})."),
    Code.INPUT_NOT_ENROLLED: N_("BLOCKED: keyboard or mouse that is not enrolled on this computer and port."),
    Code.LIMIT: N_("BLOCKED: the policy does not permit that many devices of this kind ({detail})."),
    Code.TOPOLOGY: N_("BLOCKED: the device is connected in a way that is not permitted ({detail})."),
    Code.HELD: N_("BLOCKED: the port is held ({detail}). Unplug the device, wait a minute and plug it in again."),
    Code.UNREADABLE: N_("BLOCKED: the device's identity cannot be read ({detail})."),
    Code.FAIL_SAFE: N_("FAIL-SAFE: the list or log cannot be used; all external devices are blocked."),
    Code.NOT_EFFECTIVE: N_("ALARM: the kernel did not carry out the decision ({detail})."),
}

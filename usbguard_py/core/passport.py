"""A passport: everything that identifies one face of a device, compared facet by facet.

It holds the interfaces *expected* (any difference is a mismatch) and those *granted* (opened):
the keyboard hidden in a stick stays dead even when the stick is approved.
"""

import hashlib

import msgspec

from usbguard_py.core.device import Device, Interface
from usbguard_py.core.media import Media
from usbguard_py.core.text import escaped


class Difference(msgspec.Struct, frozen=True):
    """One facet that is not as expected, both sides ready to be shown."""

    facet: str
    expected: str
    seen: str


class Passport(msgspec.Struct, frozen=True):
    """Facets of one fingerprint. Strings are hex of the raw bytes; ``None`` means the device has none.

    ``media`` is left out, also of the canonical form, where they are not part of the passport: a passport that was
    given by hand, or enrolled before there was this facet, keeps its digest. They are compared by
    :mod:`usbguard_py.core.gates_media`, because a device shows them only when it is open.
    """

    vid: int
    pid: int
    bcd_device: int
    serial: str | None
    manufacturer: str | None
    product: str | None
    descriptors_sha256: str
    interfaces: tuple[Interface, ...]
    granted: tuple[int, ...] = ()
    media: Media | msgspec.UnsetType = msgspec.UNSET


def passport_of(device: Device, granted: tuple[int, ...]) -> Passport:
    """The passport that ``device`` shows now, with ``granted`` interface numbers to open."""
    return Passport(
        vid=device.vid,
        pid=device.pid,
        bcd_device=device.bcd_device,
        serial=_hex(device.serial),
        manufacturer=_hex(device.manufacturer),
        product=_hex(device.product),
        descriptors_sha256=hashlib.sha256(device.descriptors).hexdigest(),
        interfaces=device.interfaces,
        granted=granted,
    )


def differences(passport: Passport, device: Device) -> tuple[Difference, ...]:
    """The facets in which ``device`` is not what ``passport`` expects, most telling first."""
    seen = _facets(passport_of(device, passport.granted))
    return tuple(
        Difference(facet, expected, seen[facet])
        for facet, expected in _facets(passport).items()
        if expected != seen[facet]
    )


def alike(one: Passport, other: Passport) -> bool:
    """Whether both fit the same device before it is opened: nobody could say which of two such assets it is."""
    return msgspec.structs.replace(one, media=msgspec.UNSET) == msgspec.structs.replace(other, media=msgspec.UNSET)


def _facets(passport: Passport) -> dict[str, str]:
    return {
        "vid": f"{passport.vid:04x}",
        "pid": f"{passport.pid:04x}",
        "serial": _shown(passport.serial),
        "interfaces": " ".join(f"{i.number}.{i.alternate}={i.triple()}" for i in passport.interfaces),
        "bcdDevice": f"{passport.bcd_device:04x}",
        "manufacturer": _shown(passport.manufacturer),
        "product": _shown(passport.product),
        "descriptors": passport.descriptors_sha256,
    }


def _hex(raw: bytes | None) -> str | None:
    return None if raw is None else raw.hex()


def _shown(value: str | None) -> str:
    return "" if value is None else '"' + escaped(bytes.fromhex(value)) + '"'

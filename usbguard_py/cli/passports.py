"""A passport given by hand: from a file, or from single facets with the raw descriptors."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from usbguard_py.buses.usb_classes import offers
from usbguard_py.buses.usb_descriptors import parse
from usbguard_py.core.device import Device
from usbguard_py.core.functions import default_grant
from usbguard_py.core.passport import Passport, passport_of
from usbguard_py.errors import BadInput, Usage
from usbguard_py.i18n import _
from usbguard_py.shell import capture

_HEX = 16
MAX_DESCRIPTORS = 65536 + 18  # bytes: one configuration's wTotalLength has 16 bits (USB 2.0, table 9-10)


def from_file(path: Path) -> Passport:
    """The passport in a file: a passport, an answer that holds one, or a capture of the device.

    Raises:
        BadInput: the file holds none of them, or a device that is not readable or has nothing to open.
    """
    value = capture.read_json(path)
    if "capture" in value or "attributes" in value:
        seen = capture.device(capture.load(path), str(path))
        if seen.problems:
            problem = seen.problems[0]
            raise BadInput(where=str(path), detail=f"{problem.facet}: {problem.detail}")
        return passport_of(seen, default_grant(seen))
    try:
        return msgspec.convert(value.get("passport", value), Passport)
    except msgspec.ValidationError as error:
        raise BadInput(where=str(path), detail=f"no passport: {error}"[:300]) from error


def by_hand(facets: dict[str, Any]) -> Passport:
    """The passport from single options.

    Raises:
        Usage: serial or descriptors are missing.
        BadInput, BadDescriptors: what was given contradicts itself or cannot be parsed.
    """
    if not facets.get("serial") or not facets.get("descriptors"):
        raise Usage(detail=_("by hand, --serial and --descriptors are needed: a number alone is no identity"))
    path = Path(facets["descriptors"])
    raw = _bytes(path)
    parsed = parse(raw)
    for name, found in (("vid", parsed.vid), ("pid", parsed.pid), ("bcd_device", parsed.bcd_device)):
        given = facets.get(name)
        if given and _number(name, given) != found:
            raise BadInput(where=str(path), detail=f"{name} {found:04x}, not {given}")
    interfaces = tuple(i for c in parsed.configurations for i in c.interfaces)
    offered = offers(interfaces, parsed.device_class)
    seen = Device(name="", syspath="", busnum=0, devnum=0, offers=offered)
    return Passport(
        vid=parsed.vid,
        pid=parsed.pid,
        bcd_device=parsed.bcd_device,
        serial=facets["serial"].encode().hex(),
        manufacturer=_hex(facets.get("manufacturer")),
        product=_hex(facets.get("product")),
        descriptors_sha256=hashlib.sha256(raw).hexdigest(),
        interfaces=interfaces,
        granted=default_grant(seen),
    )


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_DESCRIPTORS + 1)
    except OSError as error:
        raise BadInput(where=str(path), detail=error.strerror or "cannot be read") from error
    if len(raw) > MAX_DESCRIPTORS:
        raise BadInput(where=str(path), detail=f"longer than {MAX_DESCRIPTORS} bytes")
    return raw


def _number(name: str, text: str) -> int:
    try:
        return int(text, _HEX)
    except ValueError as error:
        raise BadInput(where=f"--{name.replace('_', '-')}", detail=f"{text!r} is not a hex number") from error


def _hex(text: str | None) -> str | None:
    return text.encode().hex() if text else None

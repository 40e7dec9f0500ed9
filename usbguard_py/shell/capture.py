"""A capture: what one device showed in sysfs, as a JSON file that can be judged on another machine.

``{"format": "usbguard-py capture", "version": 1, "bus": "usb", "name": "1-2", "syspath": "/devices/…",
"attributes": {"idVendor": "343666340a", …, "serial": null}}``: each attribute is the hex of the bytes
that the kernel gave, or null when it gave none. ``usbguard-py explain NAME --json`` writes one into
its answer as ``capture``.
"""

from pathlib import Path
from typing import Any, Literal

import msgspec

from usbguard_py.buses import BUSES
from usbguard_py.core.device import Device
from usbguard_py.core.text import escaped
from usbguard_py.errors import BadInput
from usbguard_py.shell.sysfs import Directory

MAX_FILE = 1024 * 1024  # bytes; `descriptors` has at most 65 536 per configuration, in hex twice that


class Capture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One captured device."""

    name: str
    syspath: str
    attributes: dict[str, str | None]
    format: Literal["usbguard-py capture"] = "usbguard-py capture"
    version: Literal[1] = 1
    bus: Literal["usb"] = "usb"


def take(name: str) -> Capture:
    """Capture the connected device ``name``.

    Raises:
        DeviceGone: it is not connected.
    """
    directory = Directory(name)
    try:
        read = directory.attributes(BUSES["usb"].READS)
        return Capture(
            name=name,
            syspath=directory.syspath,
            attributes={k: None if v is None else v.hex() for k, v in read.items()},
        )
    finally:
        directory.close()


def load(path: Path) -> Capture:
    """Read a capture, or the one inside an answer of ``explain --json``.

    Raises:
        BadInput: the file cannot be read or is no capture.
    """
    value = read_json(path)
    try:
        return msgspec.convert(value.get("capture", value), Capture)
    except msgspec.ValidationError as error:
        raise BadInput(where=str(path), detail=f"no capture: {error}"[:300]) from error


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file of bounded size.

    Raises:
        BadInput: the file cannot be read, is too large, or holds something else.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
    except OSError as error:
        raise BadInput(where=str(path), detail=error.strerror or "cannot be read") from error
    if len(raw) > MAX_FILE:
        raise BadInput(where=str(path), detail=f"longer than {MAX_FILE} bytes")
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(where=str(path), detail="not JSON") from error
    if not isinstance(value, dict):
        raise BadInput(where=str(path), detail="not a JSON object")
    return value


def device(capture: Capture, where: str = "capture") -> Device:
    """The device in a capture.

    Raises:
        BadInput: an attribute is no hex.
    """
    try:
        attributes = {k: None if v is None else bytes.fromhex(v) for k, v in capture.attributes.items()}
    except ValueError as error:
        raise BadInput(where=where, detail=f"an attribute is not hex: {escaped(str(error).encode())}") from error
    return BUSES[capture.bus].describe(capture.name, capture.syspath, attributes)

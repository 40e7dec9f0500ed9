"""``usbguard-py devices``: what is connected, and what was decided."""

from usbguard_py.cli.answers import Device, typed
from usbguard_py.cli.answers import Devices as Connected
from usbguard_py.cli.output import json_out, say, show
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import difference, repeated, sentence, style
from usbguard_py.i18n import _
from usbguard_py.shell.client import ask


def show_devices(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print the connected devices, each with its sentence."""
    answer = ask("Devices")
    if as_json:
        json_out(answer)
        return
    found = typed(answer, Connected).devices
    if not found:
        say(_("No device is connected."))
        return
    show(heads(), [row(d) for d in found])


def heads() -> list[Column]:
    """The columns of a table of devices."""
    return [
        Column(_("Port")),
        Column(_("Device"), flexible=True),
        Column(_("USB id")),
        Column(_("Serial no."), flexible=True),
        Column(_("Code")),
    ]


def row(device: Device) -> Row:
    """One device of that table."""
    said = " ".join(t for t in (sentence(device), difference(device), repeated(device)) if t)
    cells = [device.name, device.title or "–", device.usb_id, device.serial or "–", f"[{device.code}]"]
    return Row(cells, style(device.code, alarm=device.alarm), said)

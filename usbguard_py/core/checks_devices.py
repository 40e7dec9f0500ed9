"""Checks of ``doctor`` on what is plugged in: the keyboards first, then everything that is or would be blocked."""

from collections.abc import Iterator

from usbguard_py.core.built_in import plain_word
from usbguard_py.core.condition import Condition, Device
from usbguard_py.core.findings import Finding, found


def keyboards(c: Condition) -> Iterator[Finding]:
    """Whether somebody can type, also after blocking begins."""
    if c.other_keyboard:
        yield found("keyboard-elsewhere")
    working = [k for k in c.keyboards if k.allow]
    for keyboard in working:
        yield found("keyboard-works", name=keyboard.name)
    if c.devices is None:
        return
    if not working and not c.other_keyboard:
        for keyboard in c.keyboards:
            yield found("keyboard-blocked" if c.now_enforces else "keyboard-not-enrolled", name=keyboard.name)
    present = {device.name for device in c.devices}
    for enrolled in c.enrolled_keyboards:
        if enrolled.port not in present:
            yield found("keyboard-absent", id=enrolled.id, port=enrolled.port)
    lasts = c.now_enforces and c.trial is None
    if len(working) == 1 and not c.other_keyboard and lasts and not c.start.installed:
        yield found("only-keyboard", name=working[0].name)


def blocked(c: Condition) -> Iterator[Finding]:
    """Each connected device that is blocked, or would be; a keyboard that matters was told of already."""
    if c.devices is None:
        return
    refused = [d for d in c.devices if not d.allow]
    told = not any(k.allow for k in c.keyboards) and not c.other_keyboard
    for device in refused:
        if not (told and device.kind == "keyboard"):
            yield _blocked(device, now=c.now_enforces)
    if not refused:
        yield found("devices-allowed")


def _blocked(device: Device, *, now: bool) -> Finding:
    facts = {"name": device.name, "code": device.code}
    if device.built_in:
        return found("built-in-blocked" if now else "built-in-would-block", what=plain_word(device), **facts)
    shown = device.title or device.usb_id
    return found("device-blocked" if now else "device-would-block", device=shown, command=_command(device), **facts)


def _command(device: Device) -> str:
    """What to type: a drive is never put on the list by a finding's word, so for it only the reasons."""
    if device.code == "INPUT_NOT_ENROLLED":
        return f"usbguard-py peripheral enrol {device.name}"
    return f"usbguard-py explain {device.name}"

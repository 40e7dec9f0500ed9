"""The one place that a start for maintenance has: who took it stands in ``/run``, written by the first who asked."""

import contextlib
import hashlib
import os

from usbguard_py import paths
from usbguard_py.core.device import Device
from usbguard_py.core.maintenance import asked


def started() -> bool:
    """Whether this is a start for maintenance."""
    try:
        return asked(paths.CMDLINE.read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return False


def taken() -> str:
    """Port, id and SHA-256 of the descriptors of the keyboard that was let in; empty when none was."""
    try:
        return paths.MAINTENANCE.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def take(device: Device) -> bool:
    """Take the place for ``device``; whether it is the one that has it.

    A link is made or not, at once: the floor, which hears of the device too, may be asking at the same moment.
    """
    line = f"{device.name} {device.usb_id} {hashlib.sha256(device.descriptors).hexdigest()}"
    draft = paths.MAINTENANCE.with_name(f"{paths.MAINTENANCE.name}.{os.getpid()}")
    try:
        draft.write_text(line + "\n", encoding="ascii")
        with contextlib.suppress(FileExistsError):
            os.link(draft, paths.MAINTENANCE)
        draft.unlink()
    except OSError:
        return False
    return taken() == line

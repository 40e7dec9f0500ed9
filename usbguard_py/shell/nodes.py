"""The flags by which udev gives device nodes out, and the nodes below a device.

``/run/usbguard-py/open/<port>:<devnum>`` exists while nodes below that device may be used. It names
the device number too, so that a device swapped in on the same port does not inherit it.
"""

import contextlib
import os
from pathlib import Path

from usbguard_py import paths
from usbguard_py.shell.sysfs import Directory


def flag(name: str, devnum: int, *, granted: bool) -> None:
    """Set or take away the flag of one device."""
    path = paths.OPEN_FLAGS / f"{name}:{devnum}"
    if granted:
        try:
            _touch(path)
        except FileNotFoundError:
            paths.OPEN_FLAGS.mkdir(mode=0o755, parents=True, exist_ok=True)
            _touch(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def _touch(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def clear() -> None:
    """Take all flags away: a start judges anew."""
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(paths.OPEN_FLAGS):
            os.unlink(entry.path)


def below(directory: Directory) -> bool:
    """Whether the kernel shows storage (a SCSI host) below the device."""
    for interface in directory.interfaces():
        try:
            names = os.listdir(paths.USB_DEVICES / interface.name)
        except OSError:
            continue
        if any(name.startswith("host") for name in names):
            return True
    return False

"""The flags by which udev gives device nodes out, and the nodes below a device.

``/run/usbguard-py/open/<port>:<devnum>`` exists while nodes below that device may be used. It names
the device number too, so that a device swapped in on the same port does not inherit it. A flag of the
same name in ``/run/usbguard-py/read-only`` says that the nodes given out have no right to write, one in
``/run/usbguard-py/login-tool`` that the program on a drive's own disc may run and talk to it, and one in
``/run/usbguard-py/raw`` that the device's own node is given out too, to whom the rules of other packages say: programs
drive an enrolled scanner, token or power supply through it.
"""

import contextlib
import os
from pathlib import Path

from usbguard_py import paths
from usbguard_py.errors import GuardError
from usbguard_py.shell.sysfs import Directory


def _folders() -> tuple[Path, ...]:
    """In the order in which they are set; taken away the other way round, so that none is open without its limits."""
    return (paths.READ_ONLY_FLAGS, paths.LOGIN_TOOL_FLAGS, paths.OPEN_FLAGS, paths.RAW_FLAGS)


def flag(
    name: str,
    devnum: int,
    *,
    granted: bool,
    read_only: bool = False,
    login_tool: bool = False,
    raw: bool = False,
) -> None:
    """Set or take away the flag of one device; how it is given out is marked before."""
    file = f"{name}:{devnum}"
    if not granted:
        for folder in reversed(_folders()):
            with contextlib.suppress(FileNotFoundError):
                (folder / file).unlink()
        return
    wanted = dict(zip(_folders(), (read_only, login_tool, True, raw), strict=True))
    for folder in (f for f in _folders() if wanted[f]):
        try:
            _touch(folder / file)
        except FileNotFoundError:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            _touch(folder / file)


def raw(name: str, devnum: int) -> bool:
    """Whether the device's own node is given out."""
    return (paths.RAW_FLAGS / f"{name}:{devnum}").exists()


def look_again(directory: Directory, action: str) -> None:
    """Have udev state the device's own node anew, by an event that somebody asked for."""
    with contextlib.suppress(GuardError):  # it has gone, and its node with it
        directory.put("uevent", action)


def _touch(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def clear() -> None:
    """Take all flags away: a start judges anew."""
    for folder in reversed(_folders()):
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(folder):
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

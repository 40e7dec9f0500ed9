"""systemd: readiness, status text and watchdog of its service protocol (sd_notify(3)), and the states of units."""

import os
import socket

from usbguard_py import paths
from usbguard_py.shell.tools import asked

_ASKED = ("LoadState", "UnitFileState", "ActiveState")


def notify(*lines: str) -> None:
    """Send state lines such as ``READY=1``; nothing happens outside systemd."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.connect(address)
        sock.sendall("\n".join(lines).encode())


def watchdog_interval() -> float | None:
    """Seconds between two signs of life: half of systemd's limit (sd_watchdog_enabled(3)); ``None`` without one."""
    value = os.environ.get("WATCHDOG_USEC", "")
    return int(value) / 1_000_000 / 2 if value.isdigit() and int(value) > 0 else None


def booted() -> bool:
    """Whether systemd runs this machine (sd_booted(3))."""
    return (paths.ROOT / "run/systemd/system").is_dir()


def units(*names: str) -> tuple[tuple[str, str, str, str], ...]:
    """Of each unit: its name, whether it is loaded, whether it is started with the machine, whether it is active.

    The words are systemd's own (systemctl(1), org.freedesktop.systemd1(5)); nothing when it cannot be asked.
    """
    if not booted():
        return ()
    blocks = asked("systemctl", "show", f"--property={','.join(_ASKED)}", *names).split("\n\n")
    if len(blocks) != len(names):
        return ()
    return tuple((name, *_states(block)) for name, block in zip(names, blocks, strict=True))


def _states(block: str) -> tuple[str, str, str]:
    """``Name=value`` lines come in an order of systemd's own."""
    seen = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    load, enabled, active = (seen.get(name, "") for name in _ASKED)
    return load, enabled, active

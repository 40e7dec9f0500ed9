"""systemd: readiness, status text and watchdog of its service protocol (sd_notify(3)), and the states of units."""

import os
import socket

from usbguard_py import paths

STATE = paths.RUN / "system"  # what `systemctl is-system-running` said when the unit's stop began


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


def going_down() -> bool:
    """Whether systemd was shutting the machine down when it asked this service to stop (systemctl(1))."""
    try:
        return STATE.read_text(encoding="ascii").strip() == "stopping"
    except (OSError, ValueError):
        return False

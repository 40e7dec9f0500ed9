"""What systemd says of units, and whether it runs this machine."""

from usbguard_py import paths
from usbguard_py.shell.tools import asked

_ASKED = ("LoadState", "UnitFileState", "ActiveState")


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

"""Other programs that decide on USB devices: running, installed, or in udev's rules."""

import re
from pathlib import Path

from usbguard_py import paths
from usbguard_py.shell.files import text_of
from usbguard_py.shell.other_enforcers import OtherEnforcers

INSTALLED = {"usbguard": ("usr/sbin/usbguard-daemon",), "usbauth": ("usr/sbin/usbauth", "usr/bin/usbauth")}
RULES = ("etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d")
OURS = "usbguard-py.rules"
# An assignment to one of the kernel's switches: authorized, authorized_default (udev(7): "=", not "==").
_WRITES = re.compile(r"ATTRS?\{[^}]*authorized[^}]*\}\s*:?=(?!=)")
_SWITCHES = re.compile(r"thunderbolt", re.IGNORECASE)


def running() -> str:
    """The name of another enforcer that runs as root, empty when there is none or where no process can be seen."""
    try:
        return OtherEnforcers().look()
    except OSError:
        return ""


def installed() -> tuple[str, ...]:
    """The packages of other enforcers whose programs are there."""
    return tuple(name for name, places in INSTALLED.items() if any((paths.ROOT / p).exists() for p in places))


def rules() -> tuple[str, ...]:
    """Rules of others that write the authorisation of USB devices; of one name, only the one that udev reads."""
    seen: dict[str, Path] = {}
    for folder in RULES:
        for file in sorted((paths.ROOT / folder).glob("*.rules")):
            seen.setdefault(file.name, file)
    return tuple(str(f) for n, f in sorted(seen.items()) if not n.endswith(OURS) and _writes(f))


def _writes(file: Path) -> bool:
    """Whether a line of it does, other than for Thunderbolt, whose switch has the same name."""
    lines = text_of(file).replace("\\\n", " ").splitlines()
    return any(_WRITES.search(line) and not _SWITCHES.search(line) for line in lines if not line.startswith("#"))

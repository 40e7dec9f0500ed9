"""Telling the judge that somebody looks at the log; reading never fails by it."""

from collections.abc import Mapping

from usbguard_py.errors import GuardError
from usbguard_py.shell.client import ask

TIMEOUT = 1.0  # seconds; whoever reads has waited long enough


def viewed(command: str, asked: Mapping[str, object]) -> int:
    """Record a look by ``command`` with the conditions ``asked``; the entry's number, 0 when there is none.

    There is none while the daemon does not run, and for further looks within a minute, which are counted.
    """
    said = " ".join(f"{name}={value}" for name, value in asked.items() if value not in (None, ""))
    try:
        seq = ask("LogViewed", {"command": command, "asked": said[:1024]}, TIMEOUT).get("seq")
    except GuardError:
        return 0
    return seq if isinstance(seq, int) else 0

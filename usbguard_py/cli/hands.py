"""``usbguard-py hands``: the privileged helper of the judge, started through its socket."""

import sys

from usbguard_py.cli.commands import Command
from usbguard_py.i18n import N_, speaking


def hands() -> None:
    """Serve the judge until nobody is connected."""
    from usbguard_py.daemon.hands import run  # noqa: PLC0415 - only the helper needs it

    with speaking("en"):  # as the judge, which writes what it is told into the log
        code = run()
    sys.exit(code)


command = Command(
    "hands",
    callback=hands,
    json=False,
    hidden=True,
    help=N_("Run the daemon's helper. systemd starts it through its socket; nobody else needs it."),
)

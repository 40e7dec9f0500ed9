"""``usbguard-py daemon``: the judge."""

from usbguard_py.cli.commands import Command
from usbguard_py.i18n import N_, speaking


def daemon() -> None:
    """Run the judge until it is asked to stop."""
    from usbguard_py.daemon.main import run  # noqa: PLC0415 - only the daemon needs it

    # What the judge writes into the log reads the same on every machine.
    with speaking("en"):
        run()


command = Command(
    "daemon",
    callback=daemon,
    json=False,
    help=N_("Run the daemon in the foreground, as root. systemd does this; people use `systemctl start usbguard-py`."),
    examples=["systemctl start usbguard-py"],
)

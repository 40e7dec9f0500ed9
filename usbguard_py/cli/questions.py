"""The commands that only ask the daemon and show: what click says of them. The quick door does without it."""

from usbguard_py.cli.commands import Command
from usbguard_py.cli.devices import show_devices
from usbguard_py.cli.status import show_status
from usbguard_py.i18n import N_

status = Command(
    "status",
    callback=show_status,
    help=N_(
        "Show whether this computer is protected, and what needs attention.\n\n"
        "Without the daemon it prints what can be read without it and exits with 69."
    ),
    examples=["usbguard-py status", "usbguard-py status --json"],
)

devices = Command(
    "devices",
    callback=show_devices,
    help=N_("List the connected devices with the decision on each, and why."),
    examples=["usbguard-py devices", "usbguard-py devices --json"],
)

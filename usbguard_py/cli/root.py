"""The table of commands."""

import click

from usbguard_py import __version__
from usbguard_py.cli.commands import Option, Place, Root
from usbguard_py.i18n import N_

_HERE = "usbguard_py.cli."

COMMANDS: dict[str, Place] = {
    "status": Place(_HERE + "status", N_("How things stand: protection, list, log")),
    "setup": Place(_HERE + "setup", N_("The first run: roles, agency, keyboard; can be run again")),
    "doctor": Place(_HERE + "doctor", N_("Look over the computer: what is to be done, and how")),
    "devices": Place(_HERE + "devices", N_("Devices connected now, and what was decided")),
    "peripheral": Place(_HERE + "peripheral", N_("Keyboards and mice of this workplace")),
    "whitelist": Place(_HERE + "whitelist", N_("The list of approved devices")),
    "paper": Place(_HERE + "paper", N_("Minutes and the register, ready to sign")),
    "log": Place(_HERE + "log", N_("What happened; verify and export the log")),
    "watch": Place(_HERE + "watch", N_("Show what happens, as it happens")),
    "explain": Place(_HERE + "explain", N_("Why a device was allowed or blocked, gate by gate")),
    "policy": Place(_HERE + "policy", N_("The policy in force; check or use another")),
    "activate": Place(_HERE + "activate", N_("Begin to block; goes back by itself unless confirmed"), "activate"),
    "confirm": Place(_HERE + "activate", N_("Confirm what activate has begun"), "confirm"),
    "floor": Place(_HERE + "floor", N_("Close USB from power-on: kernel, boot loader, initramfs")),
    "daemon": Place(_HERE + "daemon", N_("Run the daemon (systemd does this)")),
    "hands": Place(_HERE + "hands", N_("Run the daemon's helper (systemd does this)"), hidden=True),
    "completion": Place(_HERE + "completion", N_("Print the completion script of a shell")),
}


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it
    if value:
        click.echo(f"usbguard-py {__version__}")
        ctx.exit()


cli = Root(
    name="usbguard-py",
    places=COMMANDS,
    help=N_(
        "Only approved devices work on this computer, and what happened can be proved.\n\n"
        "A device that is not on the list stays blocked by the kernel; every decision is in the log."
    ),
    params=[
        Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
            help=N_("Show the version and exit."),
        )
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)

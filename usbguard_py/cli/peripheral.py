"""``usbguard-py peripheral enrol|list|remove``: the devices of this workplace that are no storage."""

from typing import Any

import click

from usbguard_py import paths
from usbguard_py.cli.answers import Device, Devices, Done, Peripherals, typed
from usbguard_py.cli.commands import Command, Group, option
from usbguard_py.cli.output import confirm, facts, json_out, say, show
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import moment, word
from usbguard_py.core import requests
from usbguard_py.errors import NotFound
from usbguard_py.i18n import N_, _
from usbguard_py.phrases import PERIPHERALS
from usbguard_py.shell.client import call

command = Group("peripheral", help=N_("Keyboard, mouse, printer and others of this computer, each on its port."))


@command.command(
    "enrol",
    cls=Command,
    help=N_(
        "Enrol the connected device NAME (its port, as `usbguard-py devices` shows it): a keyboard, mouse, printer, "
        "token or card reader, and by your word a power supply or scanner. The policy says how many of each.\n\n"
        "What will be enrolled is shown first and must be confirmed; nothing is ever enrolled silently. Only the "
        "interfaces of its kind open. A device that changes, or brings something else along, stays blocked."
    ),
    examples=[
        "usbguard-py peripheral enrol 1-2",
        "usbguard-py peripheral enrol 1-2 --replaces NV-0001 --document MAU-01/2026 --yes",
        "usbguard-py peripheral enrol 1-4 --as scanner",
    ],
)
@click.argument("name")
@option(
    "--as",
    "kind",
    type=click.Choice(list(PERIPHERALS)),
    default=None,
    help=N_("What it is. Needed where the device does not say so: ups, scanner."),
)
@option("--replaces", metavar="ID", default="", help=N_("The enrolled device that it takes the place of."))
@option("--label", default="", help=N_("A name for people, such as “reception keyboard”."))
@option("--document", default="", help=N_("Number of the paper that is the basis."))
@option("--yes", is_flag=True, help=N_("Do not ask."))
def enrol(name: str, yes: bool, as_json: bool, **given: str) -> None:  # noqa: FBT001 - click's flags
    """Show the device, ask, enrol."""
    device = _connected(name)
    if not as_json:
        _describe(device)
    if not yes:
        confirm(_("Enrol this device on port {name}?").format(name=name), as_json=as_json)
    said: dict[str, Any] = {key: text for key, text in given.items() if text}
    answer = call(requests.PeripheralEnrol(name=name, **said))
    if as_json:
        json_out(answer)
        return
    done = typed(answer, Done)
    text = _("Enrolled as {id}, {kind}, on port {port} (record {seq}). It works on this port only.")
    what = word(PERIPHERALS, done.kind)
    say(text.format(id=done.id, kind=what, port=done.port or name, seq=done.seq), "good")
    if given["replaces"]:
        say(_("{id} is no longer enrolled.").format(id=given["replaces"]))
    _renewal()


@command.command(
    "list",
    cls=Command,
    help=N_("List the enrolled devices of this workplace."),
    examples=["usbguard-py peripheral list"],
)
def list_(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print the enrolled devices."""
    answer = call(requests.PeripheralList())
    if as_json:
        json_out(answer)
        return
    found = typed(answer, Peripherals).peripherals
    if not found:
        say(_("Nothing is enrolled: no keyboard, no mouse, no other device."))
        return
    heads = [
        Column(_("No.")),
        Column(_("Kind")),
        Column(_("Port")),
        Column(_("Label"), flexible=True),
        Column(_("Document"), flexible=True),
        Column(_("Enrolled")),
    ]
    show(
        heads,
        [Row([p.id, word(PERIPHERALS, p.kind), p.port, p.label, p.document, moment(p.enrolled_at)]) for p in found],
    )


@command.command(
    "remove",
    cls=Command,
    help=N_("Take the enrolled device ID off again. It stops working at once."),
    examples=['usbguard-py peripheral remove NV-0001 --reason "replaced"'],
)
@click.argument("id_", metavar="ID")
@option("--reason", required=True, help=N_("Why; goes into the log."))
@option("--yes", is_flag=True, help=N_("Do not ask."))
def remove(id_: str, reason: str, yes: bool, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Ask, then take it off."""
    if not yes:
        confirm(_("Remove {id}? It stops working at once.").format(id=id_), as_json=as_json)
    answer = call(requests.PeripheralRemove(id=id_, reason=reason))
    if as_json:
        json_out(answer)
        return
    say(_("{id} was removed (record {seq}).").format(id=id_, seq=typed(answer, Done).seq), "good")
    _renewal()


def _renewal() -> None:
    if paths.FLOOR_INSTALLED.exists():
        say(_("The initramfs takes this over by itself within minutes; before a restart: usbguard-py floor check"))


def _connected(name: str) -> Device:
    for device in typed(call(requests.Devices()), Devices).devices:
        if device.name == name:
            return device
    raise NotFound(what=_("device"), name=name)


def _describe(device: Device) -> None:
    facts(
        [
            (_("Port"), device.name),
            (_("Device"), device.title or "–"),
            (_("USB id"), device.usb_id),
            (_("Serial no."), device.serial or "–"),
            (_("Interfaces"), ", ".join(device.interfaces)),
        ]
    )

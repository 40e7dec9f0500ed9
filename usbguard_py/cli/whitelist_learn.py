"""``usbguard-py whitelist learn``: another face of a device that is on the list."""

from typing import Any

import click

from usbguard_py.cli.answers import Done, Examined, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.output import confirm, interactive, json_out, say
from usbguard_py.cli.proposals import waits
from usbguard_py.cli.whitelist_add import describe
from usbguard_py.core import requests
from usbguard_py.errors import Usage
from usbguard_py.i18n import N_, _
from usbguard_py.shell.client import call


def learn(
    id_: str,
    as_json: bool,  # noqa: FBT001 - click's flags
    yes: bool,  # noqa: FBT001
    content: bool,  # noqa: FBT001
    grant: tuple[int, ...],
    **given: Any,
) -> None:
    """Show what the device shows, confirm, add it to the asset.

    Raises:
        Usage: something is missing; nothing was changed.
    """
    missing = [f"--{name}" for name in ("device", "face", "document") if not (given[name] or "").strip()]
    if missing:
        raise Usage(detail=_("missing: {names}").format(names=", ".join(missing)))
    if interactive() and not as_json:
        describe(typed(call(requests.Examine(name=given["device"], content=content)), Examined))
        if not yes:
            confirm(_("Is this really {id}, and may it look like this from now on?").format(id=id_))
    answer = call(
        requests.WhitelistLearn(
            id=id_,
            device=given["device"],
            face=given["face"],
            document=given["document"],
            grant=grant,
            content=content,
        )
    )
    if as_json:
        json_out(answer)
        return
    done = typed(answer, Done)
    if done.proposal:
        waits(done)
        return
    say(_("{id} may look like this, too: “{face}” (record {seq}).").format(id=id_, face=given["face"], seq=done.seq))


command = Command(
    "learn",
    callback=learn,
    help=N_(
        "Teach the list another face of the approved device ID: what it shows after its login, at another speed, "
        "or with another serial number.\n\n"
        "Have the device show that face and plug it in: it is blocked, because it is not what the list expects. The "
        "device is examined, what was seen is shown, and from then on it may look like that, too. Be sure that it is "
        "the same device: a copy would be let in."
    ),
    params=[
        click.Argument(["id_"], metavar="ID"),
        Option(["--device"], metavar="NAME", help=N_("Port of the connected device, as devices shows it.")),
        Option(["--face"], metavar="NAME", help=N_("A name for this face, for instance “after login”.")),
        Option(["--document"], help=N_("Number of the paper that is the basis.")),
        Option(["--grant"], type=int, multiple=True, metavar="N", help=N_("Interface to open; storage if not given.")),
        Option(
            ["--content"],
            is_flag=True,
            help=N_("What lies on it is part of this face; always so for a device that was listed with --content."),
        ),
        Option(["--yes"], is_flag=True, help=N_("Do not ask for confirmation.")),
    ],
    examples=['usbguard-py whitelist learn TB-0001 --device 1-2 --face "after login" --document MAU-03/2026'],
)

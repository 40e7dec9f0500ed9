"""``usbguard-py whitelist add``: from a connected device with three questions, or by hand."""

from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from usbguard_py.buses.usb_classes import function
from usbguard_py.cli import times
from usbguard_py.cli.answers import Device, Devices, Done, Examined, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.media import units
from usbguard_py.cli.name_doubts import warned
from usbguard_py.cli.output import answered, ask, confirm, facts, interactive, json_out, say, show
from usbguard_py.cli.proposals import waits
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import FUNCTIONS, word
from usbguard_py.core import requests
from usbguard_py.core.passport import Passport
from usbguard_py.core.requests import WhitelistAdd
from usbguard_py.errors import Usage
from usbguard_py.i18n import N_, _
from usbguard_py.shell.client import call

ACCESS: dict[str, Literal["rw", "ro"]] = {"read-write": "rw", "read-only": "ro"}
DAYS = ("expires_on", "inspected_on", "inspected_until")
FACETS = ("vid", "pid", "bcd_device", "serial", "manufacturer", "product", "descriptors")


def add(as_json: bool, yes: bool, content: bool, grant: tuple[int, ...], **given: Any) -> None:  # noqa: FBT001 - flags
    """Examine or read the passport, ask for what is missing, confirm, add.

    Raises:
        Usage: something is missing and there is nobody to ask; nothing was changed.
    """
    asking = interactive() and not as_json
    days = {name: times.day(given[name]) if given[name] else "" for name in DAYS}
    passport = _passport(given)
    if passport and content:
        raise Usage(detail=_("--content needs the device itself"))
    name = "" if passport else given["device"] or _chosen(asking)
    if not asking:
        _complete(given)
    if name and asking:
        describe(typed(call(requests.Examine(name=name, content=content)), Examined))
    answers = _answers(given) if asking else given
    doubts = warned(answers, as_json=as_json)
    if asking and not yes:
        confirm(_("Put this device on the list?"))
    answer = call(
        WhitelistAdd(
            holder=answers["holder"] or "",
            unit=answers["unit"] or "",
            document=answers["document"],
            printed_serial=answers["printed_serial"] or "",
            label=given["label"] or "",
            name=name,
            passport=passport,
            grant=grant,
            access=ACCESS[given["access"]],
            login_tool=given["login_tool"],
            content=content,
            pending=given["pending"],
            **days,
        )
    )
    if as_json:
        json_out({**answer, "warnings": doubts})
        return
    done = typed(answer, Done)
    say(_("On the list as {id} (record {seq}).").format(id=done.id, seq=done.seq), "good")
    if done.proposal:
        waits(done)
    elif done.state == "pending" and not given["pending"]:
        say(_("It waits for its approval, which two persons have to agree on: usbguard-py whitelist approve"), "warn")


def _passport(given: dict[str, Any]) -> Passport | None:
    """The passport when one is given by hand, ``None`` when a connected device is to be examined."""
    by_hand = {name: given[name] for name in FACETS if given[name]}
    if sum((bool(given["device"]), bool(given["passport"]), bool(by_hand))) > 1:
        raise Usage(detail=_("--device, --passport and single characteristics exclude each other"))
    if not (given["passport"] or by_hand):
        return None
    from usbguard_py.cli import passports  # noqa: PLC0415 - only for what is given by hand

    return passports.from_file(Path(given["passport"])) if given["passport"] else passports.by_hand(by_hand)


def _complete(given: dict[str, Any]) -> None:
    missing = [f"--{name}" for name in _needed(given) if not (given[name] or "").strip()]
    if missing:
        raise Usage(detail=_("missing: {names}").format(names=", ".join(missing)))


def _needed(given: dict[str, Any]) -> tuple[str, ...]:
    return ("document",) if given["pending"] else ("holder", "document")


def _chosen(asking: bool) -> str:  # noqa: FBT001 - whether somebody is there
    """The connected device to examine: the only one that could be meant, or the one that was chosen."""
    if not asking:
        raise Usage(detail=_("missing: {names}").format(names="--device"))
    found = [d for d in typed(call(requests.Devices()), Devices).devices if _could_be_meant(d)]
    if not found:
        raise Usage(detail=_("no storage device that is not on the list is connected"))
    heads = [Column(_("Port")), Column(_("Device"), flexible=True), Column(_("USB id")), Column(_("Serial no."))]
    show(heads, [Row([d.name, d.title or "–", d.usb_id, d.serial or "–"]) for d in found])
    say()
    if len(found) == 1:
        return found[0].name
    name = ask(_("Port of the device"))
    if name not in {d.name for d in found}:
        raise Usage(detail=_("{name} is not in that table").format(name=name or "–"))
    return name


def _could_be_meant(device: Device) -> bool:
    return not device.asset and device.code in {"NOT_LISTED", "NO_SERIAL"}


def describe(seen: Examined) -> None:
    """Show what the examination of a device saw."""
    say(_("The examination saw:"), "head")
    passport = msgspec.convert(seen.passport, Passport)
    facts(
        [
            (_("Manufacturer"), seen.manufacturer or "–"),
            (_("Product"), seen.product or "–"),
            (_("USB id"), f"{passport.vid:04x}:{passport.pid:04x}"),
            (_("Electronic serial no."), seen.serial or "–"),
            (_("Interfaces"), ", ".join(f"{i.number}: {word(FUNCTIONS, function(i))}" for i in passport.interfaces)),
            (_("Interfaces opened"), ", ".join(str(n) for n in passport.granted) or "–"),
            *units(passport),
            *((_("Attention"), problem, "warn") for problem in seen.problems),
        ]
    )
    say()


def _answers(given: dict[str, Any]) -> dict[str, Any]:
    """What was given, and the answers to what was not."""
    answers = dict(given)
    questions = {
        "holder": _("Holder (name of the person it is given to)"),
        "unit": _("Unit"),
        "document": _("Number of the document that is the basis"),
        "printed_serial": _("Serial no. printed on the device (Enter if there is none)"),
    }
    needed = _needed(given)
    for name, question in questions.items():
        if answers[name] is None:
            answers[name] = ask(question, check=answered if name in needed else str)
    _complete(answers)
    return answers


command = Command(
    "add",
    callback=add,
    help=N_(
        "Put a device on the list of approved devices.\n\n"
        "Plug the device in and run the command without options: the device is examined, which gives it to nobody, "
        "what was seen is shown, and three questions are asked.\n\n"
        "With options nothing is asked unless something is missing. By hand, for a device that is elsewhere: "
        "--passport FILE with a passport or a capture (explain --json), or single characteristics with --descriptors."
    ),
    params=[
        Option(["--device"], metavar="NAME", help=N_("Port of the connected device, as devices shows it.")),
        Option(["--holder"], help=N_("Name of the person it is given to.")),
        Option(["--unit"], help=N_("Their unit.")),
        Option(["--document"], help=N_("Number of the paper that is the basis.")),
        Option(["--printed-serial"], help=N_("Serial number printed on the shell.")),
        Option(
            ["--pending"], is_flag=True, help=N_("It waits for its approval (approve), and may be nobody's so far.")
        ),
        Option(["--expires", "expires_on"], metavar="DATE", help=N_("Last day of use, for instance 31/12/2027.")),
        Option(["--inspected-on"], metavar="DATE", help=N_("Day of its security inspection.")),
        Option(["--inspected-until"], metavar="DATE", help=N_("Last day on which the inspection counts.")),
        Option(["--label"], help=N_("A name for people.")),
        Option(["--grant"], type=int, multiple=True, metavar="N", help=N_("Interface to open; storage if not given.")),
        Option(
            ["--access"],
            type=click.Choice(list(ACCESS)),
            default="read-write",
            help=N_("What may be done with it; read-write if not given."),
        ),
        Option(
            ["--login-tool"],
            is_flag=True,
            help=N_("The login program on the drive's own disc (CD) may run and talk to it; only if it needs one."),
        ),
        Option(
            ["--content"],
            is_flag=True,
            help=N_("Which file system, LUKS header or partition table lies on it has to match from then on, too."),
        ),
        Option(["--passport"], metavar="FILE", help=N_("By hand: a passport or a capture as JSON.")),
        Option(["--vid"], metavar="HEX", help=N_("By hand: maker's number (VID); must agree with the descriptors.")),
        Option(["--pid"], metavar="HEX", help=N_("By hand: product's number (PID); must agree with the descriptors.")),
        Option(["--bcd-device"], metavar="HEX", help=N_("By hand: release; must agree with the descriptors.")),
        Option(["--serial"], help=N_("By hand: the electronic serial number.")),
        Option(["--manufacturer"], help=N_("By hand: the maker's name as the device sends it.")),
        Option(["--product"], help=N_("By hand: the product's name as the device sends it.")),
        Option(["--descriptors"], metavar="FILE", help=N_("By hand: the raw descriptors (sysfs file).")),
        Option(["--yes"], is_flag=True, help=N_("Do not ask for confirmation.")),
    ],
    examples=[
        "usbguard-py whitelist add",
        'usbguard-py whitelist add --device 1-2 --holder "Nguyen Van Mau" --document MAU-01/2026',
        'usbguard-py whitelist add --device 1-2 --holder "Nguyen Van Mau" --document MAU-01/2026 --access read-only',
        'usbguard-py whitelist add --device 1-2 --holder "Nguyen Van Mau" --document MAU-01/2026 --login-tool',
        'usbguard-py whitelist add --device 1-2 --holder "Nguyen Van Mau" --document MAU-01/2026 --content',
        'usbguard-py whitelist add --passport stick.json --holder "Nguyen Van Mau" --document MAU-01/2026',
    ],
)

"""``usbguard-py whitelist``: the list of approved devices; what is on it, and the table of commands that change it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import click

from usbguard_py import paths
from usbguard_py.cli import timeline
from usbguard_py.cli.commands import Command, Group, Place, option
from usbguard_py.cli.media import units
from usbguard_py.cli.move_words import OBSTACLES, WORDS
from usbguard_py.cli.output import facts, json_out, say, show
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import ACCESS, LOGIN_TOOL, day, moment, number, word
from usbguard_py.core.codes import Code
from usbguard_py.core.standing import standing
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.errors import NotFound
from usbguard_py.i18n import N_, _, ngettext, unaccented
from usbguard_py.phrases import CUSTODY, FACTS
from usbguard_py.shell.reader import Reader

command = Group(
    "whitelist",
    places={
        "add": Place("usbguard_py.cli.whitelist_add", N_("Put a device on the list")),
        "import": Place("usbguard_py.cli.whitelist_import", N_("Put the devices of a file on the list")),
        "export": Place("usbguard_py.cli.whitelist_export", N_("Write the list to a file")),
        "learn": Place("usbguard_py.cli.whitelist_learn", N_("Teach the list another face of a device")),
        **{verb: Place("usbguard_py.cli.whitelist_moves", words.line, attribute=verb) for verb, words in WORDS.items()},
        "revoke": Place("usbguard_py.cli.whitelist_revoke", WORDS["revoke"].line),
    },
    help=N_("The list of approved devices: who holds which, and on which paper."),
)
NOT_RETURNED = {Custody.REVOKED, Custody.DAMAGED}
ORDERS: dict[str, Callable[[Asset], tuple[Any, ...]]] = {
    "number": lambda a: (len(a.id), a.id),
    "holder": lambda a: (unaccented(a.holder).casefold(), len(a.id), a.id),
    "unit": lambda a: (unaccented(a.unit).casefold(), len(a.id), a.id),
    "state": lambda a: (list(Custody).index(a.state), len(a.id), a.id),
    "expires": lambda a: (a.expires_on if isinstance(a.expires_on, str) else "9999", len(a.id), a.id),
}
STYLES = {"in-use": "good", "pending": "warn", "suspended": "warn", "expired": "warn"}


class Look(NamedTuple):
    """The day and the policy by which the list is looked at."""

    today: str
    inspection_required: bool

    def obstacle(self, asset: Asset) -> Code | None:
        """Why an asset in use does not open all the same."""
        return standing(asset, self.today, inspection_required=self.inspection_required)

    def state(self, asset: Asset) -> str:
        """The state in words, or what keeps an asset in use from opening."""
        code = self.obstacle(asset)
        return _(OBSTACLES[code]) if code else word(CUSTODY, asset.state)

    def style(self, asset: Asset) -> str:
        """How the row is shown."""
        if str(asset.state) != "in-use":
            return STYLES.get(str(asset.state), "bad")
        return "warn" if self.obstacle(asset) else ""


@command.command(
    "list",
    cls=Command,
    help=N_(
        "List the approved devices.\n\n"
        "WORDS narrow the list: each must be found in the number, label, serial, holder, unit or document. "
        "Accents and capitals do not matter."
    ),
    examples=[
        "usbguard-py whitelist list",
        "usbguard-py whitelist list nguyen",
        "usbguard-py whitelist list --state lost",
        "usbguard-py whitelist list --not-returned --sort holder",
    ],
)
@click.argument("words", nargs=-1)
@option("--state", type=click.Choice(list(CUSTODY)), help=N_("Only devices in this state."))
@option("--holder", help=N_("Only devices of holders with these words in their name."))
@option("--unit", help=N_("Only devices of units with these words in their name."))
@option("--not-returned", is_flag=True, help=N_("Only devices that are revoked or damaged and were not handed back."))
@option("--sort", type=click.Choice(list(ORDERS)), default="number", help=N_("The order of the list."))
def list_(words: tuple[str, ...], as_json: bool, sort: str, **asked: Any) -> None:  # noqa: FBT001 - click's flag
    """Print the list."""
    with Reader(paths.DATABASE) as reader:
        look = Look(reader.today(), reader.inspection_required())
        every = reader.assets(None, asked["holder"])
    found = chosen(every, look, {**asked, "words": words, "sort": sort})
    if as_json:
        json_out({"assets": found})
        return
    if not found:
        say(_("Nothing on the list fits.") if words or any(asked.values()) else _("No device is on the list."))
        return
    columns = [
        Column(_("No.")),
        Column(_("Label"), flexible=True),
        Column(_("Serial no."), flexible=True),
        Column(_("Holder"), flexible=True),
        Column(_("Unit"), flexible=True),
        Column(_("State")),
    ]
    show(columns, [Row(_cells(asset, look), look.style(asset)) for asset in found])
    say(ngettext("{count} device.", "{count} devices.", len(found)).format(count=number(len(found))))


def chosen(every: list[Asset], look: Look, asked: dict[str, Any]) -> list[Asset]:
    """The assets that words and options ask for, in the order that is asked for."""
    found = (a for a in every if _asked(a, look, asked) and _fits(a, asked["words"]))
    return sorted(found, key=ORDERS[asked["sort"]])


def _asked(asset: Asset, look: Look, asked: dict[str, Any]) -> bool:
    """Whether an asset is among those that the options ask for; one that has expired is found by that word, too."""
    state, unit = asked["state"], asked["unit"]
    if state and state != str(asset.state) and not (state == "expired" and look.obstacle(asset) is Code.EXPIRED):
        return False
    if unit and unaccented(unit).casefold() not in unaccented(asset.unit).casefold():
        return False
    return not asked["not_returned"] or (asset.state in NOT_RETURNED and bool(asset.holder))


def _fits(asset: Asset, words: tuple[str, ...]) -> bool:
    fields = (asset.id, asset.label, asset.printed_serial, shown(asset.electronic_serial))
    text = unaccented(" ".join((*fields, asset.holder, asset.unit, asset.document))).casefold()
    return all(unaccented(w).casefold() in text for w in words)


def _cells(asset: Asset, look: Look) -> list[str]:
    serial = asset.printed_serial or shown(asset.electronic_serial)
    return [asset.id, asset.label, serial, asset.holder, asset.unit, look.state(asset)]


def shown(electronic: str) -> str:
    """An electronic serial, kept as hex, as text."""
    return escaped(bytes.fromhex(electronic))


@command.command(
    "show",
    cls=Command,
    help=N_("Show everything about the approved device ID: papers, characteristics, history."),
    examples=["usbguard-py whitelist show TB-0001"],
)
@click.argument("id_", metavar="ID")
def show_(id_: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print one asset with its fingerprints and its entries in the log."""
    with Reader(paths.DATABASE) as reader:
        asset = reader.asset(id_)
        history = [r.body for r in reader.history(id_)]
        look = Look(reader.today(), reader.inspection_required())
    if asset is None:
        raise NotFound(what=_("approved device"), name=id_)
    if as_json:
        json_out({"asset": asset, "history": history})
        return
    _about(asset, look)
    _fingerprints(asset)
    say()
    say(_("History"), "head")
    show(timeline.heads(), timeline.rows(history))


def _about(asset: Asset, look: Look) -> None:
    changed = [
        (_("Changed"), moment(asset.changed_at, zone=True)),
        (_("Reason"), asset.reason or "–"),
        (_("Basis"), asset.reason_document or "–"),
    ]
    facts(
        [
            (_("No."), asset.id),
            (_("State"), look.state(asset), look.style(asset) or "good"),
            (_("Label"), asset.label or "–"),
            (_("Printed serial no."), asset.printed_serial or "–"),
            (_("Electronic serial no."), shown(asset.electronic_serial)),
            (_("Holder"), asset.holder or _("held by nobody")),
            (_("Unit"), asset.unit or "–"),
            (_("Document"), asset.document),
            (_("Access"), word(ACCESS, asset.access)),
            (_("Login program"), _(LOGIN_TOOL[asset.login_tool is True])),
            *_dates(asset),
            (_("Put on the list"), f"{moment(asset.added_at, zone=True)} ({asset.added_by})"),
            *(changed if asset.reason or asset.reason_document else []),
        ]
    )


def _dates(asset: Asset) -> list[tuple[str, str]]:
    """The last day of use and the inspection, as far as there are any."""
    days = {name: day(value) for name in FACTS if isinstance(value := getattr(asset, name), str)}
    names = [name for name in ("expires_on", "inspected_on", "inspected_until") if days.get(name)]
    first = [(_("Inspection"), _("due before it is used again"))] if asset.inspect_first is True else []
    return [*first, *((capital(_(FACTS[name])), days[name]) for name in names)]


def capital(text: str) -> str:
    """``text`` as it stands at the beginning of a line."""
    return text[:1].upper() + text[1:]


def _fingerprints(asset: Asset) -> None:
    for face in asset.fingerprints:
        seen = face.passport
        say()
        say(_("Characteristics “{name}”").format(name=face.name), "head")
        facts(
            [
                (_("USB id"), f"{seen.vid:04x}:{seen.pid:04x}, bcdDevice {seen.bcd_device:04x}"),
                (_("Manufacturer"), shown(seen.manufacturer or "") or "–"),
                (_("Product"), shown(seen.product or "") or "–"),
                (_("Serial no."), shown(seen.serial or "") or "–"),
                (_("Interfaces"), ", ".join(f"{i.number}.{i.alternate} {i.triple()}" for i in seen.interfaces)),
                (_("Interfaces opened"), ", ".join(str(n) for n in seen.granted) or "–"),
                (_("Descriptors"), seen.descriptors_sha256),
                *units(seen),
            ]
        )

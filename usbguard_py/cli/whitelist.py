"""``usbguard-py whitelist``: the list of approved devices; what is on it, and the table of commands that change it."""

from typing import NamedTuple

import click

from usbguard_py import paths
from usbguard_py.cli import timeline
from usbguard_py.cli.commands import Command, Group, Place
from usbguard_py.cli.media import units
from usbguard_py.cli.move_words import OBSTACLES, WORDS
from usbguard_py.cli.output import facts, json_out, say, show
from usbguard_py.cli.proposals import describe
from usbguard_py.cli.words import ACCESS, LOGIN_TOOL, day, moment, phrase, word
from usbguard_py.core.codes import Code
from usbguard_py.core.standing import standing
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import NotFound
from usbguard_py.i18n import N_, _
from usbguard_py.phrases import CUSTODY, FACTS
from usbguard_py.shell.reader import Reader

command = Group(
    "whitelist",
    places={
        "list": Place("usbguard_py.cli.whitelist_list", N_("List the approved devices")),
        "lookup": Place("usbguard_py.cli.whitelist_lookup", N_("Say what is known of the stick in your hand")),
        "add": Place("usbguard_py.cli.whitelist_add", N_("Put a device on the list")),
        "import": Place("usbguard_py.cli.whitelist_import", N_("Put the devices of a file on the list")),
        "export": Place("usbguard_py.cli.whitelist_export", N_("Write the list to a file")),
        "carry": Place("usbguard_py.cli.whitelist_carry", N_("Write the list to a file for the other computers")),
        "take": Place("usbguard_py.cli.whitelist_take", N_("Take the list that was carried here")),
        "machines": Place(
            "usbguard_py.cli.whitelist_machines", N_("Show which computer has which list"), "machines_command"
        ),
        "keep": Place("usbguard_py.cli.whitelist_machines", N_("Keep the list on this computer"), "keep_command"),
        "learn": Place("usbguard_py.cli.whitelist_learn", N_("Teach the list another face of a device")),
        **{verb: Place("usbguard_py.cli.whitelist_moves", words.line, attribute=verb) for verb, words in WORDS.items()},
        "revoke": Place("usbguard_py.cli.whitelist_revoke", WORDS["revoke"].line),
        "approve": Place("usbguard_py.cli.whitelist_proposals", WORDS["approve"].line, attribute="approve_command"),
        "proposals": Place(
            "usbguard_py.cli.whitelist_proposals", N_("List what waits for a second person"), "proposals_command"
        ),
        "refuse": Place(
            "usbguard_py.cli.whitelist_proposals", N_("Refuse a proposal, or withdraw one's own"), "refuse_command"
        ),
    },
    help=N_("The list of approved devices: who holds which, and on which paper."),
)
STYLES = {"in-use": "good", "pending": "warn", "suspended": "warn", "expired": "warn"}


class Look(NamedTuple):
    """The day and the policy by which the list is looked at."""

    today: str
    inspection_required: bool
    waiting: frozenset[str] = frozenset()  # numbers of the devices about which something is proposed

    @classmethod
    def of(cls, reader: Reader) -> "Look":
        """How the list is looked at now."""
        return cls(reader.today(), reader.inspection_required(), reader.waiting())

    def obstacle(self, asset: Asset) -> Code | None:
        """Why an asset in use does not open all the same."""
        return standing(asset, self.today, inspection_required=self.inspection_required)

    def state(self, asset: Asset) -> str:
        """The state in words, or what keeps an asset in use from opening."""
        code = self.obstacle(asset)
        text = _(OBSTACLES[code]) if code else word(CUSTODY, asset.state)
        return _("{state}, waits for a second person").format(state=text) if asset.id in self.waiting else text

    def style(self, asset: Asset) -> str:
        """How the row is shown."""
        if str(asset.state) != "in-use":
            return STYLES.get(str(asset.state), "bad")
        return "warn" if self.obstacle(asset) else ""


def shown(electronic: str) -> str:
    """An electronic serial, kept as hex, as text."""
    return escaped(bytes.fromhex(electronic))


def listed(reader: Reader, id_: str) -> Asset:
    """The asset of that number.

    Raises:
        NotFound: the list has none.
    """
    asset = reader.asset(id_)
    if asset is None:
        raise NotFound(what=_("approved device"), name=id_)
    return asset


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
        asset = listed(reader, id_)
        history = [r.body for r in reader.history(id_)]
        look = Look.of(reader)
        proposal = next((p for p in reader.proposals() if p.asset == id_), None)
    if as_json:
        json_out({"asset": asset, "history": history, "proposal": proposal})
        return
    _about(asset, look)
    if proposal is not None:
        say()
        describe(proposal, asset)
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
        say(_("Characteristics “{name}”").format(name=phrase(face.name)), "head")
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

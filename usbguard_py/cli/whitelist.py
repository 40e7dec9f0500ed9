"""``usbguard-py whitelist add|learn|list|show|revoke``: the list of approved devices."""

import click

from usbguard_py import paths
from usbguard_py.cli.answers import Cut, Done, typed
from usbguard_py.cli.commands import Command, Group, Place, option
from usbguard_py.cli.log_words import heads, row
from usbguard_py.cli.media import units
from usbguard_py.cli.output import confirm, facts, json_out, say, show
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import ACCESS, UNSEARCHED, moment, number, word
from usbguard_py.core.requests import WhitelistRevoke
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.errors import NotFound, ReasonNeeded
from usbguard_py.i18n import N_, _, unaccented
from usbguard_py.phrases import CUSTODY
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Reader

command = Group(
    "whitelist",
    places={
        "add": Place("usbguard_py.cli.whitelist_add", N_("Put a device on the list")),
        "learn": Place("usbguard_py.cli.whitelist_learn", N_("Teach the list another face of a device")),
    },
    help=N_("The list of approved devices: who holds which, and on which paper."),
)
STYLES = {"in-use": "good", "pending": "warn", "suspended": "warn", "expired": "warn"}


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
    ],
)
@click.argument("words", nargs=-1)
@option("--state", type=click.Choice(list(CUSTODY)), help=N_("Only devices in this state."))
@option("--holder", help=N_("Only devices of holders with these words in their name."))
def list_(words: tuple[str, ...], state: str | None, holder: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Print the list."""
    with Reader(paths.DATABASE) as reader:
        found = [a for a in reader.assets(Custody(state) if state else None, holder) if _fits(a, words)]
    if as_json:
        json_out({"assets": found})
        return
    if not found:
        say(_("No device is on the list.") if not (words or state or holder) else _("Nothing on the list fits."))
        return
    columns = [
        Column(_("No.")),
        Column(_("Label"), flexible=True),
        Column(_("Serial no."), flexible=True),
        Column(_("Holder"), flexible=True),
        Column(_("Unit"), flexible=True),
        Column(_("State")),
    ]
    show(columns, [Row(_cells(asset), "" if str(asset.state) == "in-use" else _style(asset)) for asset in found])
    say(_("{count} devices.").format(count=number(len(found))))


def _fits(asset: Asset, words: tuple[str, ...]) -> bool:
    fields = (asset.id, asset.label, asset.printed_serial, shown(asset.electronic_serial))
    text = unaccented(" ".join((*fields, asset.holder, asset.unit, asset.document))).casefold()
    return all(unaccented(w).casefold() in text for w in words)


def _cells(asset: Asset) -> list[str]:
    serial = asset.printed_serial or shown(asset.electronic_serial)
    return [asset.id, asset.label, serial, asset.holder, asset.unit, word(CUSTODY, asset.state)]


def _style(asset: Asset) -> str:
    return STYLES.get(str(asset.state), "bad")


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
    if asset is None:
        raise NotFound(what=_("approved device"), name=id_)
    if as_json:
        json_out({"asset": asset, "history": history})
        return
    _about(asset)
    _fingerprints(asset)
    say()
    say(_("History"), "head")
    show(heads(), [row(body) for body in history])


def _about(asset: Asset) -> None:
    changed = [
        (_("Changed"), moment(asset.changed_at, zone=True)),
        (_("Reason"), asset.reason or "–"),
        (_("Basis"), asset.reason_document or "–"),
    ]
    facts(
        [
            (_("No."), asset.id),
            (_("State"), word(CUSTODY, asset.state), _style(asset)),
            (_("Label"), asset.label or "–"),
            (_("Printed serial no."), asset.printed_serial or "–"),
            (_("Electronic serial no."), shown(asset.electronic_serial)),
            (_("Holder"), asset.holder),
            (_("Unit"), asset.unit or "–"),
            (_("Document"), asset.document),
            (_("Access"), word(ACCESS, asset.access)),
            (_("Put on the list"), f"{moment(asset.added_at, zone=True)} ({asset.added_by})"),
            *(changed if asset.reason or asset.reason_document else []),
        ]
    )


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


@command.command(
    "revoke",
    cls=Command,
    help=N_(
        "Revoke the right to use the approved device ID, at once.\n\n"
        "A drive that is connected is cut off, also while it is in use: what can be written is written first, until "
        "the policy's deadline. The device stays on the list as revoked."
    ),
    examples=['usbguard-py whitelist revoke TB-0001 --reason "holder moved" --document MAU-02/2026'],
)
@click.argument("id_", metavar="ID")
@option("--reason", help=N_("Why."))
@option("--document", help=N_("Number of the paper that is the basis."))
@option("--yes", is_flag=True, help=N_("Do not ask, even on a terminal."))
def revoke(  # noqa: D103 - the help says it
    id_: str,
    reason: str | None,
    document: str | None,
    yes: bool,  # noqa: FBT001 - click's flag
    as_json: bool,  # noqa: FBT001
) -> None:
    if not (reason or "").strip() or not (document or "").strip():
        raise ReasonNeeded(action=_("revoking the right to use a device"))
    if not (yes or as_json):
        confirm(_("Revoke the right to use {id} now?").format(id=id_))
    answer = call(WhitelistRevoke(id=id_, reason=str(reason), document=str(document)))
    if as_json:
        json_out(answer)
        return
    done = typed(answer, Done)
    say(_("The right to use {id} is revoked (record {seq}).").format(id=id_, seq=done.seq), "good")
    for one in done.cut:
        _cut(one)
    if not done.effective:
        say(_("Not everything is closed yet. Unplug the device and look at: usbguard-py log"), "alarm")


def _cut(one: Cut | str) -> None:
    if isinstance(one, str):
        say(_("{name} was cut off.").format(name=one))
        return
    say(_("{name} was cut off in {ms} ms.").format(name=one.name, ms=number(one.ms)))
    if one.dirty_left:
        say(_("Data was not written to the end before the deadline."), "warn", indent=2)
    for holder in one.holders:
        text = _("In use by: {name} (process {pid})")
        say(text.format(name=holder.get("comm", "?"), pid=holder.get("pid", "?")), indent=2)
    if not one.search_complete:
        say(_(UNSEARCHED), "warn", indent=2)

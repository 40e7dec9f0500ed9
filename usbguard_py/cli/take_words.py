"""What would become of the list by taking a carried one, as it is shown before anything is asked."""

from typing import Any

import msgspec

from usbguard_py.cli import list_words
from usbguard_py.cli.log_words import differences
from usbguard_py.cli.output import facts, say, show
from usbguard_py.cli.places import SHOWN, more
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.whitelist import shown
from usbguard_py.cli.words import number, word
from usbguard_py.core.carrying import Head, on_paper
from usbguard_py.core.custody import changed
from usbguard_py.core.list_notes import Standing
from usbguard_py.core.lookalike import Doubt
from usbguard_py.core.taking import Step
from usbguard_py.core.whitelist import Asset
from usbguard_py.i18n import _, ngettext
from usbguard_py.phrases import CUSTODY


class Seen(msgspec.Struct):
    """What would become of the list."""

    head: Head
    now: Standing
    list_version: int = 0
    steps: list[Step] = []  # those that change something
    held: list[Step] = []  # those in which the word of this computer stays
    cuts: list[tuple[str, Asset]] = []  # what is connected and would be closed: port and device
    doubts: tuple[Doubt, ...] = ()
    refreshed: bool = False  # the same list, and a later file of it


def show_heads(seen: Seen) -> None:
    """The list of the file beside the one in force."""
    head, now = seen.head, seen.now
    file = Standing(False, head.origin, head.number, head.changed_at, head.written_at)
    written = _("written on {date}").format(date=list_words.day_of(head.written_at))
    facts(
        [
            (_("In the file"), f"{list_words.named(file)}; {written}"),
            (_("Check digits"), on_paper(head.sha256)),
            (_("In force here"), list_words.named(now)),
            *(("", line) for line in list_words.more(now)),
        ]
    )


def show_steps(seen: Seen) -> None:
    """Each device that would be new or different, and those that stay stricter here."""
    added = [one.after for one in seen.steps if one.before is None]
    other = [one for one in seen.steps if one.before is not None]
    if added:
        text = ngettext("{count} device would be added:", "{count} devices would be added:", len(added))
        say(text.format(count=number(len(added))), "head")
        show(
            _heads(),
            [Row([*_named(a), word(CUSTODY, str(a.state))], _style(a)) for a in added[:SHOWN]],
        )
        more(len(added))
    if other:
        text = ngettext("{count} device would change:", "{count} devices would change:", len(other))
        say(text.format(count=number(len(other))), "head")
        show(_heads(), [_changed(one) for one in other[:SHOWN]])
        more(len(other))
    for one in seen.held[:SHOWN]:
        _stays(one)
    more(len(seen.held))
    for name, asset in seen.cuts:
        text = _("{id} is plugged in ({name}) and would be closed at once: {state}.")
        say(text.format(id=asset.id, name=name, state=word(CUSTODY, str(asset.state))), "alarm")


def _heads() -> list[Column]:
    names = (_("Serial no."), _("Holder"), _("Unit"), _("State"))
    return [Column(_("No.")), *(Column(name, flexible=True) for name in names)]


def _named(asset: Asset) -> list[str]:
    return [asset.id, asset.printed_serial or shown(asset.electronic_serial), asset.holder, asset.unit]


def _changed(one: Step) -> Row:
    before, after = one.before, one.after
    assert before is not None  # noqa: S101 - for the type checker; those that are new are shown by themselves
    old, new = word(CUSTODY, str(before.state)), word(CUSTODY, str(after.state))
    note = differences({"changed": changed(before, after)})
    faces = len(after.fingerprints) - len(before.fingerprints)
    if faces:
        note.append(ngettext("{count} more face", "{count} more faces", faces).format(count=number(faces)))
    note += [text for text in (after.reason, after.reason_document) if text and before.state is not after.state]
    return Row([*_named(after), old if old == new else f"{old} → {new}"], _style(after), note="; ".join(note))


def _style(asset: Asset) -> str:
    return "" if str(asset.state) == "in-use" else "warn"


def _stays(one: Step) -> None:
    text = _(
        "{id} stays stricter here than the list says: {state}. If the list is right: --accept {id}, after asking the "
        "computer that keeps it."
    )
    say(text.format(id=one.after.id, state=word(CUSTODY, str(one.after.state))), "warn")


def told(file: str, seen: Seen) -> dict[str, Any]:
    """The same for programs."""
    return {
        "file": file,
        "list": seen.head,
        "in_force": seen.now,
        "added": [one.after.id for one in seen.steps if one.before is None],
        "changed": [
            {
                "id": one.after.id,
                "from": one.before.state,
                "to": one.after.state,
                "changed": changed(one.before, one.after),
            }
            for one in seen.steps
            if one.before is not None
        ],
        "held": [{"id": one.after.id, "state": one.after.state, "facts": one.held} for one in seen.held],
        "cuts": [{"name": name, "id": asset.id} for name, asset in seen.cuts],
        "warnings": seen.doubts,
    }

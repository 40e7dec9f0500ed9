"""Which list is in force, in words: for ``status``, above a list, and wherever else it has to be named."""

from __future__ import annotations

from usbguard_py.cli.output import say, show
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import moment, number, word
from usbguard_py.i18n import _, ngettext
from usbguard_py.phrases import CUSTODY

TYPE_CHECKING = False  # usbguard_py.plain says why
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from usbguard_py.cli.answers import ListInForce
    from usbguard_py.core.carrying import Held, Machine, Receipt
    from usbguard_py.core.list_notes import Standing


def day_of(text: str) -> str:
    """The day of a time, as people write it."""
    return moment(text).partition(" ")[0] if text else "–"


def named(now: Standing | ListInForce) -> str:
    """Number, date and where the list is kept, on one line."""
    if not now.number:
        return _("none yet")
    facts = {"number": number(now.number), "date": day_of(now.date), "name": now.origin.name}
    if now.kept:
        return _("list {number} of {date}, kept on this computer ({name})").format(**facts)
    return _("list {number} of {date}, kept on the computer {name}").format(**facts)


def more(now: Standing | ListInForce) -> list[str]:
    """What else is to be said of a list that was taken: when, its check digits, what is stricter here."""
    if now.kept or not now.number:
        return []
    from usbguard_py.core.carrying import on_paper  # noqa: PLC0415 - only of a list that came from elsewhere

    lines = [
        _("known to be the newest on {date}; taken on {taken}; check digits {digits}").format(
            date=day_of(now.as_of), taken=day_of(now.taken_at), digits=on_paper(now.sha256)
        )
    ]
    if now.local:
        text = ngettext(
            "{count} device is stricter here than the list says",
            "{count} devices are stricter here than the list says",
            now.local,
        )
        lines.append(text.format(count=number(now.local)))
    return lines


def reminders(due: Mapping[str, int]) -> list[str]:
    """What somebody has to see to about the list itself, one line each."""
    old, late = due.get("list_old", 0), due.get("machines_behind", 0)
    lines = []
    if old:
        text = ngettext(
            "The list here is {count} day old: take a newer one.",
            "The list here is {count} days old: take a newer one.",
            old,
        )
        lines.append(text.format(count=number(old)))
    if late:
        text = ngettext(
            "{count} computer has an older list: usbguard-py whitelist machines",
            "{count} computers have an older list: usbguard-py whitelist machines",
            late,
        )
        lines.append(text.format(count=number(late)))
    return lines


def machines(own: Machine, now: Standing, receipts: Iterable[Receipt], late: Iterable[str] = ()) -> None:
    """The table: which computer took which list last, and whether it is the one in force.

    ``late`` are the identities of those whose list is older than its keeper wants.
    """
    known = list(receipts)
    old = set(late)
    lines = [Row(_row(one, now, one.machine.id in old), "warn" if now.number > one.number else "") for one in known]
    keeps = own.id if now.kept else now.origin.id
    first = [own.name if now.kept else now.origin.name, number(now.number), day_of(now.date), _("keeps the list")]
    names = (_("Computer"), _("List"), _("Taken on"), _("Standing"))
    heads = [
        Column(names[0], flexible=True),
        Column(names[1], right=True),
        Column(names[2]),
        Column(names[3], flexible=True),
    ]
    show(
        heads, [Row(first, "good"), *(line for line, one in zip(lines, known, strict=True) if one.machine.id != keeps)]
    )
    for one in known:
        for held in one.held:
            say(_("{name}: {what}").format(name=one.machine.name, what=held_in_words(held)), "warn")


def _row(one: Receipt, now: Standing, late: bool) -> list[str]:  # noqa: FBT001 - a fact, no switch
    from usbguard_py.core.list_notes import behind  # noqa: PLC0415 - status needs nothing of it

    missing = behind(one, now)
    text = _("up to date")
    if missing:
        text = ngettext("{count} change behind", "{count} changes behind", missing).format(count=number(missing))
    if late:
        text = _("{text}; too old").format(text=text)
    return [one.machine.name, number(one.number), day_of(one.taken_at), text]


def held_in_words(held: Held) -> str:
    """A device that is stricter on another computer than the list says."""
    text = _("{id} is stricter there than on the list: {state} ({why})")
    why = "; ".join(part for part in (held.reason, held.document) if part)
    return text.format(id=held.id, state=word(CUSTODY, held.state), why=why or "–")

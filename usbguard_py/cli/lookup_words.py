"""What ``whitelist lookup`` says: the device, its entry, what happens when it is plugged in, what is nearly it."""

from typing import Any

import msgspec

from usbguard_py.cli import answers
from usbguard_py.cli.output import facts, say, show
from usbguard_py.cli.table import Row
from usbguard_py.cli.whitelist import Look, capital, shown
from usbguard_py.cli.whitelist_list import cells, heads
from usbguard_py.cli.words import DIFFERENCE, day, difference, facet, phrase, sentence, style
from usbguard_py.core.account import lost
from usbguard_py.core.codes import Code
from usbguard_py.core.decision import GateResult
from usbguard_py.core.passport import Difference
from usbguard_py.core.whitelist import Asset
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.phrases import FACTS
from usbguard_py.policy.knobs import Policy
from usbguard_py.shell.lookup import Near

NEAR = {
    "look-alike": N_(
        "{id}: its {fact} is {serial}. Only characters that look alike in print differ: {listed}, not {asked}."
    ),
    "slip": N_("{id}: its {fact} is {serial}. On the list: {listed}; looked for: {asked}."),
}
LAST_DAY = FACTS["expires_on"]
SERIALS = {"printed_serial": FACTS["printed_serial"], "electronic_serial": N_("electronic serial no.")}


class Entry(msgspec.Struct, frozen=True):
    """An asset that was found: by its ``number``, ``serial`` or a ``text``; what the gates would say no to.

    ``instead`` is the number of another entry for the same device, by which it would be judged.
    """

    asset: Asset
    found_by: str
    failed: tuple[GateResult, ...]
    instead: str = ""
    differences: tuple[Difference, ...] = ()


class Compared(msgspec.Struct, frozen=True):
    """A near miss, with all facets in which a connected device is not that one."""

    near: Near
    differences: tuple[Difference, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """What is known of one stick; ``device`` when it is connected, ``more`` entries were found than are given."""

    asked: str
    device: answers.Device | None
    entries: tuple[Entry, ...]
    near: tuple[Compared, ...] = ()
    more: int = 0


def tell(answer: Answer, look: Look, policy: Policy) -> None:
    """Print an answer."""
    if answer.device is not None:
        _device(answer.device)
    _entries(answer, look, policy)
    if answer.more:
        text = ngettext("{count} more entry fits.", "{count} more entries fit.", answer.more)
        say(text.format(count=answer.more), "warn")
    if not answer.entries:
        say(_("Not on the list: {asked}.").format(asked=_asked(answer)), "warn")
    if answer.near:
        say(_("Nearly the same:"), "head")
        for compared in answer.near:
            _near(compared, look)
    elif not answer.entries and answer.device is not None:
        say(_("Look for the number printed on it, too: usbguard-py whitelist lookup NUMBER"))


def _entries(answer: Answer, look: Look, policy: Policy) -> None:
    """Each entry in full, or a table of those that have the words: which of them is meant is the next question."""
    if len(answer.entries) > 1 and answer.entries[0].found_by == "text":
        show(heads(), [Row(cells(entry.asset, look), look.style(entry.asset)) for entry in answer.entries])
        say(_("More about one of them: usbguard-py whitelist lookup {id}").format(id=answer.entries[0].asset.id))
        return
    for entry in answer.entries:
        _entry(entry, look)
        if answer.device is None:
            _forecast(entry, policy)
        for one in entry.differences:
            say(_different(one), "warn")
        say()


def _asked(answer: Answer) -> str:
    if answer.device is None:
        return f"“{answer.asked}”"
    return answer.device.serial or _("a device without a serial number")


def _device(device: answers.Device) -> None:
    """The connected device and the judge's decision on it."""
    parts = (device.name, device.title, device.usb_id, device.serial)
    say(" · ".join(part for part in parts if part), "head")
    say(f"[{device.code}] {sentence(device)}", style(device.code, alarm=device.alarm))
    if difference(device):
        say(difference(device))
    say()


def _entry(entry: Entry, look: Look) -> None:
    asset = entry.asset
    days = {name: day(value) for name in FACTS if isinstance(value := getattr(asset, name, None), str)}
    facts(
        [
            (_("No."), asset.id),
            (_("State"), look.state(asset), look.style(asset) or "good"),
            (_("Label"), asset.label or "–"),
            (_("Printed serial no."), asset.printed_serial or "–"),
            (_("Electronic serial no."), shown(asset.electronic_serial) or "–"),
            (_("Holder"), asset.holder or _("held by nobody")),
            (_("Unit"), asset.unit or "–"),
            (capital(_(LAST_DAY)), days.get("expires_on") or _("none")),
            *((capital(_(FACTS[name])), days[name]) for name in ("inspected_on", "inspected_until") if days.get(name)),
            (_("Document"), asset.document),
        ]
    )


def _forecast(entry: Entry, policy: Policy) -> None:
    """What happens when it is plugged in as it was enrolled, each reason with its code."""
    if entry.instead:
        say(_("It is judged by another entry for the same device: {id}.").format(id=entry.instead), "warn")
        return
    say(_("When it is plugged in here, and is what was enrolled:"))
    failed: tuple[Any, ...] = entry.failed or (None,)
    for result in failed:
        device = _as_decided(entry.asset, result, policy)
        say(f"[{device.code}] {sentence(device)}", style(device.code), indent=2)


def _as_decided(asset: Asset, result: GateResult | None, policy: Policy) -> answers.Device:
    """The decision that the gates would come to, for its sentence."""
    code = Code.ALLOWED if result is None or result.code is None else result.code
    return answers.Device(
        product=asset.label or asset.id,
        serial=asset.printed_serial or shown(asset.electronic_serial),
        asset=asset.id,
        holder=asset.holder,
        reason=asset.reason,
        lost=lost(asset, code),
        code=code,
        expected="" if result is None else result.expected,
        state="" if policy.enforce else "seen",
    )


def _near(compared: Compared, look: Look) -> None:
    near, asset = compared.near, compared.near.asset
    serial = asset.printed_serial if near.fact == "printed_serial" else shown(asset.electronic_serial)
    text = _(NEAR[near.kind]).format(
        id=asset.id,
        fact=_(SERIALS[near.fact]),
        serial=serial,
        listed=f"“{near.listed}”",
        asked=f"“{near.asked}”",
    )
    say(text)
    holder = asset.holder or _("held by nobody")
    say(" · ".join(part for part in (asset.label, holder, asset.unit, look.state(asset)) if part), indent=2)
    for one in compared.differences:
        say(_different(one), indent=2)


def _different(one: Difference) -> str:
    facets = {"facet": facet(one.facet), "expected": phrase(one.expected) or "–", "seen": phrase(one.seen) or "–"}
    return _(DIFFERENCE).format_map(facets)

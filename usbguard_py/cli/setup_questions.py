"""The dialogue of ``setup``: each question has a flag, and shows what is set already. Nothing is changed here."""

from collections.abc import Mapping
from typing import Any

import msgspec

from usbguard_py import i18n
from usbguard_py.cli.answers import Device, Devices, Peripherals, typed
from usbguard_py.cli.commands import speak
from usbguard_py.cli.output import agreed, ask, facts, say
from usbguard_py.cli.words import word
from usbguard_py.core import requests
from usbguard_py.core.built_in import WORDS, plain_word
from usbguard_py.core.condition import Device as Seen
from usbguard_py.errors import Usage
from usbguard_py.i18n import N_, _
from usbguard_py.papers.agency import Agency
from usbguard_py.phrases import PERIPHERALS
from usbguard_py.shell import accounts, onlooker, papers
from usbguard_py.shell.client import call

AGENCY = {
    "body_above": N_("Superior body"),
    "body": N_("Agency"),
    "body_code": N_("Abbreviation in the numbers of papers"),
    "place": N_("Place"),
    "keeper": N_("Who keeps the list (full name)"),
    "keeper_position": N_("Position of that person"),
    "keeper_unit": N_("Unit of that person"),
}
ROLES = {"admin": N_("Administrators"), "manager": N_("List managers"), "auditor": N_("Auditors")}


class Wanted(msgspec.Struct, frozen=True):
    """What somebody asked for. ``agency`` as it is to be, ``None`` to leave it; pairs of account and group."""

    agency: Agency | None = None
    enrol: tuple[str, ...] = ()
    members: tuple[tuple[str, str], ...] = ()


def language() -> None:
    """Ask in which language to go on; both can read the question."""
    speak(ask("Ngôn ngữ / Language (vi, en)", i18n.language(), _known_language))


def wanted(given: Mapping[str, Any], *, asks: bool, quiet: bool = False) -> Wanted:
    """What the flags say, and for the rest what a person at the terminal answers; ``quiet``: nothing is shown."""
    return Wanted(
        agency=_agency(given, asks=asks),
        enrol=_enrol(given["enrol"], asks=asks, quiet=quiet),
        members=tuple(pair for role in ROLES for pair in _members(role, given[role], asks=asks)),
    )


def _known_language(text: str) -> None:
    if text not in i18n.LANGUAGES:
        raise Usage(detail="vi, en")


def _agency(given: Mapping[str, Any], *, asks: bool) -> Agency | None:
    """The agency as it is to be; ``None`` when nothing of it was said."""
    now = papers.agency()
    said = {name: given[name] for name in AGENCY if given[name] is not None}
    if said:
        return msgspec.structs.replace(now, **said)
    if not asks:
        return None
    _heading(_("The agency, for the head of papers"))
    if now != Agency():
        facts([(_(AGENCY[name]), value) for name, value in msgspec.structs.asdict(now).items() if value is not None])
        if not agreed(_("Change this?")):
            return None
    say(_("Enter alone leaves a line as it is; - takes it away."), "dim")
    answers = {name: _text(name, getattr(now, name)) for name in AGENCY}
    new = Agency(**answers)
    return None if new == now else new


def _text(name: str, now: str | None) -> str | None:
    answer = ask(_(AGENCY[name]), now or "")
    if answer == "-":
        return "" if name == "body_above" else None  # a body without a superior one says so
    return answer or now


def _enrol(ports: tuple[str, ...], *, asks: bool, quiet: bool) -> tuple[str, ...]:
    """The ports whose keyboard or mouse is to be enrolled: those named, or each that a person agreed to."""
    devices = typed(call(requests.Devices()), Devices).devices
    enrolled = {p.port for p in typed(call(requests.PeripheralList()), Peripherals).peripherals}
    for device in devices if not quiet else ():
        if device.name in ports:
            _describe(device)
    if ports or not asks:
        return tuple(port for port in dict.fromkeys(ports) if port not in enrolled)
    _heading(_("Keyboard and mouse"))
    found = [d for d in devices if d.kind in {"keyboard", "mouse"}]
    for device in found:
        _describe(device)
    if not found:
        say(_("No USB keyboard and no USB mouse is connected."))
    chosen = tuple(d.name for d in found if d.name not in enrolled and _agreed_to(d))
    _built_in(devices)
    return chosen


def _agreed_to(device: Device) -> bool:
    text = _("Is this the {kind} of this computer, and is it to work on port {name}?")
    return agreed(text.format(kind=word(PERIPHERALS, device.kind), name=device.name))


def _describe(device: Device) -> None:
    state = _("enrolled") if device.peripheral else _("not enrolled")
    title = device.title or device.usb_id
    kind = word(PERIPHERALS, device.kind)
    say(_("Port {port}: {kind}, {title} ({state})").format(kind=kind, port=device.name, title=title, state=state))


def _built_in(devices: tuple[Device, ...]) -> None:
    """Name what is built into the computer and is or will be blocked."""
    shut = [d for d in devices if not d.allow and d.kind not in {"keyboard", "mouse"} and onlooker.built_in(d.name)]
    if not shut:
        return
    say()
    say(_("Built into this computer, and not usable while it blocks:"))
    for device in shut:
        seen = Seen(device.name, device.kind, device.title, device.usb_id, interfaces=device.interfaces)
        say(f"· {word(WORDS, plain_word(seen))} ({device.name}) [{device.code}]", indent=2)


def _members(role: str, named: tuple[str, ...], *, asks: bool) -> list[tuple[str, str]]:
    """The accounts that get a role, each with its group; who has it already is left out."""
    group = accounts.ROLES[role]
    have = accounts.members(group)
    names = list(named)
    if asks and not named:
        if role == "admin":
            _heading(_("Who may do what"))
        text = _("{role} (accounts, separated by blanks; has it: {have})")
        names = ask(text.format(role=_(ROLES[role]), have=", ".join(have) or "–"), "", _known_accounts).split()
    for name in names:
        accounts.see(name)
    return [(name, group) for name in dict.fromkeys(names) if name not in have]


def _known_accounts(text: str) -> None:
    for name in text.split():
        accounts.see(name)


def _heading(text: str) -> None:
    say()
    say(text, "head")

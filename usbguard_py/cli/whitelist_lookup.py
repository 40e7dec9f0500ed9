"""``usbguard-py whitelist lookup``: what the list knows of a stick, in the port or by its number."""

import re
from collections.abc import Iterable

import click

from usbguard_py import paths
from usbguard_py.cli.answers import Device, Devices, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.lookup_words import Answer, Compared, Entry, tell
from usbguard_py.cli.output import ask, interactive, json_out, say, show
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.whitelist import Look
from usbguard_py.cli.words import style
from usbguard_py.core import requests
from usbguard_py.core.device import Device as Real
from usbguard_py.core.lookup import counts, forecast
from usbguard_py.core.passport import alike, differences
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import GuardError, NotFound, Usage
from usbguard_py.i18n import N_, _
from usbguard_py.policy.knobs import Policy
from usbguard_py.policy.read import read_policy
from usbguard_py.shell.client import call
from usbguard_py.shell.finding import Wanted
from usbguard_py.shell.lookup import MOST, Near
from usbguard_py.shell.reader import Reader

_NUMBER = re.compile(r"tb-?([0-9]{1,9})", re.IGNORECASE | re.ASCII)  # of the list, however many noughts it has
OBSERVE = Policy(name="observe", enforce=False)


def lookup(text: str, port: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Answer about what was typed, or about what is connected.

    Raises:
        Usage: both were named, or nothing is connected that could be meant.
        NotFound: no such device is connected.
        Exit: nothing of it is on the list; exit code 1.
    """
    if text.strip() and port:
        raise Usage(detail=_("either what is looked for or --device"))
    devices = [] if text.strip() else _connected(port, asking=interactive() and not as_json)
    with Reader(paths.DATABASE) as reader:
        look = Look.of(reader)
        stored = reader.policy()
        policy = OBSERVE if stored is None else read_policy(stored.text, origin=stored.name)
        answers = [_of_device(reader, d, look, policy) for d in devices] or [_of_text(reader, text, look, policy)]
    if as_json:
        json_out({"answers": answers})
    else:
        for answer in answers:
            tell(answer, look, policy)
    if not any(answer.entries for answer in answers):
        raise click.exceptions.Exit(1)


def _connected(port: str | None, *, asking: bool) -> list[Device]:
    """The connected drives, the newest first; one of them when somebody named or chose it."""
    every = typed(call(requests.Devices()), Devices).devices
    if port:
        named = [device for device in every if device.name == port]
        if not named:
            raise NotFound(what=_("device"), name=port)
        return named
    found = sorted((d for d in every if d.kind == "storage" or d.asset), key=lambda d: -d.seq)
    if not found:
        raise Usage(detail=_("no storage device is connected"))
    if len(found) == 1 or not asking:
        return found
    heads = [Column(_("Port")), Column(_("Device"), flexible=True), Column(_("Serial no."), flexible=True)]
    rows = [Row([d.name, d.title or "–", d.serial or "–", f"[{d.code}]"], style(d.code, alarm=d.alarm)) for d in found]
    show([*heads, Column(_("Code"))], rows)
    name = ask(_("Port of the device"), found[0].name)
    chosen = [device for device in found if device.name == name]
    if not chosen:
        raise Usage(detail=_("{name} is not in that table").format(name=name or "–"))
    say()
    return chosen


def _of_device(reader: Reader, device: Device, look: Look, policy: Policy) -> Answer:
    """About a connected device: its decision is the judge's; what the list has is held against what it shows."""
    real = _real(device.name)
    assets: tuple[Asset, ...] = ()
    if real is not None:
        assets = reader.candidates(real.serial or b"")
    elif device.asset:
        assets = tuple(filter(None, [reader.asset(device.asset)]))
    near = () if assets or not device.serial else reader.serials(device.serial).near
    return Answer(device.name, device, _entries(assets, "serial", look, policy, real), _compared(near, real))


def _of_text(reader: Reader, text: str, look: Look, policy: Policy) -> Answer:
    """About what was typed: a number of the list, a serial, or words that stand anywhere."""
    asked = " ".join(text.split())
    number = _NUMBER.fullmatch(asked)
    numbered = reader.asset(f"TB-{int(number[1]):04d}") if number else None
    if numbered is not None:
        return Answer(asked, None, _entries((numbered,), "number", look, policy))
    serials = reader.serials(asked)
    same = {asset.id: asset for asset in (*reader.candidates(asked.encode("utf-8", "replace")), *serials.same)}
    if same:
        return Answer(asked, None, _entries(same.values(), "serial", look, policy))
    found = reader.find(Wanted(words=tuple(asked.split()), limit=MOST))
    entries = _entries(found.assets, "text", look, policy)
    return Answer(asked, None, entries, _compared(serials.near, None), found.total - len(found.assets))


def _entries(
    assets: Iterable[Asset], found_by: str, look: Look, policy: Policy, real: Real | None = None
) -> tuple[Entry, ...]:
    """Each asset with what would become of it; of several that are the same device, the one that counts first."""
    every = tuple(assets)
    entries = []
    for asset in every:
        passport = asset.fingerprints[0].passport
        first = counts(tuple(a for a in every if any(alike(f.passport, passport) for f in a.fingerprints)))
        faces = [] if real is None else [differences(face.passport, real) for face in asset.fingerprints]
        entries.append(
            Entry(
                asset,
                found_by,
                forecast(asset, policy, look.today),
                instead="" if first.id == asset.id else first.id,
                differences=min(faces, key=len, default=()),
            )
        )
    return tuple(sorted(entries, key=lambda entry: bool(entry.instead)))


def _compared(near: Iterable[Near], real: Real | None) -> tuple[Compared, ...]:
    """Each near miss, held against the connected device when there is one."""
    return tuple(
        Compared(one, () if real is None else differences(one.asset.fingerprints[0].passport, real)) for one in near
    )


def _real(name: str) -> Real | None:
    """What a connected device shows in sysfs, which everybody may read; nothing when it has just left."""
    from usbguard_py.shell import capture  # noqa: PLC0415 - not needed for what is typed

    try:
        return capture.device(capture.take(name))
    except GuardError:
        return None


command = Command(
    "lookup",
    callback=lookup,
    params=[
        click.Argument(["text"], metavar="[TEXT]", default=""),
        Option(["--device", "port"], metavar="NAME", help=N_("Port of the connected device, as devices shows it.")),
    ],
    help=N_(
        "Say what the list knows of the stick in your hand.\n\n"
        "Without an argument: of the drives that are connected, the newest first; on a terminal one of several is "
        "chosen. With TEXT: a serial number as printed or as shown, a number of the list, or words.\n\n"
        "Says whether it is on the list, who holds it and until when, what happens when it is plugged in and why, and "
        "which entries are off by one slip or by characters that look alike. Changes nothing. The exit code is 1 when "
        "nothing of it is on the list."
    ),
    examples=[
        "usbguard-py whitelist lookup",
        "usbguard-py whitelist lookup SAMPLE-0001",
        "usbguard-py whitelist lookup TB-0001",
        "usbguard-py whitelist lookup --device 1-2 --json",
    ],
)

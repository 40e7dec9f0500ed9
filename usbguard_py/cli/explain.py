"""``usbguard-py explain``: the gates' table of a connected device, a recorded decision, or a capture."""

from pathlib import Path
from typing import Any

import click
import msgspec

from usbguard_py import paths
from usbguard_py.cli.answers import Device, Gate, Waiting, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.output import facts, json_out, say, show
from usbguard_py.cli.proposed import what
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import (
    ACCESS,
    FUNCTIONS,
    GATE_STATUS,
    GATES,
    LOGIN_TOOL,
    day,
    day_or_phrase,
    difference,
    facet,
    moment,
    phrase,
    sentence,
    style,
    word,
)
from usbguard_py.core.requests import Explain
from usbguard_py.errors import DeviceGone, NotFound, Usage
from usbguard_py.i18n import N_, _
from usbguard_py.shell.client import call


def explain(name: str | None, seq: int | None, capture: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Print the table of whatever was named.

    Raises:
        Usage: not exactly one thing was named.
    """
    if sum(v is not None for v in (name, seq, capture)) != 1:
        raise Usage(detail=_("name one of: a connected device, --seq, --capture"))
    if name is not None:
        answer = _connected(name)
    elif seq is not None:
        answer = recorded(seq)
    else:
        answer = _captured(Path(str(capture)))
    if as_json:
        json_out(answer)
    else:
        table_of(typed(answer, Device))


def _connected(name: str) -> dict[str, Any]:
    """The daemon's answer, with a capture of the device beside it."""
    from usbguard_py.shell.capture import take  # noqa: PLC0415 - not needed for a recorded decision

    answer = call(Explain(name=name))
    try:
        return {**answer, "capture": msgspec.to_builtins(take(name))}
    except DeviceGone:
        return answer


def recorded(seq: int) -> dict[str, Any]:
    """The decision that was recorded.

    Raises:
        NotFound: there is no such record.
        Usage: it is no decision.
    """
    from usbguard_py.shell.reader import Reader  # noqa: PLC0415 - only for a recorded decision
    from usbguard_py.shell.views import viewed  # noqa: PLC0415 - the same

    with Reader(paths.DATABASE) as reader:
        record = reader.record(seq)
    viewed("explain", {"seq": seq})
    if record is None:
        raise NotFound(what=_("record"), name=str(seq))
    if "gates" not in record.body:
        raise Usage(detail=_("record {seq} is not a decision on a device").format(seq=seq))
    return record.body


def _captured(path: Path) -> dict[str, Any]:
    from usbguard_py.shell import rehearsal  # noqa: PLC0415 - judges, which nothing else here does

    return rehearsal.judged(path, paths.DATABASE)


def table_of(device: Device) -> None:
    """Print the device, every gate, and the sentence."""
    facts(
        [
            (_("Port"), device.name),
            (_("Device"), device.title or "–"),
            (_("USB id"), device.usb_id),
            (_("Serial no."), device.serial or "–"),
            *([(_("Kind"), word(FUNCTIONS, device.kind))] if device.kind in FUNCTIONS else []),
            (_("Interfaces"), ", ".join(device.interfaces) or "–"),
            *(_rights(device) if device.access else ()),
            *(
                [(_("Record"), f"{device.seq} ({moment(device.at, zone=True)})" if device.at else str(device.seq))]
                if device.seq
                else []
            ),
        ]
    )
    say()
    gates_of(device)


def gates_of(device: Device) -> None:
    """Print every gate, the sentence, and what waits for a second person."""
    heads = [
        Column(_("Question"), flexible=True),
        Column(_("Answer"), flexible=True),
        Column(_("Expected"), flexible=True),
        Column(_("Seen"), flexible=True),
    ]
    show(heads, [_row(g) for g in device.gates])
    say()
    say(f"[{device.code}] {sentence(device)}", style(device.code, alarm=device.alarm))
    if difference(device):
        say(difference(device))
    if isinstance(device.proposal, Waiting) and device.proposal.number:
        text = _("Proposal {number} ({what}) by {name} waits for a second person, until {until}.")
        now = device.proposal
        say(text.format(number=now.number, what=what(now.verb), name=now.login, until=day(now.until)), "warn")


def _rights(device: Device) -> list[tuple[str, str]]:
    """What the list lets the drive be used for."""
    return [(_("Access"), word(ACCESS, device.access)), (_("Login program"), _(LOGIN_TOOL[device.login_tool]))]


def _row(gate: Gate) -> Row:
    status = gate.status or ("failed" if gate.code else "passed")
    said = f"{word(GATE_STATUS, status)} [{gate.code}]" if gate.code else word(GATE_STATUS, status)
    asked = word(GATES, gate.gate)
    if gate.facet and gate.code and gate.facet != "state":  # the question has that word already
        asked += f" ({facet(gate.facet)})"
    look = {"passed": "", "failed": "bad"}.get(status, "dim")
    shown = day_or_phrase if gate.facet in {"expiry", "inspection"} else phrase
    return Row([asked, said, shown(gate.expected), shown(gate.seen)], look)


command = Command(
    "explain",
    callback=explain,
    params=[
        click.Argument(["name"], required=False),
        Option(["--seq"], type=click.IntRange(1), metavar="N", help=N_("The decision in record N of the log.")),
        Option(
            ["--capture"],
            metavar="FILE",
            help=N_("The device in a capture (see explain --json), judged with this computer's list and policy."),
        ),
    ],
    help=N_(
        "Show gate by gate why a device was allowed or blocked.\n\n"
        "NAME is the port of a connected device, as `usbguard-py devices` shows it. With --json the answer holds a "
        "capture of the device, which --capture judges on any computer without the device."
    ),
    examples=[
        "usbguard-py explain 1-2",
        "usbguard-py explain --seq 41",
        "usbguard-py explain 1-2 --json > device.json",
        "usbguard-py explain --capture device.json",
    ],
)

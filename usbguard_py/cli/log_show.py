"""``usbguard-py log show NUMBER`` and ``log explain NUMBER``: one record, whole; or the answer that was given then."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from usbguard_py import paths
from usbguard_py.buses import usb_dump
from usbguard_py.cli.answers import Device, typed
from usbguard_py.cli.commands import Command
from usbguard_py.cli.explain import gates_of, recorded, table_of
from usbguard_py.cli.log_words import by, event, rest
from usbguard_py.cli.output import facts, json_out, say, show
from usbguard_py.cli.stats_words import by_kind
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import FUNCTIONS, OUTCOMES, moment, number, phrase, word
from usbguard_py.errors import NotFound
from usbguard_py.i18n import N_, _
from usbguard_py.shell.log_reader import LogReader
from usbguard_py.shell.reader import Record
from usbguard_py.shell.views import viewed

HEX_BYTES = 16  # on a line
# Fields that have a line or a table of their own; all others are shown by their names, so that nothing is hidden.
_TOLD = {
    *("seq", "kind", "at", "mono_ms", "boot", "evidence", "by", "gates", "interfaces_now", "name", "busnum", "devnum"),
    *("usb_id", "serial", "manufacturer", "product", "interfaces", "code", "outcome", "policy", "policy_digest"),
    *("list_version", "descriptors", "authorized", "configuration", "problems", "ms", "late", "happened_at", "speed"),
}
Body = Mapping[str, Any]


def show_(seq: int, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print the record.

    Raises:
        NotFound: there is no such record.
    """
    with LogReader(paths.DATABASE) as reader, reader.snapshot():
        record = reader.record(seq)
        if record is None:
            raise NotFound(what=_("record"), name=str(seq))
        evidence = {name: reader.evidence(name) for name in _texts(record.body, "evidence")}
        about = reader.about(seq)
        before = reader.digest(seq - 1)
    viewed("log show", {"seq": seq})
    if as_json:
        pieces = {name: None if data is None else data.hex() for name, data in evidence.items()}
        later = [found.body for found in about]
        json_out({"body": record.body, "hash": record.entry.hash.hex(), "evidence": pieces, "about": later})
        return
    _head(record, before)
    _device(record.body)
    _gates(record.body)
    _effect(record.body)
    _others(record.body)
    for name, data in evidence.items():
        _piece(name, data)
    _about(about)


def _head(record: Record, before: str) -> None:
    body, entry = record.body, record.entry
    say(_("Record {seq}: {event}").format(seq=number(entry.seq), event=event(body)), "head")
    late = str(body.get("happened_at") or "")
    facts(
        [
            (_("Time"), moment(entry.at, zone=True)),
            *([(_("Happened"), moment(late, zone=True))] if late else []),
            (_("Since start"), _("{count} ms").format(count=number(entry.mono_ms))),
            (_("Start no."), entry.boot),
            *([(_("By"), by(body))] if by(body) else []),
            *([(_("Policy"), f"{body['policy']} {body.get('policy_digest') or ''}")] if body.get("policy") else []),
            *([(_("List no."), str(body["list_version"]))] if "list_version" in body else []),
            (_("Hash"), entry.hash.hex()),
            (_("Hash before"), before),
        ]
    )
    if rest(body):
        say(rest(body))


def _device(body: Body) -> None:
    if not body.get("usb_id"):
        return
    say()
    say(_("Device"), "head")
    kind = by_kind(tuple(_texts(body, "interfaces")))
    facts(
        [
            (_("Port"), _port(str(body.get("name") or ""))),
            *([(_("Kind"), word(FUNCTIONS, kind))] if kind else []),
            (_("USB id"), str(body["usb_id"])),
            (_("Serial no."), str(body.get("serial") or "–")),
            *([(_("Manufacturer"), str(body["manufacturer"]))] if body.get("manufacturer") else []),
            *([(_("Product"), str(body["product"]))] if body.get("product") else []),
            *([(_("Interfaces"), ", ".join(_texts(body, "interfaces")))] if body.get("interfaces") else []),
            *([(_("Speed"), f"{body['speed']} Mbit/s")] if body.get("speed") else []),
            *([(_("Address"), f"{body.get('busnum', '–')}:{body['devnum']}")] if "devnum" in body else []),
        ]
    )


def _port(name: str) -> str:
    """The port with the way to it: bus 1, port 2, port 3 of the hub there."""
    bus, _dash, way = name.partition("-")
    if not (bus.isdigit() and way):
        return name
    first = _("bus {number}").format(number=bus)
    ports = " → ".join(_("port {number}").format(number=part) for part in way.split("."))
    return f"{name} ({first} → {ports})"


def _gates(body: Body) -> None:
    if isinstance(body.get("gates"), list):
        say()
        gates_of(typed(body, Device))


def _effect(body: Body) -> None:
    """What was read back from the kernel."""
    if "authorized" not in body:
        return
    say()
    say(_("Carried out, and read back"), "head")
    code, outcome = str(body.get("code") or ""), str(body.get("outcome") or "")
    problems = [phrase(text) for text in _texts(body, "problems")]
    facts(
        [
            *([(_("Result"), f"{word(OUTCOMES, outcome)} [{code}]")] if outcome else []),
            ("authorized", _yes(body["authorized"])),
            ("configuration", "–" if body.get("configuration") is None else str(body["configuration"])),
            *([(_("After"), _("{count} ms").format(count=number(int(body["ms"]))))] if "ms" in body else []),
            *([(_("Problems"), "; ".join(problems), "alarm")] if problems else []),
        ]
    )
    rows = [
        Row([str(one.get("name")), _yes(one.get("authorized")), str(one.get("driver") or "–")])
        for one in body.get("interfaces_now") or []
        if isinstance(one, Mapping)
    ]
    if rows:
        show([Column(_("Interface")), Column("authorized"), Column(_("Driver"))], rows)


def _yes(value: object) -> str:
    return "–" if value is None else "1" if value else "0"


def _others(body: Body) -> None:
    """Every other field, by the name that it has in the log."""
    left = [(name, value) for name, value in body.items() if name not in _TOLD and value not in ("", None, [], {})]
    if left:
        say()
        say(_("All other fields, as in the log"), "head")
        facts([(name, _plain(value)) for name, value in left])


def _plain(value: object) -> str:
    from usbguard_py.cli.output import json_text  # noqa: PLC0415 - only for what is no text

    return value if isinstance(value, str) else json_text(value)


def _piece(name: str, data: bytes | None) -> None:
    say()
    say(_("Raw descriptors, SHA-256 {digest}").format(digest=name), "head")
    if data is None:
        say(_("They are missing from the log: see `usbguard-py log verify`."), "alarm")
        return
    for item in usb_dump.items(data):
        say(f"{item.offset:5d}  {item.name}  {item.fields}".rstrip())
        for line in _hex(item.raw):
            say(line, "dim", indent=7)


def _hex(raw: bytes) -> Iterator[str]:
    for start in range(0, len(raw), HEX_BYTES):
        yield raw[start : start + HEX_BYTES].hex(" ")


def _about(about: list[Record]) -> None:
    if about:
        say()
        say(_("Later records about it"), "head")
        heads = [Column(_("Record"), right=True), Column(_("Time")), Column(_("Event"), flexible=True)]
        show(heads, [Row([str(r.entry.seq), moment(r.entry.at), event(r.body)], note=rest(r.body)) for r in about])


def _texts(body: Body, name: str) -> list[str]:
    value = body.get(name)
    return [str(one) for one in value] if isinstance(value, list) else []


def explain(seq: int, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print the answer as it was: gates, code and sentence, of the policy and list of that moment.

    Raises:
        NotFound: there is no such record.
        Usage: it is no decision.
    """
    body = recorded(seq)
    if as_json:
        json_out(body)
        return
    device = typed(body, Device)
    table_of(device)
    text = _("Judged on {time} with policy {policy} ({digest}) and list number {list}.")
    digest = str(body.get("policy_digest") or "")[:12]
    known = {"policy": body.get("policy"), "digest": digest, "list": body.get("list_version")}
    say(text.format(time=moment(str(body.get("at")), zone=True), **known), "dim")


_NUMBER: list[click.Parameter] = [click.Argument(["seq"], type=click.IntRange(1), metavar="NUMBER")]
command = Command(
    "show",
    callback=show_,
    params=[*_NUMBER],
    help=N_(
        "Show the record NUMBER, whole: times, device and its raw descriptors, every gate with what it expected and "
        "saw, policy and list of that moment, what was carried out and read back, and later records about it."
    ),
    examples=["usbguard-py log show 41", "usbguard-py log show 41 --json"],
)
explained = Command(
    "explain",
    callback=explain,
    params=[*_NUMBER],
    help=N_("Why the device in record NUMBER was allowed or blocked: the answer of that moment, gate by gate."),
    examples=["usbguard-py log explain 41"],
)

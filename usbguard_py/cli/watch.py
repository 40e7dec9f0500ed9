"""``usbguard-py watch``: decisions and changes, as they happen."""

from datetime import datetime

from usbguard_py.cli.answers import Device, typed
from usbguard_py.cli.commands import Command
from usbguard_py.cli.log_words import rest
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.words import KINDS, difference, moment, sentence, style, word
from usbguard_py.core.requests import Watch
from usbguard_py.i18n import N_, _
from usbguard_py.shell.client import stream

_TOLD = {"alarm", "repeated"}  # may name a device's code, and say something else about it


def watch(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print every event until interrupted; JSON as one object a line."""
    for event in stream(Watch()):
        if as_json:
            json_out(event)
        else:
            tell(typed(event, Device), rest(event))


def tell(event: Device, more: str) -> None:
    """Print one event: a line that can be scanned, then its sentence, or ``more`` when it is about no device."""
    what = word(KINDS, event.event)
    when = moment(event.at or datetime.now().astimezone().isoformat(timespec="seconds"))
    code = f"[{event.code}]" if event.code else ""
    head = [when, what, code, event.name, event.title or event.usb_id, event.serial]
    say("  ".join(t for t in head if t), style(event.code, alarm=event.alarm) if event.code else "head")
    said = [sentence(event), difference(event)] if event.code and event.event not in _TOLD else [more]
    if event.event == "removed":
        said = []
    if event.seq:
        said.append("({})".format(_("record {seq}").format(seq=event.seq)))
    if any(said):
        say(" ".join(t for t in said if t), indent=4)


command = Command(
    "watch",
    callback=watch,
    help=N_("Show decisions and changes as they happen, until Ctrl-C. With --json one object a line."),
    examples=["usbguard-py watch", "usbguard-py watch --json | jq .code"],
)

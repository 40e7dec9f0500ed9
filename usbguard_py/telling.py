"""The sentence by which an entry is told in the journal and in syslog: the words of ``log`` and ``watch``."""

from collections.abc import Mapping
from typing import Any

from usbguard_py.cli.answers import Device
from usbguard_py.cli.words import KINDS, OUTCOMES, difference, phrase, sentence, word
from usbguard_py.core.telling import Note
from usbguard_py.i18n import _

_ABOUT = ("asset", "holder", "policy", "reason", "document", "request")
_DECIDED = {"decision", "cut"}


def message(told: Note, body: Mapping[str, Any]) -> str:
    """One line in the language of this machine; no secret and nothing that the fields do not hold."""
    known = told.fields
    device = _device(told, body)
    name = " ".join(t for t in (known.get("name"), device.usb_id, device.serial) if t)
    said = [word(KINDS, told.kind), name]
    if told.kind in _DECIDED:
        said += [sentence(device), difference(device)]
    else:
        said += [word(OUTCOMES, device.outcome) if device.outcome else ""]
        said += [known.get(about, "") for about in _ABOUT]
        said += [phrase(known[about]) for about in ("detail", "why", "fail_safe") if about in known]
    who = known.get("login") or known.get("user")
    said += [_("by {user}").format(user=who) if who else "", _("record {seq}").format(seq=told.seq) if told.seq else ""]
    return "; ".join(t.rstrip(".") for t in said if t)


def _device(told: Note, body: Mapping[str, Any]) -> Device:
    """The device as the words for people want it."""
    known = told.fields
    texts = ("usb_id", "serial", "manufacturer", "product", "code", "asset", "peripheral", "holder", "outcome")
    shown = {name: known.get(name, "") for name in (*texts, "facet", "expected", "seen")}
    return Device.taken({**shown, "alarm": bool(body.get("alarm"))})

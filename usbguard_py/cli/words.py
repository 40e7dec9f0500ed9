"""The product's words for people: states, kinds of entries, gates, and the sentence of a code.

Words of the wire stay as they are (``in-use``, ``NOT_LISTED``); here each has its name in the
catalogue. A word that is not in a table is shown as it came, never guessed.
"""

import functools
import re
from collections.abc import Mapping

from usbguard_py.cli.answers import Device
from usbguard_py.cli.contact import contact
from usbguard_py.core.codes import SENTENCES, Code
from usbguard_py.i18n import N_, _, language
from usbguard_py.phrases import CUSTODY, DETAILS, PERIPHERALS, said

_BRACES = re.compile(r"\{\w+\}")
ACCESS = {"rw": N_("reading and writing"), "ro": N_("reading only")}
FACES = {"first": N_("first")}  # the face with which a device came onto the list
LOST = N_("was reported lost")
LOST_SINCE = N_("was reported lost on {since} (document {document})")
LOGIN_TOOL = {False: N_("does not run"), True: N_("runs from the drive's own disc")}
OUTCOMES = {
    "allowed": N_("allowed"),
    "blocked": N_("blocked"),
    "would-allow": N_("only observed (would be allowed)"),
    "would-block": N_("only observed (would be blocked)"),
    "cut": N_("cut off"),
    "failed": N_("not carried out"),
}
KINDS = {
    "decision": N_("decision"),
    "outcome": N_("result"),
    "cut": N_("cut off"),
    "repeated": N_("repeated"),
    "removed": N_("unplugged"),
    "begin": N_("log began"),
    "start": N_("daemon started"),
    "stop": N_("daemon stopped"),
    "gap": N_("daemon was not running"),
    "list-add": N_("put on the list"),
    "list-import": N_("devices of a file put on the list"),
    "list-export": N_("list exported"),
    "list-learn": N_("another face of a listed device"),
    "list-carry": N_("list carried away"),
    "list-take": N_("carried list taken"),
    "list-carried": N_("as in a carried list"),
    "list-receipt": N_("receipt of another computer"),
    "list-keep": N_("list kept here again"),
    "list-ask": N_("carried list waits for a second person"),
    "list-revoke": N_("right of use revoked"),
    "list-state": N_("state in the list changed"),
    "proposal": N_("proposed"),
    "proposal-approved": N_("proposal approved"),
    "proposal-refused": N_("proposal refused"),
    "proposal-withdrawn": N_("proposal withdrawn"),
    "proposal-void": N_("proposal no longer valid"),
    "peripheral-enrol": N_("device of the workplace enrolled"),
    "peripheral-remove": N_("device of the workplace taken off"),
    "maintenance": N_("START FOR MAINTENANCE"),
    "policy-use": N_("policy changed"),
    "policy-confirm": N_("policy confirmed"),
    "examination-begin": N_("examination began"),
    "examination-end": N_("examination ended"),
    "events-lost": N_("events lost"),
    "clock-step": N_("clock was set"),
    "sleep": N_("computer slept"),
    "unenumerated": N_("device that could not be started"),
    "alarm": N_("ALARM"),
    "drift": N_("changed by somebody else"),
    "refused": N_("request refused"),
    "disk": N_("room for the log"),
    "view": N_("log was looked at"),
    "sink": N_("copy in other logs"),
    "export": N_("log exported"),
    "seal": N_("log sealed"),
    "checkpoint": N_("log signed"),
    "floor-install": N_("floor put into the start of the computer"),
    "floor-remove": N_("floor taken out of the start of the computer"),
    "drivers-just-in-time": N_("storage drivers kept away until they are needed"),
    "drivers-as-usual": N_("storage drivers loaded as usual"),
}
FUNCTIONS = {
    "storage": N_("storage"),
    "keyboard": N_("keyboard"),
    "mouse": N_("mouse"),
    "input": N_("input device"),
    "hub": N_("hub"),
    "phone": N_("phone or tablet"),
    "image": N_("still images (phone, camera, scanner)"),
    "network": N_("network adapter"),
    "serial-port": N_("serial port or modem"),
    "audio": N_("audio"),
    "video": N_("video"),
    "printer": N_("printer"),
    "smart-card": N_("smart card reader or token"),
    "wireless": N_("wireless adapter"),
    "vendor": N_("maker's own kind"),
    "other": N_("other kind"),
}
GATES = {
    "fail_safe": N_("list and log can be used"),
    "readable": N_("identity can be read"),
    "topology": N_("connected as permitted"),
    "hub": N_("a hub and nothing else"),
    "forbidden_class": N_("kind of device permitted"),
    "configurations": N_("one configuration only"),
    "steady": N_("works when it is opened"),
    "enrolled": N_("enrolled here, on this port"),
    "limit": N_("not too many of its kind"),
    "has_serial": N_("has a serial number"),
    "listed": N_("on the approved list"),
    "passport": N_("every characteristic matches"),
    "custody": N_("state in the list"),
    "holder": N_("somebody holds it"),
    "expiry": N_("last day of use not passed"),
    "inspected": N_("security inspection counts"),
    "unique": N_("no second device claims to be it"),
    "interfaces": N_("only what was granted opens"),
    "media": N_("media as in the passport"),
    "keys": N_("keys from keyboards only"),
}
GATE_STATUS = {
    "passed": N_("passed"),
    "failed": N_("failed"),
    "not-applicable": N_("does not apply"),
    "not-evaluated": N_("not asked"),
}
FACETS = {
    "vid": "VID",
    "pid": "PID",
    "serial": N_("serial number"),
    "holder": N_("holder"),
    "expiry": N_("last day of use"),
    "inspection": N_("inspection"),
    "interfaces": N_("interfaces"),
    "manufacturer": N_("manufacturer"),
    "product": N_("product"),
    "descriptors": N_("descriptors"),
    "openings": N_("openings"),
    "keys": N_("keys"),
    "port": N_("port"),
    **{f"{name}s": text for name, text in PERIPHERALS.items() if name not in {"mouse", "ups"}},
    "mice": PERIPHERALS["mouse"],
    "ups": PERIPHERALS["ups"],
    "luns": N_("logical units"),
    "type": N_("type"),
    "vendor": N_("vendor"),
    "model": N_("model"),
    "revision": N_("revision"),
    "capacity": N_("capacity"),
    "content": N_("content"),
}
UNKNOWN = N_("not stated")
OBSERVED = N_("ONLY OBSERVED, not carried out. Otherwise: {sentence}")
UNSEARCHED = N_("the search for programs that use it ended at the deadline, not all may be named")
DIFFERENCE = N_("Different: {facet}. Expected {expected}; seen {seen}.")

# RFC 3339, 5.6
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)\Z")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)\Z")
_UNIT = re.compile(r"lun ([0-9]+)(?: ([a-z]+))?")
_ALLOWED = {"ALLOWED", "ADOPTED", "HUB", "INPUT_ENROLLED", "PERIPHERAL_ENROLLED"}


def word(table: Mapping[str, str], name: str) -> str:
    """The name of ``name`` in the language in use; ``name`` itself when the table lacks it."""
    return _(table[name]) if name in table else name


def facet(name: str) -> str:
    """The name of a facet; one of a logical unit comes as ``lun NUMBER FACET``."""
    unit = _UNIT.fullmatch(name)
    if unit is None:
        return word(FACETS, name)
    if not unit[2]:
        return _("logical unit {number}").format(number=unit[1])
    return _("logical unit {number}, {facet}").format(number=unit[1], facet=word(FACETS, unit[2]))


def phrase(text: str) -> str:
    """What the judge wrote in English, in the language in use; a text of somebody else's stays as it is."""
    names = {**FUNCTIONS, **CUSTODY, **FACES}
    return word(names, text) if text in names else said(text, _written())


@functools.cache
def _written() -> tuple[str, ...]:
    """What the judge writes in English, so that the log reads the same everywhere: details, and whole errors.

    The template that says most itself comes first: "… cannot be used: {detail}." fits what "… cannot be used: {path}
    is …" means.
    """
    from usbguard_py.errors import kinds  # noqa: PLC0415 - with every error there is, and rarely asked

    every = kinds()
    texts = (*(kind.sentence for kind in every), *(kind.remedy for kind in every))
    sentences = (text for text in texts if text.count(" ") > 1)
    return tuple(sorted((*sentences, *DETAILS), key=lambda template: -len(_BRACES.sub("", template))))


def moment(text: str, *, zone: bool = False) -> str:
    """An RFC 3339 time as people write it: 21/11/2026 14:05:00 in Vietnamese; with its offset when ``zone``."""
    found = _MOMENT.match(text)
    if not found:
        return text
    year, month, day, clock, offset = found.groups()
    date = f"{year}-{month}-{day}" if language() == "en" else f"{day}/{month}/{year}"
    return f"{date} {clock}" + (f" {_colon(offset)}" if zone else "")


def day(text: str) -> str:
    """A day as people write it: 21/11/2026 in Vietnamese; empty for what is no day."""
    found = _DATE.match(text)
    if not found:
        return ""
    return text if language() == "en" else f"{found[3]}/{found[2]}/{found[1]}"


def day_or_phrase(text: str) -> str:
    """A day as people write it, or what the judge wrote in English."""
    return day(text) or phrase(text)


def offset_of(text: str) -> str:
    """The offset of an RFC 3339 time, ``+07:00``; empty when there is none."""
    found = _MOMENT.match(text)
    return _colon(found[5]) if found else ""


def _colon(offset: str) -> str:
    # strftime's %z writes no colon; RFC 3339 does.
    return offset if ":" in offset or offset == "Z" else f"{offset[:3]}:{offset[3:]}"


def number(value: int) -> str:
    """A whole number with its thousands apart: 1.234 in Vietnamese, 1,234 in English."""
    text = f"{value:,}"
    return text if language() == "en" else text.replace(",", ".")


def sentence(device: Device) -> str:
    """The sentence for a decision."""
    try:
        code = Code(device.code)
    except ValueError:
        return device.code
    detail = device.detail or ": ".join(t for t in (facet(device.facet), phrase(device.seen)) if t)
    known = {
        "name": device.title or device.usb_id,
        "serial": device.serial,
        "holder": device.holder,
        "asset": device.asset or device.peripheral,
        "reason": device.reason,
        "kind": word(FUNCTIONS, device.kind),
        "detail": detail,
        "until": day(device.expected),
        "lost": _lost(device.lost),
        "contact": contact() if "{contact}" in SENTENCES[code] else "",
        **{k: str(v) for k, v in device.sentence_facts.items()},
    }
    text = _(SENTENCES[code]).format_map({k: v or _(UNKNOWN) for k, v in known.items()})
    return _(OBSERVED).format(sentence=text) if device.observed else text


def _lost(known: Mapping[str, str]) -> str:
    """Since when a device is lost and on which paper, as far as a record says."""
    since, document = day(known.get("since", "")), known.get("document", "")
    return _(LOST_SINCE).format(since=since, document=document) if since and document else _(LOST)


def difference(device: Device) -> str:
    """What is not as in the passport, in words; empty for any other code, whose sentence says all."""
    if device.code != Code.MISMATCH or not device.facet:
        return ""
    facts = {
        "facet": facet(device.facet),
        "expected": phrase(device.expected) or "–",
        "seen": phrase(device.seen) or "–",
    }
    return _(DIFFERENCE).format_map(facts)


def repeated(device: Device) -> str:
    """How often a device came whose records are put together; empty for any other."""
    return _("It came {count} times in a row.").format(count=number(device.times)) if device.times else ""


def style(code: str, *, alarm: bool = False) -> str:
    """The style in which a code is shown."""
    return "alarm" if alarm else "good" if code in _ALLOWED else "bad"

"""What of a rule file of USBGuard can be carried over: devices that are connected, and whose hash a rule names.

A rule holds no passport, only a hash of what the device shows. So the device itself has to be there: its hash is
computed and compared, every rule before it is asked as USBGuard asks it, and only then is it examined. It comes onto
the list waiting for its approval, since what a rule ties to a port, our list opens on each.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from usbguard_py.buses.usb_descriptors import parse
from usbguard_py.cli.answers import Devices, Examined, typed
from usbguard_py.core import requests
from usbguard_py.core.device import Device, Function
from usbguard_py.core.functions import kind
from usbguard_py.core.passport import Passport
from usbguard_py.core.sheet import Fault, Row
from usbguard_py.core.text import escaped
from usbguard_py.core.usbguard_rules import BadRule, Rule, Shown, device_hash, matches, read_rule
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint
from usbguard_py.errors_device import ExaminationFailed
from usbguard_py.shell import capture
from usbguard_py.shell.client import call
from usbguard_py.shell.sheets_json import opened

MAX_LINE = 65_536  # characters of one rule
MAX_LABEL = 200
TIED = ("parent-hash", "via-port", "with-connect-type")  # where a device has to be plugged in


class Carried(NamedTuple):
    """Rows for the list, what is wrong with the file, and what could not be carried over."""

    rows: list[Row]
    faults: list[Fault]
    notes: list[Fault]


def carried(path: Path) -> Carried:
    """Read a rule file and look for the devices that it means.

    Raises:
        BadInput: it cannot be opened, or is too long.
        DaemonUnavailable: nobody can examine a device.
    """
    rules, faults = _read(path)
    if faults:
        return Carried([], faults, [])
    rows: list[Row] = []
    notes: dict[int, Fault] = {rule.line: Fault(rule.line, "", _why_not(rule)) for rule in rules}
    for device in _connected():
        shown = _shown(device)
        rule = _deciding(rules, shown) if shown else None
        if rule is None or shown is None:
            continue
        if kind(device) is not Function.STORAGE:
            notes[rule.line] = Fault(rule.line, device.name, "no storage; enrol it as a device of the workplace")
            continue
        try:
            rows.append(Row(rule.line, _asset(device)))
        except ExaminationFailed as error:
            notes[rule.line] = Fault(rule.line, device.name, str(error.facts.get("detail", "")))
            continue
        tied = next((one for one in rule.attributes if one.key in TIED), None)
        del notes[rule.line]
        if tied:
            notes[rule.line] = Fault(rule.line, tied.key, "it was allowed there only; here it is on each port")
    return Carried(rows, [], [notes[line] for line in sorted(notes)])


def _read(path: Path) -> tuple[list[Rule], list[Fault]]:
    rules, faults = [], []
    with opened(path) as file:
        for number, raw in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), 1):
            if len(raw) > MAX_LINE:
                return [], [Fault(number, "", f"longer than {MAX_LINE} bytes")]
            try:
                rule = read_rule(number, raw.decode("utf-8").rstrip("\r\n"))
            except BadRule as error:
                faults.append(Fault(number, str(error.column), str(error)))
            except UnicodeDecodeError as error:
                faults.append(Fault(number, str(error.start + 1), "not UTF-8"))
            else:
                rules += [rule] if rule else []
    return rules, faults


def _why_not(rule: Rule) -> str:
    """Why a rule that no connected device meets is not carried over."""
    if rule.target != "allow":
        return "what is not on the list is blocked without a rule"
    if rule.of("if"):
        return "a condition cannot be carried over"
    if rule.of("hash") is None:
        return "no hash: it does not mean one device"
    return "no connected device is the one that it means"


def _deciding(rules: Iterable[Rule], device: Shown) -> Rule | None:
    """The rule that allows a device for certain and names its hash; ``None`` where an earlier one may block it."""
    for rule in rules:
        found = matches(rule, device)
        if found is False:
            continue
        known = [one for one in rule.attributes if one.key not in {*TIED, "label"}]
        certain = matches(msgspec.structs.replace(rule, attributes=tuple(known)), device)
        named = rule.of("hash")
        single = named is not None and named.operator in {"equals", "equals-ordered", "one-of", "all-of"}
        return rule if rule.target == "allow" and certain and single else None
    return None


def _connected() -> Iterator[Device]:
    """The connected devices that are not on the list, read anew with the bytes of their strings."""
    for one in typed(call(requests.Devices()), Devices).devices:
        if not one.asset and one.code in {"NOT_LISTED", "NO_SERIAL"}:
            yield capture.device(capture.take(one.name), one.name)


def _shown(device: Device) -> Shown | None:
    if device.problems or not device.serial:
        return None
    raw, product, serial = device.descriptors, device.product or b"", device.serial
    interfaces = [i for configuration in parse(raw).configurations for i in configuration.interfaces]
    return Shown(
        vid=f"{device.vid:04x}",
        pid=f"{device.pid:04x}",
        name=product,
        serial=serial,
        port=device.name,
        hash=device_hash(product, device.vid, device.pid, serial, raw),
        interfaces=[(i.class_, i.subclass, i.protocol) for i in interfaces],
    )


def _asset(device: Device) -> Asset:
    """The device as an asset that waits for its approval; it is examined for that."""
    seen = typed(call(requests.Examine(name=device.name)), Examined)
    passport = msgspec.convert(seen.passport, Passport)
    return Asset(
        id="",
        printed_serial="",
        holder="",
        unit="",
        document="",
        label=escaped(device.product or b"")[:MAX_LABEL],
        electronic_serial=passport.serial or "",
        state=Custody.PENDING,
        fingerprints=(Fingerprint("first", passport),),
    )

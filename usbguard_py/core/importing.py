"""What an import would do: each row is added, is there already, or is wrong. Pure; asked twice.

The command asks first, to show it; the judge asks again inside the transaction and refuses all of it when one row is
wrong. An import only adds: what is on the list is changed by moves, each with its reason and paper
(docs/adr/0161-an-import-only-adds.md).
"""

import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from usbguard_py.core.changes import STAMPS
from usbguard_py.core.custody import AFTER_FOUND
from usbguard_py.core.given import DAYS, FACTS, MAX_REASON, checked, see_inspection
from usbguard_py.core.passport import Passport, alike
from usbguard_py.core.sheet import FACES, Fault, Row
from usbguard_py.core.text import MAX_STRING, tidy
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.errors import BadInput, GuardError

MAX_ROWS = 50_000  # of one import
MAX_FACES = 16  # locked and unlocked, on a few kinds of ports; nobody has more
MAX_ROW = 49_152  # bytes of a row as JSON: a request, of at most 64 KiB, holds it
ENDED = frozenset({Custody.REVOKED, Custody.DESTROYED})  # a device may have several such rows
_LEFT_OUT = ("login_tool", "inspect_first", *sorted(DAYS))
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_HEX = re.compile(r"([0-9a-f]{2})*\Z")
LAST_DAY = "9999-12-31"
_WORD = 0xFFFF
_BYTE = 0xFF

Listed = Callable[[str], Iterable[Asset]]


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a row: the asset that is added, or the number under which it is there, or what is wrong."""

    asset: Asset | None = None
    there: str = ""
    faults: tuple[Fault, ...] = ()


class Planner:
    """Judges the rows of one import, in order.

    Args:
        listed: the assets of the list, before the import, that have a serial (hex).
        today: ``2026-11-21``.
        document: the paper of the import, for rows that name none by which the device came.
    """

    def __init__(self, listed: Listed, today: str, document: str) -> None:
        self._listed = listed
        self._today = today
        self._document = document
        self._lines: dict[Passport, int] = {}
        self._met: set[str] = set()

    def judge(self, row: Row) -> Verdict:
        """What becomes of the next row."""
        asset, faults = _tidied(row, self._document)
        faults += [Fault(row.line, column, detail) for column, detail in _faults(asset, self._today)]
        if faults:
            return Verdict(faults=tuple(faults))
        faults = list(self._twice(row.line, asset))
        return Verdict(faults=tuple(faults)) if faults else self._compared(row.line, asset)

    def _twice(self, line: int, asset: Asset) -> Iterator[Fault]:
        """A device stands once in a file, but for rows of what is over."""
        if asset.state in ENDED:
            return
        for passport in {_bare(face.passport) for face in asset.fingerprints}:
            before = self._lines.get(passport)
            if before is not None:
                yield Fault(line, FACES, f"the same device as in line {before}")
            self._lines[passport] = line

    def _compared(self, line: int, asset: Asset) -> Verdict:
        serials = {asset.electronic_serial, *(face.passport.serial or "" for face in asset.fingerprints)}
        known = {a.id: a for serial in sorted(serials) for a in self._listed(serial) if a.id not in self._met}
        same = [a for a in known.values() if _alike(a, asset)]
        for one in same:
            if not _differing(one, asset):
                self._met.add(one.id)
                return Verdict(there=one.id)
        if same:  # what is over, too: an old file must not bring back what was revoked since
            one = next((a for a in same if a.state not in ENDED), same[0])
            columns = ", ".join(_differing(one, asset))
            return Verdict(faults=(Fault(line, "", f"on the list as {one.id}, with something else in: {columns}"),))
        return Verdict(asset=asset)


def _tidied(row: Row, document: str) -> tuple[Asset, list[Fault]]:
    """What people typed as the list keeps it: composed (NFC) and without blanks at its ends."""
    # What is not so, or not there, is left out of an asset: the list knows no other word for it.
    facts: dict[str, object] = {name: msgspec.UNSET for name in _LEFT_OUT if not getattr(row.asset, name)}
    faults = []
    for name in FACTS:
        value = getattr(row.asset, name)
        if isinstance(value, str) and value:
            try:
                facts[name] = checked(name, value)
            except GuardError as error:
                faults.append(Fault(row.line, name, str(error.facts.get("detail", ""))))
    for name in ("reason", "reason_document"):
        try:
            facts[name] = tidy(getattr(row.asset, name), MAX_REASON)
        except ValueError as error:
            faults.append(Fault(row.line, name, str(error)))
    asset = msgspec.structs.replace(row.asset, **facts)
    return (asset if asset.document else msgspec.structs.replace(asset, document=document)), faults


def _faults(asset: Asset, today: str) -> Iterator[tuple[str, str]]:
    yield from _dates(asset, today)
    yield from _state(asset)
    yield from _identity(asset)
    if not asset.document:
        yield "document", "is empty"
    if asset.access not in {"rw", "ro"}:
        yield "access", "neither rw nor ro"
    if len(msgspec.json.encode(asset)) > MAX_ROW:
        yield FACES, f"more than {MAX_ROW} bytes"


def unsound(line: int, asset: Asset) -> tuple[Fault, ...]:
    """What is wrong with an asset as another list keeps it: that one wrote it tidily, and by its own calendar."""
    found = dict(_faults(asset, LAST_DAY))
    try:
        plain = {name: getattr(asset, name) for name in FACTS}
        odd = [n for n, v in plain.items() if isinstance(v, str) and v and checked(n, v) != v]
        odd += [n for n in ("reason", "reason_document") if tidy(getattr(asset, n), MAX_REASON) != getattr(asset, n)]
        odd += [n for n in STAMPS if tidy(getattr(asset, n), MAX_REASON) != getattr(asset, n)]
        odd += [n for n in _LEFT_OUT if getattr(asset, n) is not msgspec.UNSET and not getattr(asset, n)]
    except BadInput as error:
        return (Fault(line, str(error.facts["where"]), str(error.facts["detail"])),)
    except ValueError as error:
        return (Fault(line, "reason", str(error)),)
    found |= dict.fromkeys(odd, "not composed (NFC), or with more blanks than it needs")
    return tuple(Fault(line, column, detail) for column, detail in found.items())


def _dates(asset: Asset, today: str) -> Iterator[tuple[str, str]]:
    said = {name: value for name in DAYS if isinstance(value := getattr(asset, name), str)}
    try:
        see_inspection(said, today)
    except BadInput as error:
        yield str(error.facts["where"]), str(error.facts["detail"])
    except GuardError:
        yield "inspected_on", "is missing"


def _state(asset: Asset) -> Iterator[tuple[str, str]]:
    """The states that moves lead to (:mod:`usbguard_py.core.custody`), with what these moves leave behind."""
    if asset.state is Custody.EXPIRED:
        yield "state", "no move leads to that state; write in-use and the last day"
    if isinstance(asset.back_to, Custody) and asset.back_to not in set(AFTER_FOUND.values()):
        yield "back_to", "nothing that was lost becomes that"
    if isinstance(asset.back_to, Custody) and asset.state is not Custody.LOST:
        yield "back_to", "it is not lost"
    if asset.state is Custody.IN_USE and asset.inspect_first is True:
        yield "inspect_first", "it has to be inspected first"
    if asset.state is Custody.DESTROYED and asset.holder:
        yield "holder", f"{asset.holder} holds it; it has to be returned first"


def _identity(asset: Asset) -> Iterator[tuple[str, str]]:
    faces = asset.fingerprints
    if not 1 <= len(faces) <= MAX_FACES:
        yield FACES, f"not from 1 to {MAX_FACES} faces"
        return
    names = [face.name for face in faces]
    if len(set(names)) < len(names) or not all(_good_name(name) for name in names):
        yield FACES, "the names of the faces are empty, too long, not composed (NFC) or not different"
    for face in faces:
        if why := _odd(face.passport):
            yield FACES, f"no passport: {why}"
            return
    if not asset.electronic_serial:
        yield FACES, "the device has no serial number"
    elif asset.electronic_serial not in {face.passport.serial for face in faces}:
        yield "electronic_serial", "not the serial number of one of its faces"


def _good_name(name: str) -> bool:
    try:
        return bool(name) and tidy(name, 64) == name
    except ValueError:
        return False


def _odd(passport: Passport) -> str:
    """What in a passport no device has; empty when nothing is."""
    numbers = (passport.vid, passport.pid, passport.bcd_device)
    if any(not 0 <= number <= _WORD for number in numbers):
        return "vid, pid or bcd_device"
    strings = [text for text in (passport.serial, passport.manufacturer, passport.product) if text is not None]
    if any(not _HEX.match(text) or len(text) > 2 * MAX_STRING for text in strings):
        return "a string that is not hexadecimal"
    if not _DIGEST.match(passport.descriptors_sha256):
        return "descriptors_sha256"
    fields = [number for one in passport.interfaces for number in msgspec.structs.astuple(one)]
    if any(not 0 <= number <= _BYTE for number in fields):
        return "interfaces"
    if not set(passport.granted) <= {one.number for one in passport.interfaces}:
        return "granted"
    return ""


def _bare(passport: Passport) -> Passport:
    return msgspec.structs.replace(passport, media=msgspec.UNSET)


def _alike(one: Asset, other: Asset) -> bool:
    return any(alike(a.passport, b.passport) for a in one.fingerprints for b in other.fingerprints)


def _differing(one: Asset, other: Asset) -> list[str]:
    """The columns in which two assets differ, those left out that a list gives by itself."""
    names = (name for name in Asset.__struct_fields__ if name not in STAMPS)
    return [name for name in names if getattr(one, name) != getattr(other, name)]

"""The approved list as rows and columns: what stands in a cell for each fact of an asset, and what a cell means.

The names of the columns are those of :class:`usbguard_py.core.whitelist.Asset`; they are the same in every language
and in CSV, XLSX and JSON. ``serial`` stands beside them for people: the electronic serial number as text. Nothing is
lost on the way to a cell and back (docs/adr/0160-the-list-as-a-table.md).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from usbguard_py.core.canonical import canonical
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint

FACES = "fingerprints"
SERIAL = "serial"  # of people; the fact is electronic_serial
COLUMNS = (
    "id",
    "state",
    "label",
    "printed_serial",
    SERIAL,
    "holder",
    "unit",
    "document",
    "access",
    "login_tool",
    "expires_on",
    "inspected_on",
    "inspected_until",
    "inspect_first",
    "back_to",
    "reason",
    "reason_document",
    "added_at",
    "added_by",
    "changed_at",
    "electronic_serial",
    FACES,
)
NEEDED = (FACES,)  # nobody can make up what identifies a device; all else has a value where nothing is said
FLAGS = {"yes": True, "no": False}
ACCESS = ("rw", "ro")
_MAYBE = frozenset({"login_tool", "expires_on", "inspected_on", "inspected_until", "inspect_first", "back_to"})
_FLAGS = frozenset({"login_tool", "inspect_first"})
_STATES = {str(state): state for state in Custody}

_EMPTY: tuple[object, ...] = (None, "", [], {})
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


class Fault(msgspec.Struct, frozen=True):
    """What is wrong at one place of a file: line (1 is the first; 0: the whole file), column by name or letter."""

    line: int
    column: str
    detail: str


class Row(msgspec.Struct, frozen=True):
    """An asset as a line of a file has it."""

    line: int
    asset: Asset


def cells(asset: Asset) -> list[str]:
    """The texts of one row, in the order of :data:`COLUMNS`; empty where there is nothing to say."""
    plain = msgspec.to_builtins(asset)
    plain[SERIAL] = _shown(asset.electronic_serial)
    plain[FACES] = canonical({FACES: plain[FACES]})[len(FACES) + 4 : -1].decode()
    return [_text(plain.get(name, "")) for name in COLUMNS]


def _text(value: object) -> str:
    return next(word for word, flag in FLAGS.items() if flag is value) if isinstance(value, bool) else str(value)


def _shown(electronic: str) -> str:
    try:
        return escaped(bytes.fromhex(electronic))
    except ValueError:
        return ""


def from_cells(line: int, row: Mapping[str, str]) -> Row | tuple[Fault, ...]:
    """The asset that a row of texts means, or what is wrong with it, column by column."""
    values: dict[str, object] = {}
    faults = []
    for name, text in row.items():
        if not text and (name in _MAYBE or name in {"state", "access", "electronic_serial", SERIAL}):
            continue
        try:
            values[name] = _value(name, text)
        except ValueError as error:
            faults.append(Fault(line, name, str(error)))
    return tuple(faults) or _row(line, values)


def _value(name: str, text: str) -> object:
    if name in _FLAGS:
        found = FLAGS.get(text.strip().casefold())
        if found is None:
            raise ValueError(f"neither {' nor '.join(FLAGS)}")
        return found
    if name == FACES:
        try:
            return _DECODER.decode(text.encode())
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ValueError("not JSON") from error
    return text


def from_plain(line: int, plain: object) -> Row | tuple[Fault, ...]:
    """The asset that an object of JSON means, or what is wrong with it."""
    if not isinstance(plain, dict):
        return (Fault(line, "", "not a JSON object"),)
    unknown = tuple(Fault(line, str(name)[:64], "there is no such column") for name in plain if name not in COLUMNS)
    return unknown or _row(line, plain)


def _row(line: int, values: dict[str, object]) -> Row | tuple[Fault, ...]:
    """The asset of these values, each of the type that it has in JSON."""
    faults = [Fault(line, name, detail) for name, value in values.items() if (detail := _wrong(name, value))]
    faults += [Fault(line, name, "is missing") for name in NEEDED if name not in values]
    if faults:
        return tuple(faults)
    faces, wrong = _faces(line, values[FACES])
    if wrong:
        return wrong
    serial = str(values.get("electronic_serial") or (faces[0].passport.serial if faces else None) or "")
    shown = values.get(SERIAL)
    if shown and shown != _shown(serial):
        return (Fault(line, SERIAL, "not the serial number in “electronic_serial”"),)
    said = {name: value for name, value in values.items() if name not in {SERIAL, FACES}}
    state = _STATES[str(said.pop("state", Custody.PENDING))]
    texts = dict.fromkeys(("id", "label", "printed_serial", "holder", "unit", "document"), "")
    back = said.pop("back_to", msgspec.UNSET)
    known = {**texts, **said, "electronic_serial": serial, "state": state, FACES: faces}
    return Row(line, Asset(**known, back_to=_STATES[str(back)] if back is not msgspec.UNSET else back))  # type: ignore[arg-type] # each was compared with its column


def _wrong(name: str, value: object) -> str:
    """What is wrong with the type or the word of a value; empty when nothing is."""
    if name in _FLAGS:
        return "" if isinstance(value, bool) else f"neither {' nor '.join(FLAGS)}"
    if name == FACES:
        return "" if isinstance(value, list) else "not a list of faces"
    if not isinstance(value, str):
        return "not a text"
    if name in {"state", "back_to"} and value not in _STATES:
        return f"there is no state “{value[:32]}”"
    if name == "access" and value not in ACCESS:
        return f"neither {' nor '.join(ACCESS)}"
    return ""


def _faces(line: int, value: object) -> tuple[tuple[Fingerprint, ...], tuple[Fault, ...]]:
    try:
        faces = msgspec.convert(value, tuple[Fingerprint, ...])
    except msgspec.ValidationError as error:
        return (), (Fault(line, FACES, f"no passport: {error}"[:300]),)
    unknown = _unknown(value, msgspec.to_builtins(faces))
    return faces, ((Fault(line, FACES, f"there is no key “{unknown[:32]}”"),) if unknown else ())


def _unknown(given: object, made: object) -> str:
    """A key that says something and was not understood: a passport must not be listed as less than was meant."""
    if isinstance(given, dict):
        names = made.keys() if isinstance(made, dict) else ()
        own = next((str(name) for name, value in given.items() if name not in names and value not in _EMPTY), "")
        return own or next((f for n in names if (f := _unknown(given.get(n), made[n]))), "")  # type: ignore[index] # a dict, or without names
    if isinstance(given, list) and isinstance(made, list | tuple):
        return next((f for one, other in zip(given, made, strict=False) if (f := _unknown(one, other))), "")
    return ""

"""The file in which the list is carried, and the receipts beside it. Read once, whole, and checked before it counts.

One JSON object; each device on a line of its own, so that what is wrong has a line. docs/ledger-format.md has it.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from usbguard_py.core.canonical import canonical
from usbguard_py.core.carrying import (
    FORMAT,
    MAX_MACHINES,
    RECEIPT,
    VERSION,
    Head,
    Receipt,
    envelope_digest,
    list_digest,
    odd_head,
    odd_receipt,
    receipt_digest,
)
from usbguard_py.core.changes import fields
from usbguard_py.core.sheet import Fault, Row, from_plain
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import BadInput
from usbguard_py.shell.sheets_json import Found, not_json, opened
from usbguard_py.shell.whole import whole

ENDING = ".receipt.json"
MAX_RECEIPT = 64 * 1024  # bytes; one that names as many devices as it may has a quarter of it
MAX_RECEIPTS = 200  # files that are looked at beside a list


class CarriedList(msgspec.Struct, frozen=True):
    """What a file holds: which list, what is known of other computers, and the devices with their lines."""

    head: Head
    machines: tuple[Receipt, ...]
    assets: tuple[Asset, ...]
    lines: tuple[int, ...]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: int
    assets: list[msgspec.Raw]
    head: Head
    machines: tuple[Receipt, ...]
    sha256: str


class _Receipt(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: int
    receipt: Receipt
    sha256: str


class _Kind(msgspec.Struct):
    format: str = ""
    version: int = 0


def write_carried(file: IO[bytes], head: Head, machines: tuple[Receipt, ...], assets: Iterable[Asset]) -> None:
    """Write the whole list. The same list, written at the same moment, gives the same bytes."""
    _for_others(file)
    file.write(b'{"assets":[')
    for place, asset in enumerate(assets):
        file.write((b",\n" if place else b"\n") + canonical(fields(asset)))
    rest = {
        "format": FORMAT,
        "head": msgspec.to_builtins(head),
        "machines": msgspec.to_builtins(machines),
        "sha256": envelope_digest(head, machines),
        "version": VERSION,
    }
    file.write(b"\n]," + canonical(rest)[1:] + b"\n")


def read_carried(path: Path) -> CarriedList | tuple[Fault, ...]:
    """The list that a file holds, or what is wrong with it, line by line.

    Raises:
        BadInput: it cannot be opened or read, or is too long.
    """
    return carried(_read(path))


def carried(raw: bytes) -> CarriedList | tuple[Fault, ...]:
    """The list that these bytes are, or what is wrong with them."""
    kind = _kind(raw)
    if isinstance(kind, Fault):
        return (kind,)
    if (kind.format, kind.version) != (FORMAT, VERSION):
        return (Fault(1, "", f"a format this version does not read: {kind.format[:32]} {kind.version}"),)
    try:
        file = msgspec.json.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return (not_json(raw, error),)
    odd = odd_head(file.head) or next((odd for one in file.machines if (odd := odd_receipt(one))), "")
    if odd or len(file.machines) > MAX_MACHINES or any(one.held for one in file.machines):
        return (Fault(0, "", odd or f"more than {MAX_MACHINES} computers"),)
    return _checked(file, list(_rows(raw, file.assets)))


def _checked(file: _File, rows: list[Found]) -> CarriedList | tuple[Fault, ...]:
    """The file, when its devices are what its digests say."""
    faults = tuple(fault for row in rows if not isinstance(row, Row) for fault in row)
    if faults:
        return faults
    good = [row for row in rows if isinstance(row, Row)]
    assets = tuple(row.asset for row in good)
    if envelope_digest(file.head, file.machines) != file.sha256 or len(assets) != file.head.count:
        return (Fault(0, "", "the file was changed or cut off: its digest is another"),)
    if list_digest(file.head, assets) != file.head.sha256:
        return (Fault(0, "", "the file was changed or cut off: its digest is another"),)
    return CarriedList(file.head, file.machines, assets, tuple(row.line for row in good))


def _read(path: Path) -> bytes:
    with opened(path) as file:
        try:
            return file.read()
        except OSError as error:  # the stick was pulled
            raise BadInput(where=str(path), detail=error.strerror or "cannot be read") from error


def _kind(raw: bytes) -> _Kind | Fault:
    """Which format it says that it has: that of a later version may have other fields."""
    try:
        return msgspec.json.decode(raw, type=_Kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return not_json(raw, error)


def _rows(raw: bytes, pieces: list[msgspec.Raw]) -> Iterator[Found]:
    """Each device with its line."""
    place, line = 0, 1
    for piece in pieces:
        text = bytes(piece)
        at = raw.find(text, place)
        line += raw.count(b"\n", place, at)
        try:
            plain = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield (Fault(line, "", "not JSON"),)
        else:
            yield from_plain(line, plain)
        line += text.count(b"\n")
        place = at + len(text)


def receipt_path(list_file: Path, receipt: Receipt) -> Path:
    """Where the receipt of a computer lies: beside the list, by the number of that computer."""
    return list_file.with_name(f"{receipt.machine.id[:12]}{ENDING}")


def write_receipt(list_file: Path, receipt: Receipt) -> Path:
    """Write a receipt beside the list, in place of an earlier one of this computer; its path.

    Raises:
        CannotWrite: it cannot be written; nothing was left behind.
    """
    target = receipt_path(list_file, receipt)
    plain = {
        "format": RECEIPT,
        "receipt": msgspec.to_builtins(receipt),
        "sha256": receipt_digest(receipt),
        "version": VERSION,
    }
    with whole(target, force=True) as file:
        _for_others(file)
        file.write(canonical(plain) + b"\n")
    return target


def _for_others(file: IO[bytes]) -> None:
    """Let other accounts read the file: it is read on another computer, where numbers of accounts mean other people."""
    with contextlib.suppress(OSError):  # a file system without modes
        os.fchmod(file.fileno(), 0o644)


def read_receipts(folder: Path) -> tuple[list[Receipt], list[tuple[Path, str]]]:
    """The receipts in a folder, and which files are none and why.

    Raises:
        BadInput: the folder cannot be read.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.endswith(ENDING))[:MAX_RECEIPTS]
    except OSError as error:
        raise BadInput(where=str(folder), detail=error.strerror or "cannot be read") from error
    good, bad = [], []
    for path in paths:
        found = _receipt(path)
        if isinstance(found, Receipt):
            good.append(found)
        else:
            bad.append((path, found))
    return good, bad


def _receipt(path: Path) -> Receipt | str:
    """The receipt in a file, or what is wrong with it."""
    try:
        with opened(path) as file:
            raw = file.read(MAX_RECEIPT + 1)
    except BadInput as error:
        return str(error.facts["detail"])
    except OSError as error:
        return error.strerror or "cannot be read"
    if len(raw) > MAX_RECEIPT:
        return f"longer than {MAX_RECEIPT} bytes"
    return receipt_in(raw)


def receipt_in(raw: bytes) -> Receipt | str:
    """The receipt that these bytes are, or what is wrong with them."""
    try:
        found = msgspec.json.decode(raw, type=_Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "not JSON"
    if (found.format, found.version) != (RECEIPT, VERSION):
        return f"a format this version does not read: {found.format[:32]} {found.version}"
    odd = odd_receipt(found.receipt)  # first: what is odd may have no canonical form, and no digest
    if odd or receipt_digest(found.receipt) == found.sha256:
        return odd or found.receipt
    return "the file was changed or cut off: its digest is another"

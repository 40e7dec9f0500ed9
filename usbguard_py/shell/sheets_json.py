"""The approved list as JSON, and what all formats share: opening a file, within bounds."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from usbguard_py.core.sheet import Fault, Row, from_plain
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import BadInput

FORMAT = "usbguard-py-list"
VERSION = 1
MAX_FILE = 64 * 1024 * 1024  # bytes; 10 000 devices have 15 MB
_BYTE = re.compile(r"byte (\d+)")  # where msgspec's sentence has the place

Found = Row | tuple[Fault, ...]
Tell = Callable[[int], None]


def write_json(file: IO[bytes], assets: Iterable[Asset], list_version: int) -> int:
    """Write one object, each asset on a line of its own; how many there are. The same list gives the same bytes."""
    encode = msgspec.json.Encoder(order="sorted").encode
    head = {"format": FORMAT, "list_version": list_version, "version": VERSION}
    file.write(encode(head)[:-1] + b',"assets":[')
    count = 0
    for count, asset in enumerate(assets, 1):
        file.write((b",\n" if count > 1 else b"\n") + encode(asset))
    file.write(b"\n]}\n")
    return count


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The outermost object of a JSON file."""

    format: str
    version: int
    assets: list[msgspec.Raw]
    list_version: int = 0


def read_json(path: Path, tell: Tell) -> Iterator[Found]:
    """The rows of a JSON file; ``tell`` gets how many bytes were dealt with.

    Raises:
        BadInput: it cannot be opened, or is too long.
    """
    with opened(path) as file:
        yield from json_rows(file.read(), tell)


def json_rows(raw: bytes, tell: Tell) -> Iterator[Found]:
    """The same of the bytes of a file."""
    try:
        whole = msgspec.json.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield (not_json(raw, error),)
        return
    if (whole.format, whole.version) != (FORMAT, VERSION):
        yield (Fault(1, "", f"a format this version does not read: {whole.format[:32]} {whole.version}"),)
        return
    place = raw.find(b'"assets"')
    line = raw.count(b"\n", 0, place) + 1
    for piece in whole.assets:
        at = raw.find(bytes(piece), place)
        line += raw.count(b"\n", place, at)
        tell(at)
        try:
            plain = msgspec.json.decode(piece)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield (Fault(line, "", "not JSON"),)
        else:
            yield from_plain(line, plain)
        place = at + len(bytes(piece))
        line += raw.count(b"\n", at, place)


def not_json(raw: bytes, error: Exception) -> Fault:
    """What is wrong with bytes that could not be read as JSON, or as what was expected, and where."""
    if isinstance(error, msgspec.ValidationError):
        return Fault(1, "", f"no list: {error}"[:300])
    found = _BYTE.search(str(error))
    if found:
        place = min(int(found[1]), len(raw))
    else:  # what is cut off is wrong at its end
        place = error.start if isinstance(error, UnicodeDecodeError) else len(raw)
    line = raw.count(b"\n", 0, place) + 1
    return Fault(line, str(place - raw.rfind(b"\n", 0, place)), "not UTF-8" if _is_bytes(error) else "not JSON")


def _is_bytes(error: Exception) -> bool:
    return isinstance(error, UnicodeDecodeError) or "UTF-8" in str(error)


def opened(path: Path) -> IO[bytes]:
    """The file, opened for reading.

    Raises:
        BadInput: it cannot be opened, is no file, or is too long.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would wait for somebody to write
            raise BadInput(where=str(path), detail="no file")
        file = path.open("rb")
    except OSError as error:
        raise BadInput(where=str(path), detail=error.strerror or "cannot be read") from error
    if path.stat().st_size > MAX_FILE:
        file.close()
        raise BadInput(where=str(path), detail=f"longer than {MAX_FILE} bytes")
    return file

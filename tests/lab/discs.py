"""Images of discs with one program on them, as a maker of sticks burns them: ISO 9660 without any word about modes.

Numbers are those of ECMA-119, 4th edition: 8.4 the primary volume descriptor, 9.1 a directory record, 9.4 a path table.
"""

import struct
from pathlib import Path

SECTOR = 2048  # bytes
DESCRIPTOR, END, LITTLE, BIG, ROOT, FILE = 16, 17, 18, 19, 20, 21  # sectors; before the first lies the system area
DATE = bytes((126, 1, 1, 0, 0, 0, 0))  # 2026-01-01, as 9.1.5 has it
UNSET = b"0" * 16 + b"\0"  # 8.4.26.1: a date that is not specified


def disc(path: Path, program: bytes, *, name: str = "LOGIN.SH", label: str = "SAMPLE", size: int = 2 << 20) -> Path:
    """Write an image of ``size`` bytes to ``path``; ``program`` lies at its top as ``name`` (8.3, capitals)."""
    itself, above = _record(ROOT, SECTOR, b"\0", folder=True), _record(ROOT, SECTOR, b"\1", folder=True)
    entry = _record(FILE, len(program), name.encode("ascii") + b";1")
    sectors = {
        DESCRIPTOR: _descriptor(label, size // SECTOR),
        END: b"\xffCD001\1",
        LITTLE: struct.pack("<BBIH", 1, 0, ROOT, 1) + b"\0\0",
        BIG: struct.pack(">BBIH", 1, 0, ROOT, 1) + b"\0\0",
        ROOT: itself + above + entry,
        FILE: program,
    }
    with path.open("wb") as file:
        file.truncate(size)
        for number, data in sectors.items():
            file.seek(number * SECTOR)
            file.write(data)
    return path


def _both(form: str, number: int) -> bytes:
    """A number in both orders of bytes (7.2.3, 7.3.3)."""
    return struct.pack("<" + form, number) + struct.pack(">" + form, number)


def _record(sector: int, length: int, name: bytes, *, folder: bool = False) -> bytes:
    body = bytes((0,)) + _both("I", sector) + _both("I", length) + DATE + bytes((2 if folder else 0, 0, 0))
    body += _both("H", 1) + bytes((len(name),)) + name + b"\0" * (1 - len(name) % 2)
    return bytes((len(body) + 1,)) + body


def _descriptor(label: str, sectors: int) -> bytes:
    text = [b"\1CD001\1\0", b" " * 32, label.encode("ascii").ljust(32), bytes(8), _both("I", sectors), bytes(32)]
    sizes = _both("H", 1) + _both("H", 1) + _both("H", SECTOR) + _both("I", 10)
    tables = struct.pack("<II", LITTLE, 0) + struct.pack(">II", BIG, 0)
    names = b" " * (4 * 128 + 3 * 37)  # 8.4.19 to 8.4.25
    return b"".join((*text, sizes, tables, _record(ROOT, SECTOR, b"\0", folder=True), names, UNSET * 4, b"\1"))

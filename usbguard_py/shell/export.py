"""The whole ledger as one JSON Lines file that any machine can verify; docs/ledger-format.md.

The same ledger gives the same bytes: there is no date of export in it. The stored bodies stand in it
verbatim, so that nothing is encoded anew to verify them.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from usbguard_py import paths
from usbguard_py.core.chain import GENESIS
from usbguard_py.errors import BadInput, CannotWrite, LedgerBroken
from usbguard_py.shell.database import readable
from usbguard_py.shell.diagnosis import CUT_OFF, Row, broken, number_of
from usbguard_py.shell.faults import reported
from usbguard_py.shell.ledger import MAX_BODY
from usbguard_py.shell.whole import whole
from usbguard_py.tampering import Kind

FORMAT = "usbguard-py-ledger"
VERSION = 1
_ENCODE = msgspec.json.Encoder(order="sorted").encode
MAX_LINE = 2 * MAX_BODY + 256  # bytes: evidence is hex
_BODY, _HASH, _END = b'{"body":', b',"hash":"', b'"}\n'
_TAIL = len(_HASH) + 64 + len(_END)  # 64 hex digits of SHA-256


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of an exported file. ``head`` is the hash of entry ``last`` in hex."""

    evidence: int
    first: int
    format: str
    head: str
    last: int
    ledger: str
    version: int


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of evidence, hex; ``evidence`` is its SHA-256."""

    data: str
    evidence: str


def head(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Number and hash of the last entry as the database says."""
    row: tuple[int, bytes] = connection.execute("SELECT seq, hash FROM head").fetchone() or (0, GENESIS)
    return row


def rows(connection: sqlite3.Connection) -> Iterator[Row]:
    """All entries in order, their bodies as the bytes that are stored."""
    return connection.execute("SELECT seq, CAST(body AS BLOB), hash FROM ledger ORDER BY seq")


def export(database: Path, target: Path, *, force: bool = False) -> Header:
    """Write the ledger of ``database`` to ``target``, complete and on disk on return; the header written.

    Nothing is left behind when it fails. An existing file is replaced only with ``force``.

    Raises:
        FileExists: ``target`` is there already.
        CannotWrite: it cannot be written.
        DatabaseTrouble: the database cannot be read.
    """
    with contextlib.closing(readable(database)) as connection, whole(target, force=force) as file, reported(database):
        connection.execute("BEGIN")
        header = _header(connection)
        file.writelines(_lines(connection, header))
    return header


def put_verifier(target: Path, *, force: bool = False) -> Path:
    """Put the program that verifies an exported file beside ``target``; where it is. One that is the same stays.

    Raises:
        FileExists: another file has its name.
        CannotWrite: it is not installed, or cannot be written.
    """
    place = target.with_name(paths.VERIFIER.name)
    try:
        program = paths.VERIFIER.read_bytes()
        if place.exists() and place.read_bytes() == program:
            return place
    except OSError as error:
        raise CannotWrite(path=str(place), detail=error.strerror or str(error)) from error
    with whole(place, force=force) as file:
        file.write(program)
    return place


def _header(connection: sqlite3.Connection) -> Header:
    last, digest = head(connection)
    (pieces,) = connection.execute("SELECT count(*) FROM evidence").fetchone()
    row = connection.execute("SELECT json_extract(body, '$.ledger') FROM ledger WHERE seq = 1").fetchone()
    return Header(pieces, 1, FORMAT, digest.hex(), last, row[0] if row and row[0] else "", VERSION)


def _lines(connection: sqlite3.Connection, header: Header) -> Iterator[bytes]:
    yield _ENCODE(header) + b"\n"
    for _, body, digest in rows(connection):
        yield _BODY + body + _HASH + digest.hex().encode() + _END
    for digest, data in connection.execute("SELECT sha256, data FROM evidence ORDER BY sha256"):
        yield _ENCODE(Piece(data.hex(), digest.hex())) + b"\n"


class Exported:
    """An open exported file: the header, then entries, then evidence; each read once, in this order."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._number = 1
        self._line = file.readline(MAX_LINE)
        try:
            self.header = msgspec.json.decode(self._line, type=Header)
            self.head = _raw(self.header.head)
            _same(self.header, self._line)
        except (msgspec.DecodeError, ValueError) as error:
            raise BadInput(where=name, detail="neither a usbguard-py database nor a log exported from one") from error
        if (self.header.format, self.header.version, self.header.first) != (FORMAT, VERSION, 1):
            raise BadInput(where=name, detail=f"a format this version does not read: {self.header.version}")

    def entries(self) -> Iterator[Row]:
        """The entries in order.

        Raises:
            LedgerBroken: a line that is none.
        """
        seq = 0
        while self._next() and not self._line.startswith(b'{"data":'):
            line = self._line
            if not (line.startswith(_BODY) and line.endswith(_END) and line[-_TAIL:].startswith(_HASH)):
                raise broken(seq + 1) if line.endswith(b"\n") else self._cut_off(seq + 1)
            body = line[len(_BODY) : -_TAIL]
            seq = number_of(body, seq + 1)
            try:
                digest = _raw(line[-_TAIL + len(_HASH) : -len(_END)].decode("ascii"))
            except ValueError as error:
                raise broken(seq) from error
            yield seq, body, digest

    def _cut_off(self, seq: int) -> LedgerBroken:
        """The file ends within the line of record ``seq``, or that line has no end."""
        if len(self._line) == MAX_LINE:
            return broken(seq)
        return broken(seq, CUT_OFF, Kind.TRUNCATED, last=max(seq, self.header.last))

    def evidence(self) -> Iterator[tuple[bytes, bytes]]:
        """The pieces of evidence: SHA-256 and content.

        Raises:
            BadInput: a line that is none.
        """
        while self._line:
            try:
                piece = msgspec.json.decode(self._line, type=Piece)
                _same(piece, self._line)
                yield _raw(piece.evidence), _raw(piece.data)
            except (msgspec.DecodeError, ValueError) as error:
                place = f"{self._name}:{self._number}"
                raise BadInput(where=place, detail="a line that is neither a record nor evidence") from error
            self._next()

    def _next(self) -> bytes:
        self._number += 1
        self._line = self._file.readline(MAX_LINE)
        return self._line


def _raw(digits: str) -> bytes:
    """The bytes of lower-case hex digits, so that there is one spelling."""
    raw = bytes.fromhex(digits)
    if raw.hex() != digits:
        raise ValueError("not the digits that are written")
    return raw


def _same(value: Header | Piece, line: bytes) -> None:
    """See that a line is exactly what is written for its value."""
    if _ENCODE(value) + b"\n" != line:
        raise ValueError("not the line that is written")


@contextmanager
def opened(path: Path) -> Iterator[Exported]:
    """Open an exported file.

    Raises:
        BadInput: it cannot be opened or is no exported file.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadInput(where=str(path), detail=error.strerror or "") from error
    with file:
        yield Exported(file, str(path))

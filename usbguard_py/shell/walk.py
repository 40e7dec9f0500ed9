"""Follows the chain of a ledger, entry by entry, whatever file it comes from."""

import hashlib
from collections.abc import Iterable

import msgspec

from usbguard_py.core.chain import GENESIS, link
from usbguard_py.errors import LedgerBroken
from usbguard_py.i18n import N_, translate

CHANGED = N_("its content or the hash of the record before it was changed")
UNREADABLE = N_("it cannot be read")
MISNUMBERED = N_("it calls itself record {other}")
MISSING = N_("records {seq} to {last} are missing")
NOT_THE_LAST = N_("the file ends with record {last}, but names {other} as its last")
NOT_EXPECTED = N_("it is not the record whose hash was written down")
TOO_SHORT = N_("the record whose hash was written down is not there; the log was cut off or replaced by an older one")
EVIDENCE_CHANGED = N_("its stored evidence {digest} was changed")
EVIDENCE_MISSING = N_("its stored evidence {digest} is missing")


class Verified(msgspec.Struct, frozen=True):
    """An intact ledger: its identity, how many entries it has, first and last, and the hash of the last in hex."""

    ledger: str
    entries: int
    first: int
    last: int
    head: str
    first_at: str
    last_at: str
    evidence: int
    assets: int


class _Numbered(msgspec.Struct, frozen=True, gc=False):
    seq: int
    evidence: tuple[str, ...] = ()


_NUMBERED = msgspec.json.Decoder(_Numbered)
_BEGIN = msgspec.json.Decoder(dict[str, object])

Row = tuple[int, bytes, bytes]  # number, body, hash


class Walk:
    """Follows the chain; what has been seen is in its attributes."""

    def __init__(self, seq: int = 0, digest: bytes = GENESIS) -> None:
        self.seq = seq
        self.digest = digest
        self.first_at = ""
        self.last_at = ""
        self.ledger = ""
        self.needed: dict[str, int] = {}  # evidence by digest: the first entry that names it

    def follow(self, rows: Iterable[Row], expected: tuple[int, bytes] | None = None) -> None:
        """See that each row follows from the one before it.

        Raises:
            LedgerBroken: the first that does not.
        """
        decode, checked = _NUMBERED.decode, expected or (-1, b"")
        body = b""
        seq, previous = self.seq, self.digest
        for number, body, digest in rows:
            seq += 1
            if number != seq:
                raise broken(seq, MISSING if number > seq else MISNUMBERED, last=number - 1, other=number)
            if link(previous, body) != digest:
                raise broken(seq, CHANGED)
            try:
                numbered = decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise broken(seq) from error
            if numbered.seq != seq:
                raise broken(seq, MISNUMBERED, other=numbered.seq)
            if seq == checked[0] and digest != checked[1]:
                raise broken(seq, NOT_EXPECTED)
            for named in numbered.evidence:
                self.needed.setdefault(named, seq)
            if seq == 1:
                begin = _BEGIN.decode(body)
                self.ledger, self.first_at = str(begin.get("ledger", "")), str(begin.get("at", ""))
            previous = digest
        self.seq, self.digest = seq, previous
        self.last_at = str(_BEGIN.decode(body).get("at", "")) if body else ""

    def ended(self, last: int, head: bytes, expected: tuple[int, bytes] | None) -> None:
        """See that the end is where it should be.

        Raises:
            LedgerBroken: entries are missing at the end.
        """
        if self.seq < last:
            raise broken(self.seq + 1, MISSING, last=last)
        if (self.seq, self.digest) != (last, head):
            raise broken(self.seq, NOT_THE_LAST, last=self.seq, other=last)
        if expected is not None and expected[0] > self.seq:
            raise broken(expected[0], TOO_SHORT)

    def evidence(self, stored: Iterable[tuple[bytes, bytes]]) -> int:
        """See that all evidence that entries name is there and unchanged; how many pieces there are.

        Raises:
            LedgerBroken: a piece is not.
        """
        count = 0
        missing = dict(self.needed)
        for digest, data in stored:
            count += 1
            name = digest.hex()
            seq = missing.pop(name, None)
            if hashlib.sha256(data).digest() != digest:
                raise broken(seq or self.needed.get(name, 0), EVIDENCE_CHANGED, digest=name)
        if missing:
            name = min(missing, key=missing.__getitem__)
            raise broken(missing[name], EVIDENCE_MISSING, digest=name)
        return count

    def result(self, evidence: int, assets: int) -> Verified:
        """What is now known to be intact."""
        return Verified(
            self.ledger,
            self.seq,
            min(1, self.seq),
            self.seq,
            self.digest.hex(),
            self.first_at,
            self.last_at,
            evidence,
            assets,
        )


def broken(seq: int, why: str = UNREADABLE, **facts: object) -> LedgerBroken:
    """The error for a bad entry, in the language in use."""
    return LedgerBroken(seq=seq, detail=translate(why).format(seq=seq, **facts))


def number_of(body: bytes, otherwise: int) -> int:
    """The number that a body calls itself; ``otherwise`` when it cannot be read."""
    try:
        return _NUMBERED.decode(body).seq
    except (msgspec.DecodeError, UnicodeDecodeError):
        return otherwise

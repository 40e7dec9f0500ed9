"""A seal: number and hash of one entry as a code that is written by hand and read aloud.

Eight groups of five characters. A group is four characters of Crockford's alphabet (32 characters without I, L, O and
U, crockford.com/base32.html) and one that checks it. The 32 characters that carry something are, from the front:

==== ==========================================================================
bits what
==== ==========================================================================
  30 number of the entry
  10 the first bits of the ledger's identity (``ledger`` of its first entry)
 120 the first bits of the entry's hash
==== ==========================================================================

120 bits: another history that fits a code which stands on paper takes 2^120 attempts, and two histories made for one
code before it is asked for 2^60 (docs/adr/0200-what-a-seal-holds.md). The checks find slips of the hand; they keep
nobody from anything. docs/ledger-format.md has the same for who reads it without us.
"""

import re

import msgspec

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS = 8
PER_GROUP = 4  # characters that carry something; a fifth checks them
SEQ_BITS, LEDGER_BITS, HEAD_BITS = 30, 10, 120
MAX_SEQ = 2**SEQ_BITS - 1  # a ledger of that many entries would fill a terabyte
_BITS = 5  # of a character
_REDUCE = 0b100101  # x^5 + x^2 + 1, primitive over GF(2): twice a value, as in a Reed-Solomon code
_READ_AS = str.maketrans("OIL", "011")  # Crockford's rule for what a reader takes for a digit
_BETWEEN = re.compile(r"[\s.,;:_/|\-\u2010-\u2015]+")


class Seal(msgspec.Struct, frozen=True):
    """What a code says: number of the entry, and the first bits of the ledger's identity and of the entry's hash."""

    seq: int
    ledger: int
    head: int

    def same_ledger(self, ledger: str) -> bool:
        """Whether ``ledger``, 128 bits in hex, may be the sealed one: another is taken for it once in 1024 times."""
        return ledger_bits(ledger) == self.ledger

    def fits(self, digest: bytes) -> bool:
        """Whether the hash of the entry, 32 bytes, is the sealed one."""
        return head_bits(digest) == self.head


class BadSeal(ValueError):
    """A code that cannot be read; ``group`` (from 1) is where, 0 when it is about the code as a whole."""

    def __init__(self, group: int, text: str = "", count: int = 0) -> None:
        super().__init__(group, text, count)
        self.group = group
        self.text = text
        self.count = count  # characters in place of 40


def ledger_bits(ledger: str) -> int:
    """The first bits of a ledger's identity in hex; 0 when it has none."""
    return int(ledger[:3] or "0", 16) >> 2


def head_bits(digest: bytes) -> int:
    """The first bits of a hash of 32 bytes."""
    return int.from_bytes(digest[: HEAD_BITS // 8], "big")


def seal(seq: int, ledger: str, digest: bytes) -> str:
    """The code of entry ``seq`` with that hash, in the ledger with that identity: groups with a hyphen between them.

    Raises:
        ValueError: no entry has such a number.
    """
    if not 0 < seq <= MAX_SEQ:
        raise ValueError(seq)
    value = (seq << LEDGER_BITS | ledger_bits(ledger)) << HEAD_BITS | head_bits(digest)
    shifts = range(_BITS * (GROUPS * PER_GROUP - 1), -1, -_BITS)
    every = [value >> shift & 31 for shift in shifts]
    groups = (every[at : at + PER_GROUP] for at in range(0, len(every), PER_GROUP))
    return "-".join(_group(number, digits) for number, digits in enumerate(groups, 1))


def read(text: str) -> Seal:
    """What a code that somebody typed says; hyphens, blanks and capitals do not matter.

    Raises:
        BadSeal: the first group that was not typed as it was printed.
    """
    value = 0
    for number, group in enumerate(_groups(text), 1):
        digits = [ALPHABET.find(char) for char in group.translate(_READ_AS)]
        if len(digits) != PER_GROUP + 1 or -1 in digits or _check(number, digits[:-1]) != digits[-1]:
            raise BadSeal(number, group)
        for digit in digits[:-1]:
            value = value << _BITS | digit
    if not value >> HEAD_BITS + LEDGER_BITS:
        raise BadSeal(1, _groups(text)[0])  # numbers begin with 1
    head = value & 2**HEAD_BITS - 1
    return Seal(value >> HEAD_BITS + LEDGER_BITS, value >> HEAD_BITS & 2**LEDGER_BITS - 1, head)


def differing(one: str, other: str) -> list[int]:
    """The numbers of the groups in which two codes differ, as they are printed."""
    pairs = zip(one.split("-"), other.split("-"), strict=True)
    return [number for number, (a, b) in enumerate(pairs, 1) if a != b]


def _groups(text: str) -> list[str]:
    """The groups as they were typed, or every five characters where that does not give eight."""
    plain = text.strip().upper()
    typed = [part for part in _BETWEEN.split(plain) if part]
    if len(typed) == GROUPS:
        return typed
    joined = "".join(typed)
    if len(joined) != GROUPS * (PER_GROUP + 1):
        raise BadSeal(0, count=len(joined))
    return [joined[at : at + PER_GROUP + 1] for at in range(0, len(joined), PER_GROUP + 1)]


def _group(number: int, digits: list[int]) -> str:
    return "".join(ALPHABET[digit] for digit in (*digits, _check(number, digits)))


def _check(number: int, digits: list[int]) -> int:
    """The character that makes a group's polynomial ``number`` at x = 2 in GF(32).

    The weights 16, 8, 4, 2 and 1 differ and none is 0: one wrong character, any two exchanged ones, and two exchanged
    groups are always found; of other slips 31 in 32.
    """
    total = 0
    for digit in digits:
        total = _double(total) ^ digit
    return _double(total) ^ number


def _double(value: int) -> int:
    return value << 1 if value < 16 else value << 1 ^ _REDUCE  # noqa: PLR2004 - half of the field

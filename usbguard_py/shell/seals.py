"""Seals held against a ledger that was walked from its first entry."""

from collections.abc import Mapping, Sequence

import msgspec

from usbguard_py.core.seal import BadSeal, Seal, differing, read, seal
from usbguard_py.errors_seal import SealUnreadable
from usbguard_py.tampering import Kind


class Held(msgspec.Struct, frozen=True):
    """What became of one seal.

    ``kind`` is empty when nothing up to entry ``seq``, of time ``at``, was changed since. Otherwise ``after`` is the
    last entry that an older seal still proves, and ``group`` the only group of the code that differs from what this log
    would give, 0 when there are more: then a slip of the pen is the likely reason.
    """

    code: str
    seq: int
    kind: str = ""
    at: str = ""
    after: int = 0
    group: int = 0
    there: str = ""  # that group as this log would give it


class Typed(msgspec.Struct, frozen=True):
    """A code as it is printed, and what it says."""

    code: str
    seal: Seal


def typed(codes: Sequence[str]) -> tuple[Typed, ...]:
    """The codes that somebody typed.

    Raises:
        SealUnreadable: the first that was not copied as it was printed.
    """
    found = []
    for number, code in enumerate(codes, 1):
        try:
            wanted = read(code)
        except BadSeal as error:
            raise SealUnreadable(
                number=number, group=error.group, text=error.text[:12], count=error.count, several=len(codes) > 1
            ) from error
        found.append(Typed(_spelt(wanted), wanted))
    return tuple(found)


def held(ledger: str, last: int, marked: Mapping[int, tuple[bytes, str]], codes: Sequence[Typed]) -> tuple[Held, ...]:
    """What became of each seal, oldest first; ``marked`` has hash and time of each entry that is there."""
    done: list[Held] = []
    good = 0
    for one in sorted(codes, key=lambda code: code.seal.seq):
        found = _held(ledger, last, marked, one, good)
        good = good if found.kind else found.seq
        done.append(found)
    return tuple(done)


def _held(ledger: str, last: int, marked: Mapping[int, tuple[bytes, str]], one: Typed, after: int) -> Held:
    wanted = one.seal
    known = Held(one.code, wanted.seq, after=after)
    if not wanted.same_ledger(ledger):
        return msgspec.structs.replace(known, kind=str(Kind.OTHER_LEDGER), **_slip(one, ledger, marked))
    if wanted.seq > last:
        return msgspec.structs.replace(known, kind=str(Kind.ROLLED_BACK))
    if wanted.seq not in marked or not wanted.fits(marked[wanted.seq][0]):
        return msgspec.structs.replace(known, kind=str(Kind.REWRITTEN), **_slip(one, ledger, marked))
    return msgspec.structs.replace(known, at=marked[wanted.seq][1])


def _slip(one: Typed, ledger: str, marked: Mapping[int, tuple[bytes, str]]) -> dict[str, object]:
    """The one group that differs, if it is one: all the others fit, which no other log could bring about."""
    if one.seal.seq not in marked:
        return {}
    here = seal(one.seal.seq, ledger, marked[one.seal.seq][0])
    groups = differing(here, _spelt(one.seal))
    return {"group": groups[0], "there": here.split("-")[groups[0] - 1]} if len(groups) == 1 else {}


def _spelt(wanted: Seal) -> str:
    """The code of a seal, as it is printed."""
    return seal(wanted.seq, f"{wanted.ledger << 2:03x}", wanted.head.to_bytes(15, "big") + bytes(17))

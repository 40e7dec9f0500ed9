"""Follows the chain of a ledger, entry by entry, whatever file it comes from."""

import hashlib
from collections import deque
from collections.abc import Collection, Iterable

import msgspec

from usbguard_py.core.chain import GENESIS, link
from usbguard_py.core.checkpoint import RECENT, Checkpoint
from usbguard_py.i18n import N_
from usbguard_py.shell.diagnosis import CUT_OFF, MISNUMBERED, NOT_THE_LAST, Row, broken, diagnosed
from usbguard_py.tampering import Kind

NOT_EXPECTED = N_("it is not the record whose hash was written down")
TOO_SHORT = N_("the record whose hash was written down is not there; the log was cut off or replaced by an older one")
EVIDENCE_CHANGED = N_("its stored evidence {digest} was changed")
EVIDENCE_MISSING = N_("its stored evidence {digest} is missing")
EVIDENCE_STRANGE = N_("evidence {digest} is stored that no record up to it names")
NOT_SIGNED = N_("it signs a record {other} that is not the one that stands here")
CLOCK_BACK = N_("by the clock that nobody can set it is older than the record before it")
BOOT_AGAIN = N_("it comes from a start of the computer that had ended before the record before it")


class Moved(msgspec.Struct, frozen=True):
    """From the entry ``seq`` on, a start of the daemon, the log was written on another computer or system."""

    seq: int
    at: str


class Verified(msgspec.Struct, frozen=True):
    """An intact ledger: its identity, how many entries it has, first and last, and the hash of the last in hex.

    ``machine`` is the computer of the last start as the log says, in hex; ``moved`` where it changed.
    """

    ledger: str
    entries: int
    first: int
    last: int
    head: str
    first_at: str
    last_at: str
    evidence: int
    assets: int
    machine: str = ""
    moved: tuple[Moved, ...] = ()


class _Numbered(msgspec.Struct, frozen=True, gc=False):
    seq: int
    evidence: tuple[str, ...] = ()
    boot: str = ""
    mono_ms: int = 0
    machine_id: str = ""
    at: str = ""
    signature: str = ""


_NUMBERED = msgspec.json.Decoder(_Numbered)
_CHECKPOINT = msgspec.json.Decoder(Checkpoint)
_BEGIN = msgspec.json.Decoder(dict[str, object])


class Walk:
    """Follows the chain; what has been seen is in its attributes. ``marks`` are numbers whose hashes are wanted."""

    def __init__(self, marks: Collection[int] = ()) -> None:
        self.seq = 0
        self.digest = GENESIS
        self.first_at = ""
        self.last_at = ""
        self.ledger = ""
        self.machine = ""
        self.moved: list[Moved] = []
        self.marked: dict[int, tuple[bytes, str]] = {}  # hash and time of the entries that were asked for
        self.needed: dict[str, int] = {}  # evidence by digest: the first entry that names it
        self._marks = frozenset(marks)
        self.signed: dict[str, Checkpoint] = {}  # the last checkpoint of each key
        self._recent: deque[bytes] = deque(maxlen=RECENT + 1)  # hashes, the newest last
        self._boots: set[str] = set()
        self._boot = ("", 0)

    def follow(self, rows: Iterable[Row]) -> None:
        """See that each row follows from the one before it.

        Raises:
            LedgerBroken: the first that does not.
        """
        decode, marks, boot, mono = _NUMBERED.decode, self._marks, *self._boot
        recall = self._recent.append
        seq, previous, before, at = self.seq, self.digest, GENESIS, self.last_at
        rows = iter(rows)
        for number, body, digest in rows:
            seq += 1
            if number != seq or link(previous, body) != digest:
                raise diagnosed(seq, (previous, before), (number, body, digest), rows)
            try:
                numbered = decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise broken(seq) from error
            if numbered.seq != seq:
                raise broken(seq, MISNUMBERED, other=numbered.seq)
            if numbered.boot != boot:
                boot = self._another_boot(seq, numbered.boot)
            elif numbered.mono_ms < mono:
                raise broken(seq, CLOCK_BACK, Kind.REORDERED)
            mono, at = numbered.mono_ms, numbered.at
            recall(digest)
            if numbered.evidence or numbered.machine_id or seq in marks or seq == 1 or numbered.signature:
                self._look(numbered, body, digest)
            before, previous = previous, digest
        self.seq, self.digest, self.last_at, self._boot = seq, previous, at, (boot, mono)

    def _another_boot(self, seq: int, boot: str) -> str:
        if boot in self._boots:
            raise broken(seq, BOOT_AGAIN, Kind.REORDERED)
        self._boots.add(boot)
        return boot

    def _look(self, numbered: _Numbered, body: bytes, digest: bytes) -> None:
        """Take from an entry what is asked of it later."""
        for named in numbered.evidence:
            self.needed.setdefault(named, numbered.seq)
        if numbered.machine_id not in {"", self.machine}:
            if self.machine:
                self.moved.append(Moved(numbered.seq, numbered.at))
            self.machine = numbered.machine_id
        if numbered.seq in self._marks:
            self.marked[numbered.seq] = digest, numbered.at
        if numbered.signature:
            self._see_checkpoint(numbered.seq, body)
        if numbered.seq == 1:
            self.ledger, self.first_at = str(_BEGIN.decode(body).get("ledger", "")), numbered.at

    def _see_checkpoint(self, seq: int, body: bytes) -> None:
        """See that what was signed is what stands there; whether the signature is good is asked of the last one."""
        try:
            made = _CHECKPOINT.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise broken(seq) from error
        back = seq - made.of
        if not (made.well_formed and 0 < back < len(self._recent) and self._recent[-1 - back].hex() == made.head):
            raise broken(seq, NOT_SIGNED, Kind.REWRITTEN, other=made.of)
        self.signed[made.key] = made

    def ended(self, last: int, head: bytes) -> None:
        """See that the end is where it should be.

        Raises:
            LedgerBroken: entries are missing at the end, or stand behind it.
        """
        if self.seq < last:
            raise broken(self.seq + 1, CUT_OFF, Kind.TRUNCATED, last=last)
        if (self.seq, self.digest) != (last, head):
            kind = Kind.INSERTED if self.seq > last else Kind.EDITED
            raise broken(self.seq, NOT_THE_LAST, kind, last=self.seq, other=last)

    def expect(self, seq: int, digest: bytes) -> None:
        """See that the entry ``seq``, one of the marks, has that hash.

        Raises:
            LedgerBroken: it has another, or the log ends before it.
        """
        if seq > self.seq:
            raise broken(seq, TOO_SHORT, Kind.ROLLED_BACK)
        if self.marked.get(seq, (digest,))[0] != digest:
            raise broken(seq, NOT_EXPECTED, Kind.REWRITTEN)

    def evidence(self, stored: Iterable[tuple[bytes, bytes]]) -> int:
        """See that all evidence that entries name is there and unchanged; how many pieces there are.

        Raises:
            LedgerBroken: a piece is not.
        """
        count, strange = 0, ""
        missing = dict(self.needed)
        for digest, data in stored:
            count += 1
            name = digest.hex()
            seq = missing.pop(name, 0)
            if seq and hashlib.sha256(data).digest() != digest:
                raise broken(seq, EVIDENCE_CHANGED, Kind.EVIDENCE, digest=name)
            strange = strange or ("" if seq else name)
        if missing:
            name = min(missing, key=missing.__getitem__)
            raise broken(missing[name], EVIDENCE_MISSING, Kind.EVIDENCE, digest=name)
        if strange:
            raise broken(self.seq, EVIDENCE_STRANGE, Kind.EVIDENCE, digest=strange)
        return count

    def result(self, evidence: int, assets: int) -> Verified:
        """What is now known to be intact."""
        first = min(1, self.seq)
        found = (self.ledger, self.seq, first, self.seq, self.digest.hex(), self.first_at, self.last_at)
        return Verified(*found, evidence, assets, self.machine, tuple(self.moved))

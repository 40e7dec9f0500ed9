"""Coverage: when enforcement was in force and when not, told from the entries of the ledger alone.

Pure. docs/ledger-format.md ("Coverage") is the definition; this is written after it. Lengths are those of the boot's
clock, which nobody can set; the wall clock only says where a stretch lies. What the log does not know counts as a gap.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from usbguard_py.core.moments import instant
from usbguard_py.core.stretches import HUB, Coverage, Mark, Reason, Stretch

__all__ = ["Coverage", "Mark", "Reason", "Stretch", "coverage", "needed"]


class _Piece(NamedTuple):
    """A stretch on the clock of one boot, and the wall clock at its millisecond 0."""

    begin: int
    end: int
    reason: str
    seq: int
    zero: int


class _Over(NamedTuple):
    """What is laid over the pieces of a boot: ``only`` over covered ones, or over all."""

    begin: int
    end: int
    reason: str
    seq: int
    only: bool


class _Boot:
    """The entries of one start of the machine, one after the other."""

    def __init__(self, first: Mark) -> None:
        self.name = first.boot
        self.zero = _wall(first) - first.mono_ms
        self.pieces: list[_Piece] = []
        self.over: list[_Over] = []
        self.at = 0  # milliseconds of the boot up to which pieces are made

    def until(self, moment: int, reason: str, seq: int) -> None:
        """Go on to ``moment``."""
        end = max(moment, self.at)
        self.pieces.append(_Piece(self.at, end, reason, seq, self.zero))
        self.at = end

    def settled(self) -> Iterator[Stretch]:
        """The stretches with what was laid over them."""
        pieces = self.pieces
        for over in self.over:
            pieces = [part for piece in pieces for part in _laid(piece, over)]
        for piece in pieces:
            yield Stretch(piece.zero + piece.begin, piece.zero + piece.end, piece.reason, piece.seq)


def _laid(piece: _Piece, over: _Over) -> Iterator[_Piece]:
    begin, end = max(piece.begin, over.begin), min(piece.end, over.end)
    if begin >= end or (over.only and piece.reason):
        yield piece
        return
    yield piece._replace(end=begin)
    yield piece._replace(begin=begin, end=end, reason=over.reason, seq=over.seq)
    yield piece._replace(begin=end)


class _Walk:
    """Follows the entries and keeps what they turn."""

    def __init__(self) -> None:
        self.boot: _Boot | None = None
        self.before: Mark | None = None
        self.running = False
        self.idle = Reason.BEFORE  # why not
        self.enforce: bool | None = None
        self.open: set[str] = set()
        self.turned = 0  # number of the entry by which it is as it is
        self.backwards = 0
        self.done: list[Stretch] = []

    def see(self, mark: Mark) -> None:
        """The next entry."""
        if self.before is None or self.boot is None:
            self.boot = _Boot(mark)
            self.boot.at = mark.mono_ms
        elif mark.boot != self.before.boot:
            self.boot = self._booted(self.boot, self.before, mark)
        else:
            self._same_boot(self.boot, self.before, mark)
        if mark.turns:
            self.boot.zero = _wall(mark) - mark.mono_ms
            self._turn(mark)
        self.before = mark

    def _same_boot(self, boot: _Boot, before: Mark, mark: Mark) -> None:
        moment = max(_happened(mark), boot.at)
        if mark.kind == "start" and self.running:
            boot.until(moment, Reason.DIED, mark.seq)
        else:
            boot.until(moment, self._reason(), self.turned)
        if mark.kind == "events-lost":
            boot.over.append(_Over(_effective(before), mark.mono_ms, Reason.EVENTS_LOST, mark.seq, only=True))
        elif mark.kind == "sleep":
            boot.over.append(_slept(mark))

    def _booted(self, boot: _Boot, before: Mark, mark: Mark) -> _Boot:
        """The machine was started again: what lies between the boots, and before the judge's start."""
        self.done += boot.settled()
        end, fresh = boot.zero + boot.at, _Boot(mark)
        off = before.kind == "stop" and before.shutdown
        reason = Reason.OFF if off else Reason.STOPPED if before.kind == "stop" else Reason.UNKNOWN
        self.done.append(Stretch(end, max(end, fresh.zero), reason, before.seq))
        self.backwards += fresh.zero < end
        self.running, self.idle, self.turned = False, Reason.UNKNOWN, mark.seq
        if mark.kind == "start":
            starting = Reason.STARTING if mark.kernel_parameter else Reason.STARTING_OPEN
        else:
            starting = Reason.UNKNOWN
        fresh.until(_happened(mark), starting, mark.seq)
        return fresh

    def _reason(self) -> str:
        """Why what follows the last entry is not covered; empty when it is."""
        if not self.running:
            return self.idle
        if not self.enforce:
            return Reason.OBSERVE
        return Reason.OPEN if self.open else ""

    def _turn(self, mark: Mark) -> None:
        match mark.kind:
            case "start":
                self.running, self.enforce, self.open = True, mark.enforce, set(mark.unclosed)
            case "stop":
                self.running, self.idle = False, Reason.STOPPED
            case "policy-use":
                self.enforce, self.open = mark.enforce, set()
            case "drift" if mark.restored:
                self.open.discard(mark.name)
            case "drift" | "alarm" if not mark.name.endswith(HUB):
                self.open.add(mark.name)
            case _:
                return
        self.turned = mark.seq

    def end(self) -> list[Stretch]:
        """All stretches, up to the last entry."""
        if self.boot is not None:
            self.done += self.boot.settled()
        return self.done


def needed(marks: Iterable[Mark]) -> Iterator[Mark]:
    """Those of all entries, in their order, that coverage needs: what turns, what is before it or a new start, ends."""
    before: Mark | None = None
    given = 0
    for mark in marks:
        begins = before is None or before.boot != mark.boot
        if (mark.turns or begins) and before is not None and before.seq != given:
            yield before
        if mark.turns or begins:
            yield mark
            given = mark.seq
        before = mark
    if before is not None and before.seq != given:
        yield before


def coverage(marks: Iterable[Mark], since: int | None = None, until: int | None = None) -> Coverage:
    """What the entries, in their order, tell of the period from ``since`` to ``until`` (milliseconds since 1970).

    ``marks`` are all entries, or those that turn something, the one before each of them, the first of each start of
    the machine, and the last. Without ``since`` the period begins with the judge's first start, without ``until`` it
    ends with the last entry.
    """
    walk = _Walk()
    first = last = None
    for mark in marks:
        first = first or mark
        last = mark
        walk.see(mark)
    stretches = tuple(walk.end())
    if first is None or last is None or walk.boot is None:
        begin, finish = since or 0, until or since or 0
        return Coverage(begin, finish, tuple(_joined([Stretch(begin, finish, Reason.BEFORE, 0)], begin, finish)))
    known = walk.boot.zero + walk.boot.at
    earliest = min((s.begin for s in stretches if s.reason != Reason.BEFORE), default=known)
    begin = earliest if since is None else since
    finish = max((s.end for s in stretches), default=known) if until is None else until
    before = Stretch(begin, min(earliest, _wall(first)), Reason.BEFORE, first.seq)
    after = Stretch(known, known if until is None else until, Reason.END, last.seq)
    # Without a begin: by a millisecond of rounding, what was before may reach into what came then.
    parts = [s for s in stretches if s.reason != Reason.BEFORE] if since is None else [before, *stretches]
    told = tuple(_joined([*parts, after], begin, finish))
    return Coverage(begin, finish, told, walk.backwards)


def _joined(stretches: Iterable[Stretch], since: int, until: int) -> Iterator[Stretch]:
    """What of the stretches lies in the period; neighbours with one reason are one."""
    held: Stretch | None = None
    for whole in stretches:
        begin, end = max(whole.begin, since), min(whole.end, until)
        if begin >= end:
            continue
        if held is not None and held.reason == whole.reason and held.end == begin:
            held = Stretch(held.begin, end, held.reason, held.seq)
            continue
        if held is not None:
            yield held
        held = Stretch(begin, end, whole.reason, whole.seq)
    if held is not None:
        yield held


def _wall(mark: Mark) -> int:
    """The entry's wall clock, milliseconds since 1970."""
    return (instant(mark.at) or 0) // 1000


def _happened(mark: Mark) -> int:
    """When what a turning entry tells happened, on the clock of its boot; any other entry stands where it is."""
    return _effective(mark) if mark.turns else mark.mono_ms


def _effective(mark: Mark) -> int:
    """As above for any entry: before it was written, when it is ``late``."""
    happened = instant(mark.happened_at) if mark.late else None
    behind = 0 if happened is None else max(_wall(mark) - happened // 1000, 0)
    return max(mark.mono_ms - behind, 0)


def _slept(mark: Mark) -> _Over:
    """The sleep that an entry tells of: after the last look before it, as long as the clock showed."""
    since = instant(mark.from_) if isinstance(mark.from_, str) else None
    behind = mark.ms if since is None else max(_wall(mark) - since // 1000, mark.ms)
    begin = max(mark.mono_ms - behind, 0)
    return _Over(begin, min(begin + mark.ms, mark.mono_ms), Reason.SLEEP, mark.seq, only=False)

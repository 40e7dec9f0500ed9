"""Figures of the log: how often which device came, and what became of it; by code, kind, day, port, device, person.

Pure. An *arrival* is one device that was plugged in and judged, also one of those that an entry ``repeated`` counts.
Texts that a device chose come as the entry shows them, escaped.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

ARRIVALS = ("allowed", "blocked", "observed", "failed")
_WORDS = {"allowed": "allowed", "blocked": "blocked", "would-block": "observed", "would-allow": "allowed"}
_FOREIGN_OPEN = "MAINTENANCE"  # a keyboard that is not enrolled, let in for one start


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What the figures need of an entry."""

    seq: int
    kind: str
    at: str
    code: str = ""
    allow: bool = False
    outcome: str = ""
    name: str = ""
    usb_id: str = ""
    serial: str = ""
    serial_hex: str | None = None
    manufacturer: str = ""
    product: str = ""
    interfaces: tuple[str, ...] = ()
    asset: str = ""
    peripheral: str = ""
    holder: str = ""
    count: int = 0
    alarm: bool = False
    by: object = None
    media: tuple[Mapping[str, object], ...] = ()


class Figures(msgspec.Struct):
    """How often, by what became of it; ``cut`` are devices that were open and were closed. First and last time."""

    allowed: int = 0
    blocked: int = 0
    observed: int = 0
    failed: int = 0
    cut: int = 0
    changes: int = 0
    first: str = ""
    last: str = ""

    def add(self, what: str, times: int, at: str) -> None:
        """Count ``times`` of ``what``, a field."""
        setattr(self, what, getattr(self, what) + times)
        self.first = self.first or at
        self.last = at

    @property
    def arrivals(self) -> int:
        """All arrivals."""
        return self.allowed + self.blocked + self.observed + self.failed

    @property
    def refused(self) -> int:
        """Arrivals that were not allowed, whether or not that was carried out."""
        return self.blocked + self.observed + self.failed


class Known(msgspec.Struct):
    """One device, by USB id and serial number."""

    usb_id: str
    serial: str
    kind: str = ""
    title: str = ""
    asset: str = ""
    peripheral: str = ""
    holder: str = ""
    capacity: int | None = None
    codes: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    figures: Figures = msgspec.field(default_factory=Figures)
    foreign: Figures = msgspec.field(default_factory=Figures)  # while it was neither listed nor enrolled


class Tally:
    """Counts entries one after the other, oldest first. ``kind_of`` tells a device's kind from its interfaces."""

    def __init__(self, kind_of: Callable[[tuple[str, ...]], str]) -> None:
        self._kind_of = kind_of
        self.entries = self.alarms = self.unenumerated = 0
        self.total = Figures()
        self.foreign = Figures()
        self.devices: dict[tuple[str, str], Known] = {}
        self.codes: dict[str, Figures] = {}
        self.classes: dict[str, Figures] = {}
        self.days: dict[str, Figures] = {}
        self.ports: dict[str, Figures] = {}
        self.persons: dict[str, Figures] = {}
        self.kinds: dict[str, int] = {}
        self.faces: set[tuple[str, ...]] = set()  # interfaces, as decisions list them

    def add(self, entries: Iterable[Seen]) -> "Tally":
        """Count these entries."""
        for seen in entries:
            self.entries += 1
            self.alarms += seen.alarm
            self.kinds[seen.kind] = self.kinds.get(seen.kind, 0) + 1
            if seen.kind in {"decision", "outcome", "repeated", "cut"}:
                self._device(seen)
            elif seen.kind == "unenumerated":
                self.unenumerated += 1
            who = person(seen.by)
            if who:
                self.persons.setdefault(who, Figures()).add("changes", 1, seen.at)
        return self

    def _device(self, seen: Seen) -> None:
        if seen.kind == "repeated" and not seen.usb_id:
            self.unenumerated += seen.count
            return
        known = self._known(seen)
        what = "cut" if seen.kind == "cut" else "failed" if seen.outcome == "failed" else _WORDS.get(seen.outcome, "")
        if not what:  # an allowed device's decision; its outcome is an entry of its own
            return
        times = seen.count if seen.kind == "repeated" else 1
        day, holder = seen.at[:10], known.holder
        cells = [self.total, known.figures, _of(self.codes, seen.code), _of(self.classes, known.kind)]
        cells += [_of(self.days, day), _of(self.ports, seen.name), *([_of(self.persons, holder)] if holder else [])]
        if what != "cut" and is_foreign(seen):
            cells += [self.foreign, known.foreign]
        for cell in cells:
            cell.add(what, times, seen.at)

    def _known(self, seen: Seen) -> Known:
        key = (seen.usb_id, seen.serial_hex or "")
        known = self.devices.get(key)
        if known is None:
            known = self.devices[key] = Known(seen.usb_id, seen.serial)
        if seen.interfaces:
            self.faces.add(seen.interfaces)
            known.kind = self._kind_of(seen.interfaces)
            known.title = title(seen.manufacturer, seen.product)
        known.asset = seen.asset or known.asset
        known.peripheral = seen.peripheral or known.peripheral
        known.holder = seen.holder or known.holder
        if seen.media:
            known.capacity = capacity(seen.media)
        if seen.code not in known.codes:
            known.codes += (seen.code,)
        if seen.name not in known.ports:
            known.ports += (seen.name,)
        return known


def is_foreign(seen: Seen) -> bool:
    """Whether a device is neither on the list nor enrolled: it was refused, or let in for maintenance."""
    if seen.code == _FOREIGN_OPEN:
        return True
    return not (seen.allow or seen.asset or seen.peripheral)


def title(manufacturer: str, product: str) -> str:
    """Maker and product as the device names itself, escaped."""
    if product.casefold().startswith(manufacturer.casefold()):
        return product
    return " ".join(text for text in (manufacturer, product) if text)


def capacity(media: Iterable[Mapping[str, object]]) -> int | None:
    """The bytes of a drive's largest unit; ``None`` when none of them is known."""
    sizes = (unit.get("capacity") for unit in media)
    return max((size for size in sizes if isinstance(size, int)), default=None)


def person(by: object) -> str:
    """The person who made a change: the login, else the account; empty when nobody is named."""
    if isinstance(by, Mapping):
        return str(by.get("login") or by.get("user") or "")
    return by if isinstance(by, str) else ""


def _of(cells: dict[str, Figures], name: str) -> Figures:
    found = cells.get(name)
    if found is None:
        found = cells[name] = Figures()
    return found

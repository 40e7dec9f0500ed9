"""Figures of the log as rows of tables."""

from collections.abc import Iterable, Mapping

from usbguard_py.buses.usb_recorded import kind_of
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import FUNCTIONS, UNKNOWN, day, moment, number, word
from usbguard_py.core.tally import Figures, Known, Tally
from usbguard_py.i18n import N_, _

BY = {
    "code": N_("By code"),
    "class": N_("By class of device"),
    "day": N_("By day"),
    "port": N_("By port"),
    "device": N_("By device"),
    "person": N_("By person"),
}
HEADS = {
    "code": N_("Code"),
    "class": N_("Class"),
    "day": N_("Day"),
    "port": N_("Port"),
    "device": N_("Device"),
    "person": N_("Person"),
}


def figure_heads(name: str) -> list[Column]:
    """The columns of a table of figures."""
    numbers = [_("Allowed"), _("Blocked"), _("Not closed")]
    more = [_("Changes")] if name == "person" else []
    return [
        Column(_(HEADS[name]), flexible=True),
        *(Column(text, right=True) for text in (*numbers, *more)),
        Column(_("First")),
        Column(_("Last")),
    ]


def figure_rows(name: str, cells: Mapping[str, Figures]) -> list[Row]:
    """Rows of a table: the last day first, everything else by how often it was refused."""
    ordered = sorted(cells.items(), reverse=True) if name == "day" else by_number(cells.items())
    return [_row(named(name, key), figures) for key, figures in ordered]


def named(name: str, key: str) -> str:
    """What a row is about, in words."""
    if name == "class":
        return word(FUNCTIONS, key) if key else _(UNKNOWN)
    return day(key) or key if name == "day" else key or "–"


def by_number(cells: Iterable[tuple[str, Figures]]) -> list[tuple[str, Figures]]:
    """Most refusals first, then most arrivals, then by name."""
    return sorted(cells, key=lambda pair: (-pair[1].refused, -pair[1].arrivals, pair[0]))


def devices(tally: Tally) -> list[Row]:
    """A row for each device."""
    ordered = sorted(tally.devices.values(), key=lambda known: (-known.figures.refused, -known.figures.arrivals))
    return [_row(called(known), known.figures) for known in ordered if known.figures.arrivals]


def called(known: Known) -> str:
    """A device in one line: number on the list, serial, name, USB id."""
    parts = (known.asset or known.peripheral, known.serial, known.title, known.usb_id)
    return " ".join(part for part in parts if part)


def people_rows(persons: Mapping[str, Figures]) -> list[Row]:
    """A row for each person."""
    return [_row(name, found, str(found.changes)) for name, found in by_number(persons.items())]


def _row(name: str, found: Figures, *more: str) -> Row:
    open_ = found.observed + found.failed
    numbers = (number(found.allowed), number(found.blocked), number(open_), *more)
    return Row([name, *numbers, moment(found.first), moment(found.last)], "alarm" if open_ else "")


def by_kind(interfaces: tuple[str, ...]) -> str:
    """The kind of a device with these recorded interfaces."""
    return kind_of(interfaces) if interfaces else ""


def device_heads() -> list[Column]:
    """The columns of a table of foreign devices."""
    return [
        Column(_("Kind"), flexible=True),
        Column(_("Serial no."), flexible=True),
        Column(_("Name"), flexible=True),
        Column(_("Port"), flexible=True),
        Column(_("Times"), right=True),
        Column(_("Last")),
    ]


def device_row(known: Known, figures: Figures) -> Row:
    """A device with how often it came; below it the reasons."""
    kind = word(FUNCTIONS, known.kind) if known.kind else _(UNKNOWN)
    name = " ".join(text for text in (known.title, known.usb_id) if text)
    open_ = figures.arrivals - figures.blocked
    cells = [kind, known.serial or "–", name, ", ".join(known.ports), number(figures.arrivals), moment(figures.last)]
    note = " ".join(f"[{code}]" for code in known.codes)
    if open_:
        note += " " + _("NOT CLOSED: {count}").format(count=number(open_))
    return Row(cells, "alarm" if open_ else "warn", note=note)

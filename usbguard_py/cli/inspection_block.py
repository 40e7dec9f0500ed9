"""The block of an inspection's minutes, line by line as police teams write it; what the computer knows is filled in.

The lines, their order and the form of a device's line are those of the minutes in use
(``Loại: … | Seri: … | Dung lượng: … | Tên: …``). Judgements are left to people: those lines have dots.
"""

from collections.abc import Iterable, Iterator

from usbguard_py.cli.periods import shown
from usbguard_py.cli.words import FUNCTIONS, number, word
from usbguard_py.core.tally import Known
from usbguard_py.i18n import _, language
from usbguard_py.shell.this_machine import Facts

DOTS = "…" * 12
MEGABYTE = 1_000_000
HUB = "HUB"


def block(
    machine: Facts, devices: Iterable[Known], network: int, about: Iterable[str], now: tuple[int, ...]
) -> list[str]:
    """The lines. ``network``: how often a USB network adapter was refused; ``about``: of the log and this program."""
    hour, minute, day, month, year = now
    when = _("At {hour}:{minute:02d} on {day}/{month}/{year}, at {place}")
    return [
        when.format(hour=hour, minute=minute, day=day, month=month, year=year, place=DOTS),
        _("Comrade {dots} – position: {dots} – security team").format(dots=DOTS),
        _("Comrade {dots} in charge of the computer").format(dots=DOTS),
        _("Login password set: Yes / No"),
        _("Password given to others: Yes / No"),
        _("Class of the computer: Internal / Standalone / Internet"),
        *_computer(machine),
        _("State of the computer at the time of the inspection (seals …): {dots}").format(dots=DOTS),
        _("Result:"),
        "  " + _("– Weaknesses of the operating system: {dots}").format(dots=DOTS),
        "  " + _("– Malware: {dots}").format(dots=DOTS),
        _("History of connected peripherals:"),
        *("  " + line for line in history(devices)),
        _("History of Internet connections: {dots}").format(dots=DOTS),
        *(["  " + _network(network)] if network else []),
        _("Other content:"),
        *("  – " + line for line in about),
        _("Level of risk: {dots} Reasons: {dots}").format(dots=DOTS),
        _("THE INSPECTOR {space} IN CHARGE OF THE COMPUTER").format(space=" " * 20),
    ]


def _computer(machine: Facts) -> Iterator[str]:
    disks = "; ".join(f"{name}, {size(bytes_)}" for name, bytes_ in machine.disks)
    installed = shown(int(machine.installed * 1000)) if machine.installed else DOTS
    virus = machine.antivirus or DOTS
    if machine.signatures:
        virus += ", " + _("signatures of {day}").format(day=shown(int(machine.signatures * 1000)).partition(" ")[0])
    yield _("Name of the computer: {text}").format(text=machine.name or DOTS)
    yield _("Operating system: {text}").format(text=machine.system or DOTS)
    yield _("Installed: {text}").format(text=installed.partition(" ")[0])
    yield _("MAC: {text}").format(text=", ".join(machine.macs) or DOTS)
    yield _("IP: {text}").format(text=", ".join(machine.addresses) or DOTS)
    parts = (machine.processor or DOTS, size(machine.memory) if machine.memory else DOTS, disks or DOTS)
    yield _("CPU/RAM/disks: {text}").format(text=" / ".join(parts))
    yield _("Antivirus program: {text}").format(text=virus)


def history(devices: Iterable[Known]) -> Iterator[str]:
    """One line for each device that was plugged in, in the order in which they first came; hubs are left out."""
    came = [known for known in devices if known.figures.arrivals and HUB not in known.codes]
    for index, known in enumerate(came, 1):
        kind = word(FUNCTIONS, known.kind) if known.kind else "–"
        capacity = "–" if known.capacity is None else size(known.capacity)
        name = known.title or known.usb_id or "–"
        text = _("{number}. Kind: {kind} | Serial: {serial} | Capacity: {capacity} | Name: {name}")
        yield text.format(number=index, kind=kind, serial=known.serial or "–", capacity=capacity, name=name)
    if not came:
        yield _("none in the log of this period")


def _network(times: int) -> str:
    text = _(
        "(USB network adapters that were plugged in and refused: {count} times. Other connections are not recorded.)"
    )
    return text.format(count=number(times))


def size(count: int) -> str:
    """A number of bytes as makers print it, in units of 10^9 or 10^6 bytes."""
    tenths = count // (MEGABYTE * 100)
    if not tenths:
        return f"{count // MEGABYTE} MB"
    text = f"{tenths // 10}.{tenths % 10}".removesuffix(".0")
    return f"{text if language() == 'en' else text.replace('.', ',')} GB"

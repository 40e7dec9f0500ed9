"""The checks of ``doctor``: an explicit table of small pure functions over the condition of a computer."""

from collections.abc import Callable, Iterator

from usbguard_py.core import checks_devices as devices
from usbguard_py.core import checks_start as start
from usbguard_py.core.condition import Condition
from usbguard_py.core.findings import FINDINGS, Finding, found
from usbguard_py.core.levels import Level

MEGABYTE = 1_000_000
FULL = 16 * MEGABYTE  # bytes in which some ten thousand records fit, with the write-ahead log
LOW = 100 * MEGABYTE
TESTED = (6, 1)  # the oldest kernel that the guests of the tests have: Debian 12's

Check = Callable[[Condition], Iterator[Finding]]


def protection(c: Condition) -> Iterator[Finding]:
    """Whether it blocks, and whether the one who blocks is there."""
    if c.fail_safe:
        yield found("fail-safe", detail=c.fail_safe)
    if not c.daemon:
        yield found("daemon-down-blocking" if c.now_enforces else "daemon-down")
    elif not c.now_enforces:
        yield found("observing")
    elif c.trial is not None:
        yield found("on-trial", minutes=-(-c.trial // 60))
    elif c.answers and not c.fail_safe:
        yield found("protects")


def units(c: Condition) -> Iterator[Finding]:
    """Each unit: there, not masked, started with the computer, running."""
    bad = False
    for unit in c.units or ():
        name = ""
        if unit.load in {"masked", "not-found"}:
            name = "unit-masked" if unit.load == "masked" else "unit-missing"
        elif unit.enabled == "masked":
            name = "unit-masked"
        elif not unit.enabled.startswith(("enabled", "static")):
            name = "unit-disabled"
        elif unit.active != "active" and unit.name != "usbguard-py.service":  # that one is what `protection` is about
            name = "unit-inactive"
        if name:
            bad = True
            yield found(name, unit=unit.name, state=unit.active)
    if c.units and not bad and c.daemon:
        yield found("units-run")


def beside(c: Condition) -> Iterator[Finding]:
    """Other enforcers, running, installed or hidden in udev's rules."""
    if c.beside.running:
        yield found("other-enforcer", what=c.beside.running)
    for what in c.beside.installed:
        yield found("enforcer-installed", what=what)
    for path in c.beside.rules:
        yield found("foreign-rule", path=path)
    if not (c.beside.running or c.beside.installed or c.beside.rules):
        yield found("alone")


def neighbours(c: Condition) -> Iterator[Finding]:
    """Programs beside which one has to know something, and only where they matter."""
    there = c.beside.programs
    if {"udisks2", "desktop"} <= there:
        yield found("automount")
    if c.beside.thunderbolt == "none":
        yield found("thunderbolt-open", level=c.beside.thunderbolt)
    elif c.beside.thunderbolt and "bolt" in there:
        yield found("bolt")
    for device in () if c.now_enforces else c.devices or ():
        if "ModemManager" in there and device.kind in {"serial-port", "network"}:
            yield found("modem-manager", name=device.name)
        if "gvfs" in there and device.kind in {"phone", "image"}:
            yield found("gvfs", name=device.name)


def clock(c: Condition) -> Iterator[Finding]:
    """The clock against the program's own age and against the log; a minute of difference is none."""
    now, newest = c.clock.now, c.books.newest if c.books else 0
    bad = True
    if now < c.clock.built:
        yield found("clock-past", date=now)
    elif now + 60 < newest:
        yield found("clock-behind", date=now, newest=newest)
    else:
        bad = False
    if not c.clock.battery:
        yield found("clock-no-battery")
    elif not bad:
        yield found("clock-right")


def room(c: Condition) -> Iterator[Finding]:
    """Free space for the log, and for a new initramfs where one has to be made."""
    low = False
    for one in c.rooms:
        facts = {"path": one.path, "free": one.free // MEGABYTE, "needed": -(-c.start.image // MEGABYTE)}
        if one.path == "/boot":
            name = "boot-low" if one.free < c.start.image else ""
        else:
            name = "disk-full" if one.free < FULL else "disk-low" if one.free < LOW else ""
        if name:
            low = True
            yield found(name, **facts)
    if c.rooms and not low:
        yield found("room")


def kernel(c: Condition) -> Iterator[Finding]:
    """Whether the kernel has what everything here rests on."""
    if not c.kernel.buses:
        yield found("no-usb")
        return
    for what in c.kernel.missing:
        yield found("kernel-cannot", release=c.kernel.release, what=what)
    numbers = c.kernel.release.split(".")[:2]
    if all(n.isdigit() for n in numbers) and tuple(int(n) for n in numbers) < TESTED:
        yield found("kernel-untested", release=c.kernel.release)
    elif not c.kernel.missing:
        yield found("kernel-can", release=c.kernel.release)


def roles(c: Condition) -> Iterator[Finding]:
    """The groups, and whether anybody is in them."""
    missing = [group for group, members in c.groups.items() if members is None]
    for group in missing:
        yield found("group-missing", group=group)
    manager, auditor = (c.groups.get(f"usbguard-{role}") for role in ("manager", "auditor"))
    if manager == 0:
        yield found("no-manager")
    if auditor == 0:
        yield found("no-auditor")
    if manager and auditor and not missing:
        yield found("roles-given")


def agency(c: Condition) -> Iterator[Finding]:
    """The agency's file."""
    if c.agency is None:
        yield found("agency-missing")
    elif c.agency:
        yield found("agency-wrong", detail=c.agency, path="/etc/usbguard-py/agency.toml")
    else:
        yield found("agency-set")


def books(c: Condition) -> Iterator[Finding]:
    """The list and the log: readable, not empty, not too old."""
    if c.books is None:
        return
    if c.books.trouble:
        yield found("database-trouble", detail=c.books.trouble)
        return
    yield found("books-readable")
    if not c.books.assets:
        yield found("list-empty")
    if c.books.list_max_age and c.books.list_age > c.books.list_max_age:
        yield found("list-old", days=c.books.list_age, most=c.books.list_max_age)


def unseen(c: Condition) -> Iterator[Finding]:
    """What this account may not see, so that silence is not taken for health."""
    for what in c.unseen:
        yield found("unseen", what=what)


CHECKS: tuple[Check, ...] = (
    protection,
    devices.keyboards,
    start.passphrase,
    start.system,
    beside,
    books,
    kernel,
    units,
    start.floor,
    room,
    clock,
    roles,
    agency,
    devices.blocked,
    neighbours,
    unseen,
)


def findings(condition: Condition) -> tuple[Finding, ...]:
    """Everything that is to be said of a computer, the most pressing first."""
    order = {name: index for index, name in enumerate(FINDINGS)}
    every = (finding for check in CHECKS for finding in check(condition))
    return tuple(sorted(every, key=lambda f: (-f.level, order[f.name])))


def exit_code(every: tuple[Finding, ...]) -> int:
    """0: nothing to do; 1: something has to be done; 2: there is danger."""
    worst = max((f.level for f in every), default=Level.OK)
    return {Level.DANGER: 2, Level.WARNING: 1}.get(worst, 0)

"""The machine as the flow needs it: reads, facts, records, writes, each in a few lines."""

import time
from collections.abc import Callable, Iterable

import msgspec

from usbguard_py import paths
from usbguard_py.buses import USB
from usbguard_py.core import record
from usbguard_py.core.codes import Code
from usbguard_py.core.decision import Decision
from usbguard_py.core.enforcement import ReadBack, Step, Write
from usbguard_py.core.facts import Connected, Facts
from usbguard_py.core.gates import judge
from usbguard_py.core.gates_media import faces
from usbguard_py.core.kinds import early
from usbguard_py.core.whitelist import Peripheral
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Ask, Bound, Flow
from usbguard_py.daemon.helper import Helper, Task
from usbguard_py.daemon.maintenance import Maintenance
from usbguard_py.daemon.media import Media
from usbguard_py.daemon.storms import Recorder
from usbguard_py.daemon.surroundings import Surroundings
from usbguard_py.errors import DeviceGone
from usbguard_py.shell import floor, nodes, sysfs
from usbguard_py.shell.hands import Hands

BIND_DEADLINE = 8.0  # seconds; the first stick after boot waits for its modules (0.2 s seen under emulation)
HANDS_SHARE = 0.9  # of a cut's deadline, for the hands' answer; they keep a fifth of it (daemon/hands_cut.py)
HANDS_SLACK = 5.0  # seconds for the hands to let go again
_OPENED_DRIVE = {Code.ALLOWED, Code.ADOPTED}
_ENROLLED = {Code.INPUT_ENROLLED, Code.PERIPHERAL_ENROLLED, Code.MAINTENANCE}
_AT_ONCE = {Code.INPUT_ENROLLED, Code.MAINTENANCE, Code.HUB}  # their entry may wait for a log that cannot be written
_STEADY = tuple(name for name in USB.READS if name != "authorized")
_ASSET_CODES = {Code.ALLOWED, Code.ADOPTED, Code.DUPLICATE}


class Host:
    """Implements :class:`usbguard_py.machine.Host`; ``published`` is told of each entry about a device."""

    def __init__(self, books: Books, helper: Helper) -> None:
        self.books = books
        self.helper = helper
        self.hands = Hands()
        self.storms = Recorder(books)
        self.media, self.around = Media(helper, self.hands), Surroundings()
        self.other_enforcer = ""
        self.maintenance = Maintenance(books)
        self.connections: dict[str, Connection] = {}
        self.published: Callable[[str, Connection], None] = lambda _kind, _connection: None
        self.unclosed: tuple[str, ...] = ()
        self.queue: Callable[[Connection, Flow], None] = lambda _connection, _flow: None

    @property
    def enforcing(self) -> bool:
        """Whether the policy in force opens and closes, or only observes."""
        return self.books.policy.enforce

    def describe(self, connection: Connection) -> Task:
        """Read the device anew, through its open directory; in the helper, because strings wait for its lock."""
        directory = connection.directory

        def describe() -> None:
            read = directory.attributes(USB.READS)
            device = USB.describe(directory.name, directory.syspath, read)
            if directory.present():
                connection.device, connection.read = device, read

        return self.helper.begin(describe)

    def look(self, connection: Connection) -> Task:
        """Read the device's state back; in the helper, because the kernel may hold its lock."""
        return self.helper.begin(connection.directory.read_back)

    def decide(self, connection: Connection) -> Decision:
        """Gather the facts and ask the gates."""
        connection.asked = self._standing(connection)
        connection.decision = judge(connection.device, facts := self.facts(connection))
        asset = next((a for a in facts.candidates if a.id == connection.decision.asset), None)
        connection.about(asset)
        connection.faces = faces(asset, connection.device)
        return connection.decision

    def unchanged(self, connection: Connection) -> bool:
        """Whether list, policy and the other devices are as when the gates were last asked."""
        return not self.books.fail_safe and connection.asked == self._standing(connection)

    def _standing(self, connection: Connection) -> tuple[object, ...]:
        """All that the facts are made of, without reading the list."""
        books, failures = self.books, self.storms.failures(connection)
        others = tuple(self._connected(connection))
        return (books.list_version(), books.policy_digest, books.date(), books.fail_safe, failures, others)

    def facts(self, connection: Connection) -> Facts:
        """All that the gates may ask about this device now."""
        device = connection.device
        serial = device.serial or b""
        enrolled = floor.peripherals(device) if self.books.fail_safe else self.books.peripherals
        candidates = self.books.candidates(serial) if serial else ()
        return Facts(
            policy=self.books.policy,
            policy_digest=self.books.policy_digest,
            candidates=candidates,
            peripherals=(*enrolled, *self.maintenance.stand_in(device, enrolled)),
            connected=tuple(self._connected(connection)),
            fail_safe=self.books.fail_safe,
            failures=self.storms.failures(connection),
            today=self.books.date(),
        )

    def _connected(self, but: Connection) -> Iterable[Connected]:
        for other in self.connections.values():
            decision = other.decision
            if other is not but and not other.gone and decision.code in _ASSET_CODES | _ENROLLED:
                yield Connected(other.name, other.device.devnum, decision.asset or decision.peripheral)

    def connection(self, name: str) -> Connection | None:
        """The connection of another device, if it is still there."""
        return self.connections.get(name)

    def apply(self, connection: Connection, step: Step) -> None:
        """Carry out one step and see that it reads back."""
        if not isinstance(step, Write):
            sysfs.probe(step.interface, step.driver)
        elif step.device == connection.name:
            connection.directory.write(step.attribute, step.value, step.shows)
        elif step.device.startswith(connection.name + ":"):
            connection.directory.write(f"{step.device}/{step.attribute}", step.value, step.shows)
        else:
            bus = sysfs.Directory(step.device)
            try:
                bus.write(step.attribute, step.value, step.shows)
            finally:
                bus.close()

    def begin(self, connection: Connection, *steps: Step) -> Task:
        """Carry out steps in the helper thread, stopping at the first that fails."""
        return self.helper.begin(lambda: self._carry_out(connection, steps))

    def configure(self, connection: Connection, *steps: Step) -> Task:
        """The same, then see that every attribute but ``authorized`` still reads as it was judged.

        One task, beside the entry: what the kernel shows of a device is what it read when it enumerated it, and a
        device that changes is made anew in another directory (drivers/usb/core/hub.c, usb_reset_and_verify_device).
        """
        judged = connection.read

        def carry_out() -> None:
            self._carry_out(connection, steps)
            if connection.directory.attributes(_STEADY) != {name: judged.get(name) for name in _STEADY}:
                raise DeviceGone(name=connection.name)

        return self.helper.begin(carry_out)

    def _carry_out(self, connection: Connection, steps: Iterable[Step]) -> None:
        for step in steps:
            self.apply(connection, step)

    def release_nodes(self, connection: Connection, *, granted: bool) -> None:
        """Set or take away the flag by which udev gives this device's nodes out."""
        code, place = connection.decision.code, (connection.name, connection.device.devnum)
        shut = not granted and nodes.raw(*place)
        nodes.flag(*place, granted=granted and code is not Code.HUB, raw=code is Code.PERIPHERAL_ENROLLED)
        if shut:
            nodes.look_again(connection.directory, "change")

    def announce(self, connection: Connection) -> None:
        """Have udev look anew at an enrolled device that programs drive: they, and its rules, wait for its *add*."""
        if connection.decision.code is Code.PERIPHERAL_ENROLLED:
            nodes.look_again(connection.directory, "add")

    def claimed(self, connection: Connection) -> Bound:
        """A wait for the kernel's own driver of the whole device.

        It is bound just after the *add* event, and configures a device that is authorised by then: a second time when
        we were quicker, which makes all interfaces anew (drivers/usb/core/generic.c, usb_generic_driver_probe).
        """

        def look() -> bool:
            return bool(connection.directory.driver()) or not connection.directory.present()

        return Bound(look, time.monotonic() + BIND_DEADLINE)

    def bound(self, connection: Connection) -> Bound:
        """A wait for a driver on each granted interface that needs one."""
        wanted = USB.awaited(connection.decision, connection.device)

        def look() -> bool:
            drivers = {USB.interface_number(i.name) for i in connection.directory.interfaces() if i.driver}
            return wanted <= drivers or not connection.directory.present()

        return Bound(look, time.monotonic() + BIND_DEADLINE)

    def hold(self, connection: Connection) -> Ask | None:
        """Ask the hands to detach what is mounted from the device; they hold its writers still until release."""
        if not nodes.below(connection.directory):
            return None
        deadline = self.books.policy.cut_deadline_ms
        pending = self.hands.begin_hold(connection.name, connection.device.devnum, deadline)
        # Hands that do not answer in time stop no cut: the device is deauthorised by the deadline all the same.
        return Ask(pending, time.monotonic() + deadline / 1000 * HANDS_SHARE)

    def release(self, connection: Connection) -> Ask:
        """Ask the hands to let go of what they hold for the device."""
        return Ask(self.hands.begin_release(connection.name), time.monotonic() + HANDS_SLACK)

    def record_decision(self, connection: Connection) -> None:
        """Write the decision; an enrolled peripheral's enrolment is on disk already, so its entry may wait."""
        body, evidence = self._decision(connection), (connection.device.descriptors,)
        self.storms.arrived(connection, body, folds=False)
        if connection.decision.code in _AT_ONCE:
            connection.seq = self.books.append_or_keep("decision", body, evidence)
        else:
            connection.seq = self.books.append("decision", body, evidence).seq
        self.storms.recorded(connection)
        self.published("decision", connection)
        if connection.decision.code is Code.MAINTENANCE:
            self.maintenance.record_accepted(connection)

    def record_outcome(self, connection: Connection, seen: ReadBack, problems: tuple[str, ...] = ()) -> None:
        """Write what was read back."""
        if connection.decision.code in _OPENED_DRIVE:
            self.hands.stand_by(connection.name)
        if problems:
            self.storms.failed(connection)
        alarm = bool(problems) and not (seen.gone or connection.gone)  # who pulls it out too early raises none
        body = record.outcome(connection.seq, connection.device, connection.decision, seen, problems)
        self.books.append_or_keep("outcome", {**body, **_media(connection), "alarm": alarm})
        self.published("outcome", connection)

    def record_block(self, connection: Connection, seen: ReadBack, problems: tuple[str, ...]) -> None:
        """Write a block, or what observing saw, in one entry with its read-back; in a storm, count it."""
        body = {
            **self._decision(connection),
            **record.effect(seen, problems),
            "outcome": "failed" if problems else self._word(connection),
            "alarm": connection.decision.alarm or bool(problems),
        }
        if problems:
            self.storms.failed(connection)
        if self.storms.arrived(connection, body, folds=not problems and not connection.decision.allow):
            return
        connection.seq = self.books.append_or_keep("decision", body, (connection.device.descriptors,))
        self.storms.recorded(connection)
        self.published("decision", connection)

    def record_drift(self, connection: Connection, seen: ReadBack, problems: tuple[str, ...]) -> None:
        """Write that somebody else changed an open device; it is cut at once."""
        body = record.drift_of_device(connection.seq, connection.device, connection.decision, seen, problems)
        self.books.append_or_keep("drift", body)

    def record_removed(self, connection: Connection, *, was_open: bool) -> None:
        """Write that a device was unplugged; in a storm, count it. One that left before it was judged came, too."""
        body = record.removed(connection.device, connection.decision, connection.seq, was_open)
        if not connection.arrived:
            self.storms.arrived(connection, body, folds=not was_open)
        if self.storms.removed(connection):
            return
        self.books.append_or_keep("removed", body)
        self.published("removed", connection)

    def record_cut(self, connection: Connection, held: object, seen: ReadBack, problems: tuple[str, ...]) -> None:
        """Write how an open device was cut: why, what was flushed, who held it."""
        connection.held = msgspec.to_builtins(held) or {}
        connection.folded = False
        body = {
            **self._decision(connection),
            **record.effect(seen, problems),
            **_media(connection),
            "of": connection.seq,
            "outcome": "failed" if problems and not seen.closed else "cut",
            "held": connection.held or None,
            "alarm": connection.decision.alarm or bool(problems and not seen.closed),
        }
        connection.seq = self.books.append_or_keep("cut", body, (connection.device.descriptors,))
        self.published("cut", connection)

    def _decision(self, connection: Connection) -> dict[str, object]:
        device, version = connection.device, self.books.list_version()
        said = record.decision(device, connection.decision, version, connection.holder)
        return {**said, **({"lost": connection.lost} if connection.lost else {}), **self.around.seen(device)}

    def _word(self, connection: Connection) -> str:
        if self.enforcing:
            return "blocked"
        return "would-allow" if connection.decision.allow else "would-block"

    def enrolled(self, peripherals: tuple[Peripheral, ...]) -> None:
        """Follow a changed list of peripherals, or policy: memory, and the small file that the floor uses."""
        self.books.peripherals = peripherals
        floor.write_input(paths.FLOOR_INPUT, early(peripherals, self.books.policy))


def _media(connection: Connection) -> record.Body:
    return record.media(connection.media, connection.faces, connection.access, login_tool=connection.login_tool)

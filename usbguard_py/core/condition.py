"""The condition of a computer, as far as it could be seen: what the findings of ``doctor`` are judged from.

``None`` means that it could not be seen; what it was is then named in :attr:`Condition.unseen`. The defaults are those
of a computer on which everything is as it should be.
"""

import msgspec

DAY = 86400  # seconds


class Device(msgspec.Struct, frozen=True):
    """A connected device and what was decided on it.

    ``kind`` is a word of :class:`~usbguard_py.core.device.Function`; ``interfaces`` are class triples as ``cc:ss:pp``;
    ``built_in``: the kernel says that its port cannot be reached (``removable`` is ``fixed``, sysfs-bus-usb).
    """

    name: str
    kind: str = ""
    title: str = ""
    usb_id: str = ""
    code: str = ""
    allow: bool = False
    built_in: bool = False
    interfaces: tuple[str, ...] = ()


class Enrolled(msgspec.Struct, frozen=True):
    """An enrolled device of the workplace."""

    id: str
    kind: str
    port: str


class Unit(msgspec.Struct, frozen=True):
    """A unit of systemd, in its words: is it there, is it started with the computer, does it run."""

    name: str
    load: str = "loaded"
    enabled: str = "enabled"
    active: str = "active"


class Room(msgspec.Struct, frozen=True):
    """A file system: the folder, bytes that are free."""

    path: str
    free: int


class Start(msgspec.Struct, frozen=True):
    """How the computer starts.

    ``installed``: the floor is in the start. ``open_parts``: names and details of its parts that are open, ``None``
    when only root could see. ``builder`` makes the initramfs; ``image`` is the size of the largest one in bytes.
    ``encrypted``: the root file system lies on LUKS. ``on_usb``: places of the system that lie on a USB disk;
    ``fstab_usb`` places of other disks on USB that the computer waits for.
    """

    installed: bool = True
    open_parts: tuple[tuple[str, str], ...] | None = ()
    builder: str = "initramfs-tools"
    unified: tuple[str, ...] = ()
    image: int = 0
    encrypted: bool = False
    on_usb: tuple[str, ...] = ()
    fstab_usb: tuple[str, ...] = ()


class Books(msgspec.Struct, frozen=True):
    """The list and the log: what is wrong with them, when the newest entry was written (seconds since 1970).

    ``list_age`` and ``list_max_age`` are days; the age counts for a list that is kept on another computer.
    """

    trouble: str = ""
    newest: int = 0
    assets: int = 1
    list_age: int = 0
    list_max_age: int = 0


class Beside(msgspec.Struct, frozen=True):
    """What else on the computer deals with USB devices.

    ``running`` and ``installed`` are other enforcers, ``rules`` udev rules of others that write the kernel's
    authorisation. ``programs``: of ``udisks2``, ``desktop``, ``ModemManager``, ``gvfs``, ``bolt`` those that are
    there. ``thunderbolt`` is the security level of a Thunderbolt domain (sysfs-bus-thunderbolt), empty without one.
    """

    running: str = ""
    installed: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    programs: frozenset[str] = frozenset()
    thunderbolt: str = ""


class Clock(msgspec.Struct, frozen=True):
    """Seconds since 1970 by the computer's clock, when the program was built, and whether a battery keeps the time."""

    now: int = 0
    built: int = 0
    battery: bool = True


class Kernel(msgspec.Struct, frozen=True):
    """The kernel: its release, the number of buses, what of its authorisation is missing on one of them."""

    release: str = "6.1.0"
    buses: int = 1
    missing: tuple[str, ...] = ()


class Condition(msgspec.Struct, frozen=True):
    """Everything together; ``now_enforces``: it blocks at this moment; ``trial``: seconds left of one."""

    now_enforces: bool = True
    trial: int | None = None
    daemon: bool = True
    answers: bool = True  # the daemon told this account how things stand
    fail_safe: str = ""
    devices: tuple[Device, ...] | None = ()
    enrolled: tuple[Enrolled, ...] | None = ()
    other_keyboard: bool = False  # one that is not on USB: PS/2, or built in on another bus
    units: tuple[Unit, ...] | None = ()
    groups: dict[str, int | None] = {}  # members of each role's group; None: there is no such group
    agency: str | None = ""  # what is wrong with the agency's file; None: there is none
    books: Books | None = Books()
    start: Start = Start()
    beside: Beside = Beside()
    clock: Clock = Clock()
    kernel: Kernel = Kernel()
    rooms: tuple[Room, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def keyboards(self) -> tuple[Device, ...]:
        """The connected USB keyboards."""
        return tuple(d for d in self.devices or () if d.kind == "keyboard")

    @property
    def enrolled_keyboards(self) -> tuple[Enrolled, ...]:
        """The enrolled keyboards."""
        return tuple(e for e in self.enrolled or () if e.kind == "keyboard")

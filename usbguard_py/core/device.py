"""What a device says about itself, as read at one moment."""

from enum import StrEnum

import msgspec


class Function(StrEnum):
    """What a device is for. Stable ASCII words, never translated."""

    STORAGE = "storage"
    KEYBOARD = "keyboard"
    MOUSE = "mouse"
    INPUT = "input"  # human input that says neither keyboard nor mouse
    HUB = "hub"
    PHONE = "phone"
    IMAGE = "image"  # still image: a scanner, a camera, or a phone in photo mode
    NETWORK = "network"
    SERIAL_PORT = "serial-port"
    AUDIO = "audio"
    VIDEO = "video"
    PRINTER = "printer"
    SMART_CARD = "smart-card"
    WIRELESS = "wireless"
    VENDOR = "vendor"  # the maker's own; the device does not say what it is
    OTHER = "other"


class Offer(msgspec.Struct, frozen=True, order=True):
    """One interface number and a function that one of its alternate settings has."""

    interface: int
    function: Function


class Interface(msgspec.Struct, frozen=True, order=True):
    """One interface descriptor, one alternate setting (USB 2.0, table 9-12)."""

    number: int
    alternate: int
    class_: int
    subclass: int
    protocol: int
    endpoints: int = 0

    def triple(self) -> str:
        """Class, subclass and protocol as ``cc:ss:pp`` in hex."""
        return f"{self.class_:02x}:{self.subclass:02x}:{self.protocol:02x}"


class Configuration(msgspec.Struct, frozen=True):
    """One configuration descriptor with all its interfaces and alternate settings (USB 2.0, table 9-10)."""

    value: int
    interfaces: tuple[Interface, ...]
    attributes: int = 0x80
    max_power: int = 0


class Problem(msgspec.Struct, frozen=True):
    """Something about a device that could not be read or breaks the specification."""

    facet: str
    detail: str


class Device(msgspec.Struct, frozen=True):
    """A USB device as the kernel shows it.

    Strings are the raw bytes of sysfs without the final newline; ``None`` when the device has no
    such string. ``descriptors`` is the whole sysfs file (device descriptor, then every configuration).
    ``offers`` is what the bus makes of the interfaces, in order and each once.
    """

    name: str  # kernel name: "1-2.3"
    syspath: str  # below /sys: "/devices/pci0000:00/…/usb1/1-2"
    busnum: int
    devnum: int
    vid: int = 0
    pid: int = 0
    bcd_device: int = 0
    bcd_usb: int = 0
    device_class: int = 0
    serial: bytes | None = None
    manufacturer: bytes | None = None
    product: bytes | None = None
    speed: str = ""  # Mbit/s as sysfs writes it
    descriptors: bytes = b""
    configurations: tuple[Configuration, ...] = ()
    offers: tuple[Offer, ...] = ()
    authorized: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def root_hub(self) -> bool:
        """Whether this is a host controller's own hub (kernel name ``usbN``)."""
        return self.name.startswith("usb")

    @property
    def depth(self) -> int:
        """Its place in the chain: 0 for a root hub, 1 on a root port, one more behind each hub (``B-P.P.P``)."""
        return 0 if self.root_hub else self.name.count(".") + 1

    @property
    def parent(self) -> str:
        """Kernel name of the hub it hangs on."""
        if "." in self.name:
            return self.name.rpartition(".")[0]
        return f"usb{self.busnum}"

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """All interfaces and alternate settings of all configurations, in descriptor order."""
        return tuple(i for c in self.configurations for i in c.interfaces)

    @property
    def usb_id(self) -> str:
        """``vvvv:pppp`` in lower-case hex."""
        return f"{self.vid:04x}:{self.pid:04x}"

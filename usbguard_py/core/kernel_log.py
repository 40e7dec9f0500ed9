"""What the kernel's log says of a device that never enumerated: it makes no event, so nothing else tells of it.

Pure. Only the messages below are understood; nothing else of the log is kept. They are those of drivers/usb/core/hub.c
and config.c, and of xhci.c for a controller that has no slot left.
"""

import re

import msgspec

KERNEL = 0  # facility of the kernel's own messages; what a program writes gets another (kernel/printk/printk.c)
MAX_PORTS = 256  # whose last error is remembered

# "usb usb1-port3: " is port 3 of bus 1's root hub, "usb 1-2-port4: " port 4 of the hub at 1-2.
_AT_PORT = re.compile(r"usb (?:usb([0-9]+)|([0-9]+-[0-9.]+))-port([0-9]+): (.+)", re.DOTALL)
_AT_DEVICE = re.compile(r"usb ([0-9]+-[0-9.]+): (.+)", re.DOTALL)
_AT_CONTROLLER = re.compile(r"xhci_hcd [^ ]+: (Error while assigning device slot ID(?:: [A-Za-z ]+)?)\Z")
_ENDS = {"unable to enumerate USB device", "couldn't allocate usb_device"}
_ERRORS = re.compile(
    r"device descriptor read/(?:8|64|all), error -?[0-9]+"
    r"|device not accepting address [0-9]+, error -?[0-9]+"
    r"|device no response, device descriptor read/all, error -?[0-9]+"
    r"|can't read configurations, error -?[0-9]+"
    r"|unable to read config index [0-9]+ descriptor/(?:start|all)(?:: -?[0-9]+)?"
    r"|Invalid ep0 maxpacket: [0-9]+"
    r"|hub failed to enable device, error -?[0-9]+"
    r"|Cannot enable. Maybe the USB cable is bad\?"
)
_ADDRESS = re.compile(r"address [0-9]+")  # another one at each try


class Message(msgspec.Struct, frozen=True):
    """One record of ``/dev/kmsg``: ``seq`` its number, ``us`` microseconds since the start, sleep left out."""

    facility: int
    seq: int
    us: int
    text: str


class Failure(msgspec.Struct, frozen=True):
    """The kernel gave up a device: ``port`` is the name that it would have had, ``detail`` the kernel's words."""

    port: str
    detail: str


def concerns(record: bytes) -> bool:
    """Whether a record may be one of those that are understood; most are not, and need not be taken apart."""
    return b";usb " in record or b";xhci_hcd " in record


def message(record: bytes) -> Message:
    """The message in a record ``PRIORITY,NUMBER,MICROSECONDS,FLAGS[,…];TEXT`` (Documentation/ABI/testing/dev-kmsg).

    Raises:
        ValueError: it has another form.
    """
    head, _, rest = record.decode("ascii", "replace").partition(";")
    priority, seq, us = (int(part) for part in head.split(",")[:3])
    return Message(priority >> 3, seq, us, rest.partition("\n")[0])


class Enumeration:
    """Follows the kernel's tries: errors are remembered by port until the device is given up."""

    def __init__(self) -> None:
        self._errors: dict[str, str] = {}
        self._controller = ""

    def told(self, seen: Message) -> Failure | None:
        """Take one message; what was given up, if this one says so."""
        if seen.facility != KERNEL:
            return None
        controller = _AT_CONTROLLER.match(seen.text)
        if controller:
            self._controller = controller[1]
            return None
        port, words = _about(seen.text)
        if words.startswith("new "):  # another try
            self._errors.pop(port, None)
        if words in _ENDS:
            error = self._errors.pop(port, "") or self._controller
            self._controller = ""
            return Failure(port, f"{words}: {error}" if error else words)
        if _ERRORS.fullmatch(words):
            self._errors.pop(port, None)
            while len(self._errors) >= MAX_PORTS:
                self._errors.pop(next(iter(self._errors)))
            self._errors[port] = _ADDRESS.sub("address", words)
        return None


def _about(text: str) -> tuple[str, str]:
    """The port that a message is about, and what it says; both empty when it is about none."""
    found = _AT_PORT.fullmatch(text)
    if found:
        bus, hub, port, words = found.groups()
        return (f"{bus}-{port}" if bus else f"{hub}.{port}"), words
    found = _AT_DEVICE.fullmatch(text)
    return (found[1], found[2]) if found else ("", "")

"""USB devices the guest plays for itself: libcomposite gadgets on dummy_hcd controllers.

Any vendor and product number, any strings, any mix of functions, many at once. The names of attributes are those of
Documentation/usb/gadget_configfs.rst and Documentation/ABI/testing/configfs-usb-gadget* in the kernel's source.
Sound is missing: dummy_hcd has no isochronous endpoints; QEMU's `usb-audio` has.
"""

import base64
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from .image import LabError
from .witness import Event, Witness

ROOT = PurePosixPath("/sys/kernel/config/usb_gadget")
ENGLISH = "strings/0x409"  # USB language identifier of US English

# A boot keyboard, USB HID 1.11 appendix B.1, without its LEDs: 8 modifier bits, one reserved byte, 6 key codes.
KEYBOARD_REPORT = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810395067508150025650507190029658100c0"
)

Step = list[str]


@dataclass(frozen=True)
class Function:
    """One function of a gadget: its kind in configfs, its attributes, in the order they are written."""

    kind: str
    attributes: dict[str, str | bytes] = field(default_factory=dict)


def mass_storage(
    file: str = "", *, removable: bool = True, cdrom: bool = False, readonly: bool = False, more: Sequence[str] = ()
) -> Function:
    """Return a disk behind `file`, a path in the guest (empty: no medium); `more` are the files of further LUNs."""
    attributes: dict[str, str | bytes] = {}
    for lun, path in enumerate([file, *more]):
        attributes[f"lun.{lun}/removable"] = "1" if removable else "0"
        attributes[f"lun.{lun}/cdrom"] = "1" if cdrom and lun == 0 else "0"
        attributes[f"lun.{lun}/ro"] = "1" if readonly or (cdrom and lun == 0) else "0"
        if path:
            attributes[f"lun.{lun}/file"] = path
    return Function("mass_storage", attributes)


def hid(report: bytes = KEYBOARD_REPORT, protocol: int = 1, subclass: int = 1, length: int = 8) -> Function:
    """Return an input device; the defaults are a boot keyboard (HID 1.11 section 4.2 and 4.3)."""
    numbers = {"protocol": str(protocol), "subclass": str(subclass), "report_length": str(length)}
    return Function("hid", {**numbers, "report_desc": report})


def rndis() -> Function:
    """Return a network adapter as Windows phones offer it."""
    return Function("rndis")


def ecm() -> Function:
    """Return a CDC Ethernet adapter."""
    return Function("ecm")


def acm() -> Function:
    """Return a CDC serial port (modem)."""
    return Function("acm")


def printer() -> Function:
    """Return a printer."""
    return Function("printer", {"q_len": "10"})


@dataclass(frozen=True)
class Identity:
    """What a gadget says of itself; None leaves a string out of the descriptors."""

    vid: int
    pid: int
    bcd_device: int = 0x0100
    serial: str | None = None
    manufacturer: str | None = None
    product: str | None = None
    device_class: int = 0


class Gadget:
    """One gadget. `port` is the kernel's name of the device it becomes (`3-1`); set by `plug`."""

    def __init__(self, owner: "Gadgets", name: str, controller: int) -> None:
        self._owner, self.name, self.controller = owner, name, controller
        self.port = self.devpath = ""
        self.added: Event | None = None

    @property
    def folder(self) -> PurePosixPath:
        """Its folder in configfs."""
        return ROOT / self.name

    def plug(self, *, wait: bool = True) -> "Gadget":
        """Put it into its port and wait for the kernel's add message."""
        since = self._owner.witness.mark
        self._owner.write_attribute(f"{self.folder}/UDC", f"dummy_udc.{self.controller}")
        if wait:
            self.await_kernel(since)
        return self

    def await_kernel(self, since: int = 0, timeout: float = 30.0) -> None:
        """Wait for the kernel's add message of a gadget plugged with `wait=False`."""
        pattern = rf"/dummy_hcd\.{self.controller}/usb(\d+)/\1-1$"
        event = self._owner.witness.wait_uevent("add", timeout, since, devpath=pattern, DEVTYPE="usb_device")
        self.added, self.devpath, self.port = event, event.devpath, event.port

    def unplug(self) -> None:
        """Pull it out and wait until the kernel has said so."""
        since = self._owner.witness.mark
        self._owner.write_attribute(f"{self.folder}/UDC", "\n")
        pattern = f"^{re.escape(self.devpath)}$"
        self._owner.witness.wait_uevent("remove", since=since, devpath=pattern, DEVTYPE="usb_device")

    def press(self, report: bytes, function: int = 0) -> None:
        """Send one input report through its HID function number `function`."""
        number = self._owner.read(f"{self.folder}/functions/hid.{self.name}{function}/dev").strip()
        self._owner.ask("write", path=f"/dev/char/{number}", data=base64.b64encode(report).decode(), sysfs=True)

    def remove(self) -> None:
        """Take its description out of configfs; its controller is free for another."""
        self._owner.forget(self)


class Gadgets:
    """The gadget calls of a guest."""

    witness: Witness

    def ask(self, op: str, patience: float = 30.0, /, **arguments: Any) -> dict[str, Any]:
        """Ask the agent; the guest's own `ask`."""
        raise NotImplementedError

    def read(self, path: str) -> str:
        """Read a file; the guest's own `read`."""
        raise NotImplementedError

    def write_attribute(self, path: str, text: str) -> None:
        """Write an attribute; the guest's own `write_attribute`."""
        raise NotImplementedError

    def _init_gadgets(self) -> None:
        self._gadget_numbers = itertools.count()
        self.gadgets: list[Gadget] = []
        self.controllers = 0  # dummy_hcd controllers loaded

    def load_dummy_hcd(self, num: int = 1, *, super_speed: bool = False) -> None:
        """Load `num` (at most 32) emulated host controllers; to the product they are buses that appear at run time."""
        since = self.witness.mark
        speed = "Y" if super_speed else "N"
        argv = ["modprobe", "dummy_hcd", f"num={num}", f"is_super_speed={speed}"]
        for command in (argv, ["modprobe", "libcomposite"]):
            reply = self.ask("exec", argv=command)
            if reply["code"]:
                raise LabError(f"{' '.join(command)} failed: {base64.b64decode(reply['err']).decode(errors='replace')}")
        for controller in range(num):
            self.witness.wait_uevent("bind", since=since, devpath=rf"/dummy_hcd\.{controller}/usb\d+/\d+-0:1\.0$")
        self.controllers = num

    def gadget(
        self,
        vid: int,
        pid: int,
        functions: Sequence[Function],
        *,
        bcd_device: int = 0x0100,
        serial: str | None = None,
        manufacturer: str | None = "Sample",
        product: str | None = "Sample gadget",
        device_class: int = 0,
        further: Sequence[Sequence[Function]] = (),
    ) -> Gadget:
        """Describe a gadget on a free controller; `further` lists the functions of more configurations."""
        used = {gadget.controller for gadget in self.gadgets}
        controller = next((number for number in range(self.controllers) if number not in used), None)
        if controller is None:
            raise LabError(f"all {self.controllers} dummy_hcd controllers are taken; load_dummy_hcd(num=…) first")
        gadget = Gadget(self, f"g{next(self._gadget_numbers)}", controller)
        identity = Identity(vid, pid, bcd_device, serial, manufacturer, product, device_class)
        self.ask("steps", steps=[*_describe(gadget, identity), *_configure(gadget, [functions, *further])])
        self.gadgets.append(gadget)
        return gadget

    def forget(self, gadget: Gadget) -> None:
        """Remove a gadget's description (`Gadget.remove`)."""
        self.ask("steps", steps=[["prune", str(gadget.folder)]])
        self.gadgets.remove(gadget)


def _describe(gadget: Gadget, identity: Identity) -> list[Step]:
    """Return the steps that write the device descriptor and its strings."""
    folder = gadget.folder
    steps = [["mkdir", str(folder)], ["mkdir", str(folder / ENGLISH)]]
    numbers = {
        "idVendor": identity.vid, "idProduct": identity.pid,
        "bcdDevice": identity.bcd_device, "bDeviceClass": identity.device_class,
    }  # fmt: skip
    steps += [_write(folder / name, f"{number:#06x}") for name, number in numbers.items()]
    strings = {
        "serialnumber": identity.serial, "manufacturer": identity.manufacturer, "product": identity.product,
    }  # fmt: skip
    return steps + [_write(folder / ENGLISH / name, text) for name, text in strings.items() if text is not None]


def _configure(gadget: Gadget, configurations: Sequence[Sequence[Function]]) -> list[Step]:
    """Return the steps that make the functions and link them into their configurations."""
    steps: list[Step] = []
    numbers = itertools.count()
    for place, functions in enumerate(configurations, start=1):
        configuration = gadget.folder / f"configs/c.{place}"
        steps.append(["mkdir", str(configuration)])
        for function in functions:
            name = f"{function.kind}.{gadget.name}{next(numbers)}"
            made = gadget.folder / "functions" / name
            steps.append(["mkdir", str(made)])
            for attribute, value in function.attributes.items():
                part = (made / attribute).parent
                if part not in (made, made / "lun.0"):
                    steps.append(["mkdir", str(part)])
                steps.append(_write(made / attribute, value))
            steps.append(["link", str(made), str(configuration / name)])
    return steps


def _write(path: PurePosixPath, value: str | bytes) -> Step:
    data = value.encode() if isinstance(value, str) else value
    return ["write", str(path), base64.b64encode(data).decode()]

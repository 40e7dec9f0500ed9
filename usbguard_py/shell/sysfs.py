"""USB devices in sysfs, read and written through one directory descriptor.

A path can come to mean another device between two system calls; an open directory cannot: after
the device is gone it answers ENODEV or ENOENT for ever, also when another one takes its place.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from usbguard_py import paths
from usbguard_py.core.enforcement import PERSIST, InterfaceState, ReadBack
from usbguard_py.errors import DeviceGone, SysfsTrouble
from usbguard_py.shell import keys

MAX_ATTRIBUTE = 65536 + 4096  # bytes; `descriptors` is the largest: 18 plus wTotalLength (16 bits) per configuration
PAGE = 4096  # bytes; a read of sysfs gives at most a page, and less only at the end (fs/kernfs/file.c)
_INTERFACE = re.compile(r"[0-9]+-[0-9.]+:[0-9]+\.[0-9]+\Z")  # kernel names: bus-port.port:configuration.interface
_DEVICE = re.compile(r"(usb[0-9]+|[0-9]+-[0-9]+(\.[0-9]+)*)\Z")


class Directory:
    """The sysfs directory of one USB device, held open."""

    def __init__(self, name: str) -> None:
        """Open the directory of ``name`` (``"1-2"``).

        Raises:
            DeviceGone: no such device.
        """
        if not _DEVICE.match(name):
            raise DeviceGone(name=name)
        self.name = name
        try:
            self.fd = os.open(paths.USB_DEVICES / name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise DeviceGone(name=name) from error
        self.syspath = _syspath(name)

    @classmethod
    def gone(cls, name: str) -> "Directory":
        """The directory of a device that left before it could be opened: nothing is read through it."""
        directory = cls.__new__(cls)
        directory.name, directory.fd, directory.syspath = name, -1, ""
        return directory

    def close(self) -> None:
        """Let the directory go."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def read(self, attribute: str) -> bytes | None:
        """The bytes of ``attribute``; ``None`` when it is not there or cannot be read."""
        try:
            fd = os.open(attribute, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.fd)
        except OSError:
            return None
        try:
            parts = []
            size = 0
            while size < MAX_ATTRIBUTE:
                part = os.read(fd, PAGE)
                parts.append(part)
                size += len(part)
                if len(part) < PAGE:
                    break
            return b"".join(parts)
        except OSError:
            return None
        finally:
            os.close(fd)

    def attributes(self, names: Iterable[str]) -> dict[str, bytes | None]:
        """Several attributes at once, as bytes."""
        return {name: self.read(name) for name in names}

    def write(self, attribute: str, value: str, shows: str) -> None:
        """Write ``value`` and see that ``shows`` reads back.

        Raises:
            DeviceGone: the device left.
            SysfsTrouble: the kernel refused, or something else reads back.
        """
        self.put(attribute, value)
        seen = (self.read(attribute) or b"").decode("ascii", "replace").strip()
        if seen != shows:
            raise SysfsTrouble(value=value, attribute=attribute, name=self.name, detail=f"{seen!r} reads back")

    def put(self, attribute: str, text: str) -> None:
        """Write an attribute that cannot be read back.

        Raises:
            DeviceGone: the device left.
            SysfsTrouble: the kernel refused.
        """
        try:
            fd = os.open(attribute, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self.fd)
            try:
                os.write(fd, text.encode())
            finally:
                os.close(fd)
        except OSError as error:
            if not self.present():
                raise DeviceGone(name=self.name) from error
            raise SysfsTrouble(value=text, attribute=attribute, name=self.name, detail=error.strerror or "?") from error

    def names(self, place: str, pattern: re.Pattern[str] | None) -> tuple[str, ...]:
        """Names in a directory below the device's that fit ``pattern``, sorted; none when it is not there."""
        try:
            fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.fd)
        except OSError:
            return ()
        try:
            return tuple(sorted(n for n in os.listdir(fd) if pattern is None or pattern.match(n)))
        except OSError:
            return ()
        finally:
            os.close(fd)

    def present(self) -> bool:
        """Whether the device that was opened is still there."""
        return self.read("devnum") is not None

    def interfaces(self) -> tuple[InterfaceState, ...]:
        """The interface directories below the device, with their state."""
        try:
            names = sorted(n for n in os.listdir(self.fd) if _INTERFACE.match(n))
        except OSError:
            return ()
        return tuple(self._interface(name) for name in names)

    def _interface(self, name: str) -> InterfaceState:
        authorized = (self.read(f"{name}/authorized") or b"").strip() == b"1"
        driver = self.driver(name)
        return InterfaceState(name, authorized, driver, types=driver in keys.DRIVERS and keys.types(self, name))

    def read_back(self) -> ReadBack:
        """The device's state as the kernel shows it now."""
        authorized = self.read("authorized")
        if authorized is None:
            return ReadBack(authorized=False, configuration=None, gone=True)
        configuration = (self.read("bConfigurationValue") or b"").strip()
        return ReadBack(
            authorized=authorized.strip() != b"0",
            configuration=int(configuration) if configuration.isdigit() and configuration != b"0" else None,
            interfaces=self.interfaces(),
            persist=(self.read(PERSIST) or b"").strip() == b"1",
        )

    def driver(self, interface: str = ".") -> str:
        """The driver of one interface, or of the device itself; empty when there is none."""
        try:
            return os.path.basename(os.readlink(f"{interface}/driver", dir_fd=self.fd))
        except OSError:
            return ""


def probe(interface: str, driver: str = "") -> None:
    """Ask the bus to look for a driver for ``interface``, or ``driver`` to take it; success says nothing about a bind.

    Raises:
        SysfsTrouble: the kernel refused the write.
    """
    try:
        put(paths.USB_DRIVERS / driver / "bind" if driver else paths.DRIVERS_PROBE, interface)
    except OSError as error:
        raise SysfsTrouble(
            value=interface, attribute="drivers_probe", name="usb", detail=error.strerror or "?"
        ) from error


def _syspath(name: str) -> str:
    """Where the device lies below /sys: a bus links straight there (Documentation/filesystems/sysfs.rst)."""
    link = paths.USB_DEVICES / name
    try:
        path = os.path.normpath(os.path.join(paths.USB_DEVICES, os.readlink(link)))
    except OSError:
        path = os.path.realpath(link)
    return path.removeprefix(str(paths.SYS).rstrip("/"))


def present() -> Iterator[str]:
    """Kernel names of all USB devices, root hubs first, parents before children."""
    with contextlib.suppress(FileNotFoundError):
        names = [n for n in os.listdir(paths.USB_DEVICES) if _DEVICE.match(n)]
        yield from sorted(names, key=lambda n: (not n.startswith("usb"), n.count("."), n))


def has_bus() -> bool:
    """Whether the kernel has a USB bus: every bus has a root hub."""
    return any(name.startswith("usb") for name in present())


def close_world() -> tuple[str, ...]:
    """Close the kernel's defaults: no device and no interface is authorised by itself from now on.

    Returns:
        What could not be closed, as kernel names or paths; empty when all is closed.
    """
    unclosed = []
    if paths.USBCORE_DEFAULT.exists():
        try:
            put(paths.USBCORE_DEFAULT, "0")
        except OSError:
            unclosed.append(str(paths.USBCORE_DEFAULT))
    for name in present():
        if name.startswith("usb"):
            try:
                close_bus(name)
            except SysfsTrouble:
                unclosed.append(name)
            except DeviceGone:
                continue
    return tuple(unclosed)


def defaults() -> dict[str, str]:
    """What the kernel's defaults are now, by place; all are ``"0"`` in a closed world.

    A bus whose root hub has no interface yet is about to get one (:func:`close_bus`) and is left out.
    """
    found = {}
    with contextlib.suppress(OSError):
        found["usbcore.authorized_default"] = paths.USBCORE_DEFAULT.read_text(encoding="ascii").strip()
    for bus in root_hubs():
        if bus.interfaces():
            for attribute in ("authorized_default", "interface_authorized_default"):
                found[f"{bus.name}/{attribute}"] = (bus.read(attribute) or b"?").decode("ascii", "replace").strip()
    return found


def root_hubs() -> Iterator[Directory]:
    """The directory of each root hub, open until the next one is asked for."""
    for name in present():
        if not name.startswith("usb"):
            break  # root hubs come first
        with contextlib.suppress(DeviceGone):
            bus = Directory(name)
            try:
                yield bus
            finally:
                bus.close()


def close_bus(name: str) -> None:
    """Close both defaults of the bus with root hub ``name`` (``"usb1"``) and see them read back.

    The default for interfaces is left alone until the root hub has its own: an interface made after that write is
    closed, the hub driver would never bind, and the bus would be dead (usb/core/message.c, usb_set_configuration).
    No device behind it can be authorised before, since ``authorized_default`` is 0 already.

    Raises:
        DeviceGone: the bus left.
        SysfsTrouble: the kernel refused.
    """
    bus = Directory(name)
    try:
        bus.write("authorized_default", "0", "0")
        if bus.interfaces():
            bus.write("interface_authorized_default", "0", "0")
    finally:
        bus.close()


def put(path: Path, value: str) -> None:
    """Write a sysfs file; raises ``OSError``."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def value(path: Path) -> str:
    """The text of a small sysfs file; raises ``OSError``."""
    return path.read_text(encoding="ascii", errors="replace").strip()

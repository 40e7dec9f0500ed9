"""Reading a device's descriptors from the device itself, in a short-lived child without capabilities.

The only place that imports pyusb. Requests are GET_DESCRIPTOR (USB 2.0, 9.4.3) on the default pipe, which an
unauthorised device answers, too; nothing is claimed and no configuration is set. The copy that the kernel keeps is
not looked at: comparing is the judge's business.
"""

import errno
import os
import resource
import socket
import time
from collections.abc import Callable

import msgspec

from usbguard_py.errors_device import ExaminationFailed
from usbguard_py.i18n import N_
from usbguard_py.shell import libc
from usbguard_py.shell.child import Child
from usbguard_py.shell.hands_messages import Examined, StringRead

DEVICE, CONFIGURATION, STRING, INTERFACE = 1, 2, 3, 4  # USB 2.0, table 9-5
DEVICE_LENGTH = 18  # bytes, USB 2.0, table 9-8
HEADER_LENGTH = 9  # bytes of a configuration or interface descriptor, tables 9-10 and 9-12
MAX_CONFIGURATIONS = 8  # as the kernel (USB_MAXCONFIG, drivers/usb/core/config.c)
MAX_TOTAL = 16384  # bytes of configurations in all, so that the answer fits into one message in hex
MAX_STRINGS = 40  # 255 bytes each at most, for the same reason
REQUEST_MS = 1000  # one request; the kernel gives five seconds (USB_CTRL_GET_TIMEOUT), a person waits here
_ADDRESS_SPACE = 1 << 29  # bytes; libusb and the interpreter need a tenth

Request = Callable[[int, int, int, int], bytes]  # descriptor type, index, language, length -> bytes


class _Failure(msgspec.Struct, frozen=True, tag="failure"):
    detail: str


class _Success(msgspec.Struct, frozen=True, tag="success"):
    read: Examined


class Broken(Exception):
    """The device's answers cannot be used; the argument is a plain reason."""


def examine(busnum: int, devnum: int, timeout_ms: int) -> Examined:
    """Read the descriptors of the device at ``busnum``, ``devnum`` within ``timeout_ms``.

    Raises:
        ExaminationFailed: no answer in time, no such device, or answers that break the specification.
    """
    start = time.monotonic()
    deadline = start + timeout_ms / 1000
    child = Child(lambda channel: _work(channel, busnum, devnum, deadline))
    answer = child.answer(deadline)
    child.kill()
    child.dismiss()
    child.ended(time.monotonic() + 0.05)
    name = f"{busnum:03d}/{devnum:03d}"
    if answer is None:
        raise ExaminationFailed(name=name, detail=N_("it did not answer in time"))
    if not answer:
        raise ExaminationFailed(name=name, detail=N_("the examination ended without a result"))
    result = msgspec.json.decode(answer, type=_Success | _Failure)
    if isinstance(result, _Failure):
        raise ExaminationFailed(name=name, detail=result.detail)
    return msgspec.structs.replace(result.read, ms=round((time.monotonic() - start) * 1000))


def _work(channel: socket.socket, busnum: int, devnum: int, deadline: float) -> None:
    """In the child: no capabilities (the node belongs to root, so opening it needs none), little memory."""
    libc.drop_capabilities()
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        result: _Success | _Failure = _Success(collect(_open(busnum, devnum, deadline)))
    except Broken as error:
        result = _Failure(str(error))
    channel.send(msgspec.json.encode(result))


def _open(busnum: int, devnum: int, deadline: float) -> Request:
    import usb.core  # noqa: PLC0415 - only ever in this child
    from usb.backend import libusb1  # noqa: PLC0415

    backend = libusb1.get_backend()
    if backend is None:
        raise Broken(N_("libusb is not installed"))
    device = usb.core.find(backend=backend, custom_match=lambda d: (d.bus, d.address) == (busnum, devnum))
    if device is None:
        raise Broken(N_("it is not there any more"))

    def request(kind: int, index: int, language: int, length: int) -> bytes:
        left = round((deadline - time.monotonic()) * 1000)
        if left <= 0:
            raise Broken(N_("it did not answer in time"))
        try:
            # bmRequestType 0x80: device to host, standard, device; bRequest 6: GET_DESCRIPTOR (tables 9-2 and 9-4)
            answer = device.ctrl_transfer(0x80, 6, kind << 8 | index, language, length, min(left, REQUEST_MS))
        except usb.core.USBError as error:
            if error.errno in (errno.ENODEV, errno.EACCES, errno.ENOENT):
                raise Broken(os.strerror(error.errno)) from error
            raise OSError(error.errno or errno.EIO, error.strerror) from error
        return bytes(answer)

    return request


def collect(request: Request) -> Examined:
    """All descriptors, asked for through ``request``, which raises ``OSError`` for a request the device refuses.

    Raises:
        Broken: an answer that breaks the specification or our bounds.
    """
    device = _must(request, DEVICE, 0, DEVICE_LENGTH)
    if len(device) != DEVICE_LENGTH or device[:2] != bytes((DEVICE_LENGTH, DEVICE)):
        raise Broken(N_("its device descriptor is malformed"))
    count = device[17]
    if not 1 <= count <= MAX_CONFIGURATIONS:
        raise Broken(N_("its number of configurations is out of range"))
    configurations: list[bytes] = []
    for index in range(count):
        configurations.append(_configuration(request, index, MAX_TOTAL - sum(map(len, configurations))))
    wanted = _string_indexes(device, configurations)
    languages, language = _languages(request) if wanted else (b"", 0)
    strings = tuple(StringRead(index, _string(request, index, language).hex()) for index in wanted)
    return Examined(device.hex(), tuple(c.hex() for c in configurations), languages.hex(), language, strings)


def _must(request: Request, kind: int, index: int, length: int) -> bytes:
    try:
        return request(kind, index, 0, length)
    except OSError as error:
        raise Broken(N_("it refused a request that every device must answer")) from error


def _configuration(request: Request, index: int, room: int) -> bytes:
    head = _must(request, CONFIGURATION, index, HEADER_LENGTH)
    if len(head) != HEADER_LENGTH or head[1] != CONFIGURATION or head[0] < HEADER_LENGTH:
        raise Broken(N_("a configuration descriptor is malformed"))
    total = int.from_bytes(head[2:4], "little")
    if not HEADER_LENGTH <= total <= room:
        raise Broken(N_("a configuration descriptor's length is out of range"))
    whole = _must(request, CONFIGURATION, index, total)
    if len(whole) != total or whole[:HEADER_LENGTH] != head:
        raise Broken(N_("a configuration descriptor changed while it was read"))
    return whole


def _string_indexes(device: bytes, configurations: list[bytes]) -> tuple[int, ...]:
    """Indexes of all strings named: manufacturer, product, serial, configurations, interfaces (tables 9-8 to 9-12)."""
    found = dict.fromkeys(device[14:17])
    for whole in configurations:
        at = 0
        while at + 2 <= len(whole) and whole[at] > 1:
            length, kind = whole[at], whole[at + 1]
            part = whole[at : at + length]
            if kind == CONFIGURATION and len(part) >= HEADER_LENGTH:
                found[part[6]] = None
            elif kind == INTERFACE and len(part) >= HEADER_LENGTH:
                found[part[8]] = None
            at += length
    found.pop(0, None)  # index 0: no string
    if len(found) > MAX_STRINGS:
        raise Broken(N_("it names too many strings"))
    return tuple(found)


def _languages(request: Request) -> tuple[bytes, int]:
    """String descriptor zero and the first language in it, which the kernel uses too (USB 2.0, table 9-15)."""
    raw = _string(request, 0, 0)
    return raw, int.from_bytes(raw[2:4], "little") if len(raw) >= 4 else 0  # noqa: PLR2004 - header and one language


def _string(request: Request, index: int, language: int) -> bytes:
    """One string descriptor, at most 255 bytes; empty when the device refuses it or sends something else."""
    try:
        raw = request(STRING, index, language, 255)
    except OSError:
        try:
            # Some devices only answer a request of the right length; the first byte says it (as the kernel does).
            raw = request(STRING, index, language, request(STRING, index, language, 2)[0])
        except (OSError, IndexError):
            return b""
    return raw[: raw[0]] if raw[1:2] == bytes((STRING,)) else b""

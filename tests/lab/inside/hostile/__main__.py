"""A USB device that answers with any bytes it was given, on the kernel's own USB/IP host controller.

Arguments: the port of vhci_hcd, the speed (enum usb_device_speed, linux/usb/ch9.h), and a JSON object: `device`
(hexadecimal), `configurations` (list of hexadecimal), `strings` (index: hexadecimal), `later`: the device descriptor
from SIGUSR1 on, hexadecimal. The protocol is that of Documentation/usb/usbip_protocol.rst; a socket pair takes the
place of its connection. Prints each request.
"""

import json
import signal
import socket
import struct
import sys

ATTACH = "/sys/devices/platform/vhci_hcd.0/attach"
HEAD = struct.Struct(">IIIIIiiiii8s")  # usbip_header with the fields of CMD_SUBMIT: 48 bytes
CMD_SUBMIT, CMD_UNLINK, RET_SUBMIT, RET_UNLINK = 1, 2, 3, 4
GET_DESCRIPTOR, SET_CONFIGURATION, SET_INTERFACE = 6, 9, 11  # USB 2.0 table 9-4
DEVICE, CONFIGURATION, STRING = 1, 2, 3  # USB 2.0 table 9-5
EPIPE, ECONNRESET = 32, 104


class Device:
    def __init__(self, device: bytes, configurations: list, strings: dict) -> None:
        self.device, self.configurations, self.strings = device, configurations, strings

    def control(self, setup: bytes) -> bytes | None:
        """Answer one control request; None is a stall."""
        _kind, request, value, index, _length = struct.unpack("<BBHHH", setup)
        print(f"request {request} value {value:#06x} index {index:#06x}", flush=True)
        if request in (SET_CONFIGURATION, SET_INTERFACE):
            return b""
        if request != GET_DESCRIPTOR:
            return None
        kind, number = value >> 8, value & 0xFF
        if kind == DEVICE:
            return self.device
        if kind == CONFIGURATION:
            return self.configurations[number] if number < len(self.configurations) else None
        return self.strings.get(number) if kind == STRING else None


def serve(connection: socket.socket, device: Device) -> None:
    while head := exactly(connection, HEAD.size):
        command, number, _devid, direction, endpoint, _flags, length, *_rest, setup = HEAD.unpack(head)
        if command == CMD_UNLINK:
            connection.sendall(HEAD.pack(RET_UNLINK, number, 0, 0, 0, -ECONNRESET, 0, 0, 0, 0, b""))
            continue
        if direction == 0 and length:
            exactly(connection, length)
        if endpoint:
            print(f"data asked of endpoint {endpoint}", flush=True)
            continue  # never answered: the kernel unlinks it
        answer = device.control(setup)
        data = b"" if answer is None or direction == 0 else answer[:length]
        status = -EPIPE if answer is None else 0
        sent = length if direction == 0 and answer is not None else len(data)
        connection.sendall(HEAD.pack(RET_SUBMIT, number, 0, 0, 0, status, sent, 0, 0, 0, b"") + data)


def change(device: Device, descriptor: bytes) -> None:
    device.device = descriptor
    print("changed", flush=True)


def exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            return b""
        data += more
    return data


def main() -> None:
    port, speed, described = sys.argv[1:]
    raw = json.loads(described)
    strings = {int(index): bytes.fromhex(text) for index, text in raw["strings"].items()}
    device = Device(bytes.fromhex(raw["device"]), [bytes.fromhex(one) for one in raw["configurations"]], strings)
    ours, kernels = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with open(ATTACH, "w") as file:
        file.write(f"{port} {kernels.fileno()} {int(port) + 1} {speed}")
    signal.signal(signal.SIGUSR1, lambda *_: change(device, bytes.fromhex(raw["later"])))
    print("attached", flush=True)
    serve(ours, device)


if __name__ == "__main__":
    main()

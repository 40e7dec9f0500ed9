"""Send SCSI commands through device nodes as whoever runs this; print what came of each as JSON.

usage: raw_scsi.py [--wait FIFO] NODE=r|rw …
The commands: TEST UNIT READY and INQUIRY (SPC-4, 6.47 and 6.6), WRITE(10) of one block (SBC-3, 5.32) and a command
of the range that is left to makers (SPC-4, 4.3.4.1). With FIFO the nodes stay open until something is written there;
then TEST UNIT READY is sent once more. The structure is scsi/sg.h's sg_io_hdr.
"""

import ctypes
import errno
import fcntl
import json
import os
import sys
from pathlib import Path

SG_IO = 0x2285
NONE, TO_DEVICE, FROM_DEVICE = -1, -2, -3
UNIT_ATTENTION = 6  # sense key: tell again, something happened meanwhile (SPC-4, table 48)
COMMANDS = {
    "ready": (bytes(6), NONE, 0),
    "inquiry": (bytes((0x12, 0, 0, 0, 36, 0)), FROM_DEVICE, 36),
    "write": (bytes((0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0)), TO_DEVICE, 2048),
    "maker": (bytes((0xC0, 0, 0, 0, 0, 0)), NONE, 0),
}


class Header(ctypes.Structure):
    """struct sg_io_hdr."""

    _fields_ = [
        *(("interface_id", ctypes.c_int), ("direction", ctypes.c_int), ("cmd_len", ctypes.c_ubyte)),
        *(("mx_sb_len", ctypes.c_ubyte), ("iovec_count", ctypes.c_ushort), ("dxfer_len", ctypes.c_uint)),
        *(("dxferp", ctypes.c_void_p), ("cmdp", ctypes.c_void_p), ("sbp", ctypes.c_void_p)),
        *(("timeout", ctypes.c_uint), ("flags", ctypes.c_uint), ("pack_id", ctypes.c_int)),
        *(("usr_ptr", ctypes.c_void_p), ("status", ctypes.c_ubyte), ("masked_status", ctypes.c_ubyte)),
        *(("msg_status", ctypes.c_ubyte), ("sb_len_wr", ctypes.c_ubyte), ("host_status", ctypes.c_ushort)),
        *(("driver_status", ctypes.c_ushort), ("resid", ctypes.c_int), ("duration", ctypes.c_uint)),
        ("info", ctypes.c_uint),
    ]


def send(descriptor: int, name: str) -> str:
    """``good`` with the first text of the answer, ``status N``, or the error's name."""
    command, direction, length = COMMANDS[name]
    for _ in range(3):
        words, data, sense = (ctypes.create_string_buffer(n) for n in (len(command), max(length, 1), 32))
        words.raw = command
        head = Header(interface_id=ord("S"), direction=direction, cmd_len=len(command), mx_sb_len=32)
        head.dxfer_len, head.timeout = length, 5000
        head.dxferp, head.cmdp, head.sbp = (ctypes.addressof(b) for b in (data, words, sense))
        try:
            fcntl.ioctl(descriptor, SG_IO, head)
        except OSError as error:
            return errno.errorcode[error.errno]
        if head.host_status:
            return f"host {head.host_status}"
        if head.status == 0:
            return f"good {data.raw[0] & 31}" if name == "inquiry" else "good"
        if sense.raw[2] & 15 != UNIT_ATTENTION:
            break
    return f"status {head.status}"


def main() -> None:
    """Open, send, and perhaps wait."""
    words = sys.argv[1:]
    fifo = words.pop(1) if words[0] == "--wait" else ""
    found, kept = {}, {}
    for word in words[bool(fifo) :]:
        path, _, mode = word.partition("=")
        try:
            kept[word] = os.open(path, {"r": os.O_RDONLY, "rw": os.O_RDWR}[mode] | os.O_NONBLOCK)
        except OSError as error:
            found[word] = {"open": errno.errorcode[error.errno]}
            continue
        found[word] = {"open": "good", **{name: send(kept[word], name) for name in COMMANDS}}
    print(json.dumps(found), flush=True)
    if fifo:
        Path(fifo).read_bytes()
        print(json.dumps({word: {"later": send(descriptor, "ready")} for word, descriptor in kept.items()}), flush=True)


main()

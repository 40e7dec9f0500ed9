"""Try to write to device nodes in every way that a node offers, as whoever runs this; print what came of it as JSON.

The ways: an open for writing, a raw SCSI WRITE(10) through a descriptor opened for writing, and one through a
descriptor that was opened for reading. Structures: scsi/sg.h (version 3), linux/bsg.h (version 4).
"""

import ctypes
import fcntl
import json
import os
import sys

SG_IO = 0x2285
TO_DEVICE = -2
BLOCK = 512
WRITE_10 = bytes((0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0))  # one block at address 0, SBC-3 5.32


class Version3(ctypes.Structure):
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


class Version4(ctypes.Structure):
    """struct sg_io_v4."""

    _fields_ = [
        *(("guard", ctypes.c_int), ("protocol", ctypes.c_uint), ("subprotocol", ctypes.c_uint)),
        *(("request_len", ctypes.c_uint), ("request", ctypes.c_uint64), ("request_tag", ctypes.c_uint64)),
        *(("request_attr", ctypes.c_uint), ("request_priority", ctypes.c_uint), ("request_extra", ctypes.c_uint)),
        *(("max_response_len", ctypes.c_uint), ("response", ctypes.c_uint64), ("dout_iovec", ctypes.c_uint)),
        *(("dout_len", ctypes.c_uint), ("din_iovec", ctypes.c_uint), ("din_len", ctypes.c_uint)),
        *(("dout", ctypes.c_uint64), ("din", ctypes.c_uint64), ("timeout", ctypes.c_uint)),
        *(("flags", ctypes.c_uint), ("usr_ptr", ctypes.c_uint64), ("spare_in", ctypes.c_uint)),
        *(("driver_status", ctypes.c_uint), ("transport_status", ctypes.c_uint), ("device_status", ctypes.c_uint)),
        *(("retry_delay", ctypes.c_uint), ("info", ctypes.c_uint), ("duration", ctypes.c_uint)),
        *(("response_len", ctypes.c_uint), ("din_resid", ctypes.c_int), ("dout_resid", ctypes.c_int)),
        *(("generated_tag", ctypes.c_uint64), ("spare_out", ctypes.c_uint), ("padding", ctypes.c_uint)),
    ]


def raw(path: str, mode: int) -> str:
    """A raw write through a descriptor opened with ``mode``: ``written``, or why not."""
    try:
        descriptor = os.open(path, mode | os.O_NONBLOCK)
    except OSError as error:
        return f"open: {error.strerror}"
    try:
        return _four(descriptor) if "/bsg/" in path else _three(descriptor)
    except OSError as error:
        return f"command: {error.strerror}"
    finally:
        os.close(descriptor)


def _buffers() -> tuple:
    return tuple(ctypes.create_string_buffer(text, len(text)) for text in (b"Z" * BLOCK, WRITE_10, bytes(32)))


def _four(descriptor: int) -> str:
    data, command, sense = _buffers()
    four = Version4(guard=ord("Q"), request_len=10, max_response_len=32, dout_len=BLOCK, timeout=5000)
    four.request, four.dout, four.response = (ctypes.addressof(b) for b in (command, data, sense))
    fcntl.ioctl(descriptor, SG_IO, four)
    return "written" if four.device_status == 0 else f"status {four.device_status}"


def _three(descriptor: int) -> str:
    data, command, sense = _buffers()
    three = Version3(interface_id=ord("S"), direction=TO_DEVICE, cmd_len=10, mx_sb_len=32, dxfer_len=BLOCK)
    three.timeout = 5000
    three.dxferp, three.cmdp, three.sbp = (ctypes.addressof(b) for b in (data, command, sense))
    fcntl.ioctl(descriptor, SG_IO, three)
    return "written" if three.status == 0 else f"status {three.status}"


def plain(path: str) -> str:
    """A write of one block, synchronous."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_SYNC)
    except OSError as error:
        return f"open: {error.strerror}"
    try:
        os.write(descriptor, b"Z" * BLOCK)
    except OSError as error:
        return f"write: {error.strerror}"
    finally:
        os.close(descriptor)
    return "written"


found = {}
for path in sys.argv[1:]:
    found[path] = {"raw, opened for writing": raw(path, os.O_RDWR), "raw, opened for reading": raw(path, os.O_RDONLY)}
    if "/sd" in path:
        found[path]["plain"] = plain(path)
print(json.dumps(found))

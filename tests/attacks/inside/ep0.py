"""Run in the guest as an ordinary user: talk to a USB device through its usbfs node, and say what came of it.

usage: ep0.py NODE. Prints one JSON object: errno of the open, or the bytes that a GET_DESCRIPTOR and a raw
SET_CONFIGURATION returned (negative: errno). USBDEVFS_CONTROL: linux/usbdevice_fs.h.
"""

import ctypes
import fcntl
import json
import os
import sys

CONTROL = 0xC0185500  # _IOWR('U', 0, struct usbdevfs_ctrltransfer), 24 bytes on 64-bit


class Transfer(ctypes.Structure):
    _fields_ = [
        *(("type", ctypes.c_uint8), ("request", ctypes.c_uint8), ("value", ctypes.c_uint16)),
        *(("index", ctypes.c_uint16), ("length", ctypes.c_uint16), ("timeout", ctypes.c_uint32)),
        ("data", ctypes.c_void_p),
    ]


def control(node: int, kind: int, request: int, value: int, length: int) -> int:
    """One control transfer; its length, or the negative errno."""
    room = ctypes.create_string_buffer(max(length, 1))
    transfer = Transfer(kind, request, value, 0, length, 1000, ctypes.addressof(room))
    try:
        return fcntl.ioctl(node, CONTROL, transfer)
    except OSError as error:
        return -(error.errno or 1)


try:
    opened = os.open(sys.argv[1], os.O_RDWR)
except OSError as error:
    print(json.dumps({"open": error.errno}))
else:
    # USB 2.0, table 9-4: GET_DESCRIPTOR (6) of the device, SET_CONFIGURATION (9) to 1
    answers = {"descriptor": control(opened, 0x80, 6, 0x0100, 18), "configure": control(opened, 0x00, 9, 1, 0)}
    print(json.dumps({"open": 0, **answers}))

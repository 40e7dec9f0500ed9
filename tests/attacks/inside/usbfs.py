"""Run in the guest as root: do to an open device through its usbfs node what a driver's owner could.

usage: usbfs.py NODE reset | claim. Prints what came of it (0 or the negative errno of each step), then
`done`, and keeps what it claimed until it is killed. linux/usbdevice_fs.h.
"""

import fcntl
import os
import signal
import struct
import sys

RESET = 0x5514  # _IO('U', 20)
DISCONNECT = 0x5516  # _IO('U', 22), inside of IOCTL
IOCTL = 0xC0105512  # _IOWR('U', 18, struct usbdevfs_ioctl), 16 bytes on 64-bit
CLAIM = 0x8004550F  # _IOR('U', 15, unsigned int)
SET_INTERFACE = 0x80085504  # _IOR('U', 4, struct usbdevfs_setinterface)


def step(node: int, request: int, *data: bytes) -> int:
    try:
        fcntl.ioctl(node, request, *data)
    except OSError as error:
        return -(error.errno or 1)
    return 0


ACTS = {
    "reset": [(RESET,)],
    "claim": [
        (IOCTL, struct.pack("iiQ", 0, DISCONNECT, 0)),
        (CLAIM, struct.pack("I", 0)),
        (SET_INTERFACE, struct.pack("II", 0, 0)),
    ],
}

opened = os.open(sys.argv[1], os.O_RDWR)
print(*[step(opened, *act) for act in ACTS[sys.argv[2]]], flush=True)
print("done", flush=True)
signal.pause()

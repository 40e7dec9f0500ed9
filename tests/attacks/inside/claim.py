"""Take and release interface 0 of a USB device through its usbfs node: `taken`, or the name of the error.

usage: claim.py BUS DEVICE
"""

import errno
import fcntl
import os
import struct
import sys

# linux/usbdevice_fs.h: _IOR('U', 15, unsigned int) and _IOR('U', 16, unsigned int)
CLAIM, RELEASE = 0x8004550F, 0x80045510

try:
    node = os.open(f"/dev/bus/usb/{int(sys.argv[1]):03}/{int(sys.argv[2]):03}", os.O_RDWR)
    for request in (CLAIM, RELEASE):
        fcntl.ioctl(node, request, struct.pack("I", 0))
except OSError as error:
    print(errno.errorcode[error.errno or 0])
else:
    print("taken")

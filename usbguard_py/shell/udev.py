"""Kernel uevents of the USB bus and of the drives on it, through pyudev's kernel source.

The kernel's own messages are used, not udev's: they come before any rule ran and nobody but the
kernel can send them (netlink(7): pid 0; everything else is dropped here as libudev drops it).
pyudev opens the socket; the messages are read here, because a ``pyudev.Device`` looks into udev's
database, a file, for each event, which takes ten times as long and says nothing that is asked for.
"""

import errno
import os
import re
import socket
from collections.abc import Iterator

import pyudev

from usbguard_py.core.event import Event

RECEIVE_BUFFER = 16 * 1024 * 1024  # bytes; the kernel caps it at net.core.rmem_max for us (socket(7))
MAX_MESSAGE = 16384  # bytes; the kernel's are at most 2 KiB and a path of 4 KiB (UEVENT_BUFFER_SIZE, linux/kobject.h)
# Units of drives and their media beside the USB bus itself; their drivers, and the SCSI bus, when they are loaded; what
# may type.
_WANTED = re.compile(rb"\0SUBSYSTEM=(usb|scsi|block|drivers|bus|input)\0")
_KERNEL = 0  # the port of the kernel (netlink(7), nl_pid)


class EventsLost(OSError):
    """The kernel dropped messages because nobody read them in time (ENOBUFS, netlink(7))."""


class Monitor:
    """A listener for such events; ``fileno`` is readable when one waits."""

    def __init__(self) -> None:
        self._monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source="kernel")
        self._monitor.start()
        self._socket = socket.socket(fileno=os.dup(self._monitor.fileno()))
        self._socket.setblocking(False)
        # Not pyudev's own call: it forces the size, which needs CAP_NET_ADMIN.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)

    def fileno(self) -> int:
        """The netlink socket."""
        return self._socket.fileno()

    def events(self) -> Iterator[Event]:
        """All events that wait now.

        Raises:
            EventsLost: messages were dropped; what is connected must be read anew.
        """
        while True:
            try:
                data, _, flags, sender = self._socket.recvmsg(MAX_MESSAGE)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    raise EventsLost(errno.ENOBUFS, "uevents lost") from error
                raise
            if sender[0] != _KERNEL:
                continue
            if flags & socket.MSG_TRUNC:
                raise EventsLost(errno.EMSGSIZE, "a uevent was cut off")
            if _WANTED.search(data):
                yield event_of(data)


def event_of(message: bytes) -> Event:
    """The event in a message: ``ACTION@DEVPATH``, then ``KEY=VALUE``, each ended by a NUL (lib/kobject_uevent.c)."""
    parts = message.decode("utf-8", "surrogateescape").split("\0")[1:]
    values = dict(part.split("=", 1) for part in parts if "=" in part)
    return Event(
        action=values.get("ACTION", ""),
        devpath=values.get("DEVPATH", ""),
        subsystem=values.get("SUBSYSTEM", ""),
        devtype=values.get("DEVTYPE", ""),
        seqnum=int(values.get("SEQNUM", "0")),
        reminder="SYNTH_UUID" in values,
        driver=values.get("DRIVER", ""),
        devnum=int(values.get("DEVNUM", "0")),  # three digits, decimal (usb_dev_uevent, drivers/usb/core/usb.c)
        exchanged=values.get("DISK_MEDIA_CHANGE") == "1",  # disk_event_uevent, block/disk-events.c
    )

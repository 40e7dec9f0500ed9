"""The lab's witness in the guest: says what the kernel did with devices, and what could be read from them.

It trusts nobody: its own netlink socket on the kernel's uevent group, its own inotify watches on /dev, its own
tries to read. Standard library only, handed in as one zip file, started before udev. JSON lines on the port
`lab.witness`, times in nanoseconds of CLOCK_MONOTONIC.

Records, by `kind`:
  uevent     action, devpath, env: one message of the kernel (or `overflow`: some were lost)
  node       path, devpath, subsystem: a device node appeared under /dev
  gone       path: it disappeared
  read       path, devpath, subsystem, bytes, tries: bytes came out of a node
  opened     path, devpath, subsystem, tries: a node could be opened for reading
  probe-end  path, tries, error: the tries came to their end
  usbfs      path, bytes: the device's usbfs node, readable for root in every state
  fence      token, tree: everything before it has been seen; the tree is the asked device's state in sysfs
"""

import ctypes
import errno
import json
import os
import queue
import select
import socket
import subprocess
import threading
import time

from nodes import Nodes
from ports import contents, port
from probes import Probes
from tree import present, tree

NETLINK_KOBJECT_UEVENT = 15  # linux/netlink.h
KERNEL_GROUP = 1  # lib/kobject_uevent.c; group 2 is udev's own
SO_RCVBUFFORCE = 33  # asm-generic/socket.h


class Reporter:
    """Writes records to the host in the order they are given, without ever holding up the one who gives them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.waiting: queue.SimpleQueue = queue.SimpleQueue()
        threading.Thread(target=self.write, daemon=True).start()

    def __call__(self, kind: str, **values) -> None:
        self.waiting.put({"t": time.monotonic_ns(), "kind": kind, **values})

    def write(self) -> None:
        while True:
            # The leading line end finishes a line that a restored snapshot may have cut in two.
            data = b"\n" + json.dumps(self.waiting.get()).encode() + b"\n"
            while data:
                data = data[os.write(self.port, data) :]


class Witness:
    """Puts the sources together and answers the host's fences."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: dict[str, str | None] = {}  # the device of each fence
        self.report = Reporter(port)
        self.probes = Probes(self.report)
        self.socket = listener()
        self.nodes = Nodes(self.probes.start, self.probes.lost)

    def run(self) -> None:
        self.report("start", release=os.uname().release, present=present())
        threading.Thread(target=self.commands, daemon=True).start()
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        poll.register(self.nodes.fd, select.POLLIN)
        while True:
            poll.poll()
            self.nodes.drain(self.report)
            self.messages()

    def messages(self) -> None:
        while True:
            try:
                data, _ancillary, _flags, (sender, _groups) = self.socket.recvmsg(1 << 16)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.report("overflow", source="netlink")
                continue
            if sender == 0:  # the kernel
                self.message(data)

    def message(self, data: bytes) -> None:
        head, *rest = data.decode(errors="replace").rstrip("\0").split("\0")
        action, _, devpath = head.partition("@")
        env = dict(part.partition("=")[::2] for part in rest)
        self.report("uevent", action=action, devpath=devpath, env=env)
        if action in ("add", "change") and "DEVNAME" in env:
            self.probes.start("/dev/" + env["DEVNAME"])
        if "SYNTH_UUID" in env and devpath == "/devices/virtual/mem/null":
            threading.Thread(target=self.fenced, args=(env["SYNTH_UUID"],), daemon=True).start()

    def fenced(self, token: str) -> None:
        device = self.asked.pop(token, None)
        tried = self.probes.all_tried(2.0)
        self.report("fence", token=token, tried=tried, tree=tree(device) if device else None)

    def commands(self) -> None:
        rest = b""
        while True:
            data = os.read(self.port, 65536)
            if not data:  # the host is not connected yet
                time.sleep(0.01)
                continue
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.strip():
                    self.fence(**json.loads(line))

    def fence(self, token: str, device: str | None, *, settle: bool) -> None:
        """Let the hub's and udev's work on `device` end, then send ourselves a message through the kernel."""
        if device is not None:
            # Reading it takes the device's lock (drivers/usb/core/sysfs.c), which the hub holds while configuring.
            contents(f"/sys/bus/usb/devices/{device}/bConfigurationValue")
        if settle:
            subprocess.run(["udevadm", "settle", "--timeout=10"], check=False, stdout=subprocess.DEVNULL)
        self.asked[token] = device
        with open("/sys/devices/virtual/mem/null/uevent", "w") as file:
            file.write(f"change {token}")


def listener() -> socket.socket:
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT)
    netlink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    netlink.bind((0, KERNEL_GROUP))
    netlink.setblocking(False)
    return netlink


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(15, b"lab-witness", 0, 0, 0)  # PR_SET_NAME, prctl(2)
    Witness(port("lab.witness")).run()

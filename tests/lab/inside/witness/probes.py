"""Tries to read: one thread for each new node, as fast as it can."""

import errno
import os
import select
import stat
import threading
import time

PROBED = {
    "block", "input", "hidraw", "tty", "sound", "scsi_generic", "bsg", "video4linux", "usbmisc", "printer",
    "media", "usb", "mmc", "nvme", "ppp", "bluetooth", "rfkill",
}  # fmt: skip
TRIES, PROBE_SECONDS = 2000, 5.0


class Probes:
    """One thread a node that tries to read it as fast as it can."""

    def __init__(self, report) -> None:
        self.report = report
        self.lock = threading.Condition()
        self.running: dict[str, tuple] = {}
        self.untried = 0

    def start(self, path: str) -> None:
        try:
            status = os.lstat(path)
        except OSError:
            status = None
        if status is None or not (stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode)):
            return
        key = (status.st_rdev, status.st_ino)
        with self.lock:
            if self.running.get(path) == key:
                return
            self.running[path] = key
        devpath, subsystem = origin(status)
        self.report("node", path=path, devpath=devpath, subsystem=subsystem)
        if path.startswith("/dev/bus/usb/"):
            self.usbfs(path, devpath)
        elif "/ttyGS" in devpath:
            return  # a gadget's own side, which is no device of this machine
        elif subsystem in PROBED or stat.S_ISBLK(status.st_mode):
            with self.lock:
                self.untried += 1
            facts = {"path": path, "devpath": devpath, "subsystem": subsystem}
            probe = Probe(self, facts, key, block=stat.S_ISBLK(status.st_mode))
            threading.Thread(target=probe.run, daemon=True).start()

    def lost(self, path: str) -> None:
        with self.lock:
            known = self.running.pop(path, None)
        if known is not None:
            self.report("gone", path=path)

    def usbfs(self, path: str, devpath: str) -> None:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self.report("usbfs", path=path, devpath=devpath, bytes=0, error=error.errno)
            return
        try:
            self.report("usbfs", path=path, devpath=devpath, bytes=len(os.read(fd, 18)))
        except OSError as error:
            self.report("usbfs", path=path, devpath=devpath, bytes=0, error=error.errno)
        finally:
            os.close(fd)

    def all_tried(self, timeout: float) -> bool:
        with self.lock:
            return self.lock.wait_for(lambda: self.untried == 0, timeout)

    def tried(self) -> None:
        with self.lock:
            self.untried -= 1
            self.lock.notify_all()


class Probe:
    """The tries to read one node, until bytes came, it is gone, or the bound is reached."""

    def __init__(self, probes: Probes, facts: dict, key: tuple, *, block: bool) -> None:
        self.probes, self.facts, self.key, self.block = probes, facts, key, block
        self.tries = 0
        self.counted = self.opened = False

    def run(self) -> None:
        deadline = time.monotonic() + PROBE_SECONDS
        try:
            last = None
            while self.tries < TRIES and time.monotonic() < deadline:
                self.tries += 1
                last = self.once()
                # A node is there a little before its driver answers: ENXIO and ENODEV are no end, its removal is.
                if last in (None, errno.ENOENT) or self.probes.running.get(self.facts["path"]) != self.key:
                    break
                self.first_done()
                if self.tries > 200:  # the race is over: leave the processor to others
                    time.sleep(0.002)
        finally:
            self.first_done()
        ending = errno.errorcode.get(last, "") if last else ""
        self.probes.report("probe-end", path=self.facts["path"], tries=self.tries, error=ending)

    def first_done(self) -> None:
        if not self.counted:
            self.counted = True
            self.probes.tried()

    def once(self) -> int | None:
        """One try; None when there is nothing left to find out, else the error's number (0: nothing came)."""
        try:
            fd = os.open(self.facts["path"], os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            return error.errno
        try:
            if not self.opened:
                self.opened = True
                self.probes.report("opened", tries=self.tries, **self.facts)
            if self.facts["subsystem"] in ("scsi_generic", "bsg"):
                return None  # opening is all that read(2) could show there
            if not self.block:
                self.listen(fd)
            count = len(os.read(fd, 512))
        except OSError as error:
            return error.errno
        finally:
            os.close(fd)
        if not count:
            return 0
        self.probes.report("read", bytes=count, tries=self.tries, **self.facts)
        return None

    def listen(self, fd: int) -> None:
        """Wait until a character device has something to say or is gone; a fence must not wait for a key press."""
        self.first_done()
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        poll.poll()


def origin(status) -> tuple[str, str]:
    """Return devpath and subsystem of a node by its number, which no rename under /dev can hide."""
    kind = "block" if stat.S_ISBLK(status.st_mode) else "char"
    link = f"/sys/dev/{kind}/{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    devpath = os.path.realpath(link)
    if not os.path.isdir(devpath):
        return "", ""
    subsystem = os.path.basename(os.path.realpath(f"{devpath}/subsystem"))
    return devpath.removeprefix("/sys"), subsystem

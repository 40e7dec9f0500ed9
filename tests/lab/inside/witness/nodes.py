"""New device nodes: inotify watches on /dev and every folder below it."""

import ctypes
import os
import struct

IN_CREATE, IN_DELETE, IN_MOVED_TO, IN_ISDIR, IN_Q_OVERFLOW = 0x100, 0x200, 0x80, 0x40000000, 0x4000  # linux/inotify.h
libc = ctypes.CDLL(None, use_errno=True)


class Nodes:
    """Inotify watches on /dev and every folder below it."""

    def __init__(self, found, lost) -> None:
        self.found, self.lost = found, lost
        self.fd = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        self.folders: dict[int, str] = {}
        self.watch("/dev", announce=False)

    def watch(self, folder: str, *, announce: bool) -> None:
        number = libc.inotify_add_watch(self.fd, folder.encode(), IN_CREATE | IN_DELETE | IN_MOVED_TO)
        if number < 0:
            return
        self.folders[number] = folder
        # What was made before the watch was set would be missed: look once after setting it.
        try:
            entries = list(os.scandir(folder))
        except OSError:
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                self.watch(entry.path, announce=announce)
            elif announce:
                self.found(entry.path)

    def drain(self, report) -> None:
        while True:
            try:
                data = os.read(self.fd, 1 << 16)
            except BlockingIOError:
                return
            while data:
                number, mask, _cookie, length = struct.unpack_from("iIII", data)
                name = data[16 : 16 + length].rstrip(b"\0").decode(errors="replace")
                data = data[16 + length :]
                if mask & IN_Q_OVERFLOW:
                    report("overflow", source="inotify")
                elif number in self.folders:
                    self.one(mask, f"{self.folders[number]}/{name}")

    def one(self, mask: int, path: str) -> None:
        if mask & IN_DELETE:
            self.lost(path)
        elif mask & IN_ISDIR:
            self.watch(path, announce=True)
        else:
            self.found(path)

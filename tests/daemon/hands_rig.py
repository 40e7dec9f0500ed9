"""Real media for the hands on the machine the tests run on: loop devices, mounts, namespaces, holders.

Only sysfs is made up (one USB device with the loop device below it); the kernel's mounts, namespaces,
freezing and processes are the real ones.
"""

import contextlib
import fcntl
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from usbguard_py.shell.hands import Hands

ROOT = Path(__file__).parents[2]
LOCK = Path(tempfile.gettempdir()) / "usbguard-py-mounts.lock"
DEVICE, DEVNUM = "1-2", 7


def run(*command: object) -> str:
    """Run a command that must work; its output."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


class Medium:
    """An ext4 file system in an image, on a loop device."""

    def __init__(
        self, folder: Path, name: str = "medium", mkfs: tuple[str, ...] = ("mke2fs", "-q", "-t", "ext4")
    ) -> None:
        self.image = folder / f"{name}.img"
        self.point = folder / name
        self.point.mkdir()
        with self.image.open("wb") as file:
            file.truncate(48 << 20)
        run(*mkfs, self.image)
        self.loop = Path(run("losetup", "--find", "--show", self.image))
        node = self.loop.stat().st_rdev
        self.dev = (os.major(node), os.minor(node))

    def mount(self) -> None:
        run("mount", self.loop, self.point)

    def remove(self) -> None:
        """Take everything away, whatever the test left."""
        while subprocess.run(["umount", "-l", self.point], capture_output=True, check=False).returncode == 0:
            pass
        subprocess.run(["losetup", "-d", self.loop], capture_output=True, check=False)

    def sound(self) -> str:
        """What ``e2fsck`` says of the image, without changing it; empty when it is clean and needs no recovery."""
        done = subprocess.run(["e2fsck", "-n", "-f", self.image], capture_output=True, text=True, check=False)
        features = run("dumpe2fs", "-h", self.image)
        bad = done.returncode != 0 or "needs_recovery" in features or "not clean" in features
        return f"{done.returncode} {done.stdout} {done.stderr} {features}" if bad else ""


@pytest.fixture(autouse=True)
def mount_table() -> Iterator[None]:
    """One test at a time: the mount table is the machine's, and a namespace that is copied from it holds every medium.

    A lock between processes, because tests of other files, and of another checkout, run beside these.
    """
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def medium(tmp_path: Path) -> Iterator[Medium]:
    if os.geteuid() != 0:
        pytest.skip("needs root for loop devices; tests/scenarios/test_hands.py shows the same in the lab")
    found = Medium(tmp_path)
    yield found
    found.remove()


class Program:
    """A running program that has said "ready"; killed at the end, whatever state it is in."""

    def __init__(self, *command: object, **kwargs: object) -> None:
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **kwargs,  # type: ignore[call-overload]
        )
        assert self.process.stdout.readline() == "ready\n"
        self.pid: int = self.process.pid

    def written(self) -> int:
        """Bytes in the file that it writes, as the kernel knows them, also when the file is detached."""
        return Path(f"/proc/{self.pid}/fd/3").stat().st_size

    def goes_on(self, before: int) -> bool:
        """Whether it writes more than ``before`` bytes within ten seconds."""
        end = time.monotonic() + 10
        while self.written() == before and time.monotonic() < end:
            os.sched_yield()
        return self.written() != before

    def state(self) -> str:
        """The state letter of proc_pid_stat(5)."""
        return Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]

    def end(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=20)


@contextlib.contextmanager
def program(*command: object, **kwargs: object) -> Iterator[Program]:
    """A program (see :class:`Program`) for the length of a ``with`` block."""
    started = Program(*command, **kwargs)
    try:
        yield started
    finally:
        started.end()


# Writes lines whenever it can, never fills the medium, and keeps the file open.
WRITER = """
import sys
file = open(sys.argv[1], "w")
file.write("first\\n"); file.flush()
print("ready", flush=True)
while True:
    file.write("more\\n" * 100); file.flush()
    if file.tell() > 1 << 20:
        file.seek(0); file.truncate()
"""
# Sits in a folder.
SITTER = "import sys; print('ready', flush=True); sys.stdin.read()"
# Maps a file and closes it.
MAPPER = """
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDWR); room = mmap.mmap(fd, 4096)
os.closerange(3, 64)  # the mmap object keeps a copy of the descriptor
print("ready", flush=True); sys.stdin.read()
"""


def sitter(where: Path) -> contextlib.AbstractContextManager[Program]:
    """A program whose working directory is ``where``."""
    return program(sys.executable, "-c", SITTER, cwd=where)


def writer(file: Path) -> contextlib.AbstractContextManager[Program]:
    """A program that keeps writing to ``file``."""
    return program(sys.executable, "-c", WRITER, file)


def mapper(file: Path) -> contextlib.AbstractContextManager[Program]:
    """A program that has ``file`` mapped, not open."""
    return program(sys.executable, "-c", MAPPER, file)


def private_namespace(*options: str) -> contextlib.AbstractContextManager[Program]:
    """A program in a mount namespace of its own, to which nothing of the host propagates."""
    return program("unshare", "--mount", "--propagation", "private", *options, sys.executable, "-c", SITTER, cwd="/")


class Bench:
    """A made-up sysfs with one USB device above ``medium``, and the real hands, started by their socket."""

    def __init__(self, folder: Path, medium: Medium) -> None:
        self.root = folder / "root"
        self.socket = self.root / "run/usbguard-py/hands.sock"
        self.node = self.root / "dev" / medium.loop.name
        device = self.root / "sys/devices/usb1" / DEVICE
        block = device / "1-2:1.0/host0/target0:0:0/0:0:0:0/block" / medium.loop.name
        for path in (block, self.root / "sys/bus/usb/devices", self.socket.parent, self.node.parent):
            path.mkdir(parents=True)
        (device / "devnum").write_text(f"{DEVNUM}\n", encoding="ascii")
        (block / "dev").write_text("{}:{}\n".format(*medium.dev), encoding="ascii")
        (block / "uevent").write_text(f"MAJOR={medium.dev[0]}\nDEVNAME={medium.loop.name}\n", encoding="ascii")
        (self.root / "sys/bus/usb/devices" / DEVICE).symlink_to(device)
        os.mknod(self.node, stat.S_IFBLK, os.makedev(*medium.dev))
        self.node.chmod(0o660)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(self.socket))
        self.listener.listen()
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        # As systemd does it (sd_listen_fds(3)): the socket is descriptor 3, LISTEN_PID is the program's own id.
        script = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid()); "
            "os.execv(sys.executable, [sys.executable, '-m', 'usbguard_py.daemon.hands'])"
        )
        environment = {**os.environ, "USBGUARD_PY_ROOT": str(self.root), "LISTEN_FDS": "1", "USBGUARD_PY_LANG": "en"}
        return subprocess.Popen(
            [sys.executable, "-c", script, str(self.listener.fileno())],
            cwd=ROOT,
            env=environment,
            pass_fds=[self.listener.fileno()],
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> str:
        """End the hands as systemd would; what they wrote to the journal."""
        self.process.terminate()
        _, errors = self.process.communicate(timeout=20)
        self.listener.close()
        assert self.process.returncode == 0, errors
        return errors


@pytest.fixture
def bench(tmp_path: Path, medium: Medium) -> Iterator[Bench]:
    found = Bench(tmp_path, medium)
    yield found
    if found.process.returncode is None:
        assert found.stop() == ""


@pytest.fixture
def hands(bench: Bench) -> Iterator[Hands]:
    with contextlib.closing(Hands(bench.socket)) as found:
        yield found

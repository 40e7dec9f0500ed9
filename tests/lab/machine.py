"""One QEMU process: its command line, its start and its end."""

import contextlib
import io
import json
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from .image import Image, LabError
from .powercut import StateDisk
from .qmp import Qmp

INSIDE = Path(__file__).parent / "inside"
UNPACK = """\
import runpy, sys
with open({path!r}, "wb") as file:
    file.write({data!r})
sys.path.insert(0, {path!r})
runpy.run_path({path!r}, run_name="__main__")
"""


@dataclass(frozen=True)
class Shape:
    """What the machine is made of; the defaults are a small standalone workstation."""

    cpus: int = 2
    memory: int = 1536  # MiB
    cmdline: str = ""  # more words for the kernel
    state_disk: bool = False
    extra: tuple[str, ...] = field(default=())  # more arguments for QEMU: devices present at boot, other buses
    usb_ports: int = 15  # of each speed, on the one xHCI controller
    initrd: Path | None = None  # instead of the image's own


class Machine:
    """QEMU with the image's kernel, an overlay over its disk, and three sockets: QMP, agent, witness."""

    def __init__(
        self, image: Image, shape: Shape, accelerator: tuple[str, ...], overlay: Path | None, state: Path | None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lab-"))
        self.image, self.shape = image, shape
        self.overlay = self.folder / "root.qcow2"
        self.state = StateDisk.create(self.folder, state) if shape.state_disk else None
        self._make_overlay(overlay)
        self.console = self.folder / "console.log"
        self._errors = self.folder / "qemu.log"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                self.command(accelerator),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )
        self.qmp = self._connect()

    def _make_overlay(self, after: Path | None) -> None:
        if after is not None:
            shutil.copyfile(after, self.overlay)
            return
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(self.image.disk), str(self.overlay)],
            check=True,
        )

    def command(self, accelerator: tuple[str, ...]) -> list[str]:
        """Return the whole command line."""
        ports = self.shape.usb_ports
        # Emulated, the TSC goes on where it was when a snapshot is loaded: time would leap, and watchdogs bite. Linux
        # 6.1 finds it unstable by itself, 6.12 does not.
        words = f"root=/dev/vda rw console=ttyS0 quiet tsc=unstable {self.shape.cmdline}"
        if self.state is not None:
            words += " lab.state"
        return [
            "setpriv", "--pdeathsig", "KILL", "--",  # a run that dies leaves no guest behind
            "qemu-system-x86_64", *accelerator, "-M", "q35", "-smp", str(self.shape.cpus), "-m", str(self.shape.memory),
            "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none", "-no-reboot",
            "-kernel", str(self.image.kernel), "-initrd", str(self.shape.initrd or self.image.initrd),
            "-append", words.strip(),
            "-serial", f"file:{self.console}",
            "-device", "virtio-rng-pci",
            "-device", f"qemu-xhci,id=xhci,p2={ports},p3={ports}",
            "-device", "virtio-serial-pci,id=ports",
            *self._port("agent"), *self._port("witness"), *self._disks(),
            "-chardev", f"socket,id=qmp,path={self.folder}/qmp,server=on,wait=off",
            "-mon", "chardev=qmp,mode=control",
            *self.shape.extra,
        ]  # fmt: skip

    def _port(self, name: str) -> list[str]:
        return [
            "-chardev", f"socket,id={name},path={self.folder}/{name},server=on,wait=off",
            "-device", f"virtserialport,chardev={name},name=lab.{name}",
            "-fw_cfg", f"name=opt/lab/{name},file={self._program(name)}",
        ]  # fmt: skip

    def _program(self, name: str) -> Path:
        """Pack one of the guest's programs into one script that Python can run as it is."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in [*sorted((INSIDE / name).glob("*.py")), INSIDE / "ports.py"]:
                archive.write(path, path.name)
        script = self.folder / f"{name}.py"
        # The firmware's file has no size in sysfs, so Python cannot run it as a zip file where it lies.
        script.write_text(UNPACK.format(path=f"/run/lab-{name}.zip", data=packed.getvalue()))
        return script

    def _disks(self) -> list[str]:
        root = {
            "driver": "qcow2", "node-name": "root", "discard": "unmap",
            "file": {"driver": "file", "filename": str(self.overlay), "cache": {"no-flush": True}},
        }  # fmt: skip
        arguments = ["-blockdev", json.dumps(root), "-device", "virtio-blk-pci,drive=root"]
        if self.state is not None:
            arguments += ["-blockdev", json.dumps(self.state.blockdev())]
            arguments += ["-device", "virtio-blk-pci,drive=state,serial=lab-state"]
        return arguments

    def _connect(self) -> Qmp:
        """Connect to QMP as soon as QEMU listens."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                return Qmp(self.folder / "qmp")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
        self.kill()
        raise LabError(f"QEMU did not start: {self._errors.read_text(errors='replace').strip()}")

    def wait_console(self, text: str, timeout: float) -> None:
        """Wait until the console has shown `text`: for the time before the agent runs.

        What a machine showed last before it ended counts, so that it is looked at once more after the end.
        """
        deadline = time.monotonic() + timeout
        going = True
        while going:
            going = time.monotonic() < deadline and self.process.poll() is None
            shown = self.console.read_text(errors="replace") if self.console.exists() else ""
            if text in shown:
                return
            if going:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.05)
        raise LabError(f"the console never showed {text!r}; it ends with:\n{shown[-2000:]}")

    def kill(self) -> None:
        """End QEMU at once, as when the plug is pulled."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def remove(self) -> None:
        """Kill QEMU and delete its files."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

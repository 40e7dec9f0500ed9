"""A running guest: control, devices, gadgets, snapshots and the power switch in one object."""

import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from .control import Control
from .devices import Plugs
from .gadgets import Gadget, Gadgets
from .hostile import Hostile
from .image import LabError
from .machine import Machine
from .sleep import Sleeper
from .witness import Witness


class Guest(Hostile, Sleeper, Plugs, Gadgets):
    """Made by `Lab.boot`; a context manager that ends the machine."""

    def __init__(self, machine: Machine, boot_timeout: float) -> None:
        self.machine = machine
        self.qmp = machine.qmp
        self.folder = machine.folder
        self.ports = machine.shape.usb_ports
        begun = time.monotonic()
        self.witness = Witness(machine.folder / "witness")
        Control.__init__(self, machine.folder / "agent")
        self._init_plugs()
        self._init_gadgets()
        self._init_hostile()
        self._saved: dict[str, tuple[list[Gadget], int]] = {}
        self._await_boot(boot_timeout)
        self.boot_seconds = time.monotonic() - begun
        self.boot_id = self.read("/proc/sys/kernel/random/boot_id").strip()
        self.kernel_release = self.read("/proc/sys/kernel/osrelease").strip()

    def _await_boot(self, timeout: float) -> None:
        """Wait until systemd says that the system is up; degraded is up, a scenario may want just that."""
        try:
            self.ask("ping", timeout)
            self.run("systemctl is-system-running --wait", check=False, timeout=timeout)
        except LabError as error:
            console = self.machine.console.read_text(errors="replace").splitlines()[-20:]
            raise LabError(
                f"the guest did not come up: {error}\nits console ends with:\n" + "\n".join(console)
            ) from error

    def snapshot(self, name: str) -> None:
        """Save the whole machine. Nothing may be plugged in: QEMU refuses some devices, and a load would miss them."""
        if self.plugged:
            raise LabError("unplug everything before a snapshot")
        if self.machine.state is not None:
            raise LabError("a guest with a state disk has no snapshots: its write log cannot go back")
        self.witness.fence()
        self.qmp.monitor(f"savevm {name}")
        self._saved[name] = (list(self.gadgets), self.controllers)

    def restore(self, name: str) -> None:
        """Go back to a snapshot. A failed load leaves the machine paused: end it and boot again."""
        self.unplug_all()
        self._init_hostile()
        self.qmp.monitor(f"loadvm {name}")
        gadgets, self.controllers = self._saved[name]
        self.gadgets = list(gadgets)
        self.ask("ping")
        self.witness.restart()

    def loaded(self, name: str, controllers: int, present: list[str]) -> None:
        """Say that this machine came up from a snapshot of another one, without gadgets (`tests/lab/bases.py`)."""
        self.controllers, self.witness.present = controllers, frozenset(present)
        self._saved[name] = ([], controllers)

    def kernel_messages(self, since: float = 0.0) -> list[str]:
        """Return the kernel's messages from `since` seconds after boot on."""
        lines = self.run("dmesg --color=never").stdout.splitlines()
        return [line for line in lines if _seconds(line) >= since]

    def cut_power(self) -> Path:
        """Pull the plug: QEMU ends at once and unflushed writes to the state disk are lost.

        Returns the state disk as it survived, for `Lab.boot(after=…)`.
        """
        if self.machine.state is None:
            raise LabError("only a guest booted with state_disk=True can show what a power cut leaves")
        self.machine.kill()
        survived = self.folder / "state-after-cut.raw"
        self.lost_writes = self.machine.state.after_cut(survived)
        return survived

    def shutdown(self, timeout: float = 60.0) -> None:
        """Power off in an orderly way."""
        self.run("systemctl poweroff --no-block")
        self.machine.process.wait(timeout)

    def quit(self, timeout: float = 60.0) -> None:
        """End QEMU where it stands, with all of the disk and its snapshots written."""
        self.qmp.execute("quit")
        self.machine.process.wait(timeout)

    def save_disk(self, path: Path) -> Path:
        """Copy the root disk of a guest that was shut down to `path`, for `Lab.boot(overlay=…)`."""
        if self.machine.process.poll() is None:
            raise LabError("end the guest before its disk is copied")
        return Path(shutil.copyfile(self.machine.overlay, path))

    def collect(self, folder: Path, sentence: str) -> None:
        """Leave journal, kernel log, ledger, witness log and a sentence in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sentence.txt").write_text(sentence + "\n")
        (folder / "witness.log").write_text("\n".join(map(str, self.witness.events)) + "\n")
        if self.machine.console.exists():
            (folder / "console.log").write_bytes(self.machine.console.read_bytes())
        if self.machine.process.poll() is not None:
            return
        for name, command in {
            "kernel.log": "dmesg",
            "journal.log": "journalctl --no-pager -o short-monotonic -b",
        }.items():
            (folder / name).write_text(self.run(command, check=False).stdout)
        for path in self.run("find /var/lib/usbguard-py -maxdepth 1 -type f", check=False).stdout.split():
            self.get(path, folder / Path(path).name)

    def close(self) -> None:
        """End the machine and delete its files."""
        self._agent.close()
        self.witness.close()
        self.qmp.close()
        self.machine.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _seconds(line: str) -> float:
    try:
        return float(line[1 : line.index("]")])
    except ValueError:
        return 0.0

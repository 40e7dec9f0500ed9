"""The two sides of the comparison: what an administrator does with each, in one guest, each in its own snapshot."""

import contextlib
import re
import shlex
from pathlib import Path
from typing import Any, Protocol

from tests.bench import contenders
from tests.bench.contenders import Contender
from tests.lab import Guest
from tests.scenarios import rig as product
from tests.scenarios.rig import APPROVED, DRIVERS, Rig

HERE = Path(__file__).parent
SETTINGS = HERE / "usbguard-daemon.conf"
RULES = HERE / "rules.conf"
LOG = "/var/log/usbguard/usbguard-audit.log"
STATE = "/var/lib/usbguard-py"
JUDGED = 20.0  # seconds for a decision, emulated
_FACETS = re.compile(r'(?<![\w-])(id|serial|name|hash|via-port) ("(?:[^"\\]|\\.)*"|\S+)')
_INTERFACES = re.compile(r"with-interface (?:\{ ([^}]*) \}|(\S+))")


class Side(Protocol):
    """What is asked of both. ``guest`` is shared; ``unit`` is the daemon's, ``log`` the folder of its log."""

    name: str
    unit: str
    log: str
    guest: Guest
    contender: Contender
    listing: str

    def prepare(self) -> None:
        """Install, configure, approve the sample stick; nothing is plugged in afterwards."""

    def mark(self) -> int:
        """A place in time, for `judged`."""

    def judged(self, plugged: Any, mark: int, timeout: float = JUDGED) -> bool:
        """Wait until it has decided about a device plugged after ``mark``; whether it said so in time."""

    def pull(self, plugged: Any) -> None:
        """Unplug, and wait until it knows."""

    def approve(self, plugged: Any, *, read_only: bool = False) -> bool:
        """Put a connected device on the list, open it; whether that could be done."""

    def enrol(self, plugged: Any) -> None:
        """Let a keyboard be used in the port in which it is."""

    def revocation(self, plugged: Any) -> str:
        """The command that takes the sample stick, connected at present, off the list and cuts it."""

    def break_rules(self) -> None:
        """Give it a rule file with a mistake, in the way that an administrator changes rules."""

    def start(self) -> None:
        """Start the daemon, until it judges."""

    def recorded(self, serial: str, timeout: float) -> bool:
        """Wait until a record of an arrival names this serial number; whether one did in time."""

    def tamper(self) -> tuple[str, str]:
        """Take a record out of its log; the command that should notice, and what to say when there is none."""


def lab_files(guest: Guest) -> None:
    """What the scenarios run inside the guest, and all drivers, so that what is not dead shows it at once."""
    for script in (
        *contenders.INSIDE.glob("*.py"),
        *product.INSIDE.glob("*.py"),
        HERE.parent / "attacks/inside/ep0.py",
    ):
        guest.put(script, f"/opt/lab/{script.name}")
    guest.run(f"modprobe -a {DRIVERS}")


class Ours:
    """usbguard-py, installed, with its strict policy."""

    name = "ours"
    unit = "usbguard-py.service"
    log = STATE
    listing = "usbguard-py devices"

    def __init__(self, guest: Guest) -> None:
        self.guest, self.rig, self.contender = guest, Rig(guest), contenders.Ours(guest)

    def prepare(self) -> None:
        """As the scenarios' base."""
        product.enforce(self.guest)

    def mark(self) -> int:
        """The number of the last entry."""
        return self.rig.seq()

    def judged(self, plugged: Any, mark: int, timeout: float = JUDGED) -> bool:
        """An entry about its port."""
        with contextlib.suppress(AssertionError):
            return bool(self.rig.await_entry(mark, timeout=timeout, name=plugged.port))
        return False

    def pull(self, plugged: Any) -> None:
        """Its removal is in the log."""
        mark = self.mark()
        plugged.unplug()
        self.rig.await_entry(mark, kind="removed", name=plugged.port)

    def approve(self, plugged: Any, *, read_only: bool = False) -> bool:
        """On the list."""
        access = "--access read-only" if read_only else ""
        words = f"whitelist add --device {plugged.port} --holder Mau --document MAU-01/2026 --unit Mau --yes {access}"
        return self.rig.cli(words, check=False, timeout=90).returncode == 0

    def enrol(self, plugged: Any) -> None:
        """A peripheral."""
        self.rig.cli(f"peripheral enrol {plugged.port} --yes")

    def revocation(self, plugged: Any) -> str:  # noqa: ARG002 - the peer's needs it
        """One command."""
        return "usbguard-py whitelist revoke TB-0001 --reason 'het nhiem vu' --document MAU-02/2026 --yes"

    def break_rules(self) -> None:
        """The command refuses the file."""
        self.guest.write("/root/broken.toml", 'name = "broken"\nstorage = yes please\n')
        self.rig.cli("policy use /root/broken.toml", check=False)

    def start(self) -> None:
        """Its unit is active when it judges."""
        self.guest.run(f"systemctl start {self.unit}", timeout=90)

    def recorded(self, serial: str, timeout: float) -> bool:
        """A decision."""
        with contextlib.suppress(AssertionError):
            return bool(self.rig.await_entry(0, timeout=timeout, kind="decision", serial=serial))
        return False

    def tamper(self) -> tuple[str, str]:
        """A row is deleted from a copy of the database, its guards taken off first."""
        script = (
            "import sqlite3; c = sqlite3.connect('/root/copy.db'); "
            "[c.execute('DROP TRIGGER ' + n) for (n,) in "
            "c.execute(\"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'\").fetchall()]; "
            "c.execute('DELETE FROM ledger WHERE seq = 3'); c.commit(); c.close()"
        )
        self.guest.run(f"systemctl stop {self.unit}; cp {product.DATABASE} /root/copy.db", timeout=90)
        self.guest.run(["python3", "-I", "-c", script])
        return "usbguard-py log verify /root/copy.db", ""


class Peer:
    """Debian's usbguard with the settings and rules beside this file."""

    name = "peer"
    unit = contenders.PEER
    log = str(Path(LOG).parent)
    listing = "usbguard list-devices"

    def __init__(self, guest: Guest) -> None:
        self.guest, self.contender = guest, contenders.Theirs(guest)

    def prepare(self) -> None:
        """Settings and rules, then the stick's own rule."""
        self.guest.write("/etc/usbguard/usbguard-daemon.conf", SETTINGS.read_bytes(), 0o600)
        self.guest.write("/root/rules.conf", RULES.read_bytes(), 0o600)
        self.contender.use("/root/rules.conf")
        self.contender.start()
        self.guest.run(f"systemctl enable {self.unit}", timeout=60)
        stick = self.guest.plug_stick(serial=APPROVED)
        self.judged(stick, 0)
        self.approve(stick)
        self.pull(stick)

    def mark(self) -> int:
        """It has no numbers."""
        return 0

    def judged(self, plugged: Any, mark: int, timeout: float = JUDGED) -> bool:  # noqa: ARG002 - ours needs it
        """It lists the device."""
        return self._listed(plugged.port, timeout, there=True)

    def _listed(self, port: str, timeout: float, *, there: bool) -> bool:
        look = f"usbguard list-devices | grep -qF 'via-port \"{port}\"'"
        return self._came(f"{'until' if there else 'while'} {look}; do :; done", timeout)

    def _came(self, loop: str, timeout: float) -> bool:
        command = f"timeout {timeout:g} sh -c {shlex.quote(loop)}"
        return self.guest.run(command, check=False, timeout=timeout + 30).returncode == 0

    def pull(self, plugged: Any) -> None:
        """It lists it no more."""
        plugged.unplug()
        self._listed(plugged.port, JUDGED, there=False)

    def _device(self, port: str) -> str:
        lines = self.guest.run("usbguard list-devices").stdout.splitlines()
        return next(line for line in lines if f'via-port "{port}"' in line)

    def approve(self, plugged: Any, *, read_only: bool = False) -> bool:  # noqa: ARG002 - no rule can say it
        """A rule from its own words, and the device opened; there is no rule for reading only."""
        self._allow(self._device(plugged.port), ("id", "serial", "name", "hash"))
        return True

    def enrol(self, plugged: Any) -> None:
        """The same, with its port."""
        self._allow(self._device(plugged.port), ("id", "serial", "name", "hash", "via-port"))

    def _allow(self, line: str, facets: tuple[str, ...]) -> None:
        self.guest.run(["usbguard", "append-rule", rule(line, facets)])
        self.guest.run(["usbguard", "allow-device", line.partition(":")[0]])

    def revocation(self, plugged: Any) -> str:
        """Two commands, the cut first; the numbers were looked up before."""
        number = self._device(plugged.port).partition(":")[0]
        lines = self.guest.run("usbguard list-rules").stdout.splitlines()
        listed = next(line for line in lines if f'"{APPROVED}"' in line).partition(":")[0]
        return f"usbguard block-device {number}; usbguard remove-rule {listed}"

    def break_rules(self) -> None:
        """The file is what it reads."""
        self.guest.run(f"echo 'allow serial SAMPLE' >> {contenders.RULES}")

    def start(self) -> None:
        """It answers."""
        self.guest.run(f"systemctl start {self.unit}", timeout=90)
        self.guest.run("until usbguard list-devices; do :; done", timeout=60)

    def recorded(self, serial: str, timeout: float) -> bool:
        """A line of its log."""
        look = f"grep -F 'serial \"{serial}\"' {LOG} | grep -qE 'Device.(Insert|Present)'"
        return self._came(f"until {look}; do :; done", timeout)

    def tamper(self) -> tuple[str, str]:
        """A line is deleted; none of its commands reads the log."""
        self.guest.run(f"systemctl stop {self.unit}; sed -i 3d {LOG}", timeout=60)
        return "", "no command of it reads its log"


def rule(line: str, facets: tuple[str, ...]) -> str:
    """The rule that allows the device of a line of ``usbguard list-devices``, by these facets and its interfaces."""
    found = dict(_FACETS.findall(line))
    several, one = _INTERFACES.findall(line)[0]
    words = " ".join(f"{name} {found[name]}" for name in facets)
    return f"allow {words} with-interface equals-ordered {{ {several or one} }}"


def stored(side: Side) -> str:
    """What is installed, for the page."""
    package = {"ours": "usbguard-py", "peer": "usbguard"}[side.name]
    return side.guest.run(f"dpkg-query -W -f '${{Package}} ${{Version}}' {package}").stdout


SIDES: dict[str, Any] = {"ours": Ours, "peer": Peer}

__all__ = ["SIDES", "Ours", "Peer", "Side", "rule", "stored"]

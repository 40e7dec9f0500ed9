"""The product installed in a guest: what the scenarios, the demo and the benchmarks share.

A base guest has the package installed, the strict policy in force, the drivers of all the devices that are
tried loaded (so that a device that is not dead shows it at once) and one approved stick on the list.
"""

import fcntl
import json
import shlex
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.lab import Guest, Lab, Plugged, Result
from tests.lab.gadgets import Gadget
from tests.lab.hostile import HostileDevice
from tests.lab.witness import FUNCTIONS

ROOT = Path(__file__).parents[2]
INSIDE = Path(__file__).parent / "inside"
APPROVED = "SAMPLE-0001"
HOLDER = "Nguyen Van Mau"
DOCUMENT = "MAU-01/2026"
CMDLINE = "usbcore.authorized_default=0"
DATABASE = "/var/lib/usbguard-py/usbguard-py.db"
DRIVERS = (
    "usb-storage uas usbhid hid-generic cdc_ether cdc_subset rndis_host cdc_ncm cdc_acm ftdi_sio usblp snd-usb-audio "
    "evdev vfat nls_cp437"
)

Entry = dict[str, Any]
Device = Plugged | Gadget | HostileDevice


class Sentences(NamedTuple):
    """One sentence for people, in both languages."""

    en: str
    vi: str


def one_line(text: str) -> str:
    """What was printed, without the line ends that the width of a terminal made."""
    return " ".join(text.split())


@dataclass
class Rig:
    """A guest with the product in it."""

    guest: Guest
    facts: dict[str, Any] = field(default_factory=dict)

    def cli(
        self,
        command: str,
        *,
        check: bool = True,
        lang: str = "en",
        user: str | None = None,
        env: dict[str, str] | None = None,
        **more: Any,
    ) -> Result:
        """Run a command of the product."""
        environment = {"LANG": "vi_VN.UTF-8" if lang == "vi" else "en_US.UTF-8", "COLUMNS": "100", **(env or {})}
        return self.guest.run(f"usbguard-py {command}", check=check, env=environment, user=user, **more)

    def answer(self, command: str) -> Any:
        """The answer of a command as JSON."""
        return json.loads(self.cli(f"{command} --json").stdout)

    def fails(
        self, command: str, code: int, sentences: "Sentences", langs: Iterable[str] = ("en", "vi"), **who: Any
    ) -> None:
        """A command ends with this exit code and says exactly this sentence and a remedy, in these languages."""
        for lang in langs:
            result = self.cli(command, check=False, lang=lang, **who)
            expected = f"{'Lỗi' if lang == 'vi' else 'Error'}: {getattr(sentences, lang)} → "
            said = one_line(result.stderr)
            assert said.startswith(expected), f"{command}: {said!r}, not {expected!r}"
            assert result.returncode == code, f"{command}: {result.returncode}"

    def status_says(self, sentences: "Sentences") -> None:
        """What `status` prints holds this sentence, in both languages."""
        for lang in ("en", "vi"):
            shown = one_line(self.cli("status", check=False, lang=lang).stdout)
            assert getattr(sentences, lang) in shown, shown

    def seq(self) -> int:
        """Number of the last entry."""
        found = self.guest.records(DATABASE, "SELECT body FROM ledger ORDER BY seq DESC LIMIT 1", [], {})
        return int(found[0]["seq"]) if found else 0

    def entries(self, after: int = 0, timeout: float = 0.0, **fields: object) -> list[Entry]:
        """Entries after number ``after`` whose fields have these values; read from the file by nothing of ours."""
        wanted = {name: str(value) for name, value in fields.items()}
        query = "SELECT body FROM ledger WHERE seq > ? ORDER BY seq"
        return self.guest.records(DATABASE, query, [after], wanted, timeout)

    def await_entry(self, after: int = 0, timeout: float = 15.0, **fields: object) -> Entry:
        """The first such entry, waited for."""
        found = self.entries(after, timeout, **fields)
        if not found:
            all_since = [(e["seq"], e["kind"], e.get("code"), e.get("name")) for e in self.entries(after)]
            raise AssertionError(f"no entry {fields} within {timeout:g} s; there are {all_since}")
        return found[0]

    def blocked(self, plugged: Device, after: int, code: str) -> Entry:
        """The device is dead, says the witness, and the ledger names ``code``."""
        entry = self.await_entry(after, name=plugged.port, code=code)
        self.guest.witness.assert_dead(plugged.port)
        assert entry["allow"] is False
        return entry

    def dead_again(self, port: str) -> None:
        """Nothing is left of a device that was open: no interface, no driver, no node, as the witness sees sysfs."""
        tree = self.guest.witness.fence(port).data["tree"] or {}
        assert tree.get("interfaces", {}) == {}
        assert [f for f in tree.get("functions", []) if f[0] in FUNCTIONS] == []

    def allowed(self, plugged: Device, after: int, code: str = "ALLOWED") -> Entry:
        """The kernel bound a driver, says the witness, and the ledger has the decision and what was read back."""
        decision = self.await_entry(after, kind="decision", name=plugged.port, code=code)
        outcome = self.await_entry(after, kind="outcome", name=plugged.port, code=code)
        assert outcome["outcome"] == "allowed"
        assert outcome["of"] == decision["seq"]
        assert not self.guest.witness.dead(plugged.port).dead, "allowed, but nothing works"
        return decision

    def approve(self, plugged: Device, holder: str = HOLDER, document: str = DOCUMENT) -> str:
        """Put a connected stick on the list; its identifier."""
        words = f"--device {plugged.port} --holder {shlex.quote(holder)} --document {document} --unit Mau --yes --json"
        return str(json.loads(self.cli(f"whitelist add {words}").stdout)["id"])

    def open_the_world(self) -> None:
        """Turn the enforcement off: the daemon masked, the floor open. For negative controls."""
        self.guest.run("systemctl mask --now usbguard-py.service")
        self.guest.run("/usr/lib/usbguard-py/floor open anyway; rm -f /run/usbguard-py/enforcing")
        script = "echo 1 > /sys/module/usbcore/parameters/authorized_default; for d in /sys/bus/usb/devices/usb*; do "
        self.guest.run(script + "echo 1 > $d/authorized_default; echo 1 > $d/interface_authorized_default; done")


def package() -> Path:
    """The package, built when it is not there or older than a source."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build/package.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # runs side by side want it at the same moment
        subprocess.run(["make", "--no-print-directory", "-s", "package"], cwd=ROOT, check=True)
    found = sorted((ROOT / "build").glob("usbguard-py_*_amd64.deb"), key=lambda p: p.stat().st_mtime)
    return found[-1]


def install(guest: Guest) -> Rig:
    """Install the package as an administrator does, offline."""
    guest.put(package(), "/root/usbguard-py.deb")
    guest.run("DEBIAN_FRONTEND=noninteractive dpkg -i /root/usbguard-py.deb", timeout=240)
    rig = Rig(guest)
    guest.run("systemctl is-active --wait usbguard-py.service", timeout=60)
    return rig


def enforce(guest: Guest) -> Rig:
    """The base of most scenarios: installed, the strict policy in force, one stick on the list, nothing plugged in."""
    rig = install(guest)
    guest.run(f"modprobe -a {DRIVERS}")
    rig.cli("policy use standalone")
    approve_sample(rig)
    return rig


def approve_sample(rig: Rig) -> str:
    """Put the sample stick on the list, and pull it out again."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.await_entry(before, name=stick.port, code="NOT_LISTED")
    identifier = rig.approve(stick)
    rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
    stick.unplug()
    rig.await_entry(before, kind="removed", name=stick.port)
    return identifier


def boot(lab: Lab, **more: Any) -> Guest:
    """A guest whose kernel closes the USB bus by itself."""
    return lab.boot("debian12", cmdline=more.pop("cmdline", CMDLINE), **more)

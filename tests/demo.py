"""The story of the main job on a real kernel: ``make demo``.

A guest with a stock Debian kernel gets the built package; devices are plugged in; what is printed below
``$`` is the product's own output. Whether a device is dead is said by the witness in the guest, which
does not trust the product. The story ends on this host: the exported log is verified, and every code
of the story is found in it.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.lab import Lab, Plugged
from tests.lab.gadgets import Gadget, acm, ecm, hid, mass_storage, printer, rndis
from tests.scenarios.rig import APPROVED, DOCUMENT, DRIVERS, HOLDER, Rig, boot, install

LANGUAGE = "en"
VID, PID = 0x1209, 0x0001  # pid.codes' test pair, for nobody's product
DISK = "/root/disk"  # in the guest
BOLD, PLAIN = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")


class Story:
    """Tells each step, and remembers the codes that must be in the log."""

    def __init__(self, rig: Rig, lang: str) -> None:
        self.rig, self.lang = rig, lang
        self.codes: list[str] = []
        self._number = 0

    def chapter(self, text: str) -> None:
        """A heading."""
        self._number += 1
        print(f"\n{BOLD}{self._number}. {text}{PLAIN}", flush=True)

    def command(self, command: str) -> str:
        """Run a command of the product and show what it prints."""
        print(f"   $ usbguard-py {command}")
        result = self.rig.cli(command, check=False, lang=self.lang, timeout=90)
        for line in (result.stdout + result.stderr).rstrip().splitlines():
            print(f"   {line}")
        return result.stdout

    def blocked(self, plugged: Plugged | Gadget, before: int, code: str) -> None:
        """The witness's word and the ledger's, side by side."""
        entry = self.rig.blocked(plugged, before, code)
        self.codes.append(code)
        facet = f", {entry['facet']}: expected {entry['expected']}, seen {entry['seen']}" if code == "MISMATCH" else ""
        print(f"   witness: dead (no driver, no node, no byte)    log: record {entry['seq']} [{code}]{facet}")

    def allowed(self, plugged: Plugged | Gadget, before: int, code: str) -> None:
        """The same for a device that works."""
        entry = self.rig.allowed(plugged, before, code)
        self.codes.append(code)
        print(f"   witness: alive                                 log: record {entry['seq']} [{code}] before it opened")


def tell(story: Story) -> None:
    """The whole story, from the installed package to the exported log."""
    prepare(story)
    strangers(story)
    stick = approved(story)
    two_faced(story)
    clones(story, stick)
    hidden(story)
    twins(story, stick)
    keyboards(story)
    killed(story)
    revoked(story)
    revoked_busy(story)
    exported(story)


def prepare(story: Story) -> None:
    """The strict policy in force."""
    story.chapter("The package is installed; the administrator puts the strict policy in force")
    story.rig.guest.run(f"modprobe -a {DRIVERS}")
    story.command("policy use standalone")
    story.command("status")


def strangers(story: Story) -> None:
    """Everything that is not on the list."""
    guest = story.rig.guest
    plugs: tuple[tuple[str, Callable[[], Plugged], str], ...] = (
        ("An unknown stick", lambda: guest.plug_stick(serial="SAMPLE-9999"), "NOT_LISTED"),
        ("A phone", guest.plug_phone, "PHONE"),
        ("A network adapter", guest.plug_network, "NETWORK"),
        ("A sound card", guest.plug_audio, "AUDIO"),
    )
    for what, plug, code in plugs:
        story.chapter(what)
        before = story.rig.seq()
        plugged = plug()
        story.blocked(plugged, before, code)
        plugged.unplug()
    guest.load_dummy_hcd(3)
    guest.run(f"truncate -s 8M {DISK}")
    nameless = "A stick that tells no serial number, on a controller that appeared just now"
    for text, functions, code in (
        (nameless, [mass_storage(DISK)], "NO_SERIAL"),
        ("A phone's network (RNDIS)", [rndis()], "NETWORK"),
        ("A network adapter (CDC Ethernet)", [ecm()], "NETWORK"),
        ("A serial port", [acm()], "SERIAL_PORT"),
        ("A printer", [printer()], "PRINTER"),
    ):
        story.chapter(text)
        before = story.rig.seq()
        gadget = guest.gadget(VID, PID, functions).plug()
        story.blocked(gadget, before, code)
        gadget.unplug()
        gadget.remove()


def approved(story: Story) -> Plugged:
    """The list manager puts a stick on the list; it works at once."""
    story.chapter("The list manager plugs in the issued stick and puts it on the list")
    before = story.rig.seq()
    stick = story.rig.guest.plug_stick(serial=APPROVED)
    story.blocked(stick, before, "NOT_LISTED")
    story.command(f'whitelist add --device {stick.port} --holder "{HOLDER}" --unit Mau --document {DOCUMENT} --yes')
    story.allowed(stick, before, "ALLOWED")
    mount(story)
    story.command("devices")
    return stick


def mount(story: Story) -> None:
    """As a person would use it."""
    guest = story.rig.guest
    guest.wait_path("/dev/sda")
    guest.run("udevadm settle; mkdir -p /mnt/s && mount /dev/sda /mnt/s && echo mau > /mnt/s/a && sync")
    print("   mounted, written, read back: " + guest.run("cat /mnt/s/a").stdout.strip())


def clones(story: Story, stick: Plugged) -> None:
    """What only claims to be the stick."""
    guest = story.rig.guest
    story.chapter("Another device that claims the same serial number")
    before = story.rig.seq()
    clone = guest.gadget(VID, PID, [mass_storage(DISK)], serial=APPROVED).plug()
    story.blocked(clone, before, "MISMATCH")
    clone.unplug()
    clone.remove()
    assert not guest.witness.dead(stick.port).dead
    print("   the genuine stick went on working")


def two_faced(story: Story) -> None:
    """One device with a CD and a disk."""
    story.chapter("An issued stick with a CD and a disk in it")
    before = story.rig.seq()
    stick = story.rig.guest.plug_cd_and_disk()
    story.blocked(stick, before, "NOT_LISTED")
    story.rig.approve(stick)
    story.allowed(stick, before, "ALLOWED")
    story.rig.guest.wait_path("/dev/sr0")
    story.rig.guest.wait_path("/dev/sdb")
    print("   both are there: /dev/sr0, /dev/sdb")
    stick.unplug()


def hidden(story: Story) -> None:
    """An approved stick that brings a keyboard: not expected, then expected but not granted."""
    guest = story.rig.guest
    story.chapter("An approved stick comes back with a keyboard in it")
    before = story.rig.seq()
    plain = guest.gadget(VID, PID, [mass_storage(DISK)], serial="SAMPLE-0200").plug()
    story.rig.await_entry(before, name=plain.port, code="NOT_LISTED")
    story.rig.approve(plain)
    story.allowed(plain, before, "ALLOWED")
    plain.unplug()
    plain.remove()
    before = story.rig.seq()
    armed = guest.gadget(VID, PID, [mass_storage(DISK), hid()], serial="SAMPLE-0200").plug()
    story.blocked(armed, before, "MISMATCH")
    armed.unplug()
    armed.remove()
    story.chapter("A stick that is listed with its keyboard: only storage opens")
    before = story.rig.seq()
    both = guest.gadget(VID, PID, [mass_storage(DISK), hid()], serial="SAMPLE-0300").plug()
    story.rig.await_entry(before, name=both.port, code="NOT_LISTED")
    story.rig.approve(both)
    story.allowed(both, before, "ALLOWED")
    interfaces = guest.witness.fence(both.port).data["tree"]["interfaces"]
    drivers = {name.rpartition(".")[2]: interface["driver"] or "none" for name, interface in interfaces.items()}
    print(f"   witness: driver of interface 0: {drivers['0']}, of interface 1, the keyboard: {drivers['1']}")
    assert drivers["1"] == "none"
    both.unplug()
    both.remove()


def twins(story: Story, stick: Plugged) -> None:
    """Two devices, one passport."""
    story.chapter("A second device that matches the stick in every facet: both are cut")
    before = story.rig.seq()
    twin = story.rig.guest.plug_stick(serial=APPROVED)
    story.blocked(twin, before, "DUPLICATE")
    story.rig.await_entry(before, kind="cut", name=stick.port, code="DUPLICATE")
    story.rig.dead_again(stick.port)
    print("   witness: the first one is dead too")
    twin.unplug()
    stick.unplug()
    before = story.rig.seq()
    again = story.rig.guest.plug_stick(serial=APPROVED, write_bps=4 << 20)
    story.allowed(again, before, "ALLOWED")
    mount(story)


def keyboards(story: Story) -> None:
    """Not enrolled, then enrolled."""
    story.chapter("A keyboard that is not enrolled, then enrolled on its port")
    before = story.rig.seq()
    keyboard = story.rig.guest.plug_keyboard()
    story.blocked(keyboard, before, "INPUT_NOT_ENROLLED")
    story.command(f"peripheral enrol {keyboard.port} --yes")
    story.allowed(keyboard, before, "INPUT_ENROLLED")


def killed(story: Story) -> None:
    """The daemon is killed; the stick in use is adopted by the next one."""
    story.chapter("The daemon is killed with -9; a stranger comes; the next daemon judges it and adopts what is in use")
    guest, before = story.rig.guest, story.rig.seq()
    guest.run("systemctl kill -s KILL usbguard-py; systemctl mask --runtime usbguard-py; systemctl stop usbguard-py")
    stranger = guest.plug_stick(serial="SAMPLE-9998")
    guest.witness.assert_dead(stranger.port)
    print("   nobody judges:  witness: dead")
    guest.run("systemctl unmask --runtime usbguard-py && systemctl start usbguard-py", timeout=90)
    story.blocked(stranger, before, "NOT_LISTED")
    story.rig.await_entry(before, kind="outcome", code="ADOPTED")
    story.codes.append("ADOPTED")
    start = story.rig.await_entry(before, kind="start")
    print(f"   log: record {start['seq']} says that nobody judged for {start['gap']['seconds']} s")
    stranger.unplug()


def revoked(story: Story) -> None:
    """While it is mounted."""
    story.chapter("The stick is revoked while it is mounted and idle; plugged in again it says so")
    revoke(story, "TB-0001")
    for plugged in list(story.rig.guest.plugged):
        if plugged.port.startswith("2-"):
            plugged.unplug()
    before = story.rig.seq()
    again = story.rig.guest.plug_stick(serial=APPROVED)
    story.blocked(again, before, "REVOKED")
    again.unplug()


def revoked_busy(story: Story) -> None:
    """A writer, somebody's working directory."""
    story.chapter("Another stick is revoked while a program writes on it and somebody sits in its folder")
    rig, before = story.rig, story.rig.seq()
    stick = rig.guest.plug_stick(serial="SAMPLE-0500", write_bps=4 << 20)
    rig.await_entry(before, name=stick.port, code="NOT_LISTED")
    identifier = rig.approve(stick)
    story.allowed(stick, before, "ALLOWED")
    mount(story)
    rig.guest.start("exec sh -c 'while :; do echo mau; done > /mnt/s/big'")
    rig.guest.start("cd /mnt/s && exec sleep 600")
    rig.guest.wait_path("/mnt/s/big")
    revoke(story, identifier)


def revoke(story: Story, identifier: str) -> None:
    """Revoke, and say what the log says of the cut."""
    rig, before = story.rig, story.rig.seq()
    story.command(f'whitelist revoke {identifier} --reason "het nhiem vu" --document MAU-02/2026 --yes')
    first = rig.await_entry(before, kind="list-revoke")
    cut = rig.await_entry(before, kind="cut", code="REVOKED")
    rig.dead_again(str(cut["name"]))
    story.codes.append("REVOKED")
    held = cut["held"]
    who = ", ".join(sorted({h["comm"] for h in held["holders"]})) or "nobody"
    print(
        f"   witness: dead    log: cut after {cut['mono_ms'] - first['mono_ms']} ms, {held['flushed']}, held by {who}"
    )


def exported(story: Story) -> None:
    """Out of the guest, verified on this host."""
    story.chapter("The log is exported, carried out of the guest and verified here")
    story.command("log export /root/nhat-ky.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nhat-ky.jsonl"
        story.rig.guest.get("/root/nhat-ky.jsonl", file)
        host = [sys.executable, "-m", "usbguard_py", "--lang", story.lang, "log", "verify", str(file)]
        print(f"   $ usbguard-py log verify {file.name}    (on this host)")
        result = subprocess.run(host, capture_output=True, text=True, check=False)
        print("   " + (result.stdout + result.stderr).strip().replace("\n", "\n   "))
        text = file.read_text(encoding="utf-8")
    missing = [
        code for code in dict.fromkeys(story.codes) if f'"code":"{code}"' not in text and json.dumps(code) not in text
    ]
    print(f"   codes of this story found in the file: {', '.join(dict.fromkeys(story.codes))}")
    if result.returncode or missing:
        raise SystemExit(f"the exported log does not hold: exit code {result.returncode}, missing {missing}")


def main(arguments: Sequence[str]) -> int:
    """Tell the story; ``--lang vi`` shows the product in Vietnamese."""
    lang = arguments[arguments.index("--lang") + 1] if "--lang" in arguments else LANGUAGE
    begun = time.monotonic()
    print("A guest with a stock Debian kernel is started and the package is installed in it …", flush=True)
    with boot(Lab()) as guest:
        story = Story(install(guest), lang)
        print(f"kernel {guest.kernel_release}, boot {guest.boot_id}, {time.monotonic() - begun:.0f} s")
        tell(story)
    print(f"\nThe story took {time.monotonic() - begun:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The login program on a drive's own disc: it runs and talks to its disc if the list says so, and only then.

The drive has a disc with a program and a data unit beside it, as secure sticks have.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.test_seat import OTHER, Seat, seat
from tests.lab.discs import disc
from tests.lab.media import medium
from tests.scenarios.rig import DOCUMENT, Rig

__all__ = ["seat"]

SERIAL = "SAMPLE-0720"
RAW = Path(__file__).parent / "inside/raw_scsi.py"
# It says who runs it; with a file it waits there, so that it still runs when the drive is cut.
PROGRAM = b'#!/bin/sh\necho "ran as $(id -un)"\n[ $# -eq 0 ] || read -r line <"$1"\n'
MOUNT = "udisksctl mount --no-user-interaction"
# Somebody who has every group that gives a right to drives, and sits elsewhere.
ELSEWHERE = "setpriv --reuid quanly --regid quanly --groups disk,cdrom,plugdev --inh-caps=-all -- "
FOLDERS = "/run/usbguard-py/open /run/usbguard-py/read-only /run/usbguard-py/login-tool"
FOUND_NOT_EXECUTABLE = 126  # sh(1)
SHUT = {"open": "EACCES"}


@dataclass
class Drive:
    """The drive, handed over: its port, the raw node of its disc, and the other raw nodes that it has."""

    rig: Rig
    port: str
    disc: str
    others: list[str]

    def everything(self) -> list[str]:
        """Each of its raw nodes, opened in each way."""
        return [f"{node}={mode}" for node in (self.disc, *self.others) for mode in ("r", "rw")]

    def raw(self, who: str, *nodes: str) -> dict[str, dict[str, str]]:
        """What came of raw commands through nodes (``NODE=r`` or ``NODE=rw``), sent by root or by ``who``."""
        said = self.rig.guest.run(f"{who} python3 -I /opt/lab/raw_scsi.py {' '.join(nodes)}").stdout
        answer: dict[str, dict[str, str]] = json.loads(said)
        return answer

    def raw_at(self, seat: Seat, *nodes: str) -> dict[str, dict[str, str]]:
        """The same for who sits at the machine."""
        code, said = seat.run(f"python3 -I /opt/lab/raw_scsi.py {' '.join(nodes)}")
        assert code == 0, said
        answer: dict[str, dict[str, str]] = json.loads(said)
        return answer


def drive(rig: Rig, words: str = "") -> Drive:
    """Plug it in and put it on the list with ``words``."""
    rig.guest.put(RAW, "/opt/lab/raw_scsi.py")
    images = disc(rig.guest.folder / "login.iso", PROGRAM), medium(rig.guest.folder / "data.raw", size=8 << 20)
    before = rig.seq()
    stick = rig.guest.plug_cd_and_disk(SERIAL, cd=images[0], disk=images[1])
    rig.blocked(stick, before, "NOT_LISTED")
    rig.cli(f"whitelist add --device {stick.port} --holder Mau --document {DOCUMENT} {words} --json")
    rig.allowed(stick, before)
    outcome = rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
    assert outcome["login_tool"] is ("--login-tool" in words)
    rig.guest.wait_path("/dev/sda")
    rig.guest.run("udevadm settle")
    *types, doors = rig.guest.run("grep . /sys/class/scsi_generic/sg*/device/type; echo /dev/bsg/*").stdout.splitlines()
    nodes = {line.rpartition(":")[2]: f"/dev/{line.split('/')[4]}" for line in types}
    assert (sorted(nodes), len(doors.split())) == (["0", "5"], 2)
    return Drive(rig, stick.port, nodes["5"], [nodes["0"], *doors.split()])


def mounted(rig: Rig, seat: Seat, node: str) -> tuple[str, set[str]]:
    """Mount it as a desktop does; where, and how."""
    code, said = seat.run(f"{MOUNT} -b {node}")
    assert code == 0, said
    point, options = rig.guest.run(f"findmnt -n -o TARGET,OPTIONS {node}").stdout.split()
    return point, set(options.split(","))


def test_a_login_tool_works_at_the_seat_and_is_gone_with_the_right(rig: Rig, seat: Seat) -> None:
    """From its own disc, with its disc's raw node; nobody elsewhere, nothing of the data unit, nothing after a cut."""
    here = drive(rig, "--login-tool")
    refused = rig.guest.run(f"{MOUNT} -b /dev/sr0", user=OTHER, check=False)
    assert refused.returncode != 0
    assert "NotAuthorized" in refused.stderr, refused
    point, options = mounted(rig, seat, "/dev/sr0")
    assert options >= {"nosuid", "nodev"}
    assert seat.run(f"{point}/login.sh") == (0, "ran as soanthao\n")
    assert rig.guest.run(f"{point}/login.sh", user=OTHER, check=False).returncode == FOUND_NOT_EXECUTABLE
    sent = here.raw_at(seat, *here.everything(), "/dev/sr0=r")
    # What was opened for writing takes every command: the disc itself refuses the write and what it does not know.
    raw = {"open": "good", "ready": "good", "inquiry": "good 5", "write": "status 2", "maker": "status 2"}
    assert sent.pop(f"{here.disc}=rw") == raw
    # What was opened for reading, and the block node in any case, takes no command of a maker's own.
    assert sent.pop(f"{here.disc}=r") == sent.pop("/dev/sr0=r") == {**raw, "write": "EPERM", "maker": "EPERM"}
    assert list(sent.values()) == [SHUT] * 6
    assert list(here.raw(ELSEWHERE, *here.everything()).values()) == [SHUT] * 8
    data, options = mounted(rig, seat, "/dev/sda")
    assert options >= {"nosuid", "nodev", "noexec"}
    assert seat.run(f"cp {point}/login.sh {data}/ && {data}/login.sh")[0] == FOUND_NOT_EXECUTABLE
    revoked_in_use(rig, seat, here, point)


def revoked_in_use(rig: Rig, seat: Seat, here: Drive, point: str) -> None:
    """Take the right away while the program runs and its node is open: nothing of either is left."""
    wait = "/run/lab-seat/wait"
    rig.guest.run(f"mkfifo -m 0666 {wait}-program {wait}-node")
    seat.run(f"{point}/login.sh {wait}-program >/home/soanthao/program 2>&1 &")
    seat.run(f"python3 -I /opt/lab/raw_scsi.py --wait {wait}-node {here.disc}=rw >/home/soanthao/node 2>&1 &")
    rig.guest.run(
        "until grep -q ran /home/soanthao/program && grep -q good /home/soanthao/node; do :; done", timeout=30
    )
    before = rig.seq()
    rig.cli("whitelist revoke TB-0002 --reason 'het nhiem vu' --document MAU-02/2026 --yes", timeout=90)
    cut = rig.await_entry(before, kind="cut", name=here.port, code="REVOKED")
    assert cut["outcome"] == "cut"
    assert "login.sh" in {h["comm"] for h in cut["held"]["holders"]}
    rig.dead_again(here.port)
    rig.guest.run(f"echo >{wait}-node; until grep -q later /home/soanthao/node; do :; done", timeout=30)
    last = json.loads(rig.guest.read("/home/soanthao/node").splitlines()[-1])
    assert last == {f"{here.disc}=rw": {"later": "ENODEV"}}
    rig.guest.run("udevadm settle")
    assert rig.guest.run("ls -A /dev/sg* /dev/sr0 /dev/sda /dev/bsg/*", check=False).stdout == ""
    assert rig.guest.run(f"find {FOLDERS} -type f").stdout == ""
    assert point not in rig.guest.read("/proc/1/mountinfo")


def test_without_the_word_no_program_runs_and_no_raw_node_is_given(rig: Rig, seat: Seat) -> None:
    """The same drive, the same session; asking udisks for it is refused too."""
    here = drive(rig)
    code, said = seat.run(f"{MOUNT} -o exec -b /dev/sr0")
    assert code != 0
    assert "OptionNotPermitted" in said, said
    point, options = mounted(rig, seat, "/dev/sr0")
    assert options >= {"nosuid", "nodev", "noexec"}
    assert seat.run(f"{point}/login.sh")[0] == FOUND_NOT_EXECUTABLE
    assert list(here.raw_at(seat, *here.everything()).values()) == [SHUT] * 8
    assert here.raw("", f"{here.disc}=rw")[f"{here.disc}=rw"]["ready"] == "good"  # root, so that the check can fail


def test_a_login_tool_of_a_read_only_drive_writes_nothing(rig: Rig, seat: Seat) -> None:
    """It runs; its node is for reading, and what was opened for reading takes no command that writes."""
    here = drive(rig, "--login-tool --access read-only")
    before = rig.guest.run("sha256sum </dev/sda; sha256sum </dev/sr0").stdout
    point, options = mounted(rig, seat, "/dev/sr0")
    assert "noexec" not in options
    assert seat.run(f"{point}/login.sh") == (0, "ran as soanthao\n")
    sent = here.raw(ELSEWHERE, *here.everything())
    read = sent.pop(f"{here.disc}=r")
    assert read == {"open": "good", "ready": "good", "inquiry": "good 5", "write": "EPERM", "maker": "EPERM"}
    assert list(sent.values()) == [SHUT] * 7
    assert list(here.raw_at(seat, *here.everything()).values()) == [SHUT] * 8
    rig.guest.run("blockdev --flushbufs /dev/sda /dev/sr0")
    assert rig.guest.run("sha256sum </dev/sda; sha256sum </dev/sr0").stdout == before

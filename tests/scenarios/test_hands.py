"""A mounted drive is cut: idle and busy, with and without freezing; what was written is on the medium."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import Plugged
from tests.lab.media import medium
from tests.scenarios.rig import APPROVED, INSIDE, Rig

pytestmark = pytest.mark.alone
POINT = "/media/mau"
SLOW = 5_000_000  # bytes a second: a slow stick
UNBOUND = 1000  # ms until an idle drive has lost its driver: the promise


def ask(rig: Rig, *words: object, check: bool = True, awake: bool = True) -> Any:
    """What the hands' answers were, from a judge of the lab's own; ``awake``: they stood by, as for any open drive."""
    rig.guest.put(INSIDE / "hands.py", "/opt/lab/hands.py")
    environment = {"AWAKE": "1"} if awake else None
    command = ["python3", "-I", "/opt/lab/hands.py", *map(str, words)]
    done = rig.guest.run(command, check=check, timeout=60, env=environment)
    return json.loads(done.stdout)


def plug(rig: Rig, image: Path, **more: Any) -> Plugged:
    """The approved stick with this image, mounted; the file "before" is written, and not yet on the medium."""
    stick = rig.guest.plug_stick(serial=APPROVED, image=image, **more)
    rig.guest.wait_path("/dev/sda")
    rig.guest.run(f"udevadm settle; mkdir -p {POINT}; mount /dev/sda {POINT}; echo written before > {POINT}/before")
    return stick


def until_unbound(rig: Rig, stick: Plugged, begun: float) -> int:
    """Milliseconds from the request to the kernel's word that the drive has lost its driver, as the witness got it."""
    rig.guest.witness.fence()
    mine = [e for e in rig.guest.witness.events if e.port == stick.port and e.action == "unbind"]
    moment = next(e.t for e in mine if e.env.get("DEVTYPE") == "usb_interface" and e.t / 1e9 > begun)
    return round((moment / 1e9 - begun) * 1000)


@contextlib.contextmanager
def holders(rig: Rig) -> Iterator[dict[str, int]]:
    """A writer, a shell that sits in the folder, and a private mount namespace with a writer of its own."""
    loop = "while :; do echo more >> {}; done"
    scripts = {
        "writer": f"exec 7>>{POINT}/log; echo ready; {loop.format('/proc/self/fd/7')}",
        "sitter": f"cd {POINT}; echo ready; read line",
        "namespace": f"exec unshare -m --propagation private sh -c 'exec 7>>{POINT}/other; echo ready; read line'",
    }
    started = {what: rig.guest.start(script) for what, script in scripts.items()}
    try:
        for process in started.values():
            process.wait_output("ready")
        yield {what: process.pid for what, process in started.items()}
    finally:
        for process in started.values():
            process.kill()


def check(image: Path, kind: str) -> tuple[int, str]:
    """What the file system checker says of the image, changing nothing."""
    command = ["fsck.vfat", "-n"] if kind == "vfat" else ["e2fsck", "-n", "-f"]
    done = subprocess.run([*command, str(image)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def content(image: Path, kind: str, name: str) -> str:
    """A file in the image, read on the host; of a vfat image, its clusters after its name was seen in the folder."""
    if kind == "ext4":
        command = ["debugfs", "-R", f"cat /{name}", str(image)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    listed = subprocess.run(["fsck.vfat", "-n", "-l", str(image)], capture_output=True, text=True, check=False).stdout
    assert f"/{name}" in listed.lower(), listed
    raw = image.read_bytes()
    at = raw.index(b"written before")
    return raw[at : raw.index(b"\0", at)].decode("ascii")


def nothing_mounted(rig: Rig) -> bool:
    """Whether no mount namespace in the guest shows the stick any more."""
    return rig.guest.run("cat /proc/[0-9]*/mountinfo | grep -c /dev/sda", check=False).stdout.strip() == "0"


@pytest.mark.parametrize("kind", ["ext4", "vfat"])
def test_idle_mount_is_cut_within_a_second_and_clean(rig: Rig, tmp_path: Path, kind: str) -> None:
    """Nobody uses it: unmounted, nothing to repair, the file system's own mark says clean."""
    image = medium(tmp_path / "image", kind=kind)
    stick = plug(rig, image)
    answer = ask(rig, "cut", stick.port, 5000)
    assert (answer["held"]["ok"], answer["held"]["flushed"]) == (True, "unmounted"), answer
    unbound = until_unbound(rig, stick, answer["begun"])
    assert answer["held"]["ms"] < 1000, answer
    assert unbound < UNBOUND, answer
    assert answer["authorized"] == "0"
    assert nothing_mounted(rig)
    code, words = check(image, kind)
    assert code == 0, words
    assert "recover" not in words.lower()
    assert "not properly unmounted" not in words
    assert content(image, kind, "before") == "written before\n"
    print(f"idle {kind}: hands {answer['held']['ms']} ms, unbound {unbound} ms, deauthorised {answer['cut_ms']} ms")


@pytest.mark.parametrize(("kind", "flushed"), [("ext4", "frozen"), ("vfat", "synced")])
def test_busy_mount_is_cut_by_the_deadline(rig: Rig, tmp_path: Path, kind: str, flushed: str) -> None:
    """A writer, a working directory, a private mount namespace: all named, the data on the medium, the mount gone."""
    image = medium(tmp_path / "image", kind=kind)
    stick = plug(rig, image, write_bps=SLOW)
    with holders(rig) as pids:
        answer = ask(rig, "cut", stick.port, 5000)
        held = answer["held"]
        assert (held["flushed"], held["dirty_left"], held["ok"]) == (flushed, False, True), answer
        unbound = until_unbound(rig, stick, answer["begun"])
        assert unbound <= 5000, answer
        assert held["search_complete"], answer
        named = {holder["pid"]: holder["how"] for holder in held["holders"]}
        assert named[pids["writer"]] == "file"
        assert named[pids["sitter"]] == "cwd"
        private = rig.guest.run(f"stat -L -c %i /proc/{pids['namespace']}/ns/mnt").stdout.strip()
        assert {"host", private} <= {mount["namespace"] for mount in held["mounts"]}
        assert nothing_mounted(rig)
        assert answer["released"]["pending"] == 0, answer
        assert (answer["released"]["thawed"], answer["released"]["continued"] > 0) == (kind == "ext4", kind == "vfat")
        states = rig.guest.run(["ps", "-o", "state=", "-p", ",".join(map(str, pids.values()))], check=False).stdout
        assert "T" not in states
    code, words = check(image, kind)
    assert kind == "vfat" or (code == 0 and "recover" not in words.lower()), words
    assert "written before" in content(image, kind, "before")
    print(f"busy {kind}: hands {held['ms']} ms, unbound {unbound} ms, deauthorised {answer['cut_ms']} ms")


@pytest.mark.parametrize("kind", ["ext4", "vfat"])
def test_what_cannot_be_written_in_time_is_said_and_cut_all_the_same(rig: Rig, tmp_path: Path, kind: str) -> None:
    """Much more unwritten data than the stick takes in the time: cut at the deadline, and the answer says so."""
    image = medium(tmp_path / "image", kind=kind)
    stick = plug(rig, image, write_bps=1_000_000)
    rig.guest.run(f"sync -f {POINT}")
    rig.guest.run("sysctl -w vm.dirty_writeback_centisecs=0 vm.dirty_background_ratio=90 vm.dirty_ratio=95")
    busy = rig.guest.start(f"exec 7>{POINT}/big; dd if=/dev/zero bs=1M count=12 >&7; echo ready; read line")
    busy.wait_output("ready", timeout=60)
    answer = ask(rig, "cut", stick.port, 4000)
    held = answer["held"]
    assert (held["flushed"], held["dirty_left"]) == ("partial", True), answer
    unbound = until_unbound(rig, stick, answer["begun"])
    assert unbound <= 4000, answer
    assert answer["authorized"] == "0"
    assert nothing_mounted(rig)
    busy.kill()
    assert content(image, kind, "before") == "written before\n"
    print(f"partial {kind}: hands {held['ms']} ms, unbound {unbound} ms, deauthorised {answer['cut_ms']} ms")


def test_a_dead_judge_leaves_nothing_frozen(rig: Rig, tmp_path: Path) -> None:
    """The judge is killed between hold and release: the file system thaws, the writer goes on."""
    image = medium(tmp_path / "image", kind="ext4")
    stick = plug(rig, image)
    with holders(rig) as pids:
        answer = ask(rig, "abandon", stick.port, 5000, check=False)
        assert answer["held"]["flushed"] == "frozen"
        size = f"stat -L -c %s /proc/{pids['writer']}/fd/7"
        before = rig.guest.run(size).stdout
        rig.guest.run(f"while [ $({size}) -eq {before.strip()} ]; do :; done", timeout=20)


def test_examination_reads_the_device_itself(rig: Rig) -> None:
    """An unauthorised stick answers real descriptor requests; they are what the kernel has kept."""
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    answer = ask(rig, "examine", stick.port)
    assert answer["same"] is True
    texts = [bytes.fromhex(string["raw"])[2:].decode("utf-16-le") for string in answer["read"]["strings"]]
    assert "SAMPLE-9999" in texts
    assert rig.guest.read(f"/sys/bus/usb/devices/{stick.port}/authorized").strip() == "0"
    print(f"examination: {answer['ms']} ms, strings {texts}")

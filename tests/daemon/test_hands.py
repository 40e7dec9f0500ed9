"""The hands on real mounts, namespaces, freezing and processes; only sysfs is made up."""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.daemon.hands_rig import (
    DEVICE,
    DEVNUM,
    Bench,
    Medium,
    bench,
    hands,
    mapper,
    medium,
    mount_table,
    private_namespace,
    run,
    sitter,
    writer,
)
from usbguard_py.core.content import Content
from usbguard_py.errors import DeviceGone
from usbguard_py.errors_device import ExaminationFailed, HandsTrouble
from usbguard_py.shell.hands import Hands
from usbguard_py.shell.hands_messages import MAX_MESSAGE, Answer, Refused
from usbguard_py.shell.mounts import find_mounts

__all__ = ["bench", "hands", "medium", "mount_table"]


def asked(bench: Bench, text: bytes) -> bytes:
    """One raw packet, and the answer to it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(20)
        connection.connect(str(bench.socket))
        connection.send(text)
        return connection.recv(MAX_MESSAGE)


def test_idle_mount_is_unmounted_clean_within_a_second(hands: Hands, bench: Bench, medium: Medium) -> None:
    medium.mount()
    (medium.point / "letter").write_text("written before", encoding="ascii")
    held = hands.hold(DEVICE, DEVNUM)
    assert (held.ok, held.flushed, held.dirty_left) == (True, "unmounted", False)
    assert held.ms < 1000
    assert [(bytes.fromhex(m.point), m.fstype, m.namespace, m.detached) for m in held.mounts] == [
        (os.fsencode(medium.point), "ext4", "host", True)
    ]
    assert held.nodes == (medium.loop.name,)
    assert bench.node.stat().st_mode & 0o777 == 0
    assert not find_mounts([medium.dev])
    assert medium.sound() == ""
    assert "written before" in run("debugfs", "-R", "cat /letter", medium.image)
    released = hands.release(DEVICE)
    assert (released.thawed, released.continued, released.pending) == (0, 0, 0)


def test_nothing_mounted(hands: Hands, bench: Bench) -> None:
    held = hands.hold(DEVICE, DEVNUM)
    assert (held.ok, held.flushed, held.mounts, held.holders) == (True, "nothing-mounted", (), ())
    assert bench.node.stat().st_mode & 0o777 == 0


def test_busy_mount_is_frozen_detached_everywhere_and_its_holders_named(bench: Bench, medium: Medium) -> None:
    medium.mount()
    (medium.point / "letter").write_text("written before", encoding="ascii")
    (medium.point / "map").write_bytes(bytes(4096))
    with contextlib.ExitStack() as stack:
        names = {
            "file": stack.enter_context(writer(medium.point / "log")),
            "cwd": stack.enter_context(sitter(medium.point)),
            "map": stack.enter_context(mapper(medium.point / "map")),
        }
        stack.enter_context(private_namespace())
        hands = stack.enter_context(contextlib.closing(Hands(bench.socket)))
        held = hands.hold(DEVICE, DEVNUM, 3000)
        assert (held.ok, held.flushed, held.dirty_left, held.stopped) == (True, "frozen", False, 0)
        assert held.ms < 3000 - 600  # a fifth is kept for deauthorising
        assert held.search_complete
        assert {(h.how, h.pid, h.uid) for h in held.holders} == {(how, p.pid, 0) for how, p in names.items()}
        assert all(h.comm.startswith("python") for h in held.holders)
        assert sorted(m.namespace == "host" for m in held.mounts) == [False, True]
        assert not find_mounts([medium.dev])
        # While it is held the medium is complete: this is what is on it when the device is deauthorised.
        assert medium.sound() == ""
        before = names["file"].written()
        released = hands.release(DEVICE)
        assert (released.thawed, released.pending) == (1, 0)
        assert names["file"].goes_on(before), "still frozen"


def test_a_search_without_time_is_named_incomplete(hands: Hands, medium: Medium) -> None:
    """A millisecond is not enough to look at any process; nothing is claimed about who held it."""
    medium.mount()
    with sitter(medium.point):
        held = hands.hold(DEVICE, DEVNUM, 1)
    assert (held.search_complete, held.holders) == (False, ())


@pytest.mark.parametrize("end", ["judge", "hands"])
def test_what_is_held_is_let_go_when_either_side_ends(bench: Bench, medium: Medium, end: str) -> None:
    medium.mount()
    with writer(medium.point / "log") as program, contextlib.closing(Hands(bench.socket)) as hands:
        assert hands.hold(DEVICE, DEVNUM).flushed == "frozen"
        before = program.written()
        if end == "judge":
            hands.close()
        else:
            bench.stop()
        assert program.goes_on(before), "still frozen"


def test_killed_judge_lets_go(bench: Bench, medium: Medium) -> None:
    medium.mount()
    judge = (
        "import sys; from pathlib import Path; from usbguard_py.shell.hands import Hands; "
        "hands = Hands(Path(sys.argv[1])); print(hands.hold('1-2', 7).flushed, flush=True); sys.stdin.read()"
    )
    with writer(medium.point / "log") as program:
        with subprocess.Popen(
            [sys.executable, "-c", judge, str(bench.socket)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "frozen\n"
            before = program.written()
            process.kill()
        assert program.goes_on(before), "still frozen"


BAD = [
    b"",
    b"{}",
    b"[]",
    b"\xff\xfe",
    b'{"verb":"shell","command":"id"}',
    b'{"verb":"hold","device":"1-2"}',
    b'{"verb":"hold","device":"../../1-2","devnum":7}',
    b'{"verb":"hold","device":"1-2\\n","devnum":7}',
    b'{"verb":"hold","device":"usb1","devnum":1}',
    b'{"verb":"hold","device":"1-2:1.0","devnum":7}',
    b'{"verb":"hold","device":"1-2.1.1.1.1.1.1","devnum":7}',
    b'{"verb":"hold","device":"1-2","devnum":"7"}',
    b'{"verb":"hold","device":"1-2","devnum":0}',
    b'{"verb":"hold","device":"1-2","devnum":7,"deadline_ms":0}',
    b'{"verb":"hold","device":"1-2","devnum":7,"deadline_ms":60001}',
    b'{"verb":"hold","device":"1-2","devnum":7,"path":"/"}',
    b'{"verb":"floor","what":"open; id"}',
    b'{"verb":"examine","busnum":1,"devnum":1000}',
    b'{"verb":"identify","device":"1-2","devnum":7,"disks":["../sda"]}',
    b'{"verb":"identify","device":"1-2","devnum":7,"disks":["SDA"]}',
    b'{"verb":"identify","device":"1-2","devnum":7,"disks":[' + b",".join([b'"sda"'] * 17) + b"]}",
]


@pytest.mark.parametrize("text", BAD[1:])
def test_malformed_requests_are_refused_and_touch_nothing(bench: Bench, text: bytes) -> None:
    answer = msgspec.json.decode(asked(bench, text), type=Answer)
    assert isinstance(answer, Refused)
    assert answer.reason == "trouble"
    assert bench.node.stat().st_mode & 0o777 == 0o660


def test_a_packet_that_is_too_long_ends_the_connection(bench: Bench) -> None:
    assert asked(bench, b'{"verb":"release","device":"1-2"}' + b" " * MAX_MESSAGE) == b""


def test_another_device_number_is_another_device(hands: Hands, bench: Bench) -> None:
    with pytest.raises(DeviceGone):
        hands.hold(DEVICE, DEVNUM + 1)
    with pytest.raises(DeviceGone):
        hands.hold("1-3", DEVNUM)
    assert bench.node.stat().st_mode & 0o777 == 0o660


def test_release_without_hold_does_nothing(hands: Hands) -> None:
    released = hands.release(DEVICE)
    assert (released.thawed, released.continued, released.pending) == (0, 0, 0)


def test_nobody_listens(tmp_path: Path) -> None:
    with contextlib.closing(Hands(tmp_path / "nobody.sock")) as hands:
        with pytest.raises(HandsTrouble, match="No such file"):
            hands.hold(DEVICE, DEVNUM)
        pending = hands.begin_release(DEVICE)
        with pytest.raises(HandsTrouble):
            pending.receive()


@pytest.mark.parametrize(("what", "status"), [("close", 0), ("open", 3)])
def test_floor_is_a_fixed_program_with_one_word(hands: Hands, bench: Bench, what: str, status: int) -> None:
    floor = bench.root / "usr/lib/usbguard-py/floor"
    floor.parent.mkdir(parents=True)
    floor.write_text('#!/bin/sh\n[ "$#" = 1 ] && [ "$1" = close ] && exit 0\nexit 3\n', encoding="ascii")
    floor.chmod(0o755)
    assert hands.floor(what).status == status  # type: ignore[arg-type]


def test_floor_that_is_not_installed(hands: Hands) -> None:
    with pytest.raises(HandsTrouble, match="No such file"):
        hands.floor("close")


def test_what_disks_hold_is_read_through_nodes_that_are_nobody_s(hands: Hands, bench: Bench, medium: Medium) -> None:
    """Of those alone that were asked about, in that order; a disk of another device is not readable."""
    bench.node.chmod(0)
    uuid = run("blkid", "-p", "-s", "UUID", "-o", "value", medium.image)
    answer = hands.identify(DEVICE, DEVNUM, ("sdz", medium.loop.name))
    assert [(disk.name, disk.found) for disk in answer.disks] == [
        ("sdz", "not readable"),
        (medium.loop.name, Content(type="ext4", uuid=uuid)),
    ]
    assert hands.identify(DEVICE, DEVNUM, ()).disks == ()
    with pytest.raises(DeviceGone):
        hands.identify(DEVICE, DEVNUM + 1, ("sda",))


def test_examination_of_a_device_that_is_not_there(hands: Hands) -> None:
    with pytest.raises(ExaminationFailed, match="999/999"):
        hands.examine(999, 999)


def test_only_root_is_served(bench: Bench) -> None:
    bench.socket.chmod(0o666)
    for parent in bench.socket.parents:
        if parent.owner() == "root" and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    script = (
        "import os, socket, sys; os.setgid(65534); os.setuid(65534); "
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1]); "
        's.send(b\'{"verb":"release","device":"1-2"}\'); print(s.recv(100))'
    )
    done = subprocess.run([sys.executable, "-c", script, bench.socket], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "b''" or "ConnectionResetError" in done.stderr or "BrokenPipeError" in done.stderr


def test_they_leave_when_idle(tmp_path: Path) -> None:
    script = "import sys; from usbguard_py.daemon.hands import run; sys.exit(run(idle=0.2))"
    environment = {**os.environ, "USBGUARD_PY_ROOT": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, timeout=20, check=False)
    assert done.returncode == 0

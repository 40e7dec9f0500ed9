"""Finding and detaching mounts: the format, and real mounts in real namespaces."""

import contextlib
import errno
import fcntl
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.hands_rig import SITTER, Medium, medium, mount_table, private_namespace, program, run, sitter
from usbguard_py.shell import detach as detaching
from usbguard_py.shell import libc
from usbguard_py.shell.child import Child
from usbguard_py.shell.detach import detach
from usbguard_py.shell.freeze import Keeper, Way
from usbguard_py.shell.holders import Stopped, holders
from usbguard_py.shell.mounts import Mount, find_mounts, parse

__all__ = ["medium", "mount_table"]

LINES = [
    (
        b"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
        (36, 35, (98, 0), b"/mnt1", b"/mnt2", "ext3", b"/dev/root"),
    ),
    (
        b"42 27 8:17 / /media/a\\040b\\134c\\012d rw shared:2 propagate_from:1 - vfat /dev/sdb1 rw",
        (42, 27, (8, 17), b"/", b"/media/a b\\c\nd", "vfat", b"/dev/sdb1"),
    ),
    (
        b"50 27 0:44 / /media/\xc3\xa1\xff rw - btrfs /dev/mapper/x\\0401 rw",
        (50, 27, (0, 44), b"/", b"/media/\xc3\xa1\xff", "btrfs", b"/dev/mapper/x 1"),
    ),
    (
        b"60 27 0:5 mnt:[4026532177] /run/n rw - nsfs nsfs rw",
        (60, 27, (0, 5), b"mnt:[4026532177]", b"/run/n", "nsfs", b"nsfs"),
    ),
    # A mount point may hold the separator's letters, and a source may be empty.
    (b"61 27 0:6 / /a-b rw - tmpfs  rw", (61, 27, (0, 6), b"/", b"/a-b", "tmpfs", b"")),
]


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_a_line_of_mountinfo(line: bytes, expected: tuple[object, ...]) -> None:
    (mount,) = parse(line)
    assert (mount.id, mount.parent, mount.dev, mount.root, mount.point, mount.fstype, mount.source) == expected


@pytest.mark.parametrize("line", [b"nonsense", b"1 2 3 4 5 - ext4 x rw", b"a b 1:2 / / rw - ext4 x rw"])
def test_a_line_that_is_none(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any sentence will do
        parse(line)


def points(mounts: list[Mount]) -> list[bytes]:
    return sorted(mount.point for mount in mounts)


def soon() -> float:
    return time.monotonic() + 10


@pytest.fixture
def places(medium: Medium, tmp_path: Path) -> Iterator[list[Path]]:
    """The medium mounted three times: whole, bound again, and one of its folders."""
    medium.mount()
    (medium.point / "folder").mkdir()
    others = [tmp_path / "again", tmp_path / "part with space"]
    for place, source in zip(others, (medium.point, medium.point / "folder"), strict=True):
        place.mkdir()
        run("mount", "--bind", source, place)
    yield [medium.point, *others]
    for place in others:
        subprocess.run(["umount", "-l", place], capture_output=True, check=False)


def test_binds_and_subtrees_are_found_and_detached(medium: Medium, places: list[Path]) -> None:
    mounts = find_mounts([medium.dev])
    assert points(mounts) == sorted(os.fsencode(place) for place in places)
    assert detach(mounts, lazy=False, deadline=soon()) == {}
    assert find_mounts([medium.dev]) == []
    assert medium.sound() == ""


def test_a_glance_of_somebody_else_is_waited_out(medium: Medium, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that is held for a moment makes no busy mount."""
    monkeypatch.setattr(detaching, "GLANCE", 5.0)
    medium.mount()
    looking = os.open(medium.point, os.O_PATH)
    threading.Timer(0.05, os.close, [looking]).start()
    assert detach(find_mounts([medium.dev]), lazy=False, deadline=soon()) == {}


def test_what_is_used_stays_without_lazy(medium: Medium, places: list[Path]) -> None:
    with sitter(places[1]):
        left = detach(find_mounts([medium.dev]), lazy=False, deadline=soon())
        assert list(left.values()) == [f"umount2: {os.strerror(errno.EBUSY)}"]
        assert points(find_mounts([medium.dev])) == [os.fsencode(places[1])]
        assert detach(find_mounts([medium.dev]), lazy=True, deadline=soon()) == {}
        assert find_mounts([medium.dev]) == []


def test_private_namespaces_are_searched_and_detached(medium: Medium, places: list[Path]) -> None:
    with private_namespace() as first, private_namespace("--root", "/") as second:
        mounts = find_mounts([medium.dev])
        spaces = {mount.namespace for mount in mounts}
        assert len(mounts) == 3 * len(places)
        assert spaces == {Path(f"/proc/{p}/ns/mnt").stat().st_ino for p in ("self", first.pid, second.pid)}
        assert detach(mounts, lazy=True, deadline=soon()) == {}
        assert find_mounts([medium.dev]) == []
        assert os.fsencode(medium.point) not in Path(f"/proc/{first.pid}/mountinfo").read_bytes()


def test_a_namespace_without_processes_is_searched(medium: Medium, tmp_path: Path) -> None:
    medium.mount()
    pin, folder = tmp_path / "pins/one", tmp_path / "pins"
    folder.mkdir()
    # The file of a pinned namespace must lie on a mount that does not propagate (unshare(1)).
    run("mount", "--bind", "--make-private", folder, folder)
    pin.touch()
    try:
        run("unshare", f"--mount={pin}", "--propagation", "private", "true")
        mounts = find_mounts([medium.dev])
        assert [mount.namespace == pin.stat().st_ino for mount in mounts] == [False, True]
        assert detach(mounts, lazy=True, deadline=soon()) == {}
        assert find_mounts([medium.dev]) == []
    finally:
        run("umount", pin)
        run("umount", folder)


def test_what_lies_over_the_mount_goes_with_it_and_nothing_else(medium: Medium, tmp_path: Path) -> None:
    medium.mount()
    run("mount", "-t", "tmpfs", "over", medium.point)
    beside = tmp_path / "beside"
    beside.mkdir()
    run("mount", "-t", "tmpfs", "beside", beside)
    try:
        assert detach(find_mounts([medium.dev]), lazy=True, deadline=soon()) == {}
        assert find_mounts([medium.dev]) == []
        assert not medium.point.is_mount()
        assert beside.is_mount()
    finally:
        run("umount", beside)


def test_a_mount_below_a_covered_folder_is_left_and_said(tmp_path: Path, medium: Medium) -> None:
    medium.mount()
    run("mount", "-t", "tmpfs", "cover", tmp_path)
    try:
        mounts = find_mounts([medium.dev])
        left = detach(mounts, lazy=True, deadline=soon())
        assert set(left) == {mount.id for mount in mounts}
        assert tmp_path.is_mount()
    finally:
        run("umount", tmp_path)


def test_a_copy_that_its_namespace_locks_is_said_to_stay(medium: Medium) -> None:
    medium.mount()
    # An unprivileged user's namespace: what it inherited is locked to it (mount_namespaces(7)).
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "--user", "--map-root-user"]
    with program(*command, "--mount", "--propagation", "private", "/usr/bin/python3", "-c", SITTER, cwd="/"):
        mounts = find_mounts([medium.dev])
        assert len(mounts) == 2
        left = detach(mounts, lazy=True, deadline=soon())
        assert list(left.values()) == [f"umount2: {os.strerror(errno.EINVAL)}"]
        assert len(find_mounts([medium.dev])) == 1


def test_holders_are_stopped_and_go_on(medium: Medium) -> None:
    medium.mount()
    with sitter(medium.point) as inside, sitter(Path("/")) as outside:
        found, complete = holders([medium.dev], [], deadline=soon())
        assert complete
        assert [(h.pid, h.how) for h in found] == [(inside.pid, "cwd")]
        stopped = Stopped([medium.dev], [], spared=[])
        assert stopped.wait(soon())
        assert (stopped.count, inside.state(), outside.state() == "T") == (1, "T", False)
        stopped.dismiss()
        assert stopped.gone(soon()) == 1
        assert inside.state() != "T"


def test_a_search_that_ran_out_of_time_says_so(medium: Medium) -> None:
    medium.mount()
    with sitter(medium.point):
        assert holders([medium.dev], [], deadline=0.0) == ([], False)


def unread(child: Child) -> None:
    """Wait until the child has said something, and do not read it: its parent has run out of time."""
    assert select.select([child.channel], [], [], 20)[0]


def test_holders_go_on_also_when_nobody_read_that_they_stand(medium: Medium) -> None:
    medium.mount()
    with sitter(medium.point) as inside:
        stopped = Stopped([medium.dev], [], spared=[])
        unread(stopped.child)
        assert inside.state() == "T"
        stopped.dismiss()
        assert stopped.child.ended(soon()) == 0
        assert inside.state() != "T"


def test_what_was_frozen_too_late_is_thawed(medium: Medium) -> None:
    """The answer came after the deadline and was never read; the file system must not stay frozen."""
    medium.mount()
    keeper = Keeper(medium.dev, [Way(mount=mount) for mount in find_mounts([medium.dev])])
    unread(keeper.child)
    keeper.dismiss()
    assert keeper.gone(soon())
    point = os.open(medium.point, os.O_RDONLY)
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
            fcntl.ioctl(point, libc.FITHAW, 0)
    finally:
        os.close(point)


def test_a_program_that_stood_still_before_stays_so(medium: Medium) -> None:
    medium.mount()
    with sitter(medium.point) as inside, contextlib.ExitStack() as stack:
        inside.process.send_signal(19)
        stack.callback(inside.process.send_signal, 18)
        while inside.state() != "T":
            os.sched_yield()
        stopped = Stopped([medium.dev], [], spared=[])
        assert stopped.wait(soon())
        assert stopped.count == 0
        stopped.dismiss()
        assert stopped.gone(soon()) == 0
        assert inside.state() == "T"


def test_the_spared_are_never_stopped(medium: Medium) -> None:
    medium.mount()
    with sitter(medium.point) as judge:
        stopped = Stopped([medium.dev], [], spared=[judge.pid])
        assert stopped.wait(soon())
        assert (stopped.count, judge.state() == "T") == (0, False)
        stopped.dismiss()
        assert stopped.gone(soon()) == 0


def test_stopped_programs_go_on_when_the_hands_are_killed(medium: Medium) -> None:
    medium.mount()
    script = (
        "import sys, time; from usbguard_py.shell.holders import Stopped; "
        "s = Stopped([tuple(map(int, sys.argv[1:3]))], [], []); s.wait(time.monotonic() + 10); "
        "print(s.count, flush=True); sys.stdin.read()"
    )
    with sitter(medium.point) as inside:
        command = [sys.executable, "-c", script, *map(str, medium.dev)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "1\n"
            assert inside.state() == "T"
            process.kill()
        end = soon()
        while inside.state() == "T":
            assert time.monotonic() < end, "still stopped"

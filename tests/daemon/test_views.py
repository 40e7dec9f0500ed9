"""Evidence of who asked: a look at the log is an entry, and root is told from who became root."""

import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from usbguard_py import paths
from usbguard_py.core.requests import LogViewed
from usbguard_py.daemon import views as module
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.judge import Judge
from usbguard_py.daemon.views import AGAIN, Views
from usbguard_py.shell import peer as peer_module
from usbguard_py.shell.peer import Peer, peer
from usbguard_py.shell.reader import Query, Reader
from usbguard_py.shell.views import viewed

AUDITOR = Peer(uid=1001, pid=7, user="kiemtra", login="thanhtra", role="auditor", login_uid=1003, gid=1001)


def views_of(books: Books) -> list[dict[str, Any]]:
    with Reader(books.path) as reader:
        return [r.body for r in reader.log(Query(kind="view"))]


def test_looks_are_recorded_and_those_within_a_minute_counted(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading cannot fill the log; and no look is without a trace."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    judge, views = cast("Judge", SimpleNamespace(host=SimpleNamespace(books=books))), Views()
    look = LogViewed(command="log list", asked='since=7d serial="\n\u202e')
    first = views.seen(judge, look, AUDITOR)["seq"]
    assert [views.seen(judge, look, AUDITOR)["seq"] for _ in range(3)] == [0, 0, 0]
    other = Peer(uid=1002, pid=8, user="khac", login="", role="manager")
    assert views.seen(judge, look, other)["seq"] == first + 1
    clock.now += AGAIN
    assert views.seen(judge, look, AUDITOR)["seq"] == first + 2
    found = views_of(books)
    assert [(v["by"]["user"], v["more_before"]) for v in found] == [("kiemtra", 0), ("khac", 0), ("kiemtra", 3)]
    assert found[0]["by"] == by(AUDITOR)
    assert found[0]["by"] == {
        "user": "kiemtra",
        "login": "thanhtra",
        "uid": 1001,
        "login_uid": 1003,
        "pid": 7,
        "gid": 1001,
        "role": "auditor",
    }
    assert (found[0]["command"], found[0]["asked"].isprintable()) == ("log list", True)


def test_reading_does_not_fail_without_a_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "CONTROL_SOCKET", tmp_path / "none")
    assert viewed("log list", {"since": "7d"}) == 0


def test_who_asks_is_what_the_kernel_says() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        seen = peer(ours)
    told = by(seen)
    known = Path("/proc/self/status").read_text(encoding="ascii")
    assert f"\nPid:\t{told['pid']}\n" in known
    assert f"\nGid:\t{told['gid']}\t" in known
    assert ("login_uid" in told) == (seen.login != "")


@pytest.mark.skipif(
    subprocess.run(["id", "-u"], capture_output=True, check=True).stdout != b"0\n", reason="becomes root"
)
def test_who_became_root_is_named() -> None:
    """A process of root below one of somebody else's, as with sudo: the child keeps root by its saved user id."""
    script = (
        "import os, sys\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os.setpgid(0, 0)\n"
        "    sys.stdin.read()\n"
        "    os._exit(0)\n"
        "os.setresuid(65534, 65534, 0)\n"
        "print(child, flush=True)\n"
        "os.waitpid(child, 0)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert run.stdout is not None
        assert peer_module.behind_of(int(run.stdout.readline())) == "nobody"
    finally:
        run.communicate("")
    assert peer_module.behind_of(1) == ""

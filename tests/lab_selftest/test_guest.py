"""The guest: commands, files, snapshots, and what it may not reach."""

import signal
import time
from pathlib import Path

import pytest

from tests.lab import CommandFailed, Guest, Lab, LabError
from tests.lab.bases import Base
from tests.lab.pytest_plugin import Bench

from .conftest import Clock

RESTORED_WITHIN = 5.0  # seconds, the lab's promise


@pytest.mark.alone
def test_a_restored_guest_is_ready_within_five_seconds(bench: Bench, clock: Clock) -> None:
    guest = bench.clean()
    guest.write("/root/left-behind", "x")
    begun = time.monotonic()
    with clock("restore and first command"):
        guest.restore("base")
        guest.run("true")
    assert time.monotonic() - begun < RESTORED_WITHIN
    assert guest.run("ls /root").stdout == ""


@pytest.mark.alone
def test_two_machines_start_from_one_base(bench: Bench, lab: Lab, clock: Clock) -> None:
    """They stand at the same moment of the same boot, and what one does the other does not see."""
    first = bench.clean()
    with clock("another machine from the kept base"):
        second = bench.base.boot(lab)
    with second:
        assert second.boot_id == first.boot_id
        first.write("/root/of-the-first", "x")
        assert second.run("ls /root").stdout == ""
        stick = second.plug_stick()
        second.witness.assert_dead(stick.port)
        second.restore("base")
        assert second.controllers == first.controllers


def test_a_base_is_named_by_all_that_makes_it(lab: Lab, tmp_path: Path) -> None:
    """Another package, machine or number of processors is another base."""
    package = tmp_path / "package"
    package.write_bytes(b"one")

    def digest(**options: str) -> str:
        return Base(options, lambda _guest: None, [package]).digest(lab)

    names = [digest(), digest(cmdline="quiet")]
    package.write_bytes(b"two")
    assert len({*names, digest()}) == 3
    package.write_bytes(b"one")
    assert digest() == names[0]


def test_a_snapshot_is_saved_quickly(guest: Guest, clock: Clock) -> None:
    with clock("snapshot"):
        guest.snapshot("again")
    assert "again" in guest.qmp.execute("human-monitor-command", **{"command-line": "info snapshots"})


def test_a_snapshot_with_something_plugged_in_is_refused(guest: Guest) -> None:
    guest.plug_mouse()
    with pytest.raises(LabError, match="unplug everything"):
        guest.snapshot("bad")


def test_a_command_says_how_it_ended(guest: Guest, clock: Clock) -> None:
    with clock("run true"):
        guest.run(["true"])
    result = guest.run("cat; echo out; echo err >&2; exit 3", check=False, input="in\n", env={"SAMPLE": "1"})
    assert (result.returncode, result.stdout, result.stderr) == (3, "in\nout\n", "err\n")
    with pytest.raises(CommandFailed, match="ended with code 3"):
        guest.run("exit 3")
    with pytest.raises(CommandFailed, match="did not end within 1 s"):
        guest.run(["sleep", "100"], timeout=1)


def test_a_command_runs_as_somebody_with_a_login_uid(guest: Guest) -> None:
    assert guest.run("id -un; cat /proc/self/loginuid", user="soanthao", login="soanthao").stdout == "soanthao\n1000"
    assert guest.run("id -un; cat /proc/self/loginuid", user="quanly").stdout.startswith("quanly\n4294967295")
    assert guest.run("id -u; cat /proc/self/loginuid", login="quanly").stdout == "0\n1001"


def test_a_background_process_can_be_talked_to_and_ended(guest: Guest) -> None:
    process = guest.start("echo ready; read line; echo got $line; sleep 1000")
    process.wait_output("ready")
    process.type("word\n")
    assert process.wait_output("got word") == "ready\ngot word\n"
    assert process.returncode is None
    process.kill()
    assert process.wait() == -signal.SIGKILL


def test_files_go_both_ways_unchanged(guest: Guest, tmp_path: Path, clock: Clock) -> None:
    content = bytes(range(256)) * 8192
    (tmp_path / "out").write_bytes(content)
    with clock("put 2 MiB"):
        guest.put(tmp_path / "out", "/root/new/file", mode=0o640)
    guest.get("/root/new/file", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content
    assert guest.run("stat -c %a /root/new/file").stdout == "640\n"


def test_a_wait_ends_with_its_deadline(guest: Guest) -> None:
    with pytest.raises(LabError, match=r"was not there within 0\.2 s"):
        guest.wait_path("/nowhere", timeout=0.2)


def test_the_guest_reaches_nothing(guest: Guest) -> None:
    assert guest.run("ls /sys/class/net").stdout.split() == ["lo"]


def test_the_peer_sleeps(guest: Guest) -> None:
    assert guest.run("systemctl is-enabled usbguard usbguard-dbus", check=False).stdout == "masked\nmasked\n"


def test_both_languages_are_there(guest: Guest) -> None:
    for language in ("vi_VN.UTF-8", "en_US.UTF-8"):
        assert guest.run("locale 2>&1 | grep -c Cannot", check=False, env={"LC_ALL": language}).stdout == "0\n"


def test_what_failed_can_be_read_afterwards(guest: Guest, tmp_path: Path) -> None:
    guest.write("/var/lib/usbguard-py/usbguard.sample", "ledger")
    guest.collect(tmp_path / "failure", "the sentence")
    assert (tmp_path / "failure/sentence.txt").read_text() == "the sentence\n"
    assert "Linux version" in (tmp_path / "failure/kernel.log").read_text()
    assert (tmp_path / "failure/journal.log").stat().st_size > 1000
    assert (tmp_path / "failure/usbguard.sample").read_text() == "ledger"

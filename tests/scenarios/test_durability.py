"""No function before its record: seen from outside the daemon, and with the power cut in between."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import Lab
from tests.lab.evidence import Evidence
from tests.scenarios.rig import APPROVED, DATABASE, ROOT, Rig, boot, enforce

HELD = 20_000_000  # microseconds that fdatasync does not return to the judge


def traced(rig: Rig, *options: str) -> str:
    """The command that watches the judge's system calls."""
    pid = rig.guest.run("systemctl show -p MainPID --value usbguard-py").stdout.strip()
    return f"exec strace -f -ttt -p {pid} {' '.join(options)}"


def test_the_entry_is_on_disk_before_the_interface_opens(rig: Rig) -> None:
    """The order of the judge's own system calls, by strace: fdatasync has returned 0, then the interface is written."""
    trace = rig.guest.start(traced(rig, "-e trace=fdatasync,openat"))
    trace.wait_output("attached")
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(stick, before)
    lines = trace.output.splitlines()
    trace.kill()
    opened = [n for n, line in enumerate(lines) if re.search(r'"2-1:1\.0/authorized", O_WRONLY', line)]
    synced = [n for n, line in enumerate(lines) if re.search(r"fdatasync(\(\d+| resumed).*= 0", line)]
    assert len(opened) == 1
    assert synced, "no fdatasync was seen"
    assert synced[0] < opened[0]
    moments = [float(re.search(r"(\d+\.\d+) ", lines[n])[1]) for n in (synced[0], opened[0])]  # type: ignore[index]
    rig.facts["ms_from_durable_to_open"] = round((moments[1] - moments[0]) * 1000, 2)


@pytest.mark.own_guest
def test_a_power_cut_between_record_and_opening_leaves_the_entry_and_no_function(
    lab: Lab, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The judge is held while fdatasync returns; then the power goes. Writes that were not flushed are lost."""
    with (
        boot(lab, state_disk=True) as guest,
        Evidence().scenario(request.node.name, guest) as scene,
    ):
        rig = enforce(guest)
        before = rig.seq()
        trace = guest.start(traced(rig, "-e trace=fdatasync", f"-e inject=fdatasync:delay_exit={HELD}"))
        trace.wait_output("attached")
        stick = guest.plug_stick(serial=APPROVED)
        trace.wait_output("fdatasync(")
        guest.witness.assert_dead(stick.port)
        survived = guest.cut_power()
        scene.facts["lost_writes"] = guest.lost_writes
        taken_out(survived, tmp_path)
    found = subprocess.run(
        [sys.executable, "-m", "usbguard_py", "log", "verify", str(tmp_path / "usbguard-py.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    shown = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "usbguard-py.db"), str(before)],
        capture_output=True,
        text=True,
        check=True,
    )
    entries = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [(e["kind"], e["code"]) for e in entries] == [("decision", "ALLOWED")]


def taken_out(disk: Path, folder: Path) -> None:
    """The database on a disk that was in use when the power went, as the next start finds it.

    e2fsck plays the journal as the kernel's mount does; that a guest starts from such a disk, the lab's own tests and
    the campaign show.
    """
    checked = subprocess.run(["e2fsck", "-f", "-p", str(disk)], capture_output=True, text=True, check=False)
    # 1: something was corrected, as a journal that is played is (e2fsck(8)).
    assert checked.returncode in (0, 1), checked.stdout + checked.stderr
    for end in ("", "-wal", "-shm"):
        name = Path(DATABASE).name + end
        target = folder / name
        subprocess.run(["debugfs", "-R", f"dump /{name} {target}", str(disk)], capture_output=True, check=True)
        if target.exists() and not target.stat().st_size:
            target.unlink()


READ = """
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT body FROM ledger WHERE seq > ? ORDER BY seq", (sys.argv[2],))
for (body,) in rows:
    print(body)
"""

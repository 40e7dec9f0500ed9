"""Revocation acts at once, also on a mounted and busy drive."""

import pytest

from tests.scenarios.rig import APPROVED, Rig

REVOKE = "whitelist revoke TB-0001 --reason 'het nhiem vu' --document MAU-02/2026 --yes"


def mounted(rig: Rig) -> str:
    """The approved stick, plugged in and mounted; its port."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED, write_bps=2 << 20)
    rig.allowed(stick, before)
    rig.guest.wait_path("/dev/sda")
    rig.guest.run("udevadm settle; mkdir -p /mnt/s && mount /dev/sda /mnt/s && echo mau > /mnt/s/a && sync")
    return str(stick.port)


def between(rig: Rig, before: int, port: str) -> float:
    """Seconds from the revocation's entry to the kernel's word that the drive has lost its driver (the witness's)."""
    revoked = float(rig.await_entry(before, kind="list-revoke")["mono_ms"]) / 1000
    rig.await_entry(before, timeout=30, kind="cut", name=port)
    rig.guest.witness.fence()
    mine = [e for e in rig.guest.witness.events if e.port == port and e.action == "unbind"]
    # The guest never sleeps, so CLOCK_BOOTTIME of the entry and CLOCK_MONOTONIC of the witness agree.
    moment = next(e.t for e in mine if e.env.get("DEVTYPE") == "usb_interface" and e.t / 1e9 > revoked)
    return moment / 1e9 - revoked


@pytest.mark.alone
def test_an_idle_mount_is_clean_and_cut_within_a_second(rig: Rig) -> None:
    """Unmounted, not torn out."""
    port = mounted(rig)
    before = rig.seq()
    rig.cli(REVOKE)
    seconds = between(rig, before, port)
    rig.facts["seconds"] = seconds
    cut = rig.await_entry(before, kind="cut", name=port)
    assert cut["code"] == "REVOKED"
    assert cut["held"]["flushed"] == "unmounted"
    assert cut["held"]["dirty_left"] is False
    rig.dead_again(port)
    assert "/mnt/s" not in rig.guest.read("/proc/1/mountinfo")
    assert seconds < 1.0


@pytest.mark.alone
def test_a_busy_mount_is_cut_by_the_deadline_and_says_who_held_it(rig: Rig) -> None:
    """A writer, a working directory, and a mount namespace of somebody else's."""
    port = mounted(rig)
    writer = rig.guest.start("exec sh -c 'while :; do echo mau; done > /mnt/s/big'")
    rig.guest.start("cd /mnt/s && exec sleep 600")
    rig.guest.start("exec unshare -m sleep 600")
    rig.guest.wait_path("/mnt/s/big")
    before = rig.seq()
    rig.cli(REVOKE, timeout=90)
    seconds = between(rig, before, port)
    rig.facts["seconds"] = seconds
    cut = rig.await_entry(before, kind="cut", name=port)
    assert {("sh", "file"), ("sleep", "cwd")} <= {(h["comm"], h["how"]) for h in cut["held"]["holders"]}
    assert cut["held"]["flushed"] in ("synced", "partial")
    assert any(m["namespace"] != "host" for m in cut["held"]["mounts"])
    rig.dead_again(port)
    assert "/mnt/s" not in rig.guest.read("/proc/1/mountinfo")
    writer.kill()
    assert seconds <= 5.0  # the deadline of the policy


def test_a_revoked_stick_stays_dead_when_plugged_in_again(rig: Rig) -> None:
    """It is known, and it says so."""
    rig.cli(REVOKE)
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=APPROVED)
    entry = rig.blocked(stick, before, "REVOKED")
    assert entry["asset"] == "TB-0001"

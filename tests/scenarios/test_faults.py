"""Faults close, and show: killed daemon, restart, present at start, full disk, somebody else's write."""

from tests.scenarios.rig import APPROVED, Rig


def restart(rig: Rig) -> None:
    """Stop the daemon and wait until the next one is ready."""
    rig.guest.run("systemctl restart usbguard-py", timeout=90)


def test_a_killed_daemon_opens_nothing_and_the_gap_is_in_the_log(rig: Rig) -> None:
    """Dead while nobody judges; judged after the restart; the drive in use is adopted."""
    before = rig.seq()
    used = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(used, before)
    before = rig.seq()
    rig.guest.run(
        "systemctl kill -s KILL usbguard-py; systemctl mask --runtime usbguard-py; systemctl stop usbguard-py"
    )
    stranger = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.guest.witness.assert_dead(stranger.port)
    assert not rig.guest.witness.dead(used.port).dead
    rig.guest.run("systemctl unmask --runtime usbguard-py && systemctl start usbguard-py", timeout=90)
    rig.blocked(stranger, before, "NOT_LISTED")
    start = rig.await_entry(before, kind="start")
    assert start["gap"]["clean"] is False
    rig.await_entry(before, kind="decision", name=used.port, code="ADOPTED")
    rig.guest.run("dd if=/dev/sda of=/dev/null bs=4096 count=1")


def test_systemd_starts_a_killed_daemon_again(rig: Rig) -> None:
    """Without anybody's help."""
    before = rig.seq()
    rig.guest.run("systemctl kill -s KILL usbguard-py")
    rig.await_entry(before, timeout=40, kind="start")


def test_present_before_the_daemon_starts_is_judged_like_any_other(rig: Rig) -> None:
    """Cold-plug comes through the same door."""
    rig.guest.run("systemctl stop usbguard-py")
    stranger = rig.guest.plug_stick(serial="SAMPLE-9999")
    approved = rig.guest.plug_stick(serial=APPROVED)
    before = rig.seq()
    rig.guest.run("systemctl start usbguard-py", timeout=90)
    rig.blocked(stranger, before, "NOT_LISTED")
    rig.allowed(approved, before)
    assert len(rig.entries(before, kind="decision", name=stranger.port)) == 1


def test_a_reminder_is_no_arrival(rig: Rig) -> None:
    """`udevadm trigger` makes no second entry and opens nothing."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.blocked(stick, before, "NOT_LISTED")
    rig.guest.run("udevadm trigger --action=add --subsystem-match=usb && udevadm settle")
    rig.guest.witness.fence(stick.port)
    other = rig.guest.plug_stick(serial="SAMPLE-9998")
    rig.await_entry(before, name=other.port)
    assert len(rig.entries(before, name=stick.port)) == 1
    rig.guest.witness.assert_dead(stick.port)


def test_what_somebody_else_authorises_is_closed_again_with_an_alarm(rig: Rig) -> None:
    """Root can write sysfs; it does not stay unnoticed."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.blocked(stick, before, "NOT_LISTED")
    rig.guest.write_attribute(f"/sys/bus/usb/devices/{stick.port}/authorized", "1")
    rig.await_entry(before, kind="alarm", name=stick.port)
    rig.await_entry(before, kind="cut", name=stick.port)
    rig.guest.witness.assert_dead(stick.port)


def test_a_full_disk_lets_nothing_in_and_loses_nothing(rig: Rig) -> None:
    """No entry, no opening; what was blocked meanwhile is in the log when there is room again. It has no reserve."""
    folder = "/var/lib/usbguard-py"
    rig.guest.run(
        "systemctl stop usbguard-py && mkdir /tmp/keep && cp -a /var/lib/usbguard-py/. /tmp/keep/ && "
        "rm -f /tmp/keep/reserve && "
        f"mount -t tmpfs -o size=1M,mode=2750,gid=usbguard-auditor tmpfs {folder} && cp -a /tmp/keep/. {folder}/ && "
        "systemctl start usbguard-py",
        timeout=120,
    )
    before = rig.seq()
    rig.guest.run(f"dd if=/dev/zero of={folder}/filler bs=4096; true")
    approved = rig.guest.plug_stick(serial=APPROVED)
    rig.guest.witness.assert_dead(approved.port)
    stranger = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.guest.witness.assert_dead(stranger.port)
    assert "FAIL-SAFE" in rig.cli("status --lang en", check=False).stdout
    rig.guest.run(f"rm {folder}/filler")
    rig.await_entry(before, timeout=40, name=stranger.port)
    rig.allowed(approved, before)
    assert rig.cli("log verify", check=False).returncode == 0


def test_the_last_entries_are_written_on_a_full_disk_and_nothing_opens(rig: Rig) -> None:
    """The disk is full and stays full: what is refused is in the log at once, and the listed stick stays dead."""
    folder = "/var/lib/usbguard-py"
    rig.guest.run(
        f"systemctl stop usbguard-py && mkdir /tmp/keep && mv {folder}/usbguard-py.db /tmp/keep/ && "
        f"mount -t tmpfs -o size=32M,mode=2750,gid=usbguard-auditor tmpfs {folder} && cp -a /tmp/keep/. {folder}/ && "
        "systemctl start usbguard-py",
        timeout=120,
    )
    rig.guest.wait_path(f"{folder}/reserve")
    before = rig.seq()
    rig.guest.run(f"cd {folder}; for size in 1M 4k; do dd if=/dev/zero bs=$size >>filler 2>/dev/null; done; true")
    approved = rig.guest.plug_stick(serial=APPROVED)
    stranger = rig.guest.plug_stick(serial="SAMPLE-9999")
    # Whichever comes first finds out that the disk is full: the listed one by the entry that it needs to be opened.
    for stick, codes in ((approved, {"FAIL_SAFE", "NOT_EFFECTIVE"}), (stranger, {"FAIL_SAFE"})):
        entry = rig.await_entry(before, kind="decision", name=stick.port)
        assert (entry["code"] in codes, entry["outcome"] != "allowed") == (True, True), entry
        assert "late" not in entry, "it waited for room"
        rig.guest.witness.assert_dead(stick.port)
    assert "FAIL-SAFE" in rig.cli("status --lang en", check=False).stdout
    rig.guest.wait_path(f"{folder}/reserve", present=False)
    rig.guest.run(f"rm {folder}/filler")
    rig.guest.wait_path(f"{folder}/reserve")

"""What an approved drive may be used for: only read, by whom, and how it is mounted."""

import json

from tests.scenarios.rig import DOCUMENT, INSIDE, Rig

DRIVE = "SAMPLE-0710"
# Somebody who has every group that gives a right to drives, and no power of root.
PERSON = "setpriv --reuid soanthao --regid soanthao --groups disk,cdrom,plugdev --inh-caps=-all -- "


def drive(rig: Rig, access: str) -> str:
    """The sample drive, approved for ``access``, plugged in and handed over; its port."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=DRIVE, partition=True)
    rig.blocked(stick, before, "NOT_LISTED")
    rig.cli(f"whitelist add --device {stick.port} --holder Mau --document {DOCUMENT} --access {access} --json")
    rig.allowed(stick, before)
    outcome = rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
    assert outcome["access"] == {"read-only": "ro", "read-write": "rw"}[access]
    rig.guest.run("udevadm settle")
    rig.guest.put(INSIDE / "writes.py", "/opt/lab/writes.py")
    return str(stick.port)


def nodes(rig: Rig) -> list[str]:
    """Disk, partition, and the raw doors to them."""
    found: list[str] = rig.guest.run("ls /dev/sda /dev/sda1 /dev/sg* /dev/bsg/*").stdout.split()
    assert len(found) == 4
    return found


def writes(rig: Rig) -> dict[str, dict[str, str]]:
    """What came of each way to write, for the person; the partition before its disk, whose table is written over."""
    command = f"{PERSON} python3 -I /opt/lab/writes.py {' '.join(reversed(nodes(rig)))}"
    result: dict[str, dict[str, str]] = json.loads(rig.guest.run(command).stdout)
    return result


def digest(rig: Rig) -> str:
    """Of the disk, as it is on the medium."""
    return str(rig.guest.run("blockdev --flushbufs /dev/sda; sha256sum </dev/sda").stdout)


def test_a_read_only_drive_takes_no_write(rig: Rig) -> None:
    """Not plainly, not by a mount, not by a raw command, on disk and partition; also after its table is read again."""
    drive(rig, "read-only")
    before = digest(rig)
    for again in (False, True):
        if again:
            rig.guest.run("blockdev --rereadpt /dev/sda; udevadm settle; test -b /dev/sda1")
        tried = writes(rig)
        rig.facts[f"writes, table read again: {again}"] = tried
        assert [way for ways in tried.values() for way in ways.values() if way == "written"] == []
        modes = rig.guest.run(f"stat -c %a:%G {' '.join(nodes(rig))}").stdout.split()
        assert modes == ["600:root", "440:disk", "440:disk", "600:root"]
        assert rig.guest.run("cat /sys/block/sda/ro; blockdev --getro /dev/sda1").stdout.split() == ["1", "1"]
    rig.guest.run("mount -o rw /dev/sda1 /mnt")  # mount(8) falls back to reading only, with a warning
    assert "ro" in rig.guest.run("findmnt -n -o OPTIONS /mnt").stdout.strip().split(",")
    assert rig.guest.run("mount -o remount,rw /mnt", check=False).returncode != 0
    assert rig.guest.run("touch /mnt/a", check=False).returncode != 0
    rig.guest.run("umount /mnt")
    rig.guest.run(f"{PERSON} dd if=/dev/sda1 of=/dev/null bs=4096 count=1")
    assert digest(rig) == before
    assert "reading only" in rig.cli("whitelist show TB-0002").stdout


def test_the_same_person_writes_to_a_drive_for_reading_and_writing(rig: Rig) -> None:
    """Negative control: the ways to write work, but for the raw doors, which are root's in any case."""
    drive(rig, "read-write")
    tried = writes(rig)
    assert tried["/dev/sda1"]["plain"] == "written"
    assert tried["/dev/sda"]["raw, opened for writing"] == "written"
    assert {ways["raw, opened for writing"] for node, ways in tried.items() if "sd" not in node} == {
        "open: Permission denied"
    }


def test_udisks_mounts_it_so_that_nothing_on_it_runs(rig: Rig) -> None:
    """No programs, no devices, no set-user-ID, whatever is on it."""
    drive(rig, "read-write")
    rig.guest.run("udisksctl mount --no-user-interaction -b /dev/sda1", timeout=60)
    options = rig.guest.run("findmnt -n -o OPTIONS /dev/sda1").stdout.strip().split(",")
    assert {"nosuid", "nodev", "noexec"} <= set(options)
    point = rig.guest.run("findmnt -n -o TARGET /dev/sda1").stdout.strip()
    rig.guest.run(f"cp /bin/true {point}/program")
    assert rig.guest.run(f"{point}/program", check=False).returncode == 126  # sh(1): found, and cannot be executed
    rig.guest.run("udisksctl unmount --no-user-interaction -b /dev/sda1", timeout=60)

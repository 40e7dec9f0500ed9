"""A power cut keeps what was flushed and nothing else."""

import struct
from pathlib import Path

import pytest

from tests.lab import Lab, LabError
from tests.lab.devices import at_boot
from tests.lab.media import medium
from tests.lab.powercut import MAGIC, StateDisk

OLD, NEW = b"a" * 512, b"b" * 512


def log(entries: list[tuple[int, int, bytes]], counted: int) -> bytes:
    """A write log as dm-log-writes makes it: one sector a head, then the data."""
    parts = [struct.pack("<QQQI", MAGIC, 1, counted, 512).ljust(512, b"\0")]
    for sector, flags, data in entries:
        length = len(data) // 512
        parts.append(struct.pack("<QQQQ", sector, length, flags, len(data)).ljust(512, b"\0") + data)
    return b"".join(parts)


TABLE = {
    "nothing was written": ([], 0, OLD, 0),
    "written and flushed": ([(0, 0, NEW), (0, 1, b"")], 2, NEW, 0),
    "written, not flushed": ([(0, 0, NEW)], 1, OLD, 1),
    "flushed before it was written": ([(0, 1, b""), (0, 0, NEW)], 2, OLD, 1),
    "a flush that never completed": ([(0, 0, NEW), (0, 1, b"")], 1, OLD, 1),
    "overwritten after the flush": ([(0, 0, NEW), (0, 1, b""), (0, 0, OLD)], 3, NEW, 1),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_log_is_played_to_the_last_flush(tmp_path: Path, name: str) -> None:
    entries, counted, first, lost = TABLE[name]
    disk = StateDisk(tmp_path / "initial", tmp_path / "current", tmp_path / "log")
    disk.initial.write_bytes(OLD * 8)
    disk.log.write_bytes(log(entries, counted))
    assert disk.after_cut(tmp_path / "after") == lost
    assert (tmp_path / "after").read_bytes() == first + OLD * 7


def test_a_log_of_another_kind_is_refused(tmp_path: Path) -> None:
    disk = StateDisk(tmp_path / "initial", tmp_path / "current", tmp_path / "log")
    disk.initial.write_bytes(OLD)
    disk.log.write_bytes(b"x" * 512)
    with pytest.raises(LabError, match="not a write log"):
        disk.after_cut(tmp_path / "after")


@pytest.mark.slow  # the campaign starts from such disks again and again
def test_a_guest_finds_after_a_cut_what_it_had_flushed(lab: Lab, tmp_path: Path) -> None:
    state = "/var/lib/usbguard-py"
    survived = tmp_path / "state.raw"
    with lab.boot(state_disk=True, cpus=2, memory=512) as guest:
        guest.run(f"yes old | head -c 4096 > {state}/direct; echo kept > {state}/kept; sync")
        # Direct writes reach the disk itself; without a flush they may still be lost there.
        guest.run(f"yes new | head -c 4096 | dd of={state}/direct bs=4096 oflag=direct conv=notrunc status=none")
        guest.run(f"echo lost > {state}/never-synced")
        assert guest.run(f"head -1 {state}/direct").stdout == "new\n"
        guest.cut_power().rename(survived)
        assert guest.lost_writes >= 1
    early = (*at_boot("usb-mouse", 4), *at_boot("usb-storage", 5, medium(tmp_path / "stick"), serial="SAMPLE-0005"))
    with lab.boot(after=survived, cmdline="usbcore.authorized_default=0", memory=512, extra=early) as guest:
        for port in ("1-4", "2-5"):  # present before the witness was
            guest.witness.assert_dead(port)
        guest.write_attribute("/sys/bus/usb/devices/2-5/authorized", "1")
        guest.witness.wait(lambda event: event.kind == "read" and event.port == "2-5")
        assert guest.run(f"cat {state}/kept; head -1 {state}/direct").stdout == "kept\nold\n"
        assert "never-synced" not in guest.run(f"ls {state}").stdout

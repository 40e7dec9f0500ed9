"""What disks hold, read by the real blkid and partx from loop devices."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from usbguard_py.core.content import AMBIGUOUS, LATE, NO_MEDIUM, TOO_MANY, UNREADABLE, Content, Found, told
from usbguard_py.shell import content
from usbguard_py.shell.blocks import Node

SIZE = 8 << 20
Read = Callable[[], Found]


def command(*words: object, text: str = "") -> str:
    done = subprocess.run([str(word) for word in words], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def luks2(uuid: str) -> bytes:
    """The first part of a LUKS2 header, as cryptsetup's on-disk format has it (2.1): what tells that it is one."""
    header = bytearray(4096)
    header[0:6] = b"LUKS\xba\xbe"
    header[6:8] = (2).to_bytes(2, "big")
    header[8:16] = (16384).to_bytes(8, "big")
    header[168 : 168 + len(uuid)] = uuid.encode()
    return bytes(header)


class Disk:
    """An image on a loop device, and its node."""

    def __init__(self, folder: Path) -> None:
        self.image = folder / "disk.img"
        with self.image.open("wb") as file:
            file.truncate(SIZE)
        self.loops: list[str] = []

    def write(self, offset: int, data: bytes) -> None:
        with self.image.open("r+b") as file:
            file.seek(offset)
            file.write(data)

    def table(self, text: str) -> None:
        command("sfdisk", "--quiet", self.image, text=text)

    def fat(self, serial: str, start: int = 0, sectors: int = SIZE // 512) -> None:
        command("mkfs.vfat", "-i", serial, "-n", "SECRET", "--offset", start, self.image, sectors // 2)

    def node(self) -> Node:
        path = Path(command("losetup", "--find", "--show", self.image))
        self.loops.append(str(path))
        number = path.stat().st_rdev
        return Node(path.name, "block", (os.major(number), os.minor(number)), path)

    def read(self, seconds: float = 20.0) -> Found:
        return content.found(self.node(), time.monotonic() + seconds)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid() != 0:
        pytest.skip("needs root for loop devices; tests/scenarios/test_content.py shows the same in the lab")
    found = Disk(tmp_path)
    yield found
    for loop in found.loops:
        subprocess.run(["losetup", "-d", loop], capture_output=True, check=False)


def test_a_file_system_on_the_whole_disk(disk: Disk) -> None:
    disk.fat("12345678")
    assert disk.read() == Content(type="vfat", uuid="1234-5678")


@pytest.mark.parametrize("uuid", ["3d0c5a3e-0000-4000-8000-000000000001"])
def test_a_luks_header(disk: Disk, uuid: str) -> None:
    disk.write(0, luks2(uuid))
    assert disk.read() == Content(type="crypto_LUKS", uuid=uuid)


def test_a_table_with_a_logical_partition(disk: Disk) -> None:
    disk.table(
        "label: dos\nlabel-id: 0x1a2b3c4d\nstart=2048,size=4096,type=c\nstart=8192,type=5\nstart=10240,type=83\n"
    )
    disk.fat("ABCD0001", 2048, 4096)
    assert told(disk.read()) == (
        "dos 1a2b3c4d",
        "#1 0xc 1a2b3c4d-01: vfat ABCD-0001",
        "#2 0x5 1a2b3c4d-02",
        "#5 0x83 1a2b3c4d-05",
    )


def test_a_gpt_whose_names_stay_on_the_medium(disk: Disk) -> None:
    guid = "3D0C5A3E-0000-4000-8000-000000000001"
    disk.table(f'label: gpt\nlabel-id: {guid}\nstart=2048,size=4096,uuid={guid[:-1]}2,name="secret"\n')
    disk.fat("ABCD0001", 2048, 4096)
    found = disk.read()
    assert isinstance(found, Content)
    assert (found.table, found.table_uuid, len(found.partitions)) == ("gpt", guid.lower(), 1)
    assert (found.partitions[0].id, found.partitions[0].uuid) == (guid.lower()[:-1] + "2", "ABCD-0001")
    assert "secret" not in repr(found).lower()


def test_nothing(disk: Disk) -> None:
    assert disk.read() == Content()


def two_file_systems(disk: Disk) -> None:
    disk.fat("12345678")
    disk.write(1024 + 0x38, b"\x53\xef")  # the magic of ext (fs/ext4/ext4.h, s_magic)


def many(disk: Disk) -> None:
    rows = "".join(f"start={2048 + n * 64},size=64\n" for n in range(17))
    disk.table(f"label: gpt\n{rows}")


def beyond_the_end(disk: Disk) -> None:
    disk.table("label: dos\nstart=2048,size=4096,type=c\n")
    disk.write(446 + 12, (1 << 31).to_bytes(4, "little"))  # sectors of the first entry of an MBR


def empty(disk: Disk) -> None:
    disk.image.write_bytes(b"")


@pytest.mark.parametrize(
    ("make", "problem"),
    [(two_file_systems, AMBIGUOUS), (many, TOO_MANY), (beyond_the_end, UNREADABLE), (empty, NO_MEDIUM)],
)
def test_what_has_no_identity(disk: Disk, make: Callable[[Disk], None], problem: str) -> None:
    make(disk)
    assert disk.read() == problem


def test_a_node_that_has_become_another_device_is_not_read(disk: Disk) -> None:
    disk.fat("12345678")
    node = disk.node()
    other = Node(node.name, "block", (node.dev[0], node.dev[1] + 1), node.path)
    assert content.found(other, time.monotonic() + 20) == UNREADABLE
    assert content.found(None, time.monotonic() + 20) == UNREADABLE


def run_instead(disk: Disk, monkeypatch: pytest.MonkeyPatch, script: str, seconds: float = 20.0) -> Found:
    """What is found when the program about the whole disk is this shell script."""
    monkeypatch.setattr(content, "WHOLE", ("/bin/sh", "-c", script))
    return disk.read(seconds)


def test_a_program_that_hangs_is_killed(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = time.monotonic()
    assert run_instead(disk, monkeypatch, "exec sleep 100", 0.5) == LATE
    assert time.monotonic() - before < 10


@pytest.mark.parametrize(
    "script",
    ["yes TYPE=vfat", "echo TYPE=vfat; exit 4", "echo input/output error >&2; exit 2", "kill -9 $$", "echo LABEL=x"],
)
def test_strange_ends_are_no_identity(disk: Disk, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    assert run_instead(disk, monkeypatch, script) == UNREADABLE


def test_the_program_can_do_little_but_read(disk: Disk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One capability of all, none to be gained, no file that grows; shown by what it prints as a UUID."""
    script = """
while read name value; do case $name in CapEff:|NoNewPrivs:) said="$said-$value";; esac; done < /proc/self/status
trap '' XFSZ
(echo grown > "$GROWN") 2>/dev/null && said="$said-grown"
head -c 4 /proc/self/fd/0 > /dev/null && said="$said-read"
echo "UUID=x$said"
"""
    grown = tmp_path / "grown"
    found = run_instead(disk, monkeypatch, script.replace("$GROWN", str(grown)))
    assert isinstance(found, Content)
    ours = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    held = 0x4 & int(ours["CapEff"], 16)  # CAP_DAC_READ_SEARCH (linux/capability.h), where we have it ourselves
    assert found.uuid == f"x-{held:016x}-1-read"
    assert not grown.exists() or grown.read_bytes() == b""

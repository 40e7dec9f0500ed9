"""Disk images to put behind sticks: files on the host or in the guest's hands."""

import subprocess
from pathlib import Path

KINDS = ("none", "vfat", "ext4")
PARTITION_START = 2048  # sectors, the alignment every partitioning tool uses


def medium(
    path: Path,
    *,
    size: int = 64 << 20,
    kind: str = "vfat",
    label: str = "SAMPLE",
    partition: bool = False,
    volume: str = "",
) -> Path:
    """Write a raw image of `size` bytes to `path`: empty, or with one file system, bare or in one MBR partition.

    `volume` is the number of a FAT file system and of the table, eight hexadecimal digits; by default a chance one.
    """
    if kind not in KINDS:
        raise ValueError(f"no medium of kind {kind!r}; there are {', '.join(KINDS)}")
    with path.open("wb") as file:
        file.truncate(size)
    start = PARTITION_START if partition else 0
    if partition:
        number = f"label-id: 0x{volume}\n" if volume else ""
        table = f"label: dos\n{number}start={start}, type={'c' if kind == 'vfat' else '83'}\n"
        subprocess.run(["sfdisk", "--quiet", str(path)], input=table.encode(), check=True, capture_output=True)
    blocks = str((size - start * 512) // 1024)
    if kind == "vfat":
        named = ["-i", volume] if volume else []
        command = ["mkfs.vfat", *named, "-n", label[:11], "--offset", str(start), str(path), blocks]
        subprocess.run(command, check=True, capture_output=True)
    elif kind == "ext4":
        options = f"offset={start * 512}"
        command = ["mke2fs", "-q", "-F", "-t", "ext4", "-L", label[:16], "-E", options, str(path), f"{blocks}k"]
        subprocess.run(command, check=True, capture_output=True)
    return path

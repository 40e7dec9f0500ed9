"""What the computer itself can say for the head of an inspection's minutes. Files are read, nothing is asked for.

What cannot be read is empty; a person fills it in.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from usbguard_py import paths

SECTOR = (
    512  # bytes; /sys/block/*/size counts in these whatever the disk's own are (Documentation/ABI/stable/sysfs-block)
)
# Names of block devices that are disks of the machine, and no loop, RAM or optical ones.
_DISK = re.compile(r"(sd|nvme|vd|mmcblk|hd)[a-z0-9]+")
_LOCAL = re.compile(r"\|-- (\d+\.\d+\.\d+\.\d+)\n\s+/32 host LOCAL")  # fib_trie of the kernel, net/ipv4/fib_trie.c


class Facts(msgspec.Struct, frozen=True):
    """The facts; sizes in bytes, times as seconds since 1970."""

    name: str = ""
    system: str = ""
    installed: float = 0.0
    macs: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    processor: str = ""
    memory: int = 0
    disks: tuple[tuple[str, int], ...] = ()
    antivirus: str = ""
    signatures: float = 0.0


def facts(root: Path | None = None) -> Facts:
    """The facts of this machine, or of a tree of files."""
    top = paths.ROOT if root is None else root
    daily = _newest(top / "var/lib/clamav", "daily.c?d")
    return Facts(
        name=os.uname().nodename,
        system=" ".join(filter(None, (_system(top), f"(Linux {os.uname().release})"))),
        installed=_installed(top),
        macs=tuple(sorted(_macs(top / "sys/class/net"))),
        addresses=tuple(_addresses(top / "proc/net/fib_trie")),
        processor=_field(top / "proc/cpuinfo", "model name"),
        memory=_kilobytes(_field(top / "proc/meminfo", "MemTotal")) * 1024,
        disks=tuple(sorted(_disks(top / "sys/block"))),
        antivirus="ClamAV" if daily else "",
        signatures=daily,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _field(path: Path, name: str) -> str:
    """The first value of a line ``NAME : VALUE``."""
    found = re.search(rf"^{re.escape(name)}\s*:\s*(.*)$", _text(path), re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def _kilobytes(text: str) -> int:
    number = text.partition(" ")[0]
    return int(number) if number.isdigit() else 0


def _system(top: Path) -> str:
    """The name of the system (os-release(5))."""
    found = re.search(r'^PRETTY_NAME="?([^"\n]*)"?$', _text(top / "etc/os-release"), re.MULTILINE)
    return found[1] if found else ""


def _installed(top: Path) -> float:
    """When the system was installed, as its oldest traces say: the installer's log, the machine's number."""
    times = []
    for name in ("var/log/installer", "etc/machine-id", "etc/hostname"):
        with contextlib.suppress(OSError):
            times.append((top / name).stat().st_mtime)
    return min(times, default=0.0)


def _macs(folder: Path) -> Iterator[str]:
    """The hardware addresses of the adapters; those that are none are left out."""
    for path in folder.glob("*/address"):
        text = _text(path).strip()
        if text and text != "00:00:00:00:00:00":
            yield text


def _addresses(path: Path) -> Iterator[str]:
    """The IPv4 addresses of the machine itself, loopback left out, each once."""
    found = dict.fromkeys(_LOCAL.findall(_text(path)))
    return (address for address in found if not address.startswith("127."))


def _disks(folder: Path) -> Iterator[tuple[str, int]]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        sectors = _text(folder / name / "size").strip()
        if "/usb" in os.path.realpath(folder / name):  # a stick that is plugged in is no disk of the machine
            continue
        if _DISK.fullmatch(name) and sectors.isdigit() and int(sectors):
            model = " ".join(_text(folder / name / "device/model").split())
            yield model or name, int(sectors) * SECTOR


def _newest(folder: Path, pattern: str) -> float:
    times = []
    with contextlib.suppress(OSError):
        times = [path.stat().st_mtime for path in folder.glob(pattern)]
    return max(times, default=0.0)


def minute() -> tuple[int, int, int, int, int]:
    """Hour, minute, day, month and year now, by local time."""
    now = time.localtime()
    return now.tm_hour, now.tm_min, now.tm_mday, now.tm_mon, now.tm_year

"""What the initramfs of each installed kernel really holds, read from the image itself.

An image is any number of cpio archives (format "newc", Documentation/driver-api/early-userspace/buffer-format.rst in
the kernel's source), the first ones plain, the last one compressed as a whole.
"""

import os
import stat
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

from usbguard_py import paths
from usbguard_py.errors import BadInput
from usbguard_py.shell.tools import PATH

SCRIPT = "scripts/init-top/00-usbguard-py"
ORDER = "scripts/init-top/ORDER"  # initramfs-tools(7): which script of init-top runs when
MODE = "etc/usbguard-py/floor/mode"
DRACUT_SCRIPT = "usr/lib/dracut/modules.d/02usbguard-py/usbguard-py.sh"
# Where dracut puts a hook: since 103 below /var (its NEWS); /lib is a link where the file systems are merged.
DRACUT_HOOKS = tuple(f"{lib}/dracut/hooks/pre-udev/00-usbguard-py.sh" for lib in ("usr/lib", "lib", "var/lib"))
SAME = {
    "usr/lib/usbguard-py/floor": "usr/lib/usbguard-py/floor",
    "usr/lib/udev/rules.d/10-usbguard-py.rules": "usr/lib/udev/rules.d/10-usbguard-py.rules",
    "etc/modprobe.d/usbguard-py.conf": "etc/modprobe.d/usbguard-py.conf",
    "etc/usbguard-py/floor/input": "etc/usbguard-py/floor/input",
    SCRIPT: f"usr/share/initramfs-tools/{SCRIPT}",
}
"""What must be the same byte by byte: the name in the image, and the file on the machine; dracut has another script."""

WANTED = frozenset({*SAME, *DRACUT_HOOKS, ORDER, MODE})
LARGEST = 1024 * 1024  # bytes of a file that is wanted; the largest of them has some ten thousand
LONGEST_NAME = 4096  # bytes, PATH_MAX
HEADER = 110  # bytes of a header of "newc"
PADDING = 4  # bytes to which header with name, and contents, are filled up
PACKERS = {
    b"\x28\xb5\x2f\xfd": ("zstd", "-dcq"),
    b"\x1f\x8b": ("gzip", "-dcq"),
    b"\xfd7zXZ": ("xz", "-dcq"),
    b"\x5d\x00\x00": ("xz", "-dcq"),
    b"BZh": ("bzip2", "-dcq"),
    b"\x02\x21\x4c\x18": ("lz4", "-dcq"),
    b"\x89LZO": ("lzop", "-dcq"),
}
"""First bytes of each compression that the kernel unpacks (lib/decompress.c), and what unpacks it here."""


def builder() -> str:
    """What builds the images: ``dracut`` where the package of a kernel calls it, ``initramfs-tools``, or nothing known.

    dracut first: a part of initramfs-tools may be left over, and dracut may bring an ``update-initramfs`` of its own.
    """
    if all((paths.ROOT / name).exists() for name in ("usr/bin/dracut", "etc/kernel/postinst.d/dracut")):
        return "dracut"
    return "initramfs-tools" if (paths.ROOT / "usr/sbin/mkinitramfs").exists() else ""


def supported() -> bool:
    """Whether images are built by something into which the floor can be put."""
    return bool(builder())


def commands() -> tuple[tuple[str, ...], ...]:
    """The commands that build the image of every kernel anew."""
    if builder() == "dracut":
        return tuple(("dracut", "-q", "--force", str(image), version(image)) for image in images())
    return (("update-initramfs", "-u", "-k", "all"),)


def images() -> tuple[Path, ...]:
    """The images of the installed kernels."""
    return tuple(
        sorted(p for p in paths.BOOT.glob("initrd.img-*") if (paths.ROOT / "lib/modules" / version(p)).is_dir())
    )


def version(image: Path) -> str:
    """The kernel's version that an image belongs to."""
    return image.name.removeprefix("initrd.img-")


def problems(image: Path) -> tuple[str, ...]:
    """What is wrong with the floor in ``image``; empty when it is all there and as on the disk."""
    try:
        held = dict(files(image, WANTED))
    except (BadInput, OSError) as error:
        return (str(error),)
    dracut = builder() == "dracut"
    same = {name: file for name, file in SAME.items() if not dracut or name != SCRIPT}
    if dracut:
        same[next((name for name in DRACUT_HOOKS if name in held), DRACUT_HOOKS[0])] = DRACUT_SCRIPT
    bad = [p for name, file in same.items() if (p := _compared(name, held.get(name), paths.ROOT / file))]
    if held.get(MODE, b"").strip() != b"enforce":
        bad.append(f"{MODE} is missing" if MODE not in held else f"{MODE} differs")
    # dracut runs its hook `pre-udev` before udev, whatever else is in the image (dracut.modules(7)).
    first = dracut or _first(held.get(ORDER, b"").decode("ascii", "replace"))
    return (*bad, *(() if first else ("it runs after udev",)))


def holds_floor(image: Path) -> bool:
    """Whether ``image`` has the floor's script at all."""
    return any(name == "usr/lib/usbguard-py/floor" for name, _ in files(image, WANTED))


def files(image: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The files of an image that are ``wanted``, by name; a later one replaces an earlier one.

    Raises:
        BadInput: the image is damaged, or packed in a way that is not known.
        OSError: it cannot be read.
    """
    with image.open("rb") as opened:
        yield from _archives(opened, wanted, str(image), packed=True)


def _compared(name: str, held: bytes | None, file: Path) -> str:
    try:
        expected = file.read_bytes()
    except FileNotFoundError:
        return f"{name} is not on the disk" if held is not None else ""
    if held is None:
        return f"{name} is missing"
    return "" if held == expected else f"{name} differs"


def _first(order: str) -> bool:
    """Whether init-top starts our script before udev's."""
    lines = [line.split()[0] for line in order.splitlines() if line.startswith("/scripts/")]
    ours, udev = f"/{SCRIPT}", "/scripts/init-top/udev"
    return ours in lines and (udev not in lines or lines.index(ours) < lines.index(udev))


def _archives(stream: IO[bytes], wanted: Collection[str], where: str, *, packed: bool) -> Iterator[tuple[str, bytes]]:
    """All archives of a stream; one that is packed is the last."""
    while True:
        magic = stream.read(PADDING)
        if not magic.strip(b"\0"):
            if len(magic) < PADDING:
                return
            continue  # zeros between two archives
        magic += stream.read(6 - PADDING)
        if magic in {b"070701", b"070702"}:
            yield from _archive(stream, wanted, where)
            continue
        command = next((c for m, c in PACKERS.items() if magic.startswith(m)), None)
        if command is None or not packed:
            raise BadInput(where=where, detail="neither a cpio archive nor a known compression")
        yield from _unpacked(stream, command, wanted, where)
        return


def _unpacked(
    stream: IO[bytes], command: tuple[str, ...], wanted: Collection[str], where: str
) -> Iterator[tuple[str, bytes]]:
    os.lseek(stream.fileno(), stream.tell() - 6, os.SEEK_SET)
    try:
        child = subprocess.Popen(  # noqa: S603 - one of PACKERS
            command, stdin=stream.fileno(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"PATH": PATH}
        )
    except FileNotFoundError as error:
        raise BadInput(where=where, detail=f"{command[0]} is not installed") from error
    with child:
        if child.stdout is not None:
            try:
                yield from _archives(child.stdout, wanted, where, packed=False)
            finally:
                child.kill()


def _archive(stream: IO[bytes], wanted: Collection[str], where: str) -> Iterator[tuple[str, bytes]]:
    """One archive up to its trailer; the magic of its first header was read already."""
    header = stream.read(HEADER - 6)
    while True:
        mode, size, length = _fields(header, where)
        name = stream.read(_filled(HEADER + length) - HEADER)[: length - 1].decode("utf-8", "replace")
        if name == "TRAILER!!!":
            return
        path = name.removeprefix("./")
        if path in wanted and stat.S_ISREG(mode) and size <= LARGEST:
            yield path, stream.read(_filled(size))[:size]
        else:
            _skip(stream, _filled(size), where)
        if stream.read(6) not in {b"070701", b"070702"}:
            raise BadInput(where=where, detail="the archive is cut off")
        header = stream.read(HEADER - 6)


def _fields(header: bytes, where: str) -> tuple[int, int, int]:
    """Mode, size of the contents and length of the name: the 2nd, 7th and 12th of 13 numbers of 8 hex digits."""
    try:
        mode, size, length = (int(header[8 * i : 8 * i + 8], 16) for i in (1, 6, 11))
    except ValueError as error:
        raise BadInput(where=where, detail="the archive is cut off") from error
    if not 0 < length <= LONGEST_NAME:
        raise BadInput(where=where, detail="the archive is cut off")
    return mode, size, length


def _skip(stream: IO[bytes], size: int, where: str) -> None:
    while size:
        got = len(stream.read(min(size, LARGEST)))
        if not got:
            raise BadInput(where=where, detail="the archive is cut off")
        size -= got


def _filled(size: int) -> int:
    return -(-size // PADDING) * PADDING

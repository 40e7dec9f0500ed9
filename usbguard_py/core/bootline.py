"""The kernel command line, and what boot loaders say about it: which of their entries start the kernel closed.

The parameter is ``usbcore.authorized_default`` (Documentation/admin-guide/kernel-parameters.txt); of several the last
counts, and ``-`` and ``_`` in a name mean the same (kernel/params.c, ``parameq``).
"""

from collections.abc import Iterable, Iterator

import msgspec

NAME = "usbcore.authorized_default"
WORD = f"{NAME}=0"
_LINUX = {"linux", "linux16", "linuxefi"}  # GRUB's commands that load a kernel
_ONE_START = ("BOOT_IMAGE=", "initrd=")  # written by the boot loader for one start, bootparam(7)


class Entry(msgspec.Struct, frozen=True):
    """An entry of a boot loader: its name, whether it starts the kernel closed, and the initramfs it names."""

    name: str
    closed: bool
    initrd: tuple[str, ...] = ()


def closes(words: Iterable[str]) -> bool:
    """Whether a kernel that is started with ``words`` authorises no USB device by itself."""
    found = ""
    for word in words:
        name, _, value = word.partition("=")
        if name.replace("-", "_") == NAME:
            found = value
    return found == "0"


def with_word(line: str) -> str:
    """``line`` with the parameter at its end, and nothing else about it."""
    return " ".join([*without(line).split(), WORD])


def without(line: str) -> str:
    """``line`` without the parameter, and without what a boot loader wrote for one start only."""
    words = (w for w in line.split() if not w.startswith(_ONE_START))
    return " ".join(w for w in words if w.partition("=")[0].replace("-", "_") != NAME)


def grub_entries(config: str) -> Iterator[Entry]:
    """The Linux entries of a ``grub.cfg``, named by their kernel; a memory test is none."""
    for line in config.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] in _LINUX and "vmlinu" in words[1]:
            yield Entry(words[1], closes(words[2:]))


def loader_entry(name: str, text: str) -> Entry | None:
    """A type #1 entry of the Boot Loader Specification; ``None`` when it starts no kernel."""
    fields = [line.split(None, 1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not any(f[0] == "linux" for f in fields):
        return None
    options = [w for f in fields if f[0] == "options" for w in f[1:]]
    images = tuple(f[1].strip() for f in fields if f[0] == "initrd" and len(f) > 1)
    return Entry(name, closes(" ".join(options).split()), images)

"""The two boot loaders whose entries we can close: GRUB and systemd-boot."""

from collections.abc import Iterator
from pathlib import Path

from usbguard_py import paths
from usbguard_py.core.bootline import Entry, grub_entries, loader_entry, with_word, without
from usbguard_py.shell import initramfs
from usbguard_py.shell.files import put, text_of
from usbguard_py.shell.tools import run

# grub-mkconfig reads /etc/default/grub, then these files by name. Unlike GRUB_CMDLINE_LINUX_DEFAULT, this variable
# reaches the recovery entries too.
GRUB_TEXT = """\
# Written by `usbguard-py floor install`, taken away by `usbguard-py floor remove`.
GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX usbcore.authorized_default=0"
"""
# update-grub runs every program in that folder, in the order of their names; 10_linux makes Debian's own entries.
GRUB_ENTRY = """\
#!/bin/sh
# Written by `usbguard-py floor install`, taken away by `usbguard-py floor remove`.
[ ! -x /usr/lib/usbguard-py/maintenance-entry ] || exec /usr/lib/usbguard-py/maintenance-entry
"""


def found() -> tuple[str, ...]:
    """Which boot loaders this machine has: ``grub``, ``systemd-boot``."""
    grub = ("grub",) if paths.GRUB_CONFIG.exists() else ()
    return (*grub, *(("systemd-boot",) if _loader_files() else ()))


def entries(loader: str) -> tuple[Entry, ...]:
    """The entries of ``grub`` or ``systemd-boot`` as they stand on the disk."""
    if loader == "grub":
        return tuple(grub_entries(text_of(paths.GRUB_CONFIG)))
    read = (loader_entry(path.name, text_of(path)) for path in _loader_files())
    return tuple(entry for entry in read if entry is not None)


def unified() -> tuple[Path, ...]:
    """The unified kernel images that a boot loader finds: each has a command line and an initramfs of its own.

    Boot Loader Specification, type #2: ``/EFI/Linux/*.efi`` of the EFI system partition or the boot partition.
    """
    return tuple(sorted(path for root in _partitions() for path in root.glob("EFI/Linux/*.efi")))


def closed(loader: str) -> bool:
    """Whether it has entries and all of them start the kernel closed."""
    every = entries(loader)
    return bool(every) and all(entry.closed for entry in every)


def old_images() -> tuple[tuple[str, str], ...]:
    """The entries of systemd-boot whose own copy of an initramfs lacks the floor as it is: name and problem."""
    return tuple(_old_images())


def _old_images() -> Iterator[tuple[str, str]]:
    for path in _loader_files():
        entry = loader_entry(path.name, text_of(path))
        partition = path.parents[2]  # PARTITION/loader/entries/NAME.conf
        images = [partition / image.lstrip("/") for image in entry.initrd] if entry is not None else []
        found = [initramfs.problems(image) for image in images]
        # An entry may name several that the kernel unpacks one over the other, microcode first.
        if found and all(found):
            yield path.name, found[-1][0]


def close_grub() -> None:
    """Put the parameter and the maintenance entry into GRUB's configuration and write its entries anew.

    Raises:
        FloorTrouble: ``update-grub`` failed.
    """
    put(paths.GRUB_DROP_IN, GRUB_TEXT)
    put(paths.GRUB_ENTRY, GRUB_ENTRY, 0o755)
    run("update-grub")


def open_grub() -> None:
    """Take it out again."""
    paths.GRUB_DROP_IN.unlink(missing_ok=True)
    paths.GRUB_ENTRY.unlink(missing_ok=True)
    run("update-grub")


def close_command_line() -> bool:
    """Put the parameter into ``/etc/kernel/cmdline``, which kernel-install(8) reads; whether the file was made."""
    made = not paths.KERNEL_CMDLINE.exists()
    # What kernel-install takes while that file is missing.
    shipped = paths.ROOT / "usr/lib/kernel/cmdline"
    source = paths.KERNEL_CMDLINE if not made else shipped if shipped.exists() else paths.ROOT / "proc/cmdline"
    put(paths.KERNEL_CMDLINE, with_word(text_of(source)) + "\n")
    return made


def open_command_line(*, made: bool) -> None:
    """Take it out of ``/etc/kernel/cmdline``, or the whole file when it was ``made`` by us."""
    if made:
        paths.KERNEL_CMDLINE.unlink(missing_ok=True)
    elif paths.KERNEL_CMDLINE.exists():
        put(paths.KERNEL_CMDLINE, without(text_of(paths.KERNEL_CMDLINE)) + "\n")


def write_loader_entries() -> None:
    """Write the entry of every installed kernel anew, as the hook of Debian's systemd-boot does."""
    for kernel in sorted(paths.BOOT.glob("vmlinuz-*")):
        version = kernel.name.removeprefix("vmlinuz-")
        image = kernel.with_name(f"initrd.img-{version}")
        run("kernel-install", "add", version, str(kernel), *((str(image),) if image.exists() else ()))


def _partitions() -> tuple[Path, ...]:
    """Where bootctl(1) looks for the EFI system partition and the boot partition."""
    return (paths.ROOT / "efi", paths.BOOT, paths.BOOT / "efi")


def _loader_files() -> tuple[Path, ...]:
    return tuple(sorted(p for root in _partitions() for p in root.glob("loader/entries/*.conf")))

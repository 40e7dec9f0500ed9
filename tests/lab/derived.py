"""A copy of an image in which a script ran, natively: what would take minutes under emulation takes seconds here."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from .image import Image, logged

# Unpacked without a loop device. set-user-id bits are lost on the way: no test here starts such a program.
UNPACK = 'set -eu; mkdir "$1/root"; debugfs -R "rdump / $1/root" "$2"; mkdir -p "$1/root/lab"'
# A process and mount namespace of its own, with what package scripts and initramfs-tools look at.
INSIDE = (
    'set -eu; cd "$1"; mount -t proc proc root/proc; mount --rbind /dev root/dev; mount -t tmpfs tmpfs root/run; '
    "env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "
    "chroot root sh -eu /lab/script"
)
PACK = (
    'set -eu; cd "$1"; rm -rf root/lab; cp "$(ls root/boot/vmlinuz-* | sort -V | head -n 1)" vmlinuz; '
    'cp "$(ls root/boot/initrd.img-* | sort -V | head -n 1)" initrd.img; '
    'mke2fs -q -t ext4 -L lab-root -E lazy_itable_init=1 -d root disk.raw "$2"'
)


def derive(image: Image, folder: Path, script: str, files: Mapping[str, Path | str]) -> Image:
    """Return a copy of `image` in `folder`, in which `script` (sh -eu) ran as root in a chroot.

    `files` are put into `/lab` of the chroot before, by name, a path copied and a text written. The unpacked root file
    system stays in `folder/root`, so that what the script left can be read without a boot.
    """
    log = folder / "derive.log"
    prefix = [] if os.geteuid() == 0 else ["mmdebstrap", "--unshare-helper"]
    logged([*prefix, "sh", "-c", UNPACK, "sh", str(folder), str(image.disk)], log)
    lab = folder / "root/lab"
    for name, content in {**files, "script": script}.items():
        if isinstance(content, Path):
            shutil.copy(content, lab / name)
        else:
            (lab / name).write_text(content, encoding="utf-8")
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    logged([*prefix, *namespaces, "sh", "-c", INSIDE, "sh", str(folder)], log)
    logged([*prefix, "sh", "-c", PACK, "sh", str(folder), image.recipe.disk_size], log)
    return replace(image, folder=folder, built_in=None)

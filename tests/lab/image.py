"""Build a guest image, or find it in the cache.

An image is a folder: `disk.raw` (ext4 on a bare disk), `vmlinuz`, `initrd.img`. It is written under a temporary
name and renamed when complete, so an interrupted build leaves nothing that looks finished.
"""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .recipe import HERE, Recipe


class LabError(Exception):
    """The lab itself failed; says nothing about the product."""


@dataclass(frozen=True)
class Image:
    """A bootable image in the cache; never written to, guests get overlays."""

    recipe: Recipe
    folder: Path
    built_in: float | None = None  # seconds, None when it came from the cache

    @property
    def disk(self) -> Path:
        return self.folder / "disk.raw"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd.img"


def say(sentence: str) -> None:
    """Print what the lab does at the moment."""
    print(f"lab: {sentence}", flush=True)


def find_or_build(recipe: Recipe, cache: Path) -> Image:
    """Return the image of `recipe`, built when the cache lacks it (about a minute and a half)."""
    folder = cache / "images" / f"{recipe.name}-{recipe.digest()}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.with_suffix(".lock")):
        if folder.exists():
            return Image(recipe, folder)
        started = time.monotonic()
        say(f"building the image {folder.name} (once, about two minutes)")
        building = folder.with_suffix(".building")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        _root_filesystem(recipe, building)
        _disk(recipe, building)
        building.rename(folder)
        seconds = time.monotonic() - started
        say(f"image {folder.name} built in {seconds:.0f} s")
        return Image(recipe, folder, built_in=seconds)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold `path` locked, so that two test runs do not build the same image at once."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _root_filesystem(recipe: Recipe, folder: Path) -> None:
    """Write `rootfs.tar` with mmdebstrap, from the mirrors and through the proxy this machine's apt uses."""
    logged(
        [
            "mmdebstrap",
            "--variant=minbase",
            f"--include={','.join(recipe.packages)}",
            # Before the kernel package: its first initramfs is then the right one already.
            f"--essential-hook=sync-in {HERE / 'rootfs'} /",
            f"--customize-hook=copy-in {HERE / 'setup.sh'} /",
            '--customize-hook=chroot "$1" /setup.sh && rm "$1/setup.sh"',
            recipe.suite,
            str(folder / "rootfs.tar"),
        ],
        folder / "build.log",
    )


def _disk(recipe: Recipe, folder: Path) -> None:
    """Turn `rootfs.tar` into the disk, the kernel and the initrd, without a loop device."""
    script = (
        'set -eu; cd "$1"; mkdir root; tar -x --numeric-owner -f rootfs.tar -C root; '
        'cp "$(ls root/boot/vmlinuz-*)" vmlinuz; cp "$(ls root/boot/initrd.img-*)" initrd.img; '
        'mke2fs -q -t ext4 -L lab-root -E lazy_itable_init=1 -d root disk.raw "$2"; rm -rf root rootfs.tar'
    )
    # Only root may make other people's files; an ordinary user does it in a user namespace of his own.
    prefix = [] if os.geteuid() == 0 else ["mmdebstrap", "--unshare-helper"]
    logged([*prefix, "sh", "-c", script, "sh", str(folder), recipe.disk_size], folder / "build.log")


def logged(command: list[str], log: Path) -> None:
    """Run a command with its output at the end of `log`; raises `LabError` with the last lines when it fails."""
    with log.open("a") as output:
        try:
            done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
        except FileNotFoundError as error:
            raise LabError(f"{command[0]} is not installed; run: python3 -m tests.lab.prepare") from error
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise LabError(f"{command[0]} failed with code {done.returncode}; the end of {log}:\n{tail}")

"""The way in: `Lab().boot("debian12")`."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from .accel import accelerator
from .guest import Guest
from .image import Image, find_or_build
from .machine import Machine, Shape
from .recipe import Recipe

PROCESSORS = "USBGUARD_PY_LAB_CPUS"
BOOT_SECONDS = 400.0  # under emulation on a busy machine


def cache_folder() -> Path:
    """Return where images live: $USBGUARD_PY_LAB_CACHE, else a folder of the user's cache."""
    chosen = os.environ.get("USBGUARD_PY_LAB_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "usbguard-py-lab"


def processors() -> int:
    """Return how many processors a guest has: $USBGUARD_PY_LAB_CPUS, else 2."""
    return int(os.environ.get(PROCESSORS, "2"))


class Lab:
    """Builds images and boots guests from them."""

    def __init__(self, cache: Path | None = None) -> None:
        self.cache = cache or cache_folder()

    def image(self, name: str = "debian12") -> Image:
        """Return the image called `name`, built when the cache lacks it."""
        return find_or_build(Recipe.named(name), self.cache)

    def boot(
        self,
        image: Image | str = "debian12",
        *,
        cmdline: str = "",
        files: Mapping[Path, str] | None = None,
        state_disk: bool = False,
        cpus: int | None = None,
        memory: int = 1536,
        extra: tuple[str, ...] = (),
        initrd: Path | None = None,
        overlay: Path | None = None,
        load: str | None = None,
        after: Path | None = None,
        meanwhile: Callable[[Machine], None] | None = None,
        timeout: float = BOOT_SECONDS,
    ) -> Guest:
        """Boot a guest and return it when systemd says the system is up.

        `cmdline` adds words for the kernel, `files` copies host files in, `extra` adds QEMU arguments (devices present
        at boot), `overlay` goes on with another guest's root disk, and `load` with a snapshot in it; `after` with the
        state disk of a power cut. `meanwhile` is called with the machine that has just been switched on. Memory in MiB.
        """
        chosen = self.image(image) if isinstance(image, str) else image
        more = ("-audiodev", "none,id=silence", *extra, *(("-loadvm", load) if load else ()))
        shape = Shape(cpus or processors(), memory, cmdline, state_disk or after is not None, more)
        machine = Machine(chosen, replace(shape, initrd=initrd), accelerator(chosen, self.cache), overlay, after)
        try:
            if meanwhile is not None:
                meanwhile(machine)
            guest = Guest(machine, timeout)
            for local, remote in (files or {}).items():
                guest.put(local, remote)
        except BaseException:  # an interrupt, too, must leave no guest behind
            machine.qmp.close()
            machine.remove()
            raise
        return guest

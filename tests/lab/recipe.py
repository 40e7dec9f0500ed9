"""What a guest image is made of, and the digest its cache folder is named by."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent

PACKAGES = (
    *("bash-completion", "dbus", "dmsetup", "dosfstools", "e2fsprogs", "grub-common", "grub2-common"),
    *("initramfs-tools", "kmod", "less", "libpam-systemd", "libusb-1.0-0", "polkitd", "systemd-boot"),
    *("linux-image-amd64", "locales", "login", "mount", "procps", "psmisc", "python3", "strace", "sudo", "systemd"),
    *("systemd-sysv", "udev", "udisks2", "usbguard", "util-linux", "util-linux-extra", "zstd"),
)

SUITES = {"debian12": "bookworm", "debian13": "trixie"}
USUAL = "debian12"
ASKED = "USBGUARD_PY_LAB_IMAGE"


def image_asked() -> str:
    """Return the image that a room's shared guest is booted from: $USBGUARD_PY_LAB_IMAGE, else `debian12`."""
    return os.environ.get(ASKED) or USUAL


@dataclass(frozen=True)
class Recipe:
    """One guest image: a Debian suite, its packages and the files of `rootfs/` and `setup.sh`.

    The agent and the witness are not part of it: they come from the host at every boot.
    """

    name: str
    suite: str
    packages: tuple[str, ...]
    disk_size: str = "4G"  # a sparse file; about 0.9 GB of it is used

    @classmethod
    def named(cls, name: str) -> "Recipe":
        """Return the recipe called `name` (`debian12`, `debian13`)."""
        if name not in SUITES:
            raise ValueError(f"no image recipe called {name!r}; there are {', '.join(SUITES)}")
        return cls(name=name, suite=SUITES[name], packages=PACKAGES)

    def digest(self) -> str:
        """Return 16 hexadecimal digits over all that goes into the image."""
        parts = hashlib.sha256(repr(self).encode())
        for path in [HERE / "setup.sh", *sorted((HERE / "rootfs").rglob("*"))]:
            if path.is_file():
                parts.update(str(path.relative_to(HERE)).encode() + b"\0" + path.read_bytes() + b"\0")
        return parts.hexdigest()[:16]

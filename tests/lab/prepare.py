"""Install the lab's Debian packages, or say exactly which are missing: `python3 -m tests.lab.prepare [papers]`.

With `papers` also what prints the papers and opens the report (some 180 MB to fetch, 650 MB on disk): `make demo`
needs none.
Runs with the system's own Python, before any virtual environment. Exit code 0: all there; 3: something is missing
and this user may not install it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Package: a command that shows it is there.
PACKAGES = {
    "qemu-system-x86": "qemu-system-x86_64",
    "qemu-utils": "qemu-img",
    "mmdebstrap": "mmdebstrap",
    "e2fsprogs": "mke2fs",
    "dosfstools": "mkfs.vfat",
    "fdisk": "sfdisk",
    "man-db": "man",  # the man pages are checked, too
}
PAPERS = {
    "chromium": "chromium",  # the HTML report verifies itself in a browser
    "libreoffice-writer-nogui": "/usr/lib/libreoffice/program/libswlo.so",
    "poppler-utils": "pdftotext",
    "fonts-texgyre": "/usr/share/texmf/fonts/opentype/public/tex-gyre/texgyretermes-regular.otf",
}
MISSING = 3  # exit code
ADMIN_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"  # an ordinary user's PATH lacks the last two


def missing() -> list[str]:
    """Return the packages whose command, or file, is not there."""
    # Without root the image is built in a user namespace, which needs newuidmap.
    wanted = PACKAGES if os.geteuid() == 0 else {**PACKAGES, "uidmap": "newuidmap"}
    wanted = {**wanted, **(PAPERS if "papers" in sys.argv[1:] else {})}
    return [package for package, there in wanted.items() if not _is_there(there)]


def _is_there(name: str) -> bool:
    return Path(name).exists() if name.startswith("/") else shutil.which(name, path=ADMIN_PATH) is not None


def install(packages: list[str]) -> bool:
    """Install with apt as root or through sudo without a password; False when neither is possible."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and (
        shutil.which("sudo") is None or subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode
    ):
        return False
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    subprocess.run([*sudo, *environment, "apt-get", "update", "-q"], check=True)
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    subprocess.run([*sudo, *environment, *command], check=True)
    return True


def main() -> int:
    """Prepare this machine and return the exit code."""
    wanted = missing()
    if wanted and not install(wanted):
        print("lab: these Debian packages are missing; install them as root, then run this again:")
        print(f"  apt-get install --no-install-recommends {' '.join(wanted)}")
        return MISSING
    print("lab: all its packages are there")
    return 0


if __name__ == "__main__":
    sys.exit(main())

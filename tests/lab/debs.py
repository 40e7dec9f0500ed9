"""Packages that only a few tests need: fetched once with this machine's apt, installed where an image is derived."""

import fcntl
import hashlib
import shutil
from pathlib import Path

from .image import LabError, logged
from .lab import cache_folder
from .recipe import SUITES, USUAL


def debs(*names: str) -> dict[str, Path]:
    """Return the package files of `names` by file name, for `derive`; from the cache when they were fetched before.

    Nothing that they depend on is fetched along: name it too. Raises `LabError` where this machine is of another suite.
    """
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    if f"VERSION_CODENAME={SUITES[USUAL]}\n" not in release:
        raise LabError(f"packages for the guest can be fetched on Debian {SUITES[USUAL]} only")
    digest = hashlib.sha256(" ".join(sorted(names)).encode()).hexdigest()[:16]
    folder = cache_folder() / "debs" / digest
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fetching = folder.with_suffix(".part")
            shutil.rmtree(fetching, ignore_errors=True)
            fetching.mkdir()
            # Lists that were never fetched, or name a version that the mirror has no more.
            script = 'cd "$1"; shift; apt-get download -qq "$@" || { apt-get update -qq && apt-get download -qq "$@"; }'
            logged(["sh", "-c", script, "sh", str(fetching), *names], folder.with_suffix(".log"))
            fetching.rename(folder)
    return {path.name: path for path in sorted(folder.glob("*.deb"))}

"""Small configuration files of the system: read with a bound, replaced as a whole."""

import contextlib
import os
from pathlib import Path

from usbguard_py.errors import CannotWrite

LONGEST = 4 * 1024 * 1024  # bytes; a grub.cfg of many kernels has some ten thousand


def text_of(path: Path) -> str:
    """The text of a file, at most ``LONGEST`` bytes; empty when it cannot be read."""
    try:
        with path.open("rb") as opened:
            return opened.read(LONGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def put(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file that everybody may read, so that a power cut leaves the old or the new one.

    Raises:
        CannotWrite: the folder takes no file.
    """
    new = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fd = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        with os.fdopen(fd, "wb") as opened:  # writes all of it or fails; os.write may write a part
            os.fchmod(fd, mode)
            opened.write(text.encode())
            opened.flush()
            os.fsync(fd)
        new.rename(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise CannotWrite(path=str(path), detail=error.strerror or str(error)) from error

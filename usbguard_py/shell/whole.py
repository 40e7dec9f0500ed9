"""A file that is there complete and on disk, or not at all."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from usbguard_py.errors import CannotWrite, FileExists

MODE = 0o600


@contextmanager
def whole(target: Path, *, force: bool = False) -> Iterator[IO[bytes]]:
    """A file to write to, of mode 0600; it gets the name ``target`` when the block ends, and is gone when it fails.

    Raises:
        FileExists: ``target`` is there already, and ``force`` is not set.
        CannotWrite: it cannot be written.
    """
    if os.path.lexists(target) and not force:
        raise FileExists(path=str(target))
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, MODE)
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _place(draft, target, force=force)
    except OSError as error:
        raise CannotWrite(path=str(target), detail=error.strerror or str(error)) from error
    finally:
        with contextlib.suppress(OSError):  # it has its name by now, or could not be made
            draft.unlink()


def _place(draft: Path, target: Path, *, force: bool) -> None:
    """Give the complete file its name; without ``force`` only where nothing is (sticks know no hard links)."""
    if not force:
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError as error:
            raise FileExists(path=str(target)) from error
    draft.replace(target)
    folder = os.open(target.absolute().parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

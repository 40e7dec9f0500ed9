"""An archive of the log: an export, its SHA-256 beside it, and both read back from where they lie."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from usbguard_py.errors import CannotWrite, FileExists
from usbguard_py.shell.export import Header, export
from usbguard_py.shell.verify import Verified, verify_export
from usbguard_py.shell.whole import sha256, whole


class Archived(NamedTuple):
    """What was archived: the files, the digest, the header written, and what the verification of the copy found."""

    file: Path
    digest_file: Path
    sha256: str
    header: Header
    verified: Verified


def archive(database: Path, folder: Path) -> Archived:
    """Write the whole ledger into ``folder``, and see that what lies there verifies.

    The names come from the ledger: its first eight digits and the number of the last entry, so that archives of
    several computers lie side by side and no archive takes the place of another. Nothing is left when it fails.

    Raises:
        FileExists: this very state of the log was archived there already.
        CannotWrite: the folder takes nothing, or what it gives back is not what was written.
        LedgerBroken: the log itself is not whole.
        DatabaseTrouble: the database cannot be read.
    """
    draft = folder / f".usbguard-py-archive.{os.getpid()}"
    try:
        header = export(database, draft, force=True)
        _forget(draft)
        digest = sha256(draft)
        verified = verify_export(draft, (header.last, bytes.fromhex(header.head)))
        target = folder / f"usbguard-py-log-{header.ledger[:8]}-{header.last:08}.jsonl"
        beside = target.with_name(target.name + ".sha256")
        if os.path.lexists(target):
            raise FileExists(path=str(target))
        with whole(beside) as file:
            file.write(f"{digest}  {target.name}\n".encode())
        try:
            draft.rename(target)
            _forget(target)
            if sha256(target) != digest:
                raise CannotWrite(path=str(target), detail="what was read back is not what was written")
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise CannotWrite(path=str(target), detail=error.strerror or str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return Archived(target, beside, digest, header, verified)


def _forget(path: Path) -> None:
    """Have the kernel read the file anew from where it lies: what is in memory says nothing about a medium."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)

"""The log as a file without names; docs/ledger-format.md. It cannot be verified, and says so in its first line."""

import contextlib
from pathlib import Path

import msgspec

from usbguard_py.core.canonical import canonical
from usbguard_py.core.redaction import Redaction
from usbguard_py.shell.database import readable
from usbguard_py.shell.export import Header, head, rows
from usbguard_py.shell.faults import reported
from usbguard_py.shell.whole import whole

FORMAT = "usbguard-py-redacted-log"
NOTE = "Names and serial numbers are replaced. This file cannot be verified; the log that it was made from can."


def redacted(database: Path, target: Path, *, force: bool = False) -> Header:
    """Write the ledger of ``database`` without names; what it was made from, as the header of a full export says it.

    Raises:
        FileExists: ``target`` is there already.
        CannotWrite: it cannot be written.
        DatabaseTrouble: the database cannot be read.
    """
    words = Redaction()
    with contextlib.closing(readable(database)) as connection, whole(target, force=force) as file, reported(database):
        connection.execute("BEGIN")
        last, digest = head(connection)
        said = {"entries": last, "format": FORMAT, "note": NOTE, "verifiable": False, "version": 1}
        file.write(canonical(said) + b"\n")
        file.writelines(canonical(words.body(msgspec.json.decode(body))) + b"\n" for _, body, _ in rows(connection))
    return Header(0, 1, FORMAT, digest.hex(), last, "", 1)

"""``usbguard-py log archive``: a verified copy of the log for the shelf."""

from pathlib import Path

import click
import msgspec

from usbguard_py import paths
from usbguard_py.cli.commands import Command
from usbguard_py.cli.log import export_recorded
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.words import moment, number
from usbguard_py.i18n import N_, _


def log_archive(folder: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Write the archive and say what to write into the minutes."""
    from usbguard_py.shell.archive import archive  # noqa: PLC0415 - only here

    made = archive(paths.DATABASE, Path(folder))
    seq, problem = export_recorded(made.header.last, made.header.head)
    if as_json:
        told = {"file": str(made.file), "digest_file": str(made.digest_file), "sha256": made.sha256, "recorded": seq}
        json_out({**told, **msgspec.to_builtins(made.header)})
        return
    text = _("{count} records are in {file}, read back and intact.")
    say(text.format(count=number(made.header.last), file=made.file), "good")
    if made.verified.entries:
        text = _("First record {first}, last record {last}.")
        first, last = (moment(at, zone=True) for at in (made.verified.first_at, made.verified.last_at))
        say(text.format(first=first, last=last))
    say(_("SHA-256 of the file: {digest}").format(digest=made.sha256))
    say(_("Last hash: {head}").format(head=made.header.head))
    if seq:
        say(_("The export is record {seq} of the log.").format(seq=number(seq)))
    else:
        say(_("The export is not in the log. {problem}").format(problem=problem), "warn")
    say(
        _("Write the number of records, the last hash and the SHA-256 into the minutes. The log itself stays as it is.")
    )
    say(_("Verify it with: usbguard-py log verify {file}").format(file=made.file))


command = Command(
    "archive",
    callback=log_archive,
    params=[click.Argument(["folder"])],
    help=N_(
        "Write a copy of the whole log into FOLDER, with its SHA-256 beside it, and verify what lies there.\n\n"
        "Nothing is ever deleted: the log stays as it is. The names of the files tell the computer and the last "
        "record, so archives of several computers and years can lie in one folder. Keep them 60 months, or as your "
        "rules say."
    ),
    examples=["usbguard-py log archive /media/luu-tru"],
)

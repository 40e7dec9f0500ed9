"""``usbguard-py log list|verify|export``: what happened, whether the record is whole, and a copy of it."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from usbguard_py import paths
from usbguard_py.cli.answers import Done, typed
from usbguard_py.cli.commands import Command, Group, Place, option
from usbguard_py.cli.log_words import heads, row
from usbguard_py.cli.output import json_out, say, show
from usbguard_py.cli.times import parsed
from usbguard_py.cli.words import KINDS, OUTCOMES, moment, number, offset_of
from usbguard_py.core.codes import Code
from usbguard_py.core.requests import LogExported
from usbguard_py.errors import GuardError, Usage
from usbguard_py.i18n import N_, _
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Query, Reader
from usbguard_py.shell.views import viewed

SHA256 = 32  # bytes, FIPS 180-4

command = Group(
    "log",
    default="list",
    places={"archive": Place("usbguard_py.cli.log_archive", N_("Write a verified copy of the log for the archive"))},
    help=N_(
        "The log of everything that happened, which cannot be changed unseen.\n\n"
        "Without a command: list. Its options can be given directly: usbguard-py log --since 7d"
    ),
)


@command.command(
    "list",
    cls=Command,
    help=N_(
        "List records, newest last. All conditions must hold; serial and holder are found without accents and "
        "capitals, as a part.\n\n"
        "Times: 21/11/2026, “2026-11-21 14:05”, 14:05 (today), 7d, 24h, 30m (ago)."
    ),
    examples=[
        "usbguard-py log --since 7d",
        "usbguard-py log --outcome blocked --since 01/11/2026 --until 21/11/2026",
        "usbguard-py log --holder mau --json",
    ],
)
@option("--since", metavar="TIME", help=N_("From this time on."))
@option("--until", metavar="TIME", help=N_("Up to this time; a day counts to its end."))
@option("--outcome", type=click.Choice(list(OUTCOMES)), help=N_("What became of a device."))
@option(
    "--code",
    type=click.Choice([str(c) for c in Code], case_sensitive=False),
    metavar="CODE",
    help=N_("Reason, such as NOT_LISTED."),
)
@option("--serial", help=N_("Serial number, or a part of it."))
@option("--holder", help=N_("Name of the holder, or a part of it."))
@option(
    "--kind", type=click.Choice(list(KINDS)), metavar="KIND", help=N_("Kind of record, such as decision or list-add.")
)
@option("--limit", type=click.IntRange(0), default=100, show_default=True, help=N_("The last N records; 0 for all."))
def list_(as_json: bool, since: str | None, until: str | None, **wanted: Any) -> None:  # noqa: FBT001
    """Print the records that fit."""
    now = datetime.now().astimezone()
    query = Query(
        since=int(parsed(since, now).timestamp()) if since else None,
        until=math.ceil(parsed(until, now, end=True).timestamp()) if until else None,
        **{**wanted, "limit": wanted["limit"] or None},
    )
    with Reader(paths.DATABASE) as reader:
        bodies = [r.body for r in reader.log(query)]
    viewed("log list", {"since": since, "until": until, **wanted})
    if as_json:
        for body in bodies:
            json_out(body)
        return
    if not bodies:
        say(_("No record fits."))
        return
    show(heads(), [row(b) for b in bodies])
    _footer(bodies, wanted["limit"])


def _footer(bodies: Sequence[Mapping[str, Any]], limit: int) -> None:
    offsets = sorted({offset_of(str(b.get("at", ""))) for b in bodies} - {""})
    say(
        _("{count} records. Local time of the computer ({zone}).").format(
            count=number(len(bodies)), zone=", ".join(offsets)
        ),
        "dim",
    )
    if limit and len(bodies) == limit:
        say(_("Only the last {count} are shown; see --limit.").format(count=number(limit)), "warn")


@command.command(
    "verify",
    cls=Command,
    help=N_(
        "Verify that no record was changed, removed or added afterwards; exit code 1 when one was.\n\n"
        "FILE is an exported log or a database, also from another computer. Without it: this computer's log."
    ),
    examples=["usbguard-py log verify", "usbguard-py log verify log-20261121.jsonl"],
)
@click.argument("file", required=False)
@option("--expect", metavar="N:HASH", help=N_("Also see that record N has this hash, as it was written down earlier."))
def verify(file: str | None, expect: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print the result.

    Raises:
        LedgerBroken: with the first bad record.
    """
    from usbguard_py.shell.verify import verify as checked  # noqa: PLC0415 - only here

    path = Path(file) if file else paths.DATABASE
    if not file:
        Reader(path).close()  # says what is wrong with this computer's own, such as the reader's role
    result = checked(path, _expected(expect) if expect else None)
    if as_json:
        json_out({"intact": True, "file": str(path), **msgspec.to_builtins(result)})
        return
    text = _("LOG INTACT: {count} records, last hash {head}.")
    say(text.format(count=number(result.entries), head=result.head), "good")
    if result.entries:
        text = _("First record {first}, last record {last}.")
        say(text.format(first=moment(result.first_at, zone=True), last=moment(result.last_at, zone=True)))


def _expected(text: str) -> tuple[int, bytes]:
    seq, _colon, digest = text.partition(":")
    try:
        raw = bytes.fromhex(digest)
        if len(raw) == SHA256 and seq.isdigit():
            return int(seq), raw
    except ValueError:
        pass
    raise Usage(detail=_("--expect is a record number, a colon and 64 hex digits"))


@command.command(
    "export",
    cls=Command,
    help=N_(
        "Write the whole log to FILE, which can be verified on any computer.\n\n"
        "A file that is there is not overwritten without --force. Who exported, and how far, becomes a record of the "
        "log; while the daemon does not run there is none, and the command says so."
    ),
    examples=["usbguard-py log export log-20261121.jsonl"],
)
@click.argument("file")
@option("--force", is_flag=True, help=N_("Overwrite FILE."))
@option("--redacted", is_flag=True, help=N_("Words in place of names, serial numbers and papers; cannot be verified."))
def export(file: str, force: bool, redacted: bool, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Write the file and say what is in it."""
    if redacted:
        from usbguard_py.shell.redacted import redacted as written  # noqa: PLC0415 - only here
    else:
        from usbguard_py.shell.export import export as written  # noqa: PLC0415 - only here
    header = written(paths.DATABASE, Path(file), force=force)
    seq, problem = export_recorded(header.last, header.head, redacted=redacted)
    if as_json:
        json_out({"file": file, "recorded": seq, **msgspec.to_builtins(header)})
        return
    say(_("{count} records are in {file}.").format(count=number(header.last), file=file), "good")
    say(_("Last hash: {head}").format(head=header.head))
    if seq:
        say(_("The export is record {seq} of the log.").format(seq=number(seq)))
    else:
        say(_("The export is not in the log. {problem}").format(problem=problem), "warn")
    if redacted:
        say(_("Names and serial numbers are replaced by words. This file cannot be verified."), "warn")
        return
    say(_("Verify it with: usbguard-py log verify {file}").format(file=file))


def export_recorded(last: int, head: str, *, redacted: bool = False) -> tuple[int, str]:
    """Number of the entry about an export, or 0 and why there is none: the file is good in either case."""
    try:
        return typed(call(LogExported(last=last, head=head, redacted=redacted)), Done).seq, ""
    except GuardError as error:
        return 0, str(error)

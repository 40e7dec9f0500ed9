"""``usbguard-py log``: what happened, and a copy of it; whether it is whole and its seals have modules of their own."""

from pathlib import Path
from typing import Any

import click
import msgspec

from usbguard_py import paths
from usbguard_py.cli.answers import Done, typed
from usbguard_py.cli.commands import Command, Group, Place, option
from usbguard_py.cli.log_list import printed
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.periods import now, period
from usbguard_py.cli.words import FUNCTIONS, KINDS, OUTCOMES, number
from usbguard_py.core.codes import Code
from usbguard_py.core.requests import LogExported
from usbguard_py.errors import GuardError, Usage
from usbguard_py.i18n import N_, _
from usbguard_py.shell.client import call
from usbguard_py.shell.log_query import Query
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.views import viewed

_HERE = "usbguard_py.cli."

command = Group(
    "log",
    default="list",
    places={
        "show": Place(_HERE + "log_show", N_("One record, whole")),
        "explain": Place(_HERE + "log_show", N_("Why a device was allowed or blocked, as answered then"), "explained"),
        "stats": Place(_HERE + "log_stats", N_("Figures by code, class, day, port, device or person")),
        "report": Place(_HERE + "log_report", N_("The period as one HTML page that verifies itself")),
        "inspect": Place(_HERE + "log_inspect", N_("One page for an inspection: foreign devices, gaps, the block")),
        "verify": Place(_HERE + "log_verify", N_("Verify that no record was changed, removed or added afterwards")),
        "checkpoint": Place(_HERE + "log_checkpoint", N_("Sign the log with the computer's key")),
        "seal": Place(_HERE + "log_seal", N_("Print a code for paper that proves later that nothing was changed")),
        "archive": Place(_HERE + "log_archive", N_("Write a verified copy of the log for the archive")),
    },
    help=N_(
        "The log of everything that happened, which cannot be changed unseen.\n\n"
        "Without a command: list. Its options can be given directly: usbguard-py log --since 7d"
    ),
)


@command.command(
    "list",
    cls=Command,
    help=N_(
        "List records, newest last. All conditions must hold; device, serial, holder and person are found without "
        "accents and capitals, as a part.\n\n"
        "Times: 21/11/2026, “2026-11-21 14:05”, 14:05 (today), 7d, 24h, 30m (ago)."
    ),
    examples=[
        "usbguard-py log --since 7d",
        "usbguard-py log --outcome blocked --since 01/11/2026 --until 21/11/2026",
        "usbguard-py log --holder mau --json",
        "usbguard-py log --class phone --port 1-2 --since 01/11/2026",
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
@option("--device", metavar="TEXT", help=N_("Serial number or a part of it, number on the list (TB-0001), or port."))
@option("--port", "name", metavar="NAME", help=N_("Port, such as 1-2."))
@option(
    "--class",
    "kind_of_device",
    type=click.Choice([name for name in FUNCTIONS if name != "image"]),
    metavar="CLASS",
    help=N_("Decisions on this class of device, such as storage, phone or keyboard."),
)
@option("--person", help=N_("Name of a holder or of who made a change, or a part of it."))
@option("--holder", help=N_("Name of the holder, or a part of it."))
@option(
    "--kind", type=click.Choice(list(KINDS)), metavar="KIND", help=N_("Kind of record, such as decision or list-add.")
)
@option("--limit", type=click.IntRange(0), default=100, show_default=True, help=N_("The last N records; 0 for all."))
def list_(as_json: bool, since: str | None, until: str | None, **wanted: Any) -> None:  # noqa: FBT001
    """Print the records that fit."""
    asked = period(since, until, now())
    query = Query(since=asked.since, until=asked.until, **{**wanted, "limit": wanted["limit"] or None})
    with Reader(paths.DATABASE) as reader:
        bodies = [r.body for r in reader.log(query)]
    viewed("log list", {"since": since, "until": until, **wanted})
    printed(bodies, wanted["limit"], as_json=as_json)


@command.command(
    "export",
    cls=Command,
    help=N_(
        "Write the whole log to FILE, which can be verified on any computer.\n\n"
        "A file that is there is not overwritten without --force. Who exported, and how far, becomes a record of the "
        "log; while the daemon does not run there is none, and the command says so."
    ),
    examples=[
        "usbguard-py log export log-20261121.jsonl",
        "usbguard-py log export --with-verifier /media/usb/log.jsonl",
    ],
)
@click.argument("file")
@option("--force", is_flag=True, help=N_("Overwrite FILE."))
@option(
    "--with-verifier",
    is_flag=True,
    help=N_("Put verify-log.py beside it: one file that verifies on any computer with Python, Windows included."),
)
@option("--redacted", is_flag=True, help=N_("Words in place of names, serial numbers and papers; cannot be verified."))
def export(file: str, force: bool, with_verifier: bool, redacted: bool, as_json: bool) -> None:  # noqa: FBT001 - click
    """Write the file and say what is in it."""
    from usbguard_py.shell.export import put_verifier  # noqa: PLC0415 - only here

    if redacted and with_verifier:
        raise Usage(detail=_("what is redacted cannot be verified"))
    if redacted:
        from usbguard_py.shell.redacted import redacted as written  # noqa: PLC0415 - only here
    else:
        from usbguard_py.shell.export import export as written  # noqa: PLC0415 - only here
    header = written(paths.DATABASE, Path(file), force=force)
    verifier = str(put_verifier(Path(file), force=force)) if with_verifier else ""
    seq, problem = export_recorded(header.last, header.head, redacted=redacted)
    if as_json:
        json_out({"file": file, "verifier": verifier, "recorded": seq, **msgspec.to_builtins(header)})
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
    if verifier:
        text = _("On a computer without usbguard-py: python3 {program} {file} (on Windows double-click {program})")
        say(text.format(program=Path(verifier).name, file=Path(file).name))


def export_recorded(last: int, head: str, *, redacted: bool = False) -> tuple[int, str]:
    """Number of the entry about an export, or 0 and why there is none: the file is good in either case."""
    try:
        return typed(call(LogExported(last=last, head=head, redacted=redacted)), Done).seq, ""
    except GuardError as error:
        return 0, str(error)

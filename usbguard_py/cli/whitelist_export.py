"""``usbguard-py whitelist export``: the list, or a part of it, as a file for people and for other programs."""

from pathlib import Path
from typing import Any

import click

from usbguard_py import paths
from usbguard_py.cli.answers import Done, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.sheet_words import titles
from usbguard_py.cli.whitelist_list import NARROW, conditions
from usbguard_py.cli.words import number
from usbguard_py.core.requests import WhitelistExported
from usbguard_py.errors import GuardError, Usage
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.shell import sheets
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.whole import sha256, whole


def export(*, file: str, as_json: bool, force: bool, kind: str | None, **asked: Any) -> None:
    """Write the file, have it recorded, say what is in it.

    Raises:
        Usage: nobody can tell which format is meant.
        FileExists, CannotWrite: nothing was written.
    """
    path = Path(file)
    form = sheets.format_of(path, kind)
    if not form:
        raise Usage(detail=_("missing: {names}").format(names="--format"))
    wanted = conditions(asked)
    with Reader(paths.DATABASE) as reader, reader.snapshot():
        found, version = reader.find(wanted).assets, reader.list_version()
        with whole(path, force=force) as out:
            sheets.write(form, out, found, titles(), version)
    digest, count = sha256(path), len(found)
    seq, problem = recorded(WhitelistExported(list_version=version, count=count, sha256=digest))
    if as_json:
        json_out({"file": file, "count": count, "list_version": version, "sha256": digest, "recorded": seq})
        return
    text = ngettext(
        "{count} device of list {version} is in {file}.", "{count} devices of list {version} are in {file}.", count
    )
    say(text.format(count=number(count), version=number(version), file=file), "good")
    if seq:
        say(_("The export is record {seq} of the log.").format(seq=number(seq)))
    else:
        say(_("The export is not in the log. {problem}").format(problem=problem), "warn")


def recorded(request: WhitelistExported) -> tuple[int, str]:
    """Number of the entry about an export, or 0 and why there is none: the file is good in either case."""
    try:
        return typed(call(request), Done).seq, ""
    except GuardError as error:
        return 0, str(error)


command = Command(
    "export",
    callback=export,
    help=N_(
        "Write the approved devices to FILE, with all that is known of each: papers, dates, characteristics.\n\n"
        "The format is that of the name's ending: .csv or .xlsx for people, .json for programs. WORDS and options "
        "narrow the list as those of list do. A file that is there is not overwritten without --force. Who exported "
        "becomes a record of the log."
    ),
    params=[
        click.Argument(["file"]),
        *NARROW,
        Option(["--format", "kind"], type=click.Choice(sheets.FORMATS), help=N_("The format, whatever the name.")),
        Option(["--force"], is_flag=True, help=N_("Overwrite FILE.")),
    ],
    examples=[
        "usbguard-py whitelist export list-20261121.csv",
        "usbguard-py whitelist export --not-returned to-return.xlsx",
    ],
)

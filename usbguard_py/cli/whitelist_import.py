"""``usbguard-py whitelist import``: devices from a file; first what would become of the list, then all or nothing."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from usbguard_py import paths
from usbguard_py.cli.answers import typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.output import confirm, interactive, json_out, say
from usbguard_py.cli.parts import COMMIT, parts
from usbguard_py.cli.whitelist_moves import why
from usbguard_py.cli.whitelist_preview import Preview, shown_first, told
from usbguard_py.cli.words import number
from usbguard_py.core import requests
from usbguard_py.core.importing import MAX_ROWS, Planner
from usbguard_py.core.sheet import Fault
from usbguard_py.core.sheet import Row as Line
from usbguard_py.errors import ReasonNeeded, Usage
from usbguard_py.errors_life import ImportRefused, OtherCount
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.plain import Value
from usbguard_py.shell import sheets
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.whole import sha256

MAX_FAULTS = 1000  # places that are named; a file with more is another file
USBGUARD = "usbguard"
UNSAID = "–"  # the paper while nobody has named it


class Imported(Value):
    """What the judge says of an import that was made."""

    seq: int = 0
    count: int = 0
    waiting: int = 0  # for their approval, whatever the file says: two persons may be asked for
    first: str = ""
    last: str = ""


def import_(file: str, as_json: bool, dry_run: bool, kind: str | None, expect_new: int | None, **given: Any) -> None:  # noqa: FBT001 - click's flags
    """Read, compare, show, ask, import.

    Raises:
        Usage, ReasonNeeded: something is missing and there is nobody to ask; nothing was changed.
        ImportRefused: the file has faults; they were shown.
        OtherCount: another number of devices would be added than was expected.
    """
    path = Path(file)
    form = given["origin"] or sheets.format_of(path, kind)
    if not form:
        raise Usage(detail=_("missing: {names}").format(names="--format"))
    seen = _preview(path, form, as_json=as_json)
    asking = interactive() and not as_json
    if not as_json:
        shown_first(seen)
    elif seen.faults or dry_run:
        json_out(told(file, seen))
    if seen.faults:
        raise ImportRefused(path=file, count=len(seen.faults))
    if expect_new not in {None, len(seen.added)}:
        raise OtherCount(found=len(seen.added), expected=expect_new)
    if dry_run or not seen.added:
        _nothing_done(file, seen, as_json=as_json, dry_run=dry_run)
        return
    done = _sent(
        path, seen, _agreed(given, len(seen.added), asking=asking, counted=expect_new is not None), as_json=as_json
    )
    if as_json:
        json_out({**told(file, seen), "imported": done.fields()})
        return
    text = ngettext(
        "{count} device is on the list ({ids}), record {seq}.",
        "{count} devices are on the list ({ids}), from record {seq} on.",
        done.count,
    )
    ids = done.first if done.count == 1 else f"{done.first} – {done.last}"
    say(text.format(count=number(done.count), ids=ids, seq=number(done.seq)), "good")
    if done.waiting:
        text = ngettext("{count} of them waits for approval.", "{count} of them wait for approval.", done.waiting)
        say(text.format(count=number(done.waiting)), "warn")


def _agreed(given: dict[str, Any], count: int, *, asking: bool, counted: bool) -> dict[str, Any]:
    """Reason and paper, after somebody said that so many devices are meant."""
    if not counted:
        if not asking:
            raise Usage(detail=_("missing: {names}").format(names="--expect-new"))
        text = ngettext("Put {count} device on the list?", "Put {count} devices on the list?", count)
        confirm(text.format(count=number(count)))
    found = why(given) if asking else given
    if not (found["reason"] or "").strip() or not (found["paper"] or "").strip():
        raise ReasonNeeded(action=_("changing the list of approved devices"))
    return found


def _preview(path: Path, form: str, *, as_json: bool) -> Preview:
    with Reader(paths.DATABASE) as reader, reader.snapshot():
        seen = Preview(list_version=reader.list_version())
        planner = Planner(lambda serial: reader.candidates(bytes.fromhex(serial)), reader.today(), UNSAID)
        sheets.opened(path).close()
        with _bar(_("Reading"), path.stat().st_size, as_json=as_json) as bar:
            for found in _found(seen, form, path, lambda done: bar.update(max(0, done - bar.pos))):
                _take(seen, planner, found)
                if len(seen.faults) >= MAX_FAULTS:
                    break
            bar.update(path.stat().st_size - bar.pos)
    return seen


def _found(seen: Preview, form: str, path: Path, tell: Callable[[int], None]) -> Iterator[sheets.Found]:
    """The rows of a file, or what is wrong with it."""
    if form != USBGUARD:
        yield from sheets.read(form, path, tell)
        return
    from usbguard_py.cli.usbguard_rules import carried  # noqa: PLC0415 - only for such a file

    found = carried(path)
    seen.notes = found.notes
    yield from found.rows
    if found.faults:
        yield tuple(found.faults)


def _take(seen: Preview, planner: Planner, found: sheets.Found) -> None:
    """Put a row of the file where it belongs."""
    if not isinstance(found, Line):
        seen.faults += found
        return
    if len(seen.rows) == MAX_ROWS:
        seen.faults += [Fault(found.line, "", f"more than {MAX_ROWS} rows")] * MAX_FAULTS
        del seen.faults[MAX_FAULTS:]
        return
    verdict = planner.judge(found)
    seen.faults += verdict.faults
    seen.rows.append(found)
    if verdict.asset is not None:
        seen.added.append(Line(found.line, verdict.asset))
    elif verdict.there:
        seen.there.append(verdict.there)


def _bar(label: str, length: int, *, as_json: bool) -> Any:
    """A progress bar where somebody sees it."""
    hidden = as_json or not sys.stderr.isatty()
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden)


def _nothing_done(file: str, seen: Preview, *, as_json: bool, dry_run: bool) -> None:
    if as_json and not dry_run:
        json_out(told(file, seen))
    elif not as_json:
        say(_("Nothing was changed.") if seen.added else _("There is nothing to be added."))


def _sent(path: Path, seen: Preview, given: dict[str, Any], *, as_json: bool) -> Imported:
    """Hand the rows over part by part; nothing is changed before the last step."""
    begin = requests.WhitelistImportBegin(
        reason=given["reason"],
        document=given["paper"],
        sha256=sha256(path),
        list_version=seen.list_version,
        rows=len(seen.rows),
        new=len(seen.added),
    )
    token = str(call(begin)["token"])
    with _bar(_("Handing over"), len(seen.rows), as_json=as_json) as bar:
        for part in parts(seen.rows):
            call(requests.WhitelistImportPart(token=token, rows=part))
            bar.update(len(part))
    return typed(call(requests.WhitelistImportCommit(token=token), COMMIT), Imported)


command = Command(
    "import",
    callback=import_,
    help=N_(
        "Put the devices of FILE on the list of approved devices: all of them in one step, or none.\n\n"
        "FILE is what export writes (.csv, .xlsx or .json). First it is shown what would be added, what is on the list "
        "already and what is wrong, with line and column; then it is asked. Without a terminal, --expect-new has to "
        "say how many devices are to be added. A device that is on the list with something else is refused: it is "
        "changed by its own commands. A row without a state waits for its approval."
    ),
    params=[
        click.Argument(["file"]),
        Option(["--format", "kind"], type=click.Choice(sheets.FORMATS), help=N_("The format, whatever the name.")),
        Option(
            ["--from", "origin"],
            type=click.Choice([USBGUARD]),
            help=N_("FILE is a rule file of USBGuard; the devices that it allows have to be connected."),
        ),
        Option(["--dry-run"], is_flag=True, help=N_("Only show what would be added.")),
        Option(
            ["--expect-new"],
            type=int,
            metavar="N",
            help=N_("Import only if exactly N devices are added; nothing is asked then."),
        ),
        Option(["--reason"], help=N_("Why.")),
        Option(["--document", "paper"], help=N_("Number of the paper that is the basis.")),
    ],
    examples=[
        "usbguard-py whitelist import list.csv --dry-run",
        "usbguard-py whitelist import /etc/usbguard/rules.conf --from usbguard",
        'usbguard-py whitelist import list.csv --expect-new 5 --reason "taken over" --document MAU-09/2026',
    ],
)

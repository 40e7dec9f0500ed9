"""``usbguard-py paper KIND``: one command for each kind of paper, made from the table of kinds."""

import functools
import re
from pathlib import Path
from typing import Any

import click

from usbguard_py import paths
from usbguard_py.cli import times
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.output import ask, interactive, json_out, say, show
from usbguard_py.cli.paper_fields import Answers, hand_written, named
from usbguard_py.cli.paper_words import HEAD, OPTIONS, USED, WORDS
from usbguard_py.cli.places import SHOWN, more
from usbguard_py.cli.table import Row
from usbguard_py.cli.whitelist import Look, listed
from usbguard_py.cli.whitelist_export import recorded
from usbguard_py.cli.whitelist_list import NARROW, cells, conditions, heads
from usbguard_py.cli.words import day as shown_day
from usbguard_py.cli.words import number
from usbguard_py.core.requests import WhitelistExported
from usbguard_py.core.seal import seal
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import FileExists, Usage
from usbguard_py.errors_paper import NotForPaper, NothingForPaper
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.papers.fill import MAX_ROWS, ListMark, Matter, filled
from usbguard_py.papers.kinds import FIELDS, KINDS, NAMES, Kind
from usbguard_py.shell import papers
from usbguard_py.shell.finding import Wanted
from usbguard_py.shell.reader import Reader, Record
from usbguard_py.shell.whole import sha256, whole

MAX_PAPERS = 100  # of one kind in one folder on one day, whose names are proposed
_NUMBER = re.compile(r"(?:TB-?)?0*([0-9]{1,9})", re.IGNORECASE)


def make(
    kind: Kind, *, ids: tuple[str, ...], as_json: bool, english: bool, out: str | None, force: bool, **asked: Any
) -> None:
    """Choose the devices, ask for what is missing, write the paper, have it recorded, say what comes next.

    Raises:
        GuardError: something is missing, does not fit or cannot be read; nothing was written.
    """
    asking = interactive() and not as_json
    form = papers.form(kind.name, "en" if english else "vi")
    stated, by_hand = named(asked, form.template), hand_written(asked["blank"], form.template)
    citations = papers.citations()
    with Reader(paths.DATABASE) as reader, reader.snapshot():
        today = reader.today()
        assets = chosen(reader, kind, ids, asked)
        mark = _mark(reader.list_change(), reader)
        look = Look.of(reader) if asking else None
    if look is not None:
        _show(assets, look)
    day = times.day(asked["date"]) if asked["date"] else today
    path = _file(out, f"{kind.file}-{day}", asking=asking, force=force)
    file_format = _format(path, asked["form"])
    if path.exists() and not force:
        raise FileExists(path=str(path))
    # What the list or the law lacks is said before anybody is asked for anything.
    some = dict.fromkeys(form.template.fields, "–")
    filled(form.template, Matter(day, today, some, frozenset(), assets, citations, mark))
    answers = Answers(kind, form.template, assets, papers.agency(), stated, by_hand)
    fields, left = answers.asked() if asking else answers.silent()
    document = filled(form.template, Matter(day, today, fields, left, assets, citations, mark))
    with whole(path, force=force) as file:
        papers.write(file_format, file, document)
    digest = sha256(path)
    seq, problem = recorded(WhitelistExported(list_version=mark.number, count=len(assets), sha256=digest))
    if as_json:
        used = {"path": form.path, "version": form.template.version, "own": form.own}
        known = {"file": str(path), "kind": kind.name, "form": used, "ids": [asset.id for asset in assets]}
        json_out({**known, "list": mark, "by_hand": sorted(left), "sha256": digest, "recorded": seq})
        return
    _tell(kind, path, assets, mark, [name for name in form.template.fields if name in left])
    _tell_record(kind, seq, problem)


def _show(assets: tuple[Asset, ...], look: Look) -> None:
    show(heads(), [Row(cells(asset, look), look.style(asset)) for asset in assets[:SHOWN]])
    more(len(assets))


def _mark(change: Record | None, reader: Reader) -> ListMark:
    """The list that is there, as it is named on paper, and the seal of the log."""
    last = reader.last()
    if change is None or last is None:
        raise NothingForPaper
    version, entry = int(str(change.body.get("list_version", 0))), change.entry
    code = seal(last.seq, reader.machine().id, last.hash)
    return ListMark(version, entry.seq, entry.hash.hex(), entry.at[:10], sealed=last.seq, seal=code)


def chosen(reader: Reader, kind: Kind, ids: tuple[str, ...], asked: dict[str, Any]) -> tuple[Asset, ...]:
    """The devices that the paper is about, in its order.

    Raises:
        Usage: neither numbers nor options say which, or both do, or there are too many.
        NotFound: there is no such number.
        NothingForPaper: nothing fits.
        NotForPaper: one of them is in a state in which no such paper is made.
    """
    wanted = conditions({**asked, "words": ()})
    narrowed = wanted != Wanted(sort=wanted.sort)
    if ids and narrowed:
        raise Usage(detail=_("either numbers of the list or options that say which devices"))
    if not ids and not narrowed and kind.name != "register":
        raise Usage(detail=_("missing: {names}").format(names="ID"))
    assets = tuple(listed(reader, id_) for id_ in dict.fromkeys(map(_id, ids))) if ids else reader.find(wanted).assets
    if not assets:
        raise NothingForPaper
    if len(assets) > MAX_ROWS:
        raise Usage(detail=f"more than {MAX_ROWS} rows")
    for asset in assets:
        if asset.state not in kind.states:
            raise NotForPaper(id=asset.id, state=str(asset.state))
    return assets


def _id(text: str) -> str:
    found = _NUMBER.fullmatch(text.strip())
    return f"TB-{int(found[1]):04d}" if found else text


def _file(out: str | None, default: str, *, asking: bool, force: bool) -> Path:
    if not out and not asking:
        raise Usage(detail=_("missing: {names}").format(names="--out"))

    def check(text: str) -> None:
        _format(Path(text), None)
        if Path(text).exists() and not force:
            raise FileExists(path=text)

    return Path(out or ask(_("File (.docx or .html)"), _free(default), check))


def _free(stem: str) -> str:
    """A name that no file has yet: the second paper of a day is no reason to lose the first one."""
    names = (f"{stem}{number}.docx" for number in ("", *(f"-{n}" for n in range(2, MAX_PAPERS))))
    return next((name for name in names if not Path(name).exists()), f"{stem}.docx")


def _format(path: Path, named_form: str | None) -> str:
    form = named_form or path.suffix.casefold().removeprefix(".")
    if form not in papers.FORMATS:
        raise Usage(detail=_("the name of the file ends in .docx or .html, or there is --format"))
    return form


def _tell(kind: Kind, path: Path, assets: tuple[Asset, ...], mark: ListMark, left: list[str]) -> None:
    text = ngettext(
        "The {kind} with {count} device of list {version} of {day}: {file}",
        "The {kind} with {count} devices of list {version} of {day}: {file}",
        len(assets),
    )
    known = {"kind": _(NAMES[kind.name]), "count": number(len(assets)), "version": number(mark.number)}
    say(text.format(**known, day=shown_day(mark.day), file=path), "good")
    hand = [_(FIELDS[name]) if name in FIELDS else name for name in left]
    say(_("To be written by hand: {what}.").format(what="; ".join([_("number and day"), *hand])))


def _tell_record(kind: Kind, seq: int, problem: str) -> None:
    if seq:
        say(_("The paper is record {seq} of the log.").format(seq=number(seq)))
    else:
        say(_("The paper is not in the log. {problem}").format(problem=problem), "warn")
    if WORDS[kind.name].after:
        say("→ " + _(WORDS[kind.name].after))


@functools.cache
def command(name: str) -> Command:
    """The command of a kind."""
    words = WORDS[name]
    narrow = [parameter for parameter in NARROW if isinstance(parameter, Option) and parameter.name != "search"]
    fields = [Option([OPTIONS[field], field], metavar="TEXT", help=FIELDS[field]) for field in (*USED[name], *HEAD)]
    return Command(
        name,
        callback=functools.partial(make, KINDS[name]),
        help=words.help,
        params=[
            click.Argument(["ids"], metavar="[ID]...", nargs=-1),
            Option(["--out"], metavar="FILE", help=N_("The file; its name ends in .docx or .html.")),
            *fields,
            Option(
                ["--field"], multiple=True, metavar="NAME=TEXT", help=N_("A field that only the agency's own form has.")
            ),
            Option(
                ["--blank"],
                multiple=True,
                metavar="NAME",
                help=N_(
                    "Leave dots for handwriting in place of this field; “all” for all that may be left and that nobody "
                    "knows."
                ),
            ),
            Option(["--date"], metavar="DATE", help=N_("The paper's date, for its year and what law it cites.")),
            Option(["--english"], is_flag=True, help=N_("The English translation of the form, marked as such.")),
            Option(["--format", "form"], type=click.Choice(papers.FORMATS), help=N_("The format, whatever the name.")),
            Option(["--force"], is_flag=True, help=N_("Overwrite FILE.")),
            Option(
                ["--search"], multiple=True, metavar="TEXT", help=N_("Only devices with this anywhere in their entry.")
            ),
            *narrow,
        ],
        examples=[words.example],
    )


def __getattr__(name: str) -> Command:
    """Each kind of the table, as the group asks for it (PEP 562)."""
    if name in KINDS:
        return command(name)
    raise AttributeError(name)

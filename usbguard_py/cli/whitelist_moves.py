"""``usbguard-py whitelist VERB``: one command for each move of the table, made from the table."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import click

from usbguard_py import paths
from usbguard_py.cli import times
from usbguard_py.cli.answers import Done, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.cuts import cuts
from usbguard_py.cli.move_words import HINTS, WORDS
from usbguard_py.cli.name_doubts import warned
from usbguard_py.cli.output import answered, ask, confirm, interactive, json_out, say
from usbguard_py.cli.proposals import waits
from usbguard_py.cli.whitelist import listed, shown
from usbguard_py.cli.words import day, word
from usbguard_py.core.custody import MOVES
from usbguard_py.core.given import DAYS, NOT_EMPTY, Given, checked
from usbguard_py.core.requests import WhitelistMove
from usbguard_py.core.standing import standing
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import GuardError, ReasonNeeded, Usage
from usbguard_py.i18n import N_, _
from usbguard_py.phrases import CUSTODY
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Reader

NONE = {"none", "khong", "không", "-"}  # what clears a day
OPTIONS: dict[str, tuple[str, str]] = {  # fact: its option, and the option's help
    "holder": ("--holder", N_("Name of the person who holds it.")),
    "unit": ("--unit", N_("Their unit.")),
    "label": ("--label", N_("A name for people.")),
    "printed_serial": ("--printed-serial", N_("Serial number printed on the shell.")),
    "document": ("--origin", N_("Number of the paper by which the device came.")),
    "expires_on": ("--expires", N_("Last day of use, for instance 31/12/2027; “none” for no end.")),
    "inspected_on": ("--on", N_("Day of the inspection, for instance 21/11/2026.")),
    "inspected_until": ("--until", N_("Last day on which the inspection counts.")),
}
METAVARS = {**dict.fromkeys(DAYS, "DATE"), "holder": "NAME"}
QUESTIONS = {
    "holder": N_("Holder (name of the person)"),
    "unit": N_("Unit"),
    "label": N_("Label"),
    "printed_serial": N_("Serial no. printed on the device"),
    "document": N_("Number of the document by which the device came"),
    "expires_on": N_("Last day of use (day/month/year; Enter if there is none)"),
    "inspected_on": N_("Day of the inspection (day/month/year)"),
    "inspected_until": N_("Counts until (day/month/year; Enter if there is no end)"),
    "reason": N_("Reason"),
    "paper": N_("Number of the document that is the basis"),
}
# What is asked on a terminal beside what the table says must be given.
ALSO_ASKED = {"approve": ("holder",), "assign": ("unit",), "transfer": ("unit",), "inspect": ("inspected_until",)}


def move(verb: str, id_: str, as_json: bool, yes: bool, **given: Any) -> None:  # noqa: FBT001 - click's flags
    """Ask for what is missing, confirm, move, say what became of it.

    Raises:
        ReasonNeeded, Usage: something is missing and there is nobody to ask; nothing was changed.
    """
    asking = interactive() and not as_json
    facts = {name: _fact(name, given[name]) for name in MOVES[verb].may if given[name] is not None}
    if verb == "inspect" and not asking:
        facts.setdefault("inspected_on", _reader(Reader.today))
    if asking:
        asset = known(id_)
        _describe(asset)
        facts |= _asked(verb, asset, facts)
        given |= why(given)
    _complete(verb, facts, given)
    doubts = warned(facts, as_json=as_json)
    if not (yes or as_json):
        confirm(_("{what}: {id}. Go on?").format(what=_(WORDS[verb].line), id=id_))
    request = WhitelistMove(verb=verb, id=id_, reason=given["reason"], document=given["paper"], facts=Given(**facts))
    answer = call(request)
    if as_json:
        json_out({**answer, "warnings": doubts})
        return
    done = typed(answer, Done)
    if done.proposal:
        waits(done)
        return
    say(_(WORDS[verb].done).format(id=done.id, seq=done.seq), "good")
    cuts(done.cut)
    hint(id_)


def known(id_: str) -> Asset:
    """The asset on the list.

    Raises:
        NotFound: there is none of that number.
    """
    asset: Asset = _reader(lambda reader: listed(reader, id_))
    return asset


def why(given: dict[str, Any]) -> dict[str, str]:
    """Reason and paper as they were given, or the answers to the questions for them."""
    return {name: given[name] or ask(_(QUESTIONS[name]), check=answered) for name in ("reason", "paper")}


def _reader(question: Callable[[Reader], Any]) -> Any:
    with Reader(paths.DATABASE) as reader:
        return question(reader)


def _describe(asset: Asset) -> None:
    serial = asset.printed_serial or shown(asset.electronic_serial)
    parts = (asset.id, asset.label, serial, asset.holder or _("held by nobody"), word(CUSTODY, asset.state))
    say(" · ".join(part for part in parts if part))


def _asked(verb: str, asset: Asset, facts: dict[str, str]) -> dict[str, str]:
    """The answers to the questions for facts that were not given."""
    wanted: tuple[str, ...] = (*sorted(MOVES[verb].must), *ALSO_ASKED.get(verb, ()))
    if verb == "approve" and asset.holder:
        wanted = ()
    if verb == "correct" and not facts:  # every fact is shown with what it is
        wanted = tuple(name for name in OPTIONS if name in MOVES[verb].may and (asset.holder or name != "holder"))
        say(_("Enter alone keeps what stands in brackets."))
    answers = {}
    for name in (n for n in wanted if n not in facts):
        default = _default(verb, name, asset)
        text = ask(_(QUESTIONS[name]), default, functools.partial(_fact, name))
        if verb != "correct" or text != default:
            answers[name] = _fact(name, text)
    return answers


def _default(verb: str, name: str, asset: Asset) -> str:
    if name == "inspected_on":
        return day(_reader(Reader.today))
    value = getattr(asset, name)
    if not isinstance(value, str) or (name in NOT_EMPTY and verb != "correct") or name == "inspected_until":
        return ""
    return day(value) if name in DAYS else value


def _fact(name: str, text: str) -> str:
    """A fact as it is sent, checked here so that a person is asked again and nothing is done by halves."""
    if name in DAYS:
        text = "" if text.strip().casefold() in NONE | {""} else times.day(text)
    return checked(name, text)


def _complete(verb: str, facts: dict[str, str], given: dict[str, Any]) -> None:
    if not (given["reason"] or "").strip() or not (given["paper"] or "").strip():
        raise ReasonNeeded(action=_("changing the list of approved devices"))
    missing = [OPTIONS[name][0] for name in sorted(MOVES[verb].must) if not facts.get(name)]
    if missing:
        raise Usage(detail=_("missing: {names}").format(names=", ".join(missing)))


def hint(id_: str) -> None:
    """Say why a device that is in use does not open all the same; what was done is done, whoever may read the list."""
    code = None
    with contextlib.suppress(GuardError), Reader(paths.DATABASE) as reader:
        asset = reader.asset(id_)
        code = asset and standing(asset, reader.today(), inspection_required=reader.inspection_required())
    if code:
        say(_(HINTS[code]), "warn")


@functools.cache
def command(verb: str) -> Command:
    """The command of a verb."""
    texts = WORDS[verb]
    may = [name for name in OPTIONS if name in MOVES[verb].may]
    return Command(
        verb,
        callback=functools.partial(move, verb),
        help=texts.help,
        params=[
            click.Argument(["id_"], metavar="ID"),
            *(Option([OPTIONS[n][0], n], metavar=METAVARS.get(n), help=OPTIONS[n][1]) for n in may),
            Option(["--reason"], help=N_("Why.")),
            Option(["--document", "paper"], help=N_("Number of the paper that is the basis.")),
            Option(
                ["--yes"], is_flag=True, help=N_("Do not ask for confirmation; what is missing is asked all the same.")
            ),
        ],
        examples=[texts.example],
    )


def __getattr__(verb: str) -> Command:
    """Each verb of the table, as the group asks for it (PEP 562)."""
    if verb in MOVES:
        return command(verb)
    raise AttributeError(verb)

"""The pages about the life of an approved device, from the table of moves: what is drawn there is what is enforced."""

from collections.abc import Iterator

from usbguard_py.cli.commands import speak
from usbguard_py.cli.move_words import WORDS
from usbguard_py.cli.whitelist_moves import OPTIONS
from usbguard_py.core.custody import AFTER_FOUND, MOVES, Need, Second
from usbguard_py.core.whitelist import Custody
from usbguard_py.i18n import N_, _
from usbguard_py.phrases import CUSTODY

TITLE = N_("The life of an approved device")
INTRODUCTION = N_("Written by scripts/generate.py from the table that the program itself follows.")
STATES = N_("States and moves")
MOVE, FROM, TO, MAY, FIRST = N_("Move"), N_("From"), N_("To"), N_("What may be said"), N_("What has to be so before")
SECOND = N_("Second person")
STAYS = N_("(the state stays)")
AS_BEFORE = N_("suspended; or what it was before, if it was not in use")
NEEDS = {
    Need.HOLDER: N_("somebody holds it"),
    Need.NO_HOLDER: N_("nobody holds it"),
    Need.INSPECTED: N_("inspected, if it was lost and found"),
    Need.RIGHT: N_("the right to use it was not revoked before"),
}
SECONDS = {
    Second.NEVER: "–",
    Second.WIDER: N_("when it lets more be used: longer, by somebody else, or as another device"),
    Second.ALWAYS: N_("always"),
}
NOTES = (
    N_("Each move is `usbguard-py whitelist MOVE ID --reason … --document …`; options in bold have to be given."),
    N_("“Expired” is no state that somebody sets: the last day of use and the end of an inspection are days."),
    N_("A move that is not possible is refused with those that are; nothing is changed then."),
    N_(
        "Where the policy asks for a second person (`four_eyes`), what is added or learnt waits for one, and so does "
        "each move that needs one: `approve --proposal N` by somebody else makes it happen."
    ),
)


def pages() -> dict[str, bytes]:
    """The files."""
    return {
        "docs/en/life-cycle.md": "\n".join(_page("en")).encode(),
        "docs/vi/vong-doi.md": "\n".join(_page("vi")).encode(),
    }


def _page(language: str) -> Iterator[str]:
    speak(language)
    yield f"# {_(TITLE)}\n\n{_(INTRODUCTION)}\n"
    yield from (f"* {_(note)}" for note in NOTES)
    yield f"\n## {_(STATES)}\n"
    yield "```mermaid\nstateDiagram-v2"
    yield from (f"    {_name(state)}: {_(CUSTODY[state])}" for state in Custody if state is not Custody.EXPIRED)
    yield f"    [*] --> {_name(Custody.PENDING)}: add --pending"
    yield f"    [*] --> {_name(Custody.IN_USE)}: add"
    yield from _arrows()
    yield "```\n"
    heads = (MOVE, FROM, TO, MAY, FIRST, SECOND)
    yield "| " + " | ".join(_(head) for head in heads) + " |\n|" + " --- |" * len(heads)
    for verb in MOVES:
        yield "| " + " | ".join(_row(verb)) + " |"
    yield ""


def _arrows() -> Iterator[str]:
    """The moves that lead to another state; those that lead the same way share an arrow."""
    ways: dict[tuple[str, str], list[str]] = {}
    for verb, move in MOVES.items():
        for start, end in move.leads.items():
            if start is not end and start is not Custody.EXPIRED:
                ways.setdefault((_name(start), _name(end)), []).append(verb)
    for end in dict.fromkeys(AFTER_FOUND.values()):
        if end is not Custody.SUSPENDED:
            ways.setdefault((_name(Custody.LOST), _name(end)), []).append("found")
    for (start, end), verbs in ways.items():
        yield f"    {start} --> {end}: {', '.join(verbs)}"


def _row(verb: str) -> Iterator[str]:
    move = MOVES[verb]
    yield f"`{verb}`: {_(WORDS[verb].event)}"
    yield ", ".join(_(CUSTODY[state]) for state in move.leads)
    yield _(AS_BEFORE) if verb == "found" else "; ".join(_ends(verb))
    options = (f"**{OPTIONS[n][0]}**" if n in move.must else OPTIONS[n][0] for n in OPTIONS if n in move.may)
    yield ", ".join(options) or "–"
    yield ", ".join(_(NEEDS[need]) for need in move.needs) or "–"
    yield _(SECONDS[move.second])


def _ends(verb: str) -> Iterator[str]:
    """Where a move leads; which states stay is said where others do not."""
    leads = MOVES[verb].leads
    stays = [_(CUSTODY[start]) for start, end in leads.items() if start is end]
    yield from dict.fromkeys(_(CUSTODY[end]) for start, end in leads.items() if start is not end)
    if stays:
        yield _(STAYS) if len(stays) == len(leads) else f"{', '.join(stays)} {_(STAYS)}"


def _name(state: Custody) -> str:
    return str(state).replace("-", "_")

"""Warnings about names that were typed, before anybody is asked whether to go on: nothing is refused by them."""

import contextlib
from collections.abc import Mapping
from typing import Any

from usbguard_py import paths
from usbguard_py.cli.output import say
from usbguard_py.core.given import checked
from usbguard_py.core.lookalike import Doubt, doubts
from usbguard_py.errors import GuardError
from usbguard_py.i18n import N_, _
from usbguard_py.phrases import FACTS
from usbguard_py.shell.reader import Reader

PEOPLE = ("holder", "unit")  # what many entries have in common; of other facts each entry has its own
TYPED = (*PEOPLE, "label", "printed_serial", "document")
SHOWN = 5  # warnings; a list with more names that look the same says nothing by them
MIXED = N_("{fact} “{value}” has letters of another script among its own: {letters}. Was it copied from elsewhere?")
HOW = {
    "spelling": N_("{fact} “{value}” is new; the list has “{other}”: only capitals or spaces differ."),
    "accents": N_("{fact} “{value}” is new; the list has “{other}”: only accents differ."),
    "letters": N_("{fact} “{value}” is new; the list has “{other}”: they have letters that only look alike."),
}


def doubtful(facts: Mapping[str, Any]) -> tuple[Doubt, ...]:
    """What is doubtful about facts as they were typed; nothing when this account may not read the list."""
    typed = {name: checked(name, facts[name]) for name in TYPED if (facts.get(name) or "").strip()}
    known: dict[str, list[str]] = {}
    with contextlib.suppress(GuardError):
        names = [name for name in PEOPLE if name in typed]
        if names:
            with Reader(paths.DATABASE) as reader:
                known |= {name: reader.values(name) for name in names}
    return tuple(doubt for name, value in typed.items() for doubt in doubts(name, value, known.get(name, ())))[:SHOWN]


def warned(facts: Mapping[str, Any], *, as_json: bool) -> tuple[Doubt, ...]:
    """What is doubtful; it was said when a person reads, before the question whether to go on."""
    found = doubtful(facts)
    for doubt in () if as_json else found:
        say(in_words(doubt), "warn")
    return found


def in_words(doubt: Doubt) -> str:
    """A warning in the language in use."""
    fact = _(FACTS[doubt.fact])
    fact = fact[:1].upper() + fact[1:]
    if doubt.kind == "mixed-scripts":
        return _(MIXED).format(fact=fact, value=doubt.value, letters=", ".join(doubt.letters))
    return _(HOW[doubt.how]).format(fact=fact, value=doubt.value, other=doubt.other)

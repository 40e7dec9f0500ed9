"""Where the fields of a paper come from: options, the agency's file, the list, or questions on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from usbguard_py.cli.output import answered, ask
from usbguard_py.cli.paper_words import HEAD, OPTIONS
from usbguard_py.core.given import tidied
from usbguard_py.core.whitelist import Asset
from usbguard_py.errors import Usage
from usbguard_py.errors_paper import FieldsMissing
from usbguard_py.i18n import _
from usbguard_py.papers.agency import Agency
from usbguard_py.papers.fill import unstated
from usbguard_py.papers.kinds import FIELDS, Kind
from usbguard_py.papers.template import Template

LONGEST = 500  # characters; the title of a decision has half of it
ALL = "all"
NONE = "-"  # typed in place of an answer, where handwriting or nothing is possible and something is proposed


def named(asked: Mapping[str, Any], template: Template) -> dict[str, str]:
    """The fields that options state.

    Raises:
        Usage: the form has no such field.
        BadInput: too long, or with characters that cannot be seen.
    """
    given = {name: asked[name] for name in OPTIONS if asked.get(name) is not None}
    for pair in asked["field"]:
        name, equals, text = pair.partition("=")
        if not equals:
            raise Usage(detail=_("“{text}” is no NAME=TEXT").format(text=pair))
        given[name.strip().replace("-", "_")] = text
    for name in given:
        if name not in template.fields:
            raise Usage(detail=_("the form has no field “{name}”").format(name=name))
    return {name: tidied(name, text, LONGEST) for name, text in given.items()}


class ByHand(NamedTuple):
    """What is left for handwriting: these fields, though something is known; and those of which nothing is known."""

    named: frozenset[str]
    unknown: frozenset[str]


def hand_written(names: Sequence[str], template: Template) -> ByHand:
    """What the options leave for handwriting.

    Raises:
        Usage: the form does not allow it.
    """
    every = [name for name, field in template.fields.items() if field.blank]
    wanted = [name.strip().lstrip("-").replace("-", "_") for name in names]
    for name in wanted:
        if name not in (*every, ALL):
            raise Usage(detail=_("“{name}” may not be left for handwriting").format(name=name))
    return ByHand(frozenset(wanted) - {ALL}, frozenset(every if ALL in wanted else wanted))


class Answers:
    """The fields of one paper."""

    def __init__(  # noqa: PLR0917 - each is another source
        self,
        kind: Kind,
        template: Template,
        assets: Sequence[Asset],
        agency: Agency,
        stated: Mapping[str, str],
        by_hand: ByHand,
    ) -> None:
        self._kind = kind
        self._template = template
        self._agency = agency
        self._stated = stated
        self._by_hand = by_hand
        holders = {(asset.holder, asset.unit) for asset in assets}
        self._holder, self._unit = holders.pop() if len(holders) == 1 else ("", "")

    def silent(self) -> tuple[dict[str, str], frozenset[str]]:
        """The fields without a question, and those left for handwriting.

        Raises:
            FieldsMissing: some have no text.
        """
        fields = dict[str, str]()
        for name in self._template.fields:
            text = self._text(name, fields)
            if text is not None:
                fields[name] = text
        left = self._by_hand.unknown - fields.keys()
        missing = unstated(self._template, fields, left)
        if missing:
            raise FieldsMissing(names=", ".join(map(_option, missing)))
        return fields, left

    def asked(self) -> tuple[dict[str, str], frozenset[str]]:
        """As above; what nobody stated is asked for, with what is known as the proposal."""
        fields, left = dict[str, str](), set[str]()
        for name, field in self._template.fields.items():
            known = self._text(name, fields)
            if known is None and name in self._by_hand.unknown:
                left.add(name)
                continue
            if known is None or not (name in self._stated or name in HEAD):
                known = self._answer(name, known or "")
            fields[name] = known
            if not known and not field.optional:
                del fields[name]
                left.add(name)
        return fields, frozenset(left)

    def _text(self, name: str, fields: Mapping[str, str]) -> str | None:
        """What is stated or known of a field that is not to be written by hand."""
        if name in self._stated:
            return self._stated[name]
        return None if name in self._by_hand.named else self._known(name, fields)

    def _answer(self, name: str, proposed: str) -> str:
        """What somebody types; empty for handwriting, or for nothing where that is possible."""
        field = self._template.fields[name]
        question = _(FIELDS[name]) if name in FIELDS else field.label
        empty = field.blank or field.optional
        if empty:
            hint = _("{key}: leave dots for handwriting") if field.blank else _("{key}: there is none")
            question += f" ({hint.format(key=NONE if proposed else 'Enter')})"

        def check(text: str) -> None:
            if not empty:
                answered(tidied(name, text, LONGEST))

        text = tidied(name, ask(question, proposed, check), LONGEST)
        return "" if empty and text == NONE else text

    def _known(self, name: str, fields: Mapping[str, str]) -> str | None:
        """What the list or the agency's file says; of a person's unit and position only when it is that person."""
        source = self._kind.sources.get(name)
        if source is None:
            return None
        person = fields.get(name.rpartition("_")[0], "")
        if source in {"holder", "unit"}:
            if source == "unit" and person != self._holder:
                return None
            if source == "holder" and self._holder == self._agency.keeper:
                return None  # nobody hands anything over to themselves: who gets it from the keeper is asked
            return (self._holder if source == "holder" else self._unit) or None
        if source.startswith("keeper_") and person != self._agency.keeper:
            return None
        known: str | None = getattr(self._agency, source)
        return known


def _option(name: str) -> str:
    return OPTIONS.get(name, f"--field {name}=…")

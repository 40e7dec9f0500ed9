"""The history of one approved device: what happened to it, step by step, with old and new of what was changed."""

from collections.abc import Iterable, Mapping
from typing import Any

from usbguard_py.cli.log_words import by, differences, event, imported, proposal
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import moment, word
from usbguard_py.i18n import _
from usbguard_py.phrases import CUSTODY

Body = Mapping[str, Any]


def heads() -> list[Column]:
    """The columns."""
    names = (_("Record"), _("Time"), _("Event"), _("State"), _("By"))
    return [Column(name, flexible=name != names[1], right=name == names[0]) for name in names]


def rows(history: Iterable[Body]) -> list[Row]:
    """A row for each entry, oldest first; below it what was changed, why and on which paper."""
    return [_row(body) for body in history]


def _row(body: Body) -> Row:
    state = str(body.get("to") or "")
    cells = [str(body.get("seq", "")), moment(str(body.get("at", ""))), event(body), word(CUSTODY, state), by(body)]
    why = [str(body[name]) for name in ("face", "reason", "document") if body.get(name)]
    if proposal(body):
        why.insert(0, proposal(body))
    if body.get("kind") == "list-add":
        why.insert(0, str(body.get("holder") or _("held by nobody")))
        why += imported(body)
    return Row(cells, note="; ".join((*differences(body), *why)))

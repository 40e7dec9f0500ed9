"""A record of the log as a row of a table."""

from __future__ import annotations

from collections.abc import Mapping

from usbguard_py.cli.move_words import WORDS
from usbguard_py.cli.proposed import what
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import KINDS, OUTCOMES, UNSEARCHED, day, moment, number, phrase, style, word
from usbguard_py.i18n import _
from usbguard_py.phrases import CUSTODY, FACTS

TYPE_CHECKING = False  # usbguard_py.plain says why
if TYPE_CHECKING:
    from typing import Any

    Body = Mapping[str, Any]


def heads() -> list[Column]:
    """The columns of a table of records."""
    return [
        Column(_("Record"), right=True),
        Column(_("Time")),
        Column(_("Event"), flexible=True),
        Column(_("Device"), flexible=True),
        Column(_("Result"), flexible=True),
    ]


def row(body: Body) -> Row:
    """One record: what is asked most in its row, the rest as a sentence below."""
    code = str(body.get("code") or "")
    alarm = bool(body.get("alarm"))
    cells = [
        str(body.get("seq", "")),
        moment(str(body.get("at", ""))),
        event(body),
        _joined(body, "name", "serial") or _joined(body, "asset"),
        _result(body, code),
    ]
    return Row(cells, style(code, alarm=alarm) if code or alarm else "", note=rest(body))


def _result(body: Body, code: str) -> str:
    outcome = str(body.get("outcome") or "")
    if outcome:
        return f"{word(OUTCOMES, outcome)} [{code}]" if code else word(OUTCOMES, outcome)
    return f"[{code}]" if code else word(CUSTODY, str(body.get("to") or "")) if "record_sha256" in body else ""


def rest(body: Body) -> str:
    """What else a record says: asset, holder, paper, reason, who."""
    parts = [
        _joined(body, "asset") if body.get("serial") else "",
        _holder(body),
        *differences(body),
        _joined(body, "policy") if body.get("kind") in {"policy-use", "start"} else "",
        proposal(body),
        *(str(body[n]) for n in ("reason", "document", "request", "command", "asked", "minutes") if body.get(n)),
        *(phrase(str(body[n])) for n in ("detail", "why", "fail_safe") if body.get(n)),
        *(phrase(str(p)) for p in _list(body, "problems")),
        _export(body),
        _gap(body),
        _slept(body),
        _drift(body),
        _repeated(body),
        _held(body),
        _list_file(body),
        _("by {user}").format(user=by(body)) if by(body) else "",
    ]
    return "; ".join(p for p in parts if p)


def event(body: Body) -> str:
    """What happened, in a word or two."""
    if body.get("proposes"):
        return f"{word(KINDS, str(body.get('kind', '')))}: {what(str(body['proposes']))}"
    words = WORDS.get(str(body.get("verb")))
    return _(words.event) if words else word(KINDS, str(body.get("kind", "")))


def proposal(body: Body) -> str:
    """The proposal that a record is about, or by which its change came: its number, who made it, its last day."""
    number_, name = body.get("proposal"), str(body.get("proposed_by") or "")
    if not number_ or isinstance(number_, Mapping):
        return ""
    if not name:
        return _("proposal {number}").format(number=number_)
    text = _("proposal {number} by {name}, until {until}")
    return text.format(number=number_, name=name, until=day(str(body.get("until") or "")))


def differences(body: Body) -> list[str]:
    """Each fact that was changed, old and new."""
    changed = body.get("changed")
    pairs = changed if isinstance(changed, Mapping) else {}
    known = [(name, pairs[name]) for name in FACTS if name in pairs]
    return [f"{word(FACTS, name)}: {_shown(pair, 'old')} → {_shown(pair, 'new')}" for name, pair in known]


def _shown(pair: Any, side: str) -> str:
    text = str(pair.get(side) or "") if isinstance(pair, Mapping) else ""
    return day(text) or text or "–"


def _list(body: Body, name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _holder(body: Body) -> str:
    return str(body.get("holder") or "")


def _gap(body: Body) -> str:
    gap = body if body.get("kind") == "gap" else body.get("gap")
    if not isinstance(gap, Mapping) or not gap.get("from"):
        return ""
    seconds = int(gap.get("seconds", 0))
    return _("not running for {seconds} s, since {time}").format(seconds=number(seconds), time=moment(str(gap["from"])))


def _slept(body: Body) -> str:
    if body.get("kind", body.get("event")) != "sleep":
        return ""
    seconds, since = -(-int(body.get("ms", 0)) // 1000), moment(str(body.get("from", "")))
    return _("asleep for {seconds} s, after {time}; nobody judged meanwhile").format(
        seconds=number(seconds), time=since
    )


def _drift(body: Body) -> str:
    if body.get("kind") != "drift" or "restored" not in body:
        return ""
    seen = _("expected {expected}, seen {seen}").format(expected=body.get("expected"), seen=body.get("seen"))
    return f"{seen}; " + (_("put back") if body["restored"] else _("could NOT be put back"))


def _repeated(body: Body) -> str:
    if body.get("kind", body.get("event")) != "repeated":
        return ""
    text = _("repeated {count} times, from {first} to {last}; {total} times in all; see record {seq}")
    return text.format(
        count=number(int(body.get("count", 0))),
        first=moment(str(body.get("first_at", ""))),
        last=moment(str(body.get("last_at", ""))),
        total=number(int(body.get("total", 0))),
        seq=body.get("of", 0),
    )


def _held(body: Body) -> str:
    """What the hands could not find out in time."""
    held = body.get("held")
    return _(UNSEARCHED) if isinstance(held, Mapping) and held.get("search_complete") is False else ""


def _export(body: Body) -> str:
    if body.get("kind") != "export":
        return ""
    head = str(body.get("head", ""))[:16]
    return _("records {first} to {last}, last hash {head}").format(
        first=body.get("first"), last=body.get("last"), head=head
    )


def _list_file(body: Body) -> str:
    kind = body.get("kind", body.get("event"))
    if kind in {"list-carry", "list-take", "list-carried", "list-receipt", "list-keep", "list-ask"}:
        names = [str(body[n]) for n in ("machine", "origin") if body.get(n)]
        text = _("list {number} ({name})") if names else _("list {number}")
        return text.format(number=body.get("number"), name=", ".join(names))
    if kind not in {"list-import", "list-export"}:
        return ""
    text = _("devices: {count}; SHA-256 of the file: {digest}…")
    return text.format(count=body.get("count"), digest=str(body.get("sha256", ""))[:16])


def imported(body: Body) -> list[str]:
    """Why and on which paper a device came with an import, and the line of its file."""
    part = body.get("import")
    if not isinstance(part, Mapping):
        return []
    said = [str(part[name]) for name in ("reason", "document") if part.get(name)]
    return [
        *said,
        _("line {line} of the file imported in record {seq}").format(line=part.get("line"), seq=part.get("of")),
    ]


def by(body: Body) -> str:
    """The account that made a change, with the person who logged in."""
    who = body.get("by")
    if not isinstance(who, Mapping):
        return ""
    user, login = str(who.get("user") or ""), str(who.get("login") or "")
    return f"{user} ({login})" if login and login != user else user


def _joined(body: Body, *names: str) -> str:
    return " ".join(str(body[n]) for n in names if body.get(n))

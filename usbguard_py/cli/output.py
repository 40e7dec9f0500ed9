"""What a command prints: sentences, facts, tables and JSON."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
import msgspec

from usbguard_py.cli.display import columns, fit, painted, width, wrapped
from usbguard_py.cli.table import Column, Row, table
from usbguard_py.core.text import hidden
from usbguard_py.errors import GuardError, Usage
from usbguard_py.i18n import _

_NOT_ASCII = re.compile(r"[\x7f-\U0010ffff]")


def say(text: str = "", style: str = "", *, err: bool = False, indent: int = 0) -> None:
    """Print one sentence, wrapped to the terminal; ``indent`` columns before every line."""
    stream = sys.stderr if err else sys.stdout
    limit = columns(stream)
    shown = fit(text, stream)
    for line in wrapped(shown, limit - indent) if limit else [shown]:
        click.echo(" " * indent + painted(line, style, stream), err=err, color=True)


def show(heads: Sequence[Column], rows: Iterable[Row]) -> None:
    """Print a table."""
    for line in table(heads, rows):
        click.echo(line, color=True)


def facts(pairs: Iterable[tuple[str, str] | tuple[str, str, str]]) -> None:
    """Print pairs of a name and a value, the values below each other; a third item is a style."""
    shown = [(fit(p[0], sys.stdout), fit(p[1], sys.stdout), "".join(p[2:])) for p in pairs]
    left = max((width(name) for name, _, _ in shown), default=0) + 2
    limit = columns()
    for name, value, style in shown:
        lines = wrapped(value, max(limit - left, 20)) if limit else [value]
        click.echo(name + " " * (left - width(name)) + painted(lines[0], style), color=True)
        for line in lines[1:]:
            click.echo(" " * left + painted(line, style), color=True)


def json_text(value: Any) -> str:
    r"""``value`` as JSON on one line.

    Letters stay letters; characters without a visible form become ``\uXXXX`` (RFC 8259, 7), so
    that the text is safe in a terminal too and still means the same.
    """
    return _NOT_ASCII.sub(_escape, msgspec.json.encode(value).decode())


def json_out(value: Any) -> None:
    """Print ``value`` as one line of JSON, at once."""
    text = json_text(value)
    if (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "") != "utf8":
        text = _NOT_ASCII.sub(_units, text)
    click.echo(text)
    sys.stdout.flush()


def _escape(found: re.Match[str]) -> str:
    return _units(found) if hidden(found[0]) else found[0]


def _units(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def ask(question: str, default: str = "", check: Callable[[str], object] = str) -> str:
    """Ask one question on the terminal and return the trimmed answer; Enter alone means ``default``, which is shown.

    ``check`` raises a ``GuardError`` for what is no answer; that is said, and the question is asked again.
    """
    shown = f"{question} [{default}]" if default else question
    while True:
        answer: str = click.prompt(fit(shown, sys.stdout), default=default, show_default=False, type=str)
        try:
            check(answer.strip())
        except GuardError as error:
            say(str(error), "warn")
        else:
            return answer.strip()


def answered(text: str) -> None:
    """See that something was answered.

    Raises:
        Usage: nothing was.
    """
    if not text.strip():
        raise Usage(detail=_("this question needs an answer"))


def confirm(question: str, *, as_json: bool = False) -> None:
    """Go on only after a clear yes, in either language; anything else is no.

    Raises:
        Usage: there is nobody to ask.
        Exit: the answer was no; exit code 1.
    """
    if as_json or not interactive():
        raise Usage(detail=_("confirmation is needed; add --yes"))
    letters = _("[y/N]")
    if ask(f"{question} {letters}").casefold() not in {"y", "yes", "c", "có", "co"}:
        say(_("Nothing was changed."))
        raise click.exceptions.Exit(1)


def interactive() -> bool:
    """Whether somebody sits at a terminal and can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()

"""What a command prints: sentences, facts, tables and JSON."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence

from usbguard_py.cli.display import columns, fit, painted, width, wrapped
from usbguard_py.cli.table import Column, Row, table
from usbguard_py.core.text import hidden
from usbguard_py.errors import GuardError, Usage
from usbguard_py.i18n import _
from usbguard_py.plain import Value

_NOT_ASCII = re.compile(r"[^\x00-\x7e]")  # the other way round, with all of Unicode, takes milliseconds to compile


def put(text: str = "", *, err: bool = False) -> None:
    """Print one line as it is, at once."""
    stream = sys.stderr if err else sys.stdout
    stream.write(text + "\n")
    stream.flush()


def say(text: str = "", style: str = "", *, err: bool = False, indent: int = 0) -> None:
    """Print one sentence, wrapped to the terminal; ``indent`` columns before every line."""
    stream = sys.stderr if err else sys.stdout
    limit = columns(stream)
    shown = fit(text, stream)
    for line in wrapped(shown, limit - indent) if limit else [shown]:
        put(" " * indent + painted(line, style, stream), err=err)


def show(heads: Sequence[Column], rows: Iterable[Row]) -> None:
    """Print a table."""
    for line in table(heads, rows):
        put(line)


def facts(pairs: Iterable[tuple[str, str] | tuple[str, str, str]]) -> None:
    """Print pairs of a name and a value, the values below each other; a third item is a style."""
    shown = [(fit(p[0], sys.stdout), fit(p[1], sys.stdout), "".join(p[2:])) for p in pairs]
    left = max((width(name) for name, _, _ in shown), default=0) + 2
    limit = columns()
    for name, value, style in shown:
        lines = wrapped(value, max(limit - left, 20)) if limit else [value]
        put(name + " " * (left - width(name)) + painted(lines[0], style))
        for line in lines[1:]:
            put(" " * left + painted(line, style))


def json_text(value: object) -> str:
    r"""``value`` as JSON on one line.

    Letters stay letters; characters without a visible form become ``\uXXXX`` (RFC 8259, 7), so
    that the text is safe in a terminal too and still means the same.
    """
    if "msgspec" in sys.modules:  # whoever has a value of the list has loaded it, and it is several times as fast
        import msgspec  # noqa: PLC0415 - as above

        text = msgspec.json.encode(value, enc_hook=_plain).decode()
    else:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    for char in () if text.isascii() and "\x7f" not in text else set(text):
        if char > "~" and hidden(char):
            text = text.replace(char, _units(char))
    return text


def _plain(value: object) -> object:
    """What JSON has no word for: values of ours."""
    if isinstance(value, Value):
        return value.fields()
    raise TypeError(type(value).__name__)


def json_out(value: object) -> None:
    """Print ``value`` as one line of JSON, at once."""
    put(_encodable(json_text(value)))


def json_list_out(name: str, values: Iterable[object], **more: object) -> None:
    """Print an object with a long list ``name`` and what is ``more``; no value is kept, and none printed before all."""
    texts = [_encodable(json_text(value)) for value in values]
    rest = "".join(f',"{key}":{_encodable(json_text(one))}' for key, one in more.items())
    sys.stdout.write(f'{{"{name}":[')
    for place, text in enumerate(texts):
        sys.stdout.write("," + text if place else text)
    put(f"]{rest}}}")


def _encodable(text: str) -> str:
    if (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "") == "utf8":
        return text
    return _NOT_ASCII.sub(lambda found: _units(found[0]), text)


def _units(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def ask(question: str, default: str = "", check: Callable[[str], object] = str) -> str:
    """Ask one question on the terminal and return the trimmed answer; Enter alone means ``default``, which is shown.

    ``check`` raises a ``GuardError`` for what is no answer; that is said, and the question is asked again.
    """
    import click  # noqa: PLC0415 - a command that asks nothing does without it

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


def agreed(question: str) -> bool:
    """Whether the answer is a clear yes, in either language; Enter alone is a no."""
    letters = _("[y/N]")
    return ask(f"{question} {letters}").casefold() in {"y", "yes", "c", "có", "co"}


def confirm(question: str, *, as_json: bool = False) -> None:
    """Go on only after a clear yes, in either language; anything else is no.

    Raises:
        Usage: there is nobody to ask.
        Exit: the answer was no; exit code 1.
    """
    if as_json or not interactive():
        raise Usage(detail=_("confirmation is needed; add --yes"))
    if not agreed(question):
        import click  # noqa: PLC0415 - as above

        say(_("Nothing was changed."))
        raise click.exceptions.Exit(1)


def interactive() -> bool:
    """Whether somebody sits at a terminal and can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()

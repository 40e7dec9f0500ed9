"""The page: values become markup, every text escaped. It can fetch nothing, and nothing runs but its own script."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

import msgspec

HERE = Path(__file__).parent
NUMBERS, WORDS = "\t", "\f"  # end the head of a column that stands to the right, or whose words are never broken
_KINDS = {NUMBERS: ' class="number"', WORDS: ' class="words"'}
_ENCODE = msgspec.json.Encoder(order="deterministic").encode


class Table(msgspec.Struct, frozen=True):
    """A table: its columns (see :data:`NUMBERS`), rows, and of which rows something is wrong."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    bad: frozenset[int] = frozenset()


class Section(msgspec.Struct, frozen=True):
    """A part of the page: heading, sentences, what is already markup of ours, a table, lines as they are."""

    title: str
    lines: Sequence[str] = ()
    drawn: str = ""
    table: Table | None = None
    plain: Sequence[str] = ()


class Report(msgspec.Struct, frozen=True):
    """All that stands on the page before the records.

    ``look`` is ``good``, ``warn`` or ``bad``; ``words`` are the texts that the page's script says; ``data`` what it
    verifies, but for the records.
    """

    language: str
    title: str
    subtitle: str
    answer: str
    look: str
    lines: Sequence[str]
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    words: Mapping[str, str]
    data: Mapping[str, object]
    footer: Sequence[str]


def page(report: Report, records: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """The bytes of the page, UTF-8. ``records``: body and hash of each entry that it carries, in their order."""
    style, script = (_asset(name) for name in ("page.css", "page.js"))
    yield _head(report, style).encode()
    yield _body(report).encode()
    yield b'<script type="application/json" id="data">'
    given = _ENCODE({**report.data, "language": report.language, "words": report.words})
    yield inert(given[:-1]) + b',"records":['
    separator = b"\n"
    for body, digest in records:
        yield separator + inert(_ENCODE([body.decode(), digest.hex()]))
        separator = b",\n"
    yield b"\n]}</script>\n<script>" + script.encode() + b"</script>\n</body>\n</html>\n"


def inert(text: bytes) -> bytes:
    """JSON that cannot end the block in which it stands: every ``<`` by number (RFC 8259, 7; HTML, 4.12.1.3)."""
    return text.replace(b"<", b"\\u003c")


def _asset(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """The source of one inline script or style in a policy (CSP 3, 2.3.1)."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _head(report: Report, style: str) -> str:
    rules = (
        "default-src 'none'",
        f"script-src {_digest(_asset('page.js'))}",
        f"style-src {_digest(style)}",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{report.language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(report.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    )


def _body(report: Report) -> str:
    words = report.words
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in report.facts)
    parts = [
        f'<h1>{escape(report.title)}</h1>\n<p class="dim">{escape(report.subtitle)}</p>',
        f'<div class="answer {report.look}">{escape(report.answer)}</div>',
        *(f"<p>{escape(line)}</p>" for line in report.lines),
        f'<div id="verdict" class="box warn" data-verdict="none"><p>{escape(words["unchecked"])}</p></div>',
        f"<dl>{facts}</dl>",
        *(_section(section) for section in report.sections),
        _search(words),
        "<footer>" + "".join(f"<p>{escape(line)}</p>" for line in report.footer) + "</footer>",
    ]
    return "\n".join(parts) + "\n"


def _section(section: Section) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in section.lines)
    plain = f"<pre>{escape(chr(10).join(section.plain))}</pre>" if section.plain else ""
    table = _table(section.table) if section.table is not None else ""
    return f"<section>\n<h2>{escape(section.title)}</h2>\n{lines}{section.drawn}{table}{plain}\n</section>"


def _table(table: Table) -> str:
    kinds = [_KINDS.get(head[-1:], "") for head in table.heads]

    def cell(name: str, text: str, kind: str) -> str:
        return f"<{name}{kind}>{escape(text.rstrip())}</{name}>"

    heads = "".join(cell("th", head, kind) for head, kind in zip(table.heads, kinds, strict=True))
    rows = "\n".join(
        ('<tr class="bad">' if index in table.bad else "<tr>")
        + "".join(cell("td", text, kind) for text, kind in zip(row, kinds, strict=True))
        + "</tr>"
        for index, row in enumerate(table.rows)
    )
    return f"<table><thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"


def _search(words: Mapping[str, str]) -> str:
    """The records, which the script fills in after it has verified them."""
    heads = (words[name] for name in ("h_record", "h_time", "h_event", "h_device", "h_result", "h_more"))
    titles = "".join(f"<th>{escape(head)}</th>" for head in heads)
    hint = escape(words["search"])
    choices = "".join(
        f'<select id="{name}" aria-label="{escape(words[label])}">'
        f'<option value="">{escape(words[every])}</option></select>'
        for name, label, every in (("kind", "h_event", "all_kinds"), ("outcome", "h_result", "all_outcomes"))
    )
    return (
        f'<section>\n<h2>{escape(words["records"])}</h2>\n<div class="tools">'
        f'<input id="search" type="search" placeholder="{hint}" aria-label="{hint}">{choices}</div>\n'
        f'<p class="dim" id="count"></p>\n<table><thead><tr>{titles}</tr></thead><tbody id="rows"></tbody></table>\n'
        f'<p><button id="more" type="button" class="screen" hidden>{escape(words["more"])}</button></p>\n</section>'
    )

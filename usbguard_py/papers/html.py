"""A document as one HTML page that needs nothing else and prints as the DOCX does; texts are escaped."""

from collections.abc import Iterator
from html import escape

from usbguard_py.papers import document as doc

_STYLE = """
@page { size: A4 @ORIENTATION@; margin: 20mm 15mm 20mm 30mm; @top-center { content: counter(page); font: 14pt serif; }
  @bottom-center { content: @FOOT@; font: 8pt serif; white-space: pre; } }
@page :first { @top-center { content: none; } }
* { box-sizing: border-box; }
body { font: 14pt/1.15 "Times New Roman", "TeX Gyre Termes", "Liberation Serif", serif; color: #000; background: #fff;
  margin: 0 auto; width: @WIDTH@mm; max-width: 100%; overflow-wrap: anywhere; }
p { margin: 0 0 6pt; white-space: pre-line; }
.note { font-size: 12pt; font-style: italic; text-align: center; }
.head { display: grid; grid-template-columns: 43% 57%; text-align: center; font-size: 12pt; row-gap: 6pt;
  margin-bottom: 12pt; }
.head p, .sign p, .to p, footer p { margin: 0; }
.head b, h1, h2 { display: block; }
.head .motto { font-size: 13pt; display: inline-block; border-bottom: 1px solid; }
.rule::after { content: ""; display: block; width: 30%; margin: 1pt auto 0; border-top: 1px solid; }
.number, .place { font-size: 13pt; } .place { font-style: italic; }
h1, h2 { font-size: 14pt; text-align: center; margin: 0; }
h1 { margin-top: 12pt; } h2 + .rule { margin-bottom: 12pt; }
.basis, .text { text-align: justify; text-indent: 10mm; } .basis { font-style: italic; }
.dots { text-align: left; text-indent: 10mm; } .held { break-after: avoid; }
table { width: calc(100% - 1px); border-collapse: collapse; table-layout: fixed; margin: 6pt 0 12pt; }
th, td { border: 1px solid #000; padding: 1pt 1mm; white-space: pre-line; } .center { text-align: center; }
tr, .sign { break-inside: avoid; } thead { display: table-header-group; }
.sign { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; grid-template-rows: repeat(3, auto);
  text-align: center; }
.sign i { font-size: 13pt; } .sign .name { margin-top: 60pt; font-weight: bold; }
.to { font-size: 11pt; margin-top: 6pt; break-inside: avoid; } .to b { font-size: 12pt; font-style: italic; }
footer { font-size: 8pt; text-align: center; margin-top: 12pt; }
@media print { body { width: auto; } }
@media screen { body { margin: 20mm auto; } }
""".strip()


def page(document: doc.Document) -> bytes:
    """The page, UTF-8. Nothing in it can run or be fetched: its policy (CSP 3) forbids all but its own style."""
    turned = document.landscape
    style = _STYLE.replace("@ORIENTATION@", "landscape" if turned else "portrait")
    style = style.replace("@WIDTH@", "252" if turned else "165").replace("@FOOT@", _css("\n".join(document.footer)))
    body = "\n".join(filter(None, (_p(document.note, "note"), _head(document.masthead), *_parts(document))))
    foot = "".join(_p(line) for line in document.footer)
    return (
        f'<!DOCTYPE html>\n<html lang="{document.language}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(document.name)}</title>\n<style>\n{style}\n</style>\n</head>\n"
        f"<body>\n{body}\n<footer>{foot}</footer>\n</body>\n</html>\n"
    ).encode()


def _css(text: str) -> str:
    """A text as a string of CSS: all but letters and digits by number (CSS Syntax 3, 4.3.7); nothing can end it."""
    return '"' + "".join(char if char.isalnum() else f"\\{ord(char):x} " for char in text) + '"'


def _p(text: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f"<p{named}>{escape(text)}</p>" if text else ""


def _head(head: doc.Masthead) -> str:
    names = _p(head.above) + f"<p><b>{escape(head.body)}</b></p>"
    nation = f'<p><b>{escape(head.nation)}</b></p><p><b class="motto">{escape(head.motto)}</b></p>'
    lower = f"<div>{_p(head.number, 'number')}</div><div>{_p(head.place, 'place')}</div>"
    return f'<div class="head"><div class="rule">{names}</div><div>{nation}</div>{lower}</div>'


def _parts(document: doc.Document) -> Iterator[str]:
    for index, part in enumerate(document.parts):
        text = _part(part)
        yield f'<div class="held">{text}</div>' if document.held(index) else text


def _text(text: str, kind: str = "text") -> str:
    return _p(text, f"{kind} dots" if doc.dotted(text) else kind)


def _part(part: doc.Part) -> str:
    match part:
        case doc.Title():
            about = f"<h2>{escape(part.about)}</h2>" if part.about else ""
            return f'<h1>{escape(part.text)}</h1>{about}<div class="rule"></div>'
        case doc.Bases():
            return "\n".join(_text(line, "basis") for line in part.lines)
        case doc.Paragraph():
            return _text(part.text) if not part.strong else f'<p class="text"><b>{escape(part.text)}</b></p>'
        case doc.Lines():
            heading = f'<p class="text"><b>{escape(part.heading)}</b></p>'
            return "\n".join((heading, *map(_text, part.lines)))
        case doc.Table():
            return _table(part)
        case doc.Signatures():
            blocks = (
                f"<p><b>{escape(one.title)}</b></p><p><i>{escape(one.note)}</i></p>"
                f'<p class="name">{escape(one.name)}</p>'
                for one in part.blocks
            )
            return f'<div class="sign">{"".join(blocks)}</div>'
        case doc.Recipients():
            lines = "".join(_p(line) for line in part.lines)
            return f'<div class="to"><p><b>{escape(part.title)}</b></p>{lines}</div>'


def _table(part: doc.Table) -> str:
    widths = "".join(f'<col style="width:{100 * column.width:.2f}%">' for column in part.columns)
    titles = "".join(f"<th>{escape(column.title)}</th>" for column in part.columns)
    rows = "\n".join(
        "<tr>"
        + "".join(
            f'<td class="{column.align}">{escape(text)}</td>' for column, text in zip(part.columns, row, strict=True)
        )
        + "</tr>"
        for row in part.rows
    )
    head = f'<table style="font-size:{part.size}pt"><colgroup>{widths}</colgroup><thead><tr>{titles}</tr></thead>'
    return f"{head}\n<tbody>\n{rows}\n</tbody></table>"

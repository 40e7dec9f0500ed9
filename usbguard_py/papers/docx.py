"""A document as the parts of a DOCX file: WordprocessingML (ECMA-376-1, transitional), laid out as Decree 30/2020 asks.

The sizes are those of the decree's Appendix I: A4; margins 20 mm above and below, 30 mm left, 15 mm right; Times New
Roman; nation 12 and motto 13 points bold, agency 12, number 13, place and day 13 italic, title 14 bold, body 14
justified with a first line of 10 mm and 6 points between paragraphs, recipients 12 and 11, page number 14 in the upper
margin from the second page on. Only elements and attributes of this module get into the file; texts are escaped.
"""

import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from usbguard_py.i18n import unaccented
from usbguard_py.papers import document as doc
from usbguard_py.papers.docx_frame import FOOTER, FRAME, HEADER, LEFT, NAMESPACES, RIGHT, page, section

_HALF = 2  # sizes are in half points
_POINT = 20  # twips (1/20 point)
_MM = 56.6929  # twips
_FIRST_LINE = round(10 * _MM)
_BETWEEN = 6 * _POINT
_SIGNING = 60 * _POINT  # room for a signature and a stamp
_LEFT_HEAD = 0.43  # share of the agency's side of the head; the nation's line is in one piece on the other
# Widths of letters of Times New Roman in thousandths of the size, near enough for the rules below a line of text.
_WIDTHS = ((re.compile(r"[iljtfrI.,:;'()\[\]/ -]"), 300), (re.compile(r"[mwMW]"), 830), (re.compile(r"[A-Z]"), 700))
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what is no character of XML 1.0, 2.2


def parts(document: doc.Document) -> dict[str, bytes]:
    """The parts of the package by their names, in the order in which they are stored."""
    width = page(landscape=document.landscape) - LEFT - RIGHT
    body = [_note(document.note)] if document.note else []
    body.append(_masthead(document.masthead, width))
    body += [_part(part, width, held=document.held(index)) for index, part in enumerate(document.parts)]
    text = (
        f"<w:document {NAMESPACES}><w:body>{''.join(body)}{section(landscape=document.landscape)}</w:body></w:document>"
    )
    foot = "".join(_paragraph(line, size=8, align="center", after=0) for line in document.footer)
    language = "vi-VN" if document.language == "vi" else "en-GB"
    made = {
        **{name: frame.replace("@LANGUAGE@", language) for name, frame in FRAME.items()},
        "docProps/core.xml": FRAME["docProps/core.xml"].replace("@TITLE@", _escaped(document.name)),
        "word/document.xml": text,
        "word/header1.xml": HEADER,
        "word/footer1.xml": FOOTER.replace("@FOOTER@", foot),
    }
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return {name: (declaration + text).encode() for name, text in made.items()}


def _part(part: doc.Part, width: int, *, held: bool) -> str:
    match part:
        case doc.Title():
            return _title(part, width)
        case doc.Bases():
            return "".join(_text(line, italic=True) for line in part.lines)
        case doc.Paragraph():
            return _text(part.text, bold=part.strong, keep=part.strong or held)
        case doc.Lines():
            lines = "".join(_text(line, keep=line != part.lines[-1]) for line in part.lines)
            return _text(part.heading, bold=True, keep=True) + lines
        case doc.Table():
            return _table(part, width, held=held)
        case doc.Signatures():
            return _signatures(part, width, held=held)
        case doc.Recipients():
            title = _paragraph(part.title, size=12, bold=True, italic=True, after=0, before=_BETWEEN, keep=True)
            return title + "".join(
                _paragraph(line, size=11, after=0, keep=line != part.lines[-1]) for line in part.lines
            )


def _text(text: str, *, bold: bool = False, italic: bool = False, keep: bool = False) -> str:
    """A paragraph of the body."""
    align = "left" if doc.dotted(text) else "both"
    return _paragraph(text, bold=bold, italic=italic, align=align, first=_FIRST_LINE, keep=keep)


def _note(text: str) -> str:
    return _paragraph(text, size=12, italic=True, align="center")


def _masthead(head: doc.Masthead, width: int) -> str:
    sides = [round(width * _LEFT_HEAD), width - round(width * _LEFT_HEAD)]
    names = _line(head.above, size=12) + _line(head.body, size=12, bold=True)
    nation = _line(head.nation, size=12, bold=True) + _line(head.motto, size=13, bold=True)
    upper = [
        names + _rule(head.body or head.above, 12, sides[0], 0.4),
        nation + _rule(head.motto, 13, sides[1], 1.0),
    ]
    lower = [_line(head.number, size=13), _line(head.place, size=13, italic=True)]
    return _grid(sides, [upper, lower]) + _paragraph("", size=6, after=0)


def _line(text: str, *, size: int, bold: bool = False, italic: bool = False) -> str:
    """A centred line of the head; nothing when there is none."""
    return _paragraph(text, size=size, bold=bold, italic=italic, align="center", after=0) if text else ""


def _title(part: doc.Title, width: int) -> str:
    text = _paragraph(part.text, bold=True, align="center", before=2 * _BETWEEN, after=0, keep=True)
    about = _paragraph(part.about, bold=True, align="center", after=0, keep=True) if part.about else ""
    return text + about + _rule(part.about or part.text, 14, width, 0.4) + _paragraph("", size=6, after=0)


def _rule(text: str, size: int, width: int, share: float) -> str:
    """A line below a text, so long as that share of its last line, in the middle of ``width``."""
    longest = text.rsplit("\n", maxsplit=1)[-1]
    length = min(sum(map(_letter, unaccented(longest))) * size * _POINT / 1000, width) * share
    side = round((width - length) / 2)
    border = '<w:pBdr><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>'
    spacing = '<w:spacing w:before="20" w:after="0" w:line="80" w:lineRule="exact"/>'
    return f'<w:p><w:pPr><w:keepNext/>{border}{spacing}<w:ind w:left="{side}" w:right="{side}"/></w:pPr></w:p>'


def _letter(char: str) -> int:
    return next((width for pattern, width in _WIDTHS if pattern.match(char)), 500)


def _table(part: doc.Table, width: int, *, held: bool) -> str:
    widths = [round(width * column.width) for column in part.columns]
    titles = [_paragraph(column.title, size=part.size, bold=True, align="center", after=0) for column in part.columns]
    rows = [
        [
            _paragraph(text, size=part.size, align=column.align, after=0, keep=held and row is part.rows[-1])
            for column, text in zip(part.columns, row, strict=True)
        ]
        for row in part.rows
    ]
    return _grid(widths, [titles, *rows], lines=True) + _paragraph("", size=6, after=0, keep=held)


def _signatures(part: doc.Signatures, width: int, *, held: bool) -> str:
    widths = [width // len(part.blocks)] * len(part.blocks)
    rows = [
        [_paragraph(one.title, bold=True, align="center", after=0, keep=True) for one in part.blocks],
        [_paragraph(one.note, size=13, italic=True, align="center", after=0, keep=True) for one in part.blocks],
        [_paragraph(one.name, bold=True, align="center", before=_SIGNING, after=0, keep=held) for one in part.blocks],
    ]
    gap = _paragraph("", size=6, after=0, keep=True)
    return gap + _grid(widths, rows) + _paragraph("", size=6, after=0, keep=held)


def _grid(widths: Sequence[int], rows: Iterable[Sequence[str]], *, lines: bool = False) -> str:
    """A table of paragraphs; with ``lines`` it has borders, and its first row is repeated on every page."""
    edges = ("top", "left", "bottom", "right", "insideH", "insideV")
    style = "single" if lines else "none"
    borders = "".join(f'<w:{edge} w:val="{style}" w:sz="4" w:space="0" w:color="000000"/>' for edge in edges)
    margin = 57 if lines else 0  # twips: 1 mm
    head = (
        f'<w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblInd w:w="0" w:type="dxa"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        f'<w:tblCellMar><w:left w:w="{margin}" w:type="dxa"/><w:right w:w="{margin}" w:type="dxa"/></w:tblCellMar>'
        "</w:tblPr>"
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    made = []
    for index, row in enumerate(rows):
        repeated = "<w:tblHeader/>" if lines and index == 0 else ""
        middle = '<w:vAlign w:val="center"/>' if lines else ""
        cells = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{middle}</w:tcPr>{cell or "<w:p/>"}</w:tc>'
            for width, cell in zip(widths, row, strict=True)
        )
        made.append(f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{cells}</w:tr>")
    return f"<w:tbl>{head}<w:tblGrid>{grid}</w:tblGrid>{''.join(made)}</w:tbl>"


def _paragraph(
    text: str,
    *,
    size: int = 14,
    bold: bool = False,
    italic: bool = False,
    align: str = "left",
    before: int = 0,
    after: int = _BETWEEN,
    first: int = 0,
    keep: bool = False,
) -> str:
    """A paragraph with one run; ``keep``: on the same page as what follows. The size is in points."""
    look = ("<w:b/>" if bold else "") + ("<w:i/>" if italic else "")
    look += f'<w:sz w:val="{size * _HALF}"/><w:szCs w:val="{size * _HALF}"/>'
    runs = "<w:br/>".join(f'<w:t xml:space="preserve">{_escaped(line)}</w:t>' for line in text.split("\n"))
    place = f'<w:spacing w:before="{before}" w:after="{after}"/>'
    place += f'<w:ind w:firstLine="{first}"/>' if first else ""
    place += f'<w:jc w:val="{align}"/><w:rPr>{look}</w:rPr>'
    run = f"<w:r><w:rPr>{look}</w:rPr>{runs}</w:r>" if text else ""
    return f"<w:p><w:pPr>{'<w:keepNext/>' if keep else ''}{place}</w:pPr>{run}</w:p>"


def _escaped(text: str) -> str:
    """``text`` as XML; what XML cannot hold never gets here, and is a visible mark if it does."""
    return escape(_ILLEGAL.sub("\ufffd", text), {'"': "&quot;"})

"""The two formats: sound files, with all of the paper in them and nothing that could act."""

import re
import zipfile
from html.parser import HTMLParser
from io import BytesIO
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.papers.samples import DAY, all_papers, devices, matter, paper
from usbguard_py.errors_paper import BadPaperFile
from usbguard_py.papers.document import Document, Signatures, Table
from usbguard_py.papers.fill import filled
from usbguard_py.papers.strict import MAX_SIZE
from usbguard_py.papers.template import MAX_PARTS, read_template
from usbguard_py.shell import papers

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PAPERS = all_papers()


def made(form: str, document: Document) -> bytes:
    file = BytesIO()
    papers.write(form, file, document)
    return file.getvalue()


def parts(document: Document) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(made("docx", document))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def lines(root: ET.Element) -> list[str]:
    """The paragraphs."""
    return [
        "".join("\n" if e.tag == f"{W}br" else e.text or "" for e in p.iter() if e.tag in {f"{W}t", f"{W}br"})
        for p in root.iter(f"{W}p")
    ]


class Page(HTMLParser):
    """What a page holds: its elements, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("document", PAPERS.values(), ids=PAPERS.keys())
def test_docx_holds_the_whole_paper(document: Document) -> None:
    """Every part is XML and declared; every text of the document stands in it; nothing is fetched or run."""
    found = parts(document)
    assert next(iter(found)) == "[Content_Types].xml"
    trees = {name: ET.fromstring(data) for name, data in found.items()}  # noqa: S314 - made by ourselves
    declared = {e.get("PartName") for e in trees["[Content_Types].xml"]} | {"/[Content_Types].xml"}
    assert {f"/{name}" for name in found if not name.endswith(".rels")} <= declared
    whole = b"".join(found.values())
    assert b'TargetMode="External"' not in whole
    assert re.findall(rb"<w:instrText[^>]*>([^<]*)<", whole) == [b" PAGE "]
    said = lines(trees["word/document.xml"])
    (table,) = (part for part in document.parts if isinstance(part, Table))
    assert [cell for row in table.rows for cell in row if cell not in said] == []
    assert [line for line in document.footer if line not in lines(trees["word/footer1.xml"])] == []
    (signed,) = (part for part in document.parts if isinstance(part, Signatures))
    assert [block.name for block in signed.blocks if block.name not in said] == []
    rows = trees["word/document.xml"].findall(f".//{W}tr")
    assert sum(row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows) == 1


ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "div", "p", "b", "i", "h1", "h2", "footer"),
    *("table", "colgroup", "col", "thead", "tbody", "tr", "th", "td"),
}


@pytest.mark.parametrize("document", PAPERS.values(), ids=PAPERS.keys())
def test_html_holds_the_whole_paper(document: Document) -> None:
    text = made("html", document).decode()
    page = Page(text)
    assert set(page.tags) <= ELEMENTS
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "class", "style"}
    (table,) = (part for part in document.parts if isinstance(part, Table))
    assert [cell for row in table.rows for cell in row if cell not in page.text] == []
    assert [line for line in document.footer if line not in page.text] == []
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|src=|href=", text)
    assert f"size: A4 {'landscape' if document.landscape else 'portrait'}; margin: 20mm 15mm 20mm 30mm" in text


PLAIN = {e.tag for e in ET.fromstring(parts(paper("handover"))["word/document.xml"]).iter()}  # noqa: S314 - as above


@settings(max_examples=25)
@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_stays_text(text: str) -> None:
    """Markup, controls, marks of direction and half characters in an answer come out visible, in sound files."""
    document = paper("handover", venue=f"-{text}-", giver=f"-{text}-")
    found = parts(document)["word/document.xml"]
    root = ET.fromstring(found)  # noqa: S314 - made by ourselves
    assert {element.tag for element in root.iter()} <= PLAIN | {f"{W}br"}
    page = Page(made("html", document).decode())
    assert set(page.tags) <= ELEMENTS
    assert not set("\x00\x1b\u202e\u2066") & set(page.text + "".join(lines(root)))


def test_no_text_ends_the_style() -> None:
    """The foot stands in the style sheet, too, for each printed page: nothing in it is read as CSS or as markup."""
    document = msgspec.structs.replace(paper("handover"), footer=('"} </style><script>', "é\\n"))
    text = made("html", document).decode()
    assert set(Page(text).tags) <= ELEMENTS
    assert text.count("</style>") == 1
    assert r"@bottom-center { content: " + r'"\22 \7d \20 \3c \2f style\3e \3c script\3e \a é\5c n";' in text


def test_the_largest_form_is_bounded() -> None:
    """As many dots and values as a form can hold: some megabytes at most, and no loop of its own."""
    form = (papers.HERE / "templates/handover.vi.toml").read_text(encoding="utf-8")
    piece = '[[parts]]\npart = "text"\ntext = "' + "{blank:200}" * 90 + '"\n\n'
    table = form.index('[[parts]]\npart = "table"')
    most = (MAX_SIZE - len(form.encode())) // len(piece)
    template = read_template(form[:table] + piece * min(most, MAX_PARTS - 14) + form[table:], "x")
    document = filled(template, matter(devices(2), basis="x" * 500))
    assert len(document.parts) > 50
    assert all(len(made(name, document)) < 4_000_000 for name in papers.FORMATS)
    with pytest.raises(BadPaperFile):
        read_template(form[:table] + piece * MAX_PARTS + form[table:], "x")


def test_the_same_paper_gives_the_same_bytes() -> None:
    """So that the digest in the log is that of the list and the answers, not of a moment."""
    for form in papers.FORMATS:
        assert made(form, paper("register")) == made(form, paper("register"))
        assert made(form, paper("register")) != made(form, paper("register", assets=devices(4)))
        assert DAY.encode() not in made(form, paper("register"))

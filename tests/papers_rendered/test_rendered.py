"""The papers as an office program prints them: DOCX to PDF to PNG, kept in ``build/papers``, and measured.

Lengths are in millimetres from the upper left corner. The rules are those of Decree 30/2020, Appendix I.
"""

import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

from tests.papers.samples import MARK, all_papers
from usbguard_py.shell import papers

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build/papers"
FONTS = "/usr/share/texmf/fonts/opentype/public/tex-gyre"
"""Debian's fonts-texgyre: Termes has the widths of Times New Roman and all Vietnamese letters."""
MM = 25.4 / 72  # of a point
SHORT, LONG = 210.0, 297.0
NAMES = tuple(all_papers())
CONTROL = "control"
VIETNAMESE = [name for name in NAMES if not name.endswith("-en")]


class Word(NamedTuple):
    """A word and its box."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


class Page(NamedTuple):
    """A page: its size, and its words from above to below."""

    width: float
    height: float
    words: tuple[Word, ...]

    @property
    def body(self) -> list[Word]:
        """The words between the margins above and below."""
        return [w for w in self.words if w.top >= 19 and w.bottom <= self.height - 19]

    def line(self, *texts: str) -> list[Word]:
        """The words of the line that begins with these texts."""
        found = [w.text for w in self.words]
        at = next(i for i in range(len(found)) if tuple(found[i : i + len(texts)]) == texts)
        first = self.words[at]
        return [w for w in self.words if abs(w.bottom - first.bottom) < 1 and w.left >= first.left - 0.1]


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Page, ...]]:
    """Every sample through LibreOffice in one run."""
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    for name, document in all_papers().items():
        for form in papers.FORMATS:
            with (OUT / f"{name}.{form}").open("wb") as file:
                papers.write(form, file, document)
    spoil(OUT / "handover-200.docx", OUT / f"{CONTROL}.docx")
    home = tmp_path_factory.mktemp("office")
    (home / "fonts.conf").write_text(
        f"<fontconfig><dir>{FONTS}</dir><cachedir>{home}</cachedir><alias binding='same'><family>Times New Roman"
        "</family><prefer><family>TeX Gyre Termes</family></prefer></alias></fontconfig>",
        encoding="utf-8",
    )
    office = ["soffice", "--headless", f"-env:UserInstallation={home.as_uri()}", "--convert-to", "pdf", "--outdir", OUT]
    subprocess.run(
        [*office, *sorted(OUT.glob("*.docx"))],
        check=True,
        capture_output=True,
        timeout=240,
        env={**os.environ, "FONTCONFIG_FILE": str(home / "fonts.conf")},
    )
    for name in NAMES:
        subprocess.run(["pdftoppm", "-r", "60", "-png", OUT / f"{name}.pdf", OUT / name], check=True)
    return {name: pages(OUT / f"{name}.pdf") for name in (*NAMES, CONTROL)}


def spoil(source: Path, target: Path) -> None:
    """A paper with what the checks must see: another margin, a title to the left, a header row that is not repeated."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if name == "word/document.xml":
                text = text.replace("<w:tblHeader/>", "").replace('w:left="1701"', 'w:left="1134"')
                text = text.replace("<w:titlePg/>", "").replace('<w:jc w:val="center"/>', '<w:jc w:val="left"/>')
            new.writestr(name, text)


def pages(pdf: Path) -> tuple[Page, ...]:
    run = subprocess.run(["pdftotext", "-bbox", pdf, "-"], check=True, capture_output=True)
    found = []
    for page in ET.fromstring(run.stdout).iter("{http://www.w3.org/1999/xhtml}page"):  # noqa: S314 - of our own PDF
        boxes = [
            Word(word.text or "", *(float(word.get(edge, "")) * MM for edge in ("xMin", "yMin", "xMax", "yMax")))
            for word in page
        ]
        found.append(Page(float(page.get("width", "")) * MM, float(page.get("height", "")) * MM, tuple(boxes)))
    return tuple(found)


def fonts(pdf: Path) -> set[str]:
    run = subprocess.run(["pdffonts", pdf], check=True, capture_output=True, text=True)
    return {line.split()[0].partition("+")[2] for line in run.stdout.splitlines()[2:]}


def left_margin(pages_: tuple[Page, ...]) -> float:
    return min(word.left for page in pages_ for word in page.body)


def off_centre(page: Page, words: list[Word]) -> float:
    """How far the middle of a line is from the middle between the margins."""
    return abs((words[0].left + words[-1].right) / 2 - (30 + page.width - 15) / 2)


def pages_with_heads(pages_: tuple[Page, ...], head: str = "STT") -> list[int]:
    return [number for number, page in enumerate(pages_) if any(word.text == head for word in page.words)]


def pages_with_rows(pages_: tuple[Page, ...]) -> list[int]:
    return [n for n, page in enumerate(pages_) if any(w.text.startswith(("TB-0", "SAMPLE-")) for w in page.body)]


@pytest.mark.parametrize("name", NAMES)
def test_page_margins_and_letters(rendered: Mapping[str, tuple[Page, ...]], name: str) -> None:
    """A4; 30 to 35 mm left, 15 to 20 right, 20 to 25 above and below; nothing stands out, however long a name is."""
    found = rendered[name]
    for page in found:
        across = name.startswith("register")
        assert (round(page.width), round(page.height)) == ((LONG, SHORT) if across else (SHORT, LONG))
        assert max(word.right for word in page.body) <= page.width - 15 + 0.5
    assert 30 - 0.2 <= left_margin(found) <= 35
    assert {font.partition("-")[0] for font in fonts(OUT / f"{name}.pdf")} == {"TeXGyreTermes"}


@pytest.mark.parametrize("name", NAMES)
def test_the_head_and_the_title(rendered: Mapping[str, tuple[Page, ...]], name: str) -> None:
    """Name of the state in one line on the right with the motto below, agency left of it; the title is centred."""
    page = rendered[name][0]
    english = name.endswith("-en")
    nation = page.line(*(("SOCIALIST", "REPUBLIC") if english else ("CỘNG", "HÒA")))
    motto = page.line(*(("Independence",) if english else ("Độc", "lập")))
    assert nation[-1].text == "NAM"
    assert nation[0].left > page.width * 0.45
    assert 20 <= min(word.top for word in page.body) <= 26
    assert 3 < motto[0].top - nation[0].top < 8
    middle = [(line[0].left + line[-1].right) / 2 for line in (nation, motto)]
    assert abs(middle[0] - middle[1]) < 1
    agency = [word for word in page.words if word.right < nation[0].left and word.top < motto[0].bottom]
    assert agency
    title = next(w for w in page.words if w.text in {"BIÊN", "SỔ", "MINUTES", "REGISTER"} and w.top > motto[0].bottom)
    assert off_centre(page, [w for w in page.words if abs(w.top - title.top) < 1]) < 2


@pytest.mark.parametrize("name", NAMES)
def test_numbers_of_pages_and_the_foot(rendered: Mapping[str, tuple[Page, ...]], name: str) -> None:
    """No number on the first page, then in the middle of the upper margin; list and digest at the foot of each."""
    for number, page in enumerate(rendered[name], 1):
        above = [word for word in page.words if word.bottom < 20]
        assert [word.text for word in above] == ([] if number == 1 else [str(number)])
        if above:
            assert off_centre(page, above) < 1
        foot = [word.text for word in page.words if word.top > page.height - 20]
        assert {MARK.digest, str(MARK.number)} <= {text.strip(";,") for text in foot}


@pytest.mark.parametrize("name", ["handover-200", "register-200"])
def test_two_hundred_devices_over_pages(rendered: Mapping[str, tuple[Page, ...]], name: str) -> None:
    """The titles of the columns on every page with rows; each device once, in order, no row over two pages."""
    found = rendered[name]
    assert len(found) > 4
    assert pages_with_heads(found) == pages_with_rows(found)
    numbers = [word.text for page in found for word in page.body if word.text.startswith("TB-")]
    assert numbers == [f"TB-{n:04d}" for n in range(1, 201)]


@pytest.mark.parametrize("name", NAMES)
def test_no_signature_stands_alone(rendered: Mapping[str, tuple[Page, ...]], name: str) -> None:
    """All signatures are on one page, below something else of the paper, with room to sign, before the recipients."""
    english = name.endswith("-en")
    ways = ("(Signature,", "full") if english else ("(Ký,", "ghi")
    with_them = [page for page in rendered[name] if any(word.text == ways[0] for word in page.words)]
    assert len(with_them) == 1
    (page,) = with_them
    notes = page.line(*ways)
    assert min(word.top for word in page.body) < notes[0].top - 10
    last = page.line("Recipients:" if english else "Nơi")[0]
    names = [word for word in page.body if notes[0].bottom < word.top < last.top]
    assert not names or min(word.top for word in names) - notes[0].bottom > 18


def test_long_names_are_whole(rendered: Mapping[str, tuple[Page, ...]]) -> None:
    """A name of 250 characters and one without a place to break stand on the paper to their last character."""
    for kind in ("handover", "register"):
        text = "".join(word.text for page in rendered[f"{kind}-long"] for word in page.body)
        digits = "".join(c for c in text if c.isdigit())
        assert len(digits) > 400
        assert text.count("Côngnghệthôngtin") >= 3


def test_the_dots_for_handwriting(rendered: Mapping[str, tuple[Page, ...]]) -> None:
    """What is left for handwriting has a line long enough to write on."""
    page = rendered["handover-blank"][0]
    basis = page.line("Căn", "cứ", "." * 60 + ".")[-1]
    assert basis.right - basis.left > 60


def test_the_checks_can_fail(rendered: Mapping[str, tuple[Page, ...]]) -> None:
    """The same measurements see another margin, a title that is not centred, and a header row that stands once."""
    found = rendered[CONTROL]
    assert left_margin(found) < 25
    title = found[0].line("BIÊN", "BẢN")
    assert off_centre(found[0], title) > 20
    assert pages_with_heads(found) == [0]
    assert len(pages_with_rows(found)) > 3
    assert [w.text for w in found[0].words if w.bottom < 20] == ["1"]

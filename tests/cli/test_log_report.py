"""``log report``: the page as a file; what a browser makes of it is ``tests/papers_rendered/test_report.py``."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.build import a_phone, a_stick, facts
from tests.cli.conftest import BY, Run
from tests.cli.rig import Judge
from usbguard_py import paths
from usbguard_py.core import record
from usbguard_py.core.gates import judge as judged
from usbguard_py.core.requests import LogExported
from usbguard_py.core.stretches import Coverage, Reason, Stretch
from usbguard_py.report.charts import bars, columns, timeline
from usbguard_py.report.page import inert
from usbguard_py.shell.store import Store

START = record.start(version="1", policy="standalone", policy_digest="ab" * 32, enforce=True, kernel_parameter=True)
HOSTILE = "</script><img src=x onerror=alert(1)><!--"


@pytest.fixture
def filled(store: Store, judge: Judge) -> Store:
    store.append("start", START)
    for number in range(3):
        phone = a_phone(name="1-4", serial=f"SAMPLE-999{number}".encode())
        body = {**record.decision(phone, judged(phone, facts()), 3), "outcome": "blocked"}
        store.append("decision", body, [phone.descriptors])
    stick = a_stick(product=HOSTILE.encode())
    store.append("decision", {**record.decision(stick, judged(stick, facts()), 3), "outcome": "blocked"})
    store.append("examination-end", {"name": "1-2", "reason": HOSTILE, "by": BY})
    judge.answers["LogExported"] = {"seq": 99}
    return store


class Page(HTMLParser):
    """The elements of a page, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside = ""
        self.texts: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self.inside = dict(attrs).get("id") or tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's own signature
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[self.inside] = self.texts.get(self.inside, "") + data


def digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def made(run: Run, tmp_path: Path, *words: str, lang: str = "vi") -> tuple[str, Page]:
    target = tmp_path / "report.html"
    result = run("log", "report", str(target), "--force", *words, lang=lang)
    assert result.exit_code == 0, result.output
    text = target.read_text(encoding="utf-8")
    return text, Page(text)


def test_nothing_but_its_own_script_runs(run: Run, filled: Store, tmp_path: Path) -> None:
    """One file: no link, no image, no frame; the policy names exactly the script and the style that are there."""
    text, page = made(run, tmp_path)
    (policy,) = (a["content"] for tag, a in page.tags if tag == "meta" and a.get("http-equiv"))
    script, style = digest(page.texts["script"]), digest(page.texts["style"])
    rules = [
        "default-src 'none'",
        f"script-src {script}",
        f"style-src {style}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert str(policy).split("; ") == rules
    assert not {"link", "img", "iframe", "object", "base", "form", "a"} & {tag for tag, _ in page.tags}
    assert not [a for _, a in page.tags if {"src", "href", "style", "onclick"} & a.keys()]
    assert "http" not in re.sub(r'http-equiv|"[^"]*"', "", page.texts["style"])
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "XMLHttp"):
        assert forbidden not in page.texts["script"]
    assert text.count("<script") == 2
    assert filled.path == paths.DATABASE


def test_the_records_are_those_of_the_log(run: Run, filled: Store, tmp_path: Path) -> None:
    """Byte for byte, with a chain that any program can follow; hostile texts stay in their block."""
    _text, page = made(run, tmp_path)
    data = json.loads(page.texts["data"])
    last = filled.last()
    assert last is not None
    assert (data["first"], data["last"], data["whole"]) == (1, last.seq, True)
    before = bytes.fromhex(data["before"])
    for number, (body, shown) in enumerate(data["records"], 1):
        before = hashlib.sha256(b"usbguard-py/ledger/1\0" + before + body.encode()).digest()
        assert (before.hex(), json.loads(body)["seq"]) == (shown, number)
    assert before.hex() == data["head"] == last.hash.hex()
    assert HOSTILE in data["records"][-1][0]
    assert "<" not in page.texts["data"]
    assert inert(b'"<!--</script>"') == b'"\\u003c!--\\u003c/script>"'


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_it_says_what_it_is(run: Run, filled: Store, tmp_path: Path, lang: str) -> None:
    text, page = made(run, tmp_path, lang=lang)
    wanted = {
        "vi": ("Có 4 thiết bị lạ từ ", "Mức bao phủ", "hệ điều hành khác", "Lịch sử kết nối các thiết bị ngoại vi"),
        "en": ("4 foreign devices since ", "Coverage", "another system", "History of connected peripherals"),
    }
    for words in wanted[lang]:
        assert words in text
    figures = {a["data-figure"]: a["data-count"] for _, a in page.tags if "data-figure" in a}
    assert (figures["class:phone"], figures["class:storage"], figures["port:1-4"]) == ("3", "1", "3")
    assert figures["code:PHONE"] == "3"
    assert filled.last() is not None


def test_it_carries_the_newest_and_says_so(run: Run, filled: Store, tmp_path: Path) -> None:
    text, page = made(run, tmp_path, "--records", "2")
    data = json.loads(page.texts["data"])
    last = filled.last()
    assert last is not None
    assert (len(data["records"]), data["last"], data["all"], data["whole"]) == (2, last.seq, last.seq, False)
    assert "data-count" in text
    empty = json.loads(made(run, tmp_path, "--records", "0")[1].texts["data"])
    assert (empty["records"], empty["first"], empty["last"]) == ([], last.seq + 1, last.seq)
    assert empty["before"] == empty["head"] == last.hash.hex()
    nothing = json.loads(made(run, tmp_path, "--until", "01/01/2020")[1].texts["data"])
    assert (nothing["records"], nothing["all"]) == ([], 0)


def test_it_is_an_export(run: Run, filled: Store, tmp_path: Path, judge: Judge) -> None:
    """Personal data leave the computer: who made the page becomes a record, or the command says that none did."""
    made(run, tmp_path)
    last = filled.last()
    assert last is not None
    assert LogExported(last=last.seq, head=last.hash.hex()) in judge.asked
    target = tmp_path / "report.html"
    assert run("log", "report", str(target)).exit_code == 73
    judge.close()
    paths.CONTROL_SOCKET.unlink()
    assert "is not in the log" in run("log", "report", str(target), "--force", lang="en").stdout
    assert target.stat().st_mode & 0o777 == 0o600


def test_charts() -> None:
    """Texts are escaped, long ones shortened with the whole as tooltip; a short gap is still seen."""
    drawn = bars("<x>", [("code:<b>", "<i>" * 20, 5), ("code:y", "y", 0)])
    assert "<i>" not in drawn
    assert "<b>" not in drawn
    assert "…" in drawn
    assert 'data-count="5">5<' in drawn
    assert columns("x", []).startswith("<svg")
    day = 86_400_000
    parts = (Stretch(0, day, "", 1), Stretch(day, day + 1, Reason.DIED, 2), Stretch(day + 1, 900 * day, Reason.OFF, 3))
    line = timeline("x", Coverage(0, 900 * day, parts), [(0, "<a>")])
    assert re.search(r'class="gap" x="[\d.]+" y="4" width="1.20"', line)
    assert "<a>" not in line

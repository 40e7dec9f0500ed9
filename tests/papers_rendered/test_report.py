"""The HTML report in a real browser: it verifies itself, sees what was changed, and hostile texts do nothing.

Pages, screenshots and a print are left in ``build/report``.
"""

import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import pytest

from tests.build import a_phone, a_stick, an_asset, facts
from usbguard_py.core import record
from usbguard_py.core.enforcement import ReadBack
from usbguard_py.core.gates import judge as judged
from usbguard_py.shell.clock import Reading, rfc3339
from usbguard_py.shell.migrations import create
from usbguard_py.shell.store import Store

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build/report"
DAY = 1_793_606_400_000  # 2 November 2026, 08:00 UTC
BY = {"user": "quanly", "login": "quanly", "uid": 1001}
HOSTILE = "</script><script>document.title='HOSTILE'</script><img src=x onerror=\"document.title='HOSTILE'\"><!--"
CALL = "<script>document.title='HOSTILE'</script><img src='http://127.0.0.1:{port}/{name}'>"
CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    "--virtual-time-budget=20000",
)
LIMIT = 150  # seconds for one page on a slow and busy machine


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.wall, self.mono, self.boot = DAY, 20_000, 1

    def read(self) -> Reading:
        return Reading(rfc3339(self.wall), self.wall, self.mono, f"boot-{self.boot}")

    def go(self, minutes: int) -> None:
        self.wall += minutes * 60_000
        self.mono += minutes * 60_000


def weeks(path: Path) -> None:
    """Two weeks of an office: days and nights, an approved stick, foreign ones, a power cut, hostile texts."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("usbguard_py.shell.clock.Clock.read", lambda _: clock.read())
        create(path)  # its first record is of that time, too
    store = Store.open(path)
    store._ledger._clock = store._clock = clock  # type: ignore[assignment]
    start = record.start(version="1", policy="standalone", policy_digest="ab" * 32, enforce=True, kernel_parameter=True)
    store.append("start", start)
    good = a_stick()
    asset, _ = store.add_asset(an_asset(good, holder="Nguyễn Văn Mẫu"), BY)
    allowed = judged(good, facts(asset))
    for day in range(12):
        clock.go(60)
        seq = store.append("decision", record.decision(good, allowed, 1, asset.holder), [good.descriptors]).seq
        store.append("outcome", record.outcome(seq, good, allowed, ReadBack(authorized=True, configuration=1), ms=9))
        for number in range(day % 4):
            phone = a_phone(name=f"1-{4 + number}", serial=f"SAMPLE-999{number}".encode())
            refused = judged(phone, facts())
            store.append("decision", {**record.decision(phone, refused, 1), "outcome": "blocked"}, [phone.descriptors])
            clock.go(30)
        clock.go(300)
        if day != 5:  # then the power went
            store.append("stop", record.stop(1, shutdown=True))
        clock.go(14 * 60)
        clock.mono, clock.boot = 20_000, clock.boot + 1
        store.append("start", start)
    odd = a_stick(b"SAMPLE-0666", name="1-3", product=HOSTILE.encode())
    store.append("decision", {**record.decision(odd, judged(odd, facts()), 1), "outcome": "blocked"})
    store.append("examination-end", {"name": "1-3", "reason": HOSTILE, "by": BY})
    store.close()


class Calls(http.server.BaseHTTPRequestHandler):
    """Notes who calls."""

    seen: list[str] = []  # noqa: RUF012 - one list for all requests

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Calls)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def report(root: Path, target: Path, lang: str, *words: str) -> str:
    command = [sys.executable, "-m", "usbguard_py", "log", "report", str(target), "--force", "--lang", lang, *words]
    environment = {**os.environ, "USBGUARD_PY_ROOT": str(root), "TZ": "UTC"}
    environment.pop("INVOCATION_ID", None)
    subprocess.run(command, check=True, env=environment, cwd=ROOT, capture_output=True)
    return target.read_text(encoding="utf-8")


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old), old
    return text.replace(old, new, 1)


def variants(good: str, part: str, port: int) -> Mapping[str, str]:
    """The page, and the page with one thing changed."""
    records = good.index('"records":[')
    call = {name: CALL.format(port=port, name=name) for name in ("policy", "control")}
    count = re.search(r'data-figure="class:phone" data-count="(\d+)">\1<', good)
    assert count is not None
    last = good.rindex(",\n[", 0, good.rindex("\n]}</script>"))
    hashes = re.findall(r'","([0-9a-f]{64})"\]', good)
    return {
        "good": good,
        "part": part,
        "byte": good[:records] + changed(good[records:], "SAMPLE-9991", "SAMPLE-9981"),
        "figure": changed(good, count[0], f'data-figure="class:phone" data-count="{count[1]}">9<'),
        "hash": changed(good, hashes[3], hashes[3][:-1] + ("0" if hashes[3][-1] != "0" else "1")),
        "cut": good[:last] + good[good.rindex("\n]}</script>") :],
        "policy": good.replace("</body>", call["policy"] + "</body>"),
        "control": re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", good).replace(
            "</body>", call["control"] + "</body>"
        ),
        "none": good.replace("<script>", '<script type="text/none">'),
    }


def browser(profile: Path, page: Path, *options: str) -> str:
    run = subprocess.run(
        [*CHROMIUM, f"--user-data-dir={profile}", *options, page.as_uri() + ("#MAU " if page.stem == "good" else "")],
        check=True, capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    return run.stdout


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory, port: int) -> Mapping[str, str]:
    """What became of each page in the browser; two at a time."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    root = tmp_path_factory.mktemp("machine")
    (root / "var/lib/usbguard-py").mkdir(parents=True)
    weeks(root / "var/lib/usbguard-py/usbguard-py.db")
    english = OUT / "report-en.html"
    report(root, english, "en")
    whole, part = report(root, OUT / "report-vi.html", "vi"), report(root, root / "five.html", "vi", "--records", "5")
    pages = variants(whole, part, port)
    for name, text in pages.items():
        (root / f"{name}.html").write_text(text, encoding="utf-8")

    def job(name: str, page: Path, *options: str) -> tuple[str, str]:
        return name, browser(root / f"profile-{name}", page, *options)

    shots = {"vi": OUT / "report-vi.html", "en": english}
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(job, name, root / f"{name}.html", "--dump-dom") for name in pages]
        for lang, page in shots.items():
            picture = f"--screenshot={OUT / f'report-{lang}.png'}"
            jobs.append(pool.submit(job, f"shot-{lang}", page, "--window-size=1100,2400", picture))
        paper = f"--print-to-pdf={OUT / 'report-vi.pdf'}"
        jobs.append(pool.submit(job, "print", shots["vi"], "--no-pdf-header-footer", paper))
        return dict(one.result() for one in jobs)


def verdict(page: str) -> tuple[str, str]:
    found = re.search(r'<div id="verdict"[^>]*data-verdict="(\w+)"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found is not None
    return found[1], unescape(re.sub(r"<[^>]*>", " ", found[2]))


def test_the_page_verifies_itself(opened: Mapping[str, str]) -> None:
    """It says what it checked, that the charts agree, and what it cannot show."""
    word, said = verdict(opened["good"])
    assert (word, "ĐÃ KIỂM TRA TRONG TRANG NÀY" in said) == ("good", True), said
    for text in ("đếm lại từ những bản ghi này và khớp", "Điều trang không thể chứng tỏ", "mã băm "):
        assert text in said


def test_a_page_with_a_part_of_the_records(opened: Mapping[str, str]) -> None:
    word, said = verdict(opened["part"])
    assert word == "good"
    assert "5 bản ghi mới nhất trong " in said
    assert "đếm lại từ những bản ghi này và khớp" not in said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("byte", "KHÔNG TOÀN VẸN: bản ghi "),
        ("hash", "KHÔNG TOÀN VẸN: bản ghi 4 "),
        ("cut", "KHÔNG TOÀN VẸN: các bản ghi của trang không kết thúc"),
        ("figure", "KHÔNG TOÀN VẸN: một số liệu của trang không khớp với các bản ghi (class:phone)"),
    ],
)
def test_a_change_is_found(opened: Mapping[str, str], name: str, words: str) -> None:
    """One digit of a record, of a hash, of a chart; a record that is missing: no page with a change is called good."""
    word, said = verdict(opened[name])
    assert (word, words in said) == ("bad", True), said


def test_search_needs_no_accents(opened: Mapping[str, str]) -> None:
    """What stands behind # in the address is searched: the holder is found by “MAU”; nothing else is shown."""
    rows = re.findall(r'<tr class="record.*?</tr>', opened["good"], re.DOTALL)
    assert len(rows) == 13
    assert all("Mẫu" in row for row in rows)


def test_hostile_texts_do_nothing(opened: Mapping[str, str]) -> None:
    """They are shown as they are; no element came of them, and no script ran."""
    for name in ("good", "part"):
        assert "<title>Báo cáo thiết bị USB" in opened[name]
        assert "<img" not in opened[name]
        assert opened[name].count("<script") == 2
    assert "&lt;/script&gt;&lt;script&gt;document.title" in opened["part"]


def test_the_policy_forbids_what_the_file_does_not_have(opened: Mapping[str, str]) -> None:
    """A script and an image that somebody put in: neither runs nor is fetched. Without the policy both would."""
    assert "<title>HOSTILE" not in opened["policy"]
    assert "/policy" not in Calls.seen
    assert "<title>HOSTILE" in opened["control"]
    assert "/control" in Calls.seen


def test_without_scripts_it_says_so(opened: Mapping[str, str]) -> None:
    word, said = verdict(opened["none"])
    assert word == "none"
    assert "Chưa kiểm tra" in said
    assert "khoảng hở" in opened["none"]


def test_it_prints_on_a4(opened: Mapping[str, str]) -> None:
    """A4, the answer and the verdict on the first page, nothing beyond the edge."""
    assert opened["print"] == ""
    pdf = OUT / "report-vi.pdf"
    info = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
    size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", info)
    assert size is not None
    assert [round(float(n)) for n in size.groups()] in ([595, 842], [594, 841], [595, 841], [594, 842])
    command: list[str | Path] = ["pdftotext", "-l", "1", "-layout", pdf, "-"]
    first = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for text in ("thiết bị lạ", "mức bao phủ", "ĐÃ KIỂM TRA TRONG TRANG NÀY", "Mức bao phủ và khoảng hở"):
        assert text in first
    boxes = subprocess.run(["pdftotext", "-bbox", pdf, "-"], check=True, capture_output=True, text=True).stdout
    assert max(float(x) for x in re.findall(r'xMax="([\d.]+)"', boxes)) <= 595


def test_the_pictures_are_there(opened: Mapping[str, str]) -> None:
    assert opened["shot-vi"] == opened["shot-en"] == ""
    for lang in ("vi", "en"):
        assert (OUT / f"report-{lang}.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"

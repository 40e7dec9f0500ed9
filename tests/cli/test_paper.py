"""The commands that make papers: from the list to a file, with the real judge and its database behind the socket."""

import json
import re
import stat
import zipfile
from pathlib import Path

import pytest

from tests.build import a_stick, an_asset
from tests.cli.conftest import BY, Run
from tests.cli.test_list_files import daemon, daemon_later  # noqa: F401 - fixtures
from tests.cli.test_terminal import on_terminal
from tests.papers.samples import FIELDS, HOSTILE
from usbguard_py import paths
from usbguard_py.cli import paper_make
from usbguard_py.cli.paper_words import HEAD, USED
from usbguard_py.core.given import Given
from usbguard_py.papers.kinds import FIELDS as ASKED
from usbguard_py.papers.kinds import KINDS
from usbguard_py.shell import papers
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.seals import typed
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify
from usbguard_py.shell.whole import sha256

AGENCY = """
body_above = "ỦY BAN NHÂN DÂN TỈNH MẪU"
body = "VĂN PHÒNG"
body_code = "VP"
place = "Tỉnh Mẫu"
keeper = "Trần Thị Mẫu"
keeper_position = "Cán bộ cơ yếu"
keeper_unit = "Phòng Cơ yếu"
"""
HANDOVER = ("paper", "handover", "TB-0001", "--blank", "all")


@pytest.fixture
def agency(root: Path) -> None:
    paths.AGENCY.write_text(AGENCY, encoding="utf-8")


@pytest.fixture
def listed(store: Store) -> Store:
    """Three devices: two of one person, one of nobody, revoked."""
    for serial in (b"SAMPLE-0001", b"SAMPLE-0002"):
        store.add_asset(an_asset(a_stick(serial), holder="Nguyễn Văn Mẫu", unit="Phòng Mẫu"), BY)
    store.add_asset(an_asset(a_stick(b"SAMPLE-0003"), holder=""), BY)
    store.move("TB-0003", "revoke", BY, reason="hết nhiệm vụ", document="MAU-02/2026")
    return store


def words(path: Path) -> str:
    """The text of a paper, whatever its format."""
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            text = archive.read("word/document.xml").decode() + archive.read("word/footer1.xml").decode()
        return " ".join(re.findall(r"<w:t [^>]*>([^<]*)</w:t>", text))
    text = path.read_text(encoding="utf-8").partition("</style>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.mark.parametrize("name", ["giay.docx", "giay.html"])
def test_a_paper_and_its_record(  # noqa: PLR0917 - fixtures
    listed: Store,
    agency: None,
    daemon: None,  # noqa: F811
    run: Run,
    tmp_path: Path,
    name: str,
) -> None:
    """One paper for two devices of a person; who receives is what the list says, who gives is what the agency says."""
    path = tmp_path / name
    said = run(*HANDOVER[:2], "tb-1", "2", "--blank", "all", "--out", str(path))
    assert said.exit_code == 0, said.output
    assert "Đã lập biên bản bàn giao gồm 2 thiết bị theo danh sách số 4" in " ".join(said.output.split())
    assert "whitelist assign ID (hoặc transfer) --document" in " ".join(said.output.split())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = words(path)
    for expected in ("Ông (bà): Trần Thị Mẫu", "Ông (bà): Nguyễn Văn Mẫu", "Đơn vị: Phòng Mẫu", "TB-0001", "TB-0002"):
        assert expected in text
    assert "đã nhận 02 thiết bị có trong Danh sách thiết bị được phép số 4" in text
    assert "Luật Bảo vệ bí mật nhà nước số 117/2025/QH15" in text
    with Reader(paths.DATABASE) as reader:
        change, last = reader.list_change(), reader.log()[-1]
    assert change is not None
    assert f"SHA-256 {change.entry.hash.hex()}" in text
    assert f"bản ghi {change.entry.seq} của nhật ký" in text
    (code,) = re.findall(r"Mã niêm phong nhật ký tại bản ghi [0-9]+: ([0-9A-Z-]+)", text)
    assert [held.kind for held in verify(paths.DATABASE, seals=typed([code])).seals] == [""]
    assert (last.entry.kind, last.body["sha256"], last.body["count"]) == ("list-export", sha256(path), 2)


def test_without_the_daemon_the_paper_is_good_and_not_in_the_log(
    listed: Store, agency: None, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "a.docx"
    answer = run(*HANDOVER, "--out", str(path), "--json", lang="en")
    assert answer.exit_code == 0
    found = json.loads(answer.stdout)
    assert (found["recorded"], found["ids"], found["list"]["number"]) == (0, ["TB-0001"], 4)
    assert found["sha256"] == sha256(path)
    assert found["by_hand"] == ["basis", "receiver_position", "venue"]


def test_a_missing_field_is_named_and_nothing_is_written(listed: Store, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    said = run("paper", "handover", "TB-0001", "--out", str(path), lang="en")
    assert said.exit_code == 64
    names = (
        "--body-above",
        "--body",
        "--place",
        "--basis",
        "--venue",
        "--giver",
        "--giver-unit",
        "--receiver-position",
    )
    assert [name for name in names if name not in said.stderr] == []
    assert not path.exists()


def test_what_the_form_does_not_allow_is_not_left_blank(listed: Store, agency: None, run: Run, tmp_path: Path) -> None:
    said = run(*HANDOVER[:3], "--blank", "giver", "--out", str(tmp_path / "a.docx"), lang="en")
    assert said.exit_code == 64
    assert "“giver” may not be left for handwriting" in said.stderr


def test_a_unit_is_taken_only_for_the_person_whose_it_is(listed: Store, agency: None, run: Run, tmp_path: Path) -> None:
    """Another one who receives the device does not get the holder's unit on paper."""
    path = tmp_path / "a.html"
    assert run(*HANDOVER, "--receiver", "Lê Văn Mẫu", "--out", str(path)).exit_code == 0
    assert "Ông (bà): Lê Văn Mẫu Chức vụ: ......" in words(path)
    assert "Phòng Mẫu" not in words(path)


WRONG = {
    "no device": (("paper", "handover"), 64, "missing: ID"),
    "both": (("paper", "handover", "TB-0001", "--holder", "mau"), 64, "either numbers of the list or options"),
    "unknown": (("paper", "handover", "TB-0009"), 1, "There is no approved device “TB-0009”"),
    "wrong state": (("paper", "handover", "TB-0003"), 1, "No such paper is made about TB-0003: it is revoked"),
    "in use": (("paper", "destruction", "TB-0001"), 1, "No such paper is made about TB-0001: it is in use"),
    "nothing fits": (("paper", "recovery", "--holder", "nobody"), 1, "Nothing on the list fits"),
    "bad format": ((*HANDOVER, "--out", "a.pdf"), 64, "ends in .docx or .html"),
    "no file": (HANDOVER, 64, "missing: --out"),
    "no such field": ((*HANDOVER, "--field", "colour=red"), 64, "the form has no field “colour”"),
    "no pair": ((*HANDOVER, "--field", "colour"), 64, "“colour” is no NAME=TEXT"),
    "hidden character": ((*HANDOVER, "--venue", "a\u202eb"), 65, "cannot be seen"),
    "too long": ((*HANDOVER, "--venue", "a" * 501), 65, "more than 500 characters"),
    "no law": ((*HANDOVER[:3], "--date", "2019-01-01", "--out", "a.docx"), 78, "is in force on 2019-01-01"),
}


@pytest.mark.parametrize(("asked", "code", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_made_is_said(  # noqa: PLR0917 - fixtures
    listed: Store,
    agency: None,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    """In both languages, and no file is left."""
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    said = run(*asked, lang="en")
    assert (said.exit_code, sentence in " ".join(said.stderr.split())) == (code, True), said.stderr
    vietnamese = run(*asked, lang="vi")
    assert vietnamese.exit_code == code
    assert vietnamese.stderr.splitlines()[0].startswith("Lỗi: ")
    assert sentence not in vietnamese.stderr
    assert set(tmp_path.iterdir()) == before


def test_a_file_that_is_there_stays(listed: Store, agency: None, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_text("mine", encoding="utf-8")
    assert run(*HANDOVER, "--out", str(path)).exit_code == 73
    assert path.read_text(encoding="utf-8") == "mine"
    assert run(*HANDOVER, "--out", str(path), "--force").exit_code == 0
    assert zipfile.is_zipfile(path)


def test_the_papers_of_the_other_kinds(listed: Store, agency: None, run: Run, tmp_path: Path) -> None:
    """Each is made about the devices that it is for, in Vietnamese and as a translation that says so."""
    stated = ("--inspector", "Lê Văn Mẫu", "--chair", "Phạm Thị Mẫu")
    which = {
        "recovery": ("--holder", "nguyen"),
        "inspection": ("TB-0002", "TB-0001", *stated[:2]),
        "destruction": ("TB-0003", *stated[2:]),
        "register": (),
    }
    for kind, more in which.items():
        for language in ((), ("--english",)):
            path = tmp_path / f"{kind}{len(language)}.html"
            said = run("paper", kind, *more, "--blank", "all", *language, "--out", str(path))
            assert said.exit_code == 0, said.output
            assert ("TRANSLATION" in words(path)) == bool(language)
    assert words(tmp_path / "inspection0.html").index("TB-0002") < words(tmp_path / "inspection0.html").index("TB-0001")
    assert "Tổng cộng: 03 thiết bị" in words(tmp_path / "register0.html")


def test_an_agency_s_own_form_with_its_own_field(listed: Store, agency: None, run: Run, tmp_path: Path) -> None:
    """Replaced without touching code; the law of an earlier day is cited on a paper of that day."""
    shipped = Path(paths.__file__).parent / "papers/templates/handover.vi.toml"
    text = shipped.read_text(encoding="utf-8").replace("[head]", 'box = { label = "Số hộp" }\n\n[head]')
    text = text.replace('about = "Bàn giao thiết bị lưu trữ"', 'about = "Bàn giao hộp số {box}"')
    paths.PAPERS.mkdir()
    (paths.PAPERS / "handover.vi.toml").write_text(text.replace("version = 1", "version = 7"), encoding="utf-8")
    path = tmp_path / "a.html"
    said = run(*HANDOVER, "--out", str(path), lang="en")
    assert (said.exit_code, "--field box=…" in said.stderr) == (64, True)
    assert run(*HANDOVER, "--field", "box=12", "--date", "28/02/2026", "--out", str(path)).exit_code == 0
    assert "Bàn giao hộp số 12" in words(path)
    assert "số 29/2018/QH14" in words(path)
    assert "117/2025" not in words(path)
    rows = json.loads(run("paper", "list", "--json").stdout)["forms"]
    mine = [row for row in rows if row["own"]]
    assert [(row["kind"], row["language"], row["version"]) for row in mine] == [("handover", "vi", 7)]
    assert len(rows) == 10


def test_a_broken_form_is_named_by_file_and_line(listed: Store, agency: None, run: Run, tmp_path: Path) -> None:
    """It is never passed over in silence for the one of the package."""
    paths.PAPERS.mkdir()
    own = paths.PAPERS / "handover.vi.toml"
    shipped = (Path(paths.__file__).parent / "papers/templates/handover.vi.toml").read_text(encoding="utf-8")
    own.write_text(shipped.replace("{receiver_position}", "{receiver.__class__}"), encoding="utf-8")
    line = 1 + shipped[: shipped.index("{receiver_position}")].count("\n")
    for asked in ((*HANDOVER, "--out", str(tmp_path / "a.docx")), ("paper", "list")):
        said = run(*asked, lang="en")
        assert said.exit_code == 78
        assert f"{own}:{line}: a brace that names no field" in said.stderr.replace("\n", "")
    paths.AGENCY.write_text('body = "A"\ncolour = "red"\n', encoding="utf-8")
    own.unlink()
    said = run(*HANDOVER, "--out", str(tmp_path / "a.docx"), lang="vi")
    assert (said.exit_code, f"{paths.AGENCY}:2: không có khóa “colour”" in said.stderr.replace("\n", "")) == (78, True)


def test_the_table_of_forms(run: Run) -> None:
    said = run("paper", "list")
    assert said.exit_code == 0
    assert said.output.count("gói cài đặt") == 10
    assert "biên bản tiêu hủy" in said.output


def test_a_device_s_own_strings_do_no_harm(store: Store, agency: None, run: Run, tmp_path: Path) -> None:
    stick = a_stick(HOSTILE, manufacturer=HOSTILE, product=HOSTILE)
    store.add_asset(an_asset(stick, label="", printed_serial="", holder="Nguyễn Văn <Mẫu> & “b”"), BY)
    for name in ("a.docx", "a.html"):
        assert run(*HANDOVER, "--out", str(tmp_path / name)).exit_code == 0
        text = words(tmp_path / name)
        assert "\\u{3d}cmd" in text
        assert "\\u{202e}gpj" in text
        assert "&lt;Mẫu&gt; &amp; “b”" in text
        assert not set("\x1b\u202e\x00") & set(text)


def test_questions_on_a_terminal(tmp_path: Path, empty: Path) -> None:
    """What is in the agency's file is not asked, what the list knows is proposed, Enter leaves dots."""
    state = tmp_path / "var/lib/usbguard-py"
    state.mkdir(parents=True)
    (state / "usbguard-py.db").write_bytes(empty.read_bytes())
    (tmp_path / "etc/usbguard-py").mkdir(parents=True)
    (tmp_path / "etc/usbguard-py/agency.toml").write_text(AGENCY, encoding="utf-8")
    store = Store.open(state / "usbguard-py.db")
    store.add_asset(an_asset(a_stick(), holder="Nguyễn Văn Mẫu", unit="Phòng Mẫu"), BY)
    store.close()
    out = tmp_path / "a.html"
    answers = {
        "Văn bản làm căn cứ": "Quyết định 1\r",
        "Nơi thực hiện": "\r",
        "[Trần Thị Mẫu]": "\r",
        "[Cán bộ cơ yếu]": "\r",
        "[Phòng Cơ yếu]": "\r",
        "[Nguyễn Văn Mẫu]": "\r",
        "Chức vụ người nhận": "Chuyên viên\r",
        "[Phòng Mẫu]": "-\r",
    }
    code, shown = on_terminal(tmp_path, "paper", "handover", "TB-0001", "--out", str(out), answers=answers)
    assert code == 0, shown
    assert "Địa danh" not in shown
    text = words(out)
    assert "Căn cứ Quyết định 1." in text
    assert "Chức vụ: Chuyên viên Đơn vị: ......" in text
    assert "Phòng Mẫu" not in text


def test_the_second_paper_of_a_day_has_a_name_of_its_own(
    listed: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name that is proposed is free; one that is not is asked for again."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.docx", "a-2.docx"):
        Path(name).touch()
    assert paper_make._free("a") == "a-3.docx"
    Path("a-4.docx").touch()
    asked = iter(["a-2.docx", "b.docx"])
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(asked))
    assert paper_make._file(None, "a", asking=True, force=False) == Path("b.docx")


def test_nobody_hands_over_to_themselves(listed: Store, agency: None, run: Run, tmp_path: Path) -> None:
    """What the keeper holds is handed over to somebody who has to be named."""
    given = Given(holder="Trần Thị Mẫu", unit="Phòng Cơ yếu")
    listed.move("TB-0001", "transfer", BY, reason="r", document="d", given=given)
    result = run(*HANDOVER, "--out", str(tmp_path / "a.docx"))
    assert result.exit_code == 64
    assert "--receiver" in result.stderr


def test_a_field_of_every_option_is_in_a_form() -> None:
    """The sample fields, the options and the shipped forms agree."""
    assert set(FIELDS) == set(ASKED)
    for kind in KINDS:
        for language in ("vi", "en"):
            assert set(papers.form(kind, language).template.fields) == {*USED[kind], *HEAD}

"""Finding assets: what each condition means, alone and together, and that accents hide nothing."""

import shutil
import sqlite3
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.build import a_stick, an_asset
from tests.shell.conftest import Ticking
from usbguard_py.core.whitelist import Custody
from usbguard_py.errors import ListDiffers
from usbguard_py.i18n import unaccented
from usbguard_py.shell import finding
from usbguard_py.shell.finding import SORTS, Wanted
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.store import Store

ROWS: tuple[dict[str, Any], ...] = (
    {"holder": "Đặng Thị Mẫu", "unit": "Văn thư", "label": "USB an toàn", "expires_on": "2099-12-31"},
    {"holder": "Trần Văn Thử", "unit": "Cơ yếu", "printed_serial": "P-0002", "inspected_on": "2026-05-01"},
    {"holder": "", "unit": "", "state": Custody.REVOKED, "document": "MAU-07/2025"},
    {
        "holder": "Ёлка Sample",
        "unit": "Cơ yếu",
        "state": Custody.REVOKED,
        "expires_on": "2026-01-01",
        "reason_document": "BB-09",
    },
    {"holder": "dang mau", "unit": "Đội 1", "expires_on": "2026-01-01", "inspected_until": "2026-06-01"},
    {"holder": "An Mẫu", "unit": "Line\nbreak", "label": "x\n3"},  # as nothing that is typed is stored today
)
SERIALS = (b"SAMPLE-0001", b"sample-0002", "Mẫu-Đ3".encode(), b"\x01SAMPLE\n4", b"TB-77", b"")


@pytest.fixture(scope="module")
def listed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list, made once."""
    path = Path(shutil.copy(template, tmp_path_factory.mktemp("listed") / "usbguard-py.db"))
    store = Store.open(path, Ticking())
    with store.transaction():
        for facts, serial in zip(ROWS, SERIALS, strict=True):
            given = {"unit": "", "label": "", "printed_serial": "", "document": "MAU-01/2026", **facts}
            store.add_asset(an_asset(a_stick(serial), **given), "test")
    store.close()
    return path


@pytest.fixture(scope="module")
def reader(listed: Path) -> Iterator[Reader]:
    with Reader(listed) as opened:
        yield opened


TABLE: dict[str, tuple[Wanted, list[int]]] = {
    "all": (Wanted(), [1, 2, 3, 4, 5, 6]),
    "a page": (Wanted(limit=2), [1, 2]),
    "đ without its stroke": (Wanted(words=("dang",)), [1, 5]),
    "đ with it": (Wanted(words=("ĐẶNG",)), [1, 5]),
    "every word": (Wanted(words=("dang", "van thu")), [1]),
    "words of two facts do not flow together": (Wanted(words=("toan dang",)), []),
    "a number": (Wanted(words=("tb-0004",)), [4]),
    "a serial that is shown escaped": (Wanted(words=("\\u{1}sample",)), [4]),
    "a serial with accents": (Wanted(texts={"serial": "mau-d"}), [3]),
    "a printed serial": (Wanted(texts={"serial": "p-00"}), [2]),
    "only in the serial": (Wanted(texts={"serial": "tb-0"}), []),
    "another script": (Wanted(texts={"holder": "елка"}), [4]),
    "holder and unit": (Wanted(texts={"holder": "thu", "unit": "co yeu"}), [2]),
    "holder, not unit": (Wanted(texts={"holder": "van thu"}), [2]),
    "a document": (Wanted(texts={"document": "/2025"}), [3]),
    "the document of a state": (Wanted(texts={"document": "b-09"}), [4]),
    "the document of a state, anywhere": (Wanted(words=("bb-09",)), [4]),
    "a text over two lines": (Wanted(texts={"unit": "line\nbreak"}), [6]),
    "a state": (Wanted(state="revoked"), [3, 4]),
    "what has expired in use": (Wanted(state="expired"), [5]),
    "not handed back": (Wanted(not_returned=True), [4]),
    "expires on a day": (Wanted(days={"expires": ("2026-01-01", "2026-01-01")}), [4, 5]),
    "expires from": (Wanted(days={"expires": ("2026-01-02", "")}), [1]),
    "expires until": (Wanted(days={"expires": ("", "2099-12-31")}), [1, 4, 5]),
    "inspected": (Wanted(days={"inspected": ("2026-05-01", "2026-05-31")}), [2]),
    "inspection until": (Wanted(days={"inspection_until": ("", "2099-12-31")}), [5]),
    "added that day": (Wanted(days={"added": ("2026-11-21", "2026-11-21")}), [1, 2, 3, 4, 5, 6]),
    "added later": (Wanted(days={"added": ("2026-11-22", "")}), []),
    "all together": (
        Wanted(words=("mau",), texts={"holder": "dang"}, state="in-use", days={"expires": ("", "2026-06-01")}),
        [5],
    ),
    "by holder": (Wanted(sort="holder"), [3, 6, 5, 1, 2, 4]),
    "by holder, some": (Wanted(sort="holder", words=("dang",)), [5, 1]),
    "by unit": (Wanted(sort="unit"), [3, 2, 4, 5, 6, 1]),
    "by serial": (Wanted(sort="serial", state="in-use"), [6, 2, 1, 5]),
    "by state": (Wanted(sort="state"), [1, 2, 5, 6, 3, 4]),
    "by last day": (Wanted(sort="expires"), [4, 5, 1, 2, 3, 6]),
    "by last day, some": (Wanted(sort="expires", words=("dang",)), [5, 1]),
    "by last day, a page": (Wanted(sort="expires", limit=1), [4]),
}


@pytest.mark.parametrize("rows", [2, 8192], ids=["piece by piece", "at once"])
@pytest.mark.parametrize(("wanted", "numbers"), TABLE.values(), ids=TABLE.keys())
def test_find(reader: Reader, monkeypatch: pytest.MonkeyPatch, wanted: Wanted, numbers: list[int], rows: int) -> None:
    monkeypatch.setattr(finding, "ROWS", rows)
    found = reader.find(wanted)
    assert [int(asset.id[3:]) for asset in found.assets] == numbers
    assert found.total == (len(numbers) if wanted.limit is None else len(reader.find(_whole(wanted)).assets))


def _whole(wanted: Wanted) -> Wanted:
    return Wanted(words=wanted.words, texts=wanted.texts, state=wanted.state, sort=wanted.sort)


@pytest.mark.parametrize("sort", SORTS)
def test_sorting_loses_nothing(reader: Reader, sort: str) -> None:
    found = reader.find(Wanted(sort=sort))
    assert sorted(asset.id for asset in found.assets) == [f"TB-{n:04d}" for n in range(1, len(ROWS) + 1)]


def test_other_accents_hide_nothing(reader: Reader) -> None:
    """Every text is found by itself in capitals, decomposed, and without accents."""
    for number, facts in enumerate(ROWS, 1):
        for name in ("holder", "unit", "document"):
            text = str(facts.get(name) or "MAU")
            for spelt in (text, text.upper(), unicodedata.normalize("NFD", text), unaccented(text)):
                for wanted in (Wanted(texts={name: spelt}), Wanted(words=(spelt,))):
                    assert number in {int(asset.id[3:]) for asset in reader.find(wanted).assets} or not facts.get(name)


def test_what_is_given_back_was_compared_with_its_entry(listed: Path, tmp_path: Path) -> None:
    database = Path(shutil.copy(listed, tmp_path))
    connection = sqlite3.connect(database)
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'asset'")
    for name, _sql in (kept := triggers.fetchall()):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE asset SET holder = 'Somebody' WHERE number = 2")
    for _name, sql in kept:
        connection.execute(sql)
    connection.commit()
    connection.close()
    with Reader(database) as anew, pytest.raises(ListDiffers):
        anew.find(Wanted(words=("somebody",)))

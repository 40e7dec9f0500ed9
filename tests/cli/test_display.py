"""Texts on terminals of all kinds: width, accents, hidden characters, colours; and tables of them."""

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.cli.display import accents, clean, colours, plain, width, wrapped
from usbguard_py.cli.table import Column, Row, table


class Terminal(io.StringIO):
    """A stream that says what it is."""

    def __init__(self, encoding: str = "utf-8", *, tty: bool = True) -> None:
        super().__init__()
        self._encoding, self._tty = encoding, tty

    @property
    def encoding(self) -> str:  # type: ignore[override] # StringIO's is always None
        return self._encoding

    def isatty(self) -> bool:
        return self._tty


WIDTHS = {
    "abc": 3,
    "Nguyễn Văn Mẫu": 14,
    unicodedata.normalize("NFD", "Nguyễn Văn Mẫu"): 14,
    "日本": 4,
    "": 0,
}


@pytest.mark.parametrize(("text", "columns"), WIDTHS.items())
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


@given(st.text())
def test_clean_text_has_one_line_and_nothing_hidden(text: str) -> None:
    shown = clean(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me", "Mc"}
    assert clean(shown) == shown


@given(st.text())
def test_plain_text_is_ascii(text: str) -> None:
    assert all(" " <= c <= "~" for c in plain(clean(text)))


PLAIN = {
    "ĐÃ CHẶN: thiết bị": "DA CHAN: thiet bi",
    "đã được báo mất": "da duoc bao that lac",
    "BÁO MẤT": "BAO THAT LAC",
    "bảo mật": "bao mat",
    "→ “Xem” – …": '-> "Xem" - ...',
    "日": "\\u{65e5}",
}


@pytest.mark.parametrize(("text", "expected"), PLAIN.items())
def test_without_accents(text: str, expected: str) -> None:
    assert plain(text) == expected


PLACES = {
    "terminal": (Terminal(), {"TERM": "xterm", "LANG": "vi_VN.UTF-8"}, True),
    "Linux console": (Terminal(), {"TERM": "linux", "LANG": "vi_VN.UTF-8"}, False),
    "C locale on a terminal": (Terminal(), {"TERM": "xterm", "LC_ALL": "C"}, False),
    "C locale in a file": (Terminal(tty=False), {"LC_ALL": "C"}, True),
    "ASCII stream": (Terminal("ascii"), {"TERM": "xterm", "LANG": "vi_VN.UTF-8"}, False),
    "TCVN stream": (Terminal("iso8859-1", tty=False), {}, False),
}


@pytest.mark.parametrize(("stream", "environment", "expected"), PLACES.values(), ids=PLACES.keys())
def test_where_accents_show(
    monkeypatch: pytest.MonkeyPatch,
    stream: Terminal,
    environment: dict[str, str],
    expected: bool,
) -> None:
    for name in ("TERM", "LANG", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert accents(stream) is expected


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(tty=False), {"TERM": "xterm"}, False),
    ],
)
def test_where_colours_show(
    monkeypatch: pytest.MonkeyPatch,
    stream: Terminal,
    environment: dict[str, str],
    expected: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert colours(stream) is expected


@given(st.text(alphabet="abế日 ", max_size=60), st.integers(2, 20))
def test_wrapping_loses_nothing_and_fits(text: str, limit: int) -> None:
    lines = wrapped(text, limit)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width(line) <= limit for line in lines)


CELLS = st.text(alphabet="abếĐ日0", max_size=30)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4))
def test_every_column_begins_at_the_same_place(rows: list[tuple[str, str, str]]) -> None:
    heads = [Column("Mã số"), Column("Người được giao", flexible=True), Column("Số", right=True)]
    lines = list(table(heads, [Row(r) for r in rows], limit=0))
    first, second, third = (len(part) for part in lines[1].split("  "))
    for line, row in zip(lines[2:], rows, strict=True):
        assert _from(line, 0).startswith(row[0])
        assert _from(line, first + 2).startswith(row[1])
        assert _from(line, first + second + 4).endswith(row[2])
        assert width(line) <= first + second + third + 4
        assert not row[2] or width(line) == first + second + third + 4


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
def test_a_table_fits_the_terminal(rows: list[tuple[str, str]]) -> None:
    heads = [Column("Mã"), Column("Tên", flexible=True)]
    lines = list(table(heads, [Row((f"{i}", a + b), note=b) for i, (a, b) in enumerate(rows)], limit=40))
    assert max(map(width, lines)) <= 40


def _from(line: str, column: int) -> str:
    """What stands in ``line`` from that column on."""
    for index in range(len(line) + 1):
        if width(line[:index]) >= column:
            return line[index:]
    return ""

"""Verification finds what was done to a ledger, whatever it was, and says where it begins."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import a_keyboard, a_mouse, a_peripheral, a_stick, an_asset
from usbguard_py.core.chain import link
from usbguard_py.errors import BadInput, DatabaseTrouble, GuardError, LedgerBroken, ListDiffers
from usbguard_py.i18n import choose
from usbguard_py.shell.export import export
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify

LAST = 13


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    choose("en")
    yield
    choose("vi")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Path:
    """A database with something in every table, closed."""
    path = Path(shutil.copy(template, tmp_path_factory.mktemp("filled") / "usbguard-py.db"))
    store = Store.open(path)
    for number in range(5):
        store.append("decision", {"name": "1-2", "number": number}, (f"descriptors {number % 2}".encode(),))
    store.add_asset(an_asset(a_stick()), "quanly")
    store.add_peripheral(a_peripheral(a_keyboard()), "quanly")
    store.add_peripheral(a_peripheral(a_mouse()), "quanly")
    store.remove_peripheral("NV-0002", "replaced", "quanly")
    store.move("TB-0001", "lost", "quanly", reason="lost", document="MAU-05/2026")
    for text in ("a", "b"):
        store.use_policy(f"policy-{text}", text, hashlib.sha256(text.encode()).hexdigest(), "quanly")
    store.close()
    assert verify(path, thorough=True).last == LAST
    return path


@pytest.fixture(scope="module")
def exported(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("exported") / "log.jsonl"
    export(filled, target)
    return target.read_bytes()


@pytest.fixture
def copy(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(filled, tmp_path / "copy.db"))


@contextmanager
def by_hand(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody with root who takes the guards off, changes something, and puts the guards back."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("PRAGMA synchronous = OFF")
    guards = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    for _, text in guards:
        connection.execute(text)
    connection.close()


def test_an_intact_ledger(filled: Path) -> None:
    result = verify(filled)
    assert (result.entries, result.first, result.last, result.evidence, result.assets) == (LAST, 1, LAST, 2, 1)
    with sqlite3.connect(filled) as connection:
        assert connection.execute("SELECT hex(hash) FROM head").fetchone()[0].lower() == result.head


CHANGES: dict[str, tuple[str, int, str, str]] = {
    "a body": ("UPDATE ledger SET body = replace(body, '1-2', '1-3') WHERE seq = 4", 4, "edited", "its content was"),
    "the last body": ("UPDATE ledger SET body = replace(body, 'y-b', 'y-c') WHERE seq = 13", 13, "edited", "changed"),
    "a hash": ("UPDATE ledger SET hash = zeroblob(32) WHERE seq = 4", 4, "edited", "stored hash"),
    "a row removed": ("DELETE FROM ledger WHERE seq = 4", 4, "removed", "records 4 to 4 are missing"),
    "rows removed": ("DELETE FROM ledger WHERE seq BETWEEN 4 AND 6", 4, "removed", "records 4 to 6 are missing"),
    "the first removed": ("DELETE FROM ledger WHERE seq = 1", 1, "removed", "records 1 to 1 are missing"),
    "the last removed": ("DELETE FROM ledger WHERE seq = 13", 13, "truncated", "records 13 to 13 are missing"),
    "the end removed": ("DELETE FROM ledger WHERE seq > 9", 10, "truncated", "records 10 to 13 are missing"),
    "everything removed": ("DELETE FROM ledger", 1, "truncated", "records 1 to 13 are missing"),
    "one removed, the rest moved up": (
        "DELETE FROM ledger WHERE seq = 4; UPDATE ledger SET seq = seq - 1 WHERE seq > 4",
        4,
        "removed",
        "records 4 to 4 are missing",
    ),
    "two exchanged": (
        "UPDATE ledger SET seq = 109 - seq WHERE seq IN (4, 5); UPDATE ledger SET seq = seq - 100 WHERE seq > 100",
        4,
        "reordered",
        "another order; record 5 stands in its place",
    ),
    "one in place of another": (
        "UPDATE ledger SET (body, hash) = (SELECT body, hash FROM ledger WHERE seq = 5) WHERE seq = 4",
        4,
        "edited",
        "record 5 stands in its place",
    ),
    "an older one in place of another": (
        "UPDATE ledger SET (body, hash) = (SELECT body, hash FROM ledger WHERE seq = 2) WHERE seq = 4",
        4,
        "edited",
        "record 2 stands in its place",
    ),
    "one put in, the rest moved down": (
        """UPDATE ledger SET seq = -seq - 1 WHERE seq >= 4; UPDATE ledger SET seq = -seq WHERE seq < 0;
        INSERT INTO ledger (seq, body, hash) SELECT 4, body, hash FROM ledger WHERE seq = 3""",
        4,
        "inserted",
        "record 3 stands here once more",
    ),
    "a row more": (
        "INSERT INTO ledger (seq, body, hash) SELECT 14, body, hash FROM ledger WHERE seq = 13",
        14,
        "inserted",
        "record 13 stands here once more",
    ),
    "a number": ("UPDATE ledger SET seq = 99 WHERE seq = 13", 13, "removed", "missing"),
    "the head back": (
        "UPDATE head SET (seq, hash) = (SELECT seq, hash FROM ledger WHERE seq = 9)",
        13,
        "inserted",
        "names 9",
    ),
    "the head's hash": ("UPDATE head SET hash = zeroblob(32)", 13, "edited", "names 13"),
    "no head": ("DELETE FROM head", 13, "inserted", "names 0"),
    "evidence": ("UPDATE evidence SET data = x'00' WHERE id = 2", 3, "evidence", "evidence .* was changed"),
    "evidence removed": ("DELETE FROM evidence WHERE id = 1", 2, "evidence", "evidence .* is missing"),
    "evidence exchanged": ("UPDATE evidence SET sha256 = zeroblob(32) WHERE id = 1", 2, "evidence", "is missing"),
    "evidence of nothing": (
        "INSERT INTO evidence (sha256, data) VALUES (zeroblob(32), x'00')",
        13,
        "evidence",
        "names",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_first_bad_entry_is_named(copy: Path, name: str) -> None:
    change, seq, kind, what = CHANGES[name]
    with by_hand(copy) as connection:
        for statement in change.split(";"):
            connection.execute(statement)
    with pytest.raises(LedgerBroken, match=what) as caught:
        verify(copy)
    assert (caught.value.facts["seq"], caught.value.facts["tampering"]) == (seq, kind)


ROWS = [
    "UPDATE asset SET state = 'in-use'",
    "UPDATE asset SET holder = 'Tran Thi Mau'",
    "UPDATE asset SET entry = (SELECT min(seq) FROM ledger WHERE kind = 'list-add')",
    "UPDATE asset SET number = 7",
    "DELETE FROM asset",
    """INSERT INTO asset SELECT 2, 'TB-0002', label, printed_serial, electronic_serial, holder, unit, document, access,
    state, added_at, added_by, changed_at, reason, reason_document, entry, login_tool,
    expires_on, inspected_on, inspected_until, inspect_first, back_to FROM asset""",
    "UPDATE asset SET login_tool = 1",
    "UPDATE fingerprint SET passport = json_set(passport, '$.pid', 2)",
    "DELETE FROM fingerprint",
    "UPDATE peripheral SET active = 1",
    "UPDATE peripheral SET active = 0",
    "UPDATE peripheral SET port = '1-9'",
    "UPDATE peripheral SET port = '1-9' WHERE active = 0",
    "DELETE FROM peripheral WHERE active = 0",
    "UPDATE policy SET text = 'b'",
    "UPDATE policy SET name = 'other'",
    "DELETE FROM policy WHERE entry = (SELECT max(entry) FROM policy)",
    "UPDATE list_change SET version = version + 1 WHERE version = (SELECT max(version) FROM list_change)",
    "DELETE FROM list_change WHERE version = 1",
]


@pytest.mark.parametrize("change", ROWS)
def test_a_list_that_is_not_what_the_log_says(copy: Path, change: str) -> None:
    with by_hand(copy) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(change)
    with pytest.raises(ListDiffers):
        verify(copy)


COLUMNS = [
    *(("ledger", "seq", c) for c in ("body", "hash")),
    ("head", "one", "hash"),
    *(("evidence", "id", c) for c in ("sha256", "data")),
    *(
        ("asset", "number", c)
        for c in ("id", "label", "printed_serial", "electronic_serial", "holder", "unit", "document", "access", "state",
                  "added_at", "added_by", "changed_at", "reason", "reason_document")
    ),
    *(("fingerprint", "id", c) for c in ("asset", "name", "passport")),
    *(
        ("peripheral", "number", c)
        for c in ("id", "kind", "port", "passport", "label", "enrolled_at", "enrolled_by", "document")
    ),
    *(("policy", "entry", c) for c in ("name", "text")),
]  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(COLUMNS), st.integers(0, 99), st.tuples(st.integers(0, 9999), st.integers(1, 255)))
def test_any_byte_of_any_row(
    filled: Path, tmp_path: Path, place: tuple[str, str, str], row: int, byte: tuple[int, int]
) -> None:
    (table, key, column), (at, xor) = place, byte
    path = Path(shutil.copy(filled, tmp_path / "edited.db"))
    with by_hand(path) as connection:
        rows = connection.execute(
            f"SELECT {key}, CAST({column} AS BLOB), typeof({column}) FROM {table} WHERE length({column}) > 0 ORDER BY 1"  # noqa: S608
        ).fetchall()
        if not rows:
            return
        number, value, kind = rows[row % len(rows)]
        edited = bytearray(value)
        edited[at % len(value)] ^= xor
        new = "?" if kind == "blob" else "CAST(? AS TEXT)"
        try:
            connection.execute(f"UPDATE {table} SET {column} = {new} WHERE {key} = ?", (bytes(edited), number))  # noqa: S608
        except sqlite3.Error:  # the file itself refuses it: a generated column over text that is no JSON
            return
    with pytest.raises((LedgerBroken, ListDiffers, DatabaseTrouble)):
        verify(path)


def test_a_hidden_row_of_an_index_is_found_by_the_thorough_verification(copy: Path) -> None:
    with by_hand(copy) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        text = "SELECT sql FROM sqlite_schema WHERE name = 'ledger_name'"
        ((index,),) = connection.execute(text).fetchall()
        connection.execute("DROP INDEX ledger_name")
        connection.execute("CREATE INDEX ledger_name ON ledger (name) WHERE name IS NOT NULL AND seq > 3")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'ledger_name'", (index,))
    verify(copy)
    with pytest.raises(DatabaseTrouble):
        verify(copy, thorough=True)


def test_what_was_written_down_finds_an_older_file(filled: Path, copy: Path) -> None:
    old = verify(filled)
    store = Store.open(copy)
    entry = store.append("alarm", {})
    store.close()
    expected = (entry.seq, entry.hash)
    assert verify(copy, expected).last == entry.seq
    assert verify(copy, (old.last, bytes.fromhex(old.head))).last == entry.seq
    with pytest.raises(LedgerBroken, match="older one"):
        verify(filled, expected)
    with pytest.raises(LedgerBroken, match="written down"):
        verify(copy, (5, bytes(32)))


def test_a_rewritten_chain_is_found_only_by_what_was_written_down(copy: Path) -> None:
    """The honest limit: root can write the whole chain anew."""
    written_down = verify(copy)
    with by_hand(copy) as connection:
        previous = connection.execute("SELECT hash FROM ledger WHERE seq = 3").fetchone()[0]
        for seq, body in connection.execute("SELECT seq, body FROM ledger WHERE seq > 3 ORDER BY seq").fetchall():
            text = body.replace('"number":2', '"number":9')
            previous = link(previous, text.encode())
            connection.execute("UPDATE ledger SET body = ?, hash = ? WHERE seq = ?", (text, previous, seq))
        connection.execute("UPDATE head SET hash = ?", (previous,))
    assert verify(copy).last == LAST
    with pytest.raises(LedgerBroken, match="written down"):
        verify(copy, (written_down.last, bytes.fromhex(written_down.head)))


def test_verification_while_the_judge_writes(copy: Path) -> None:
    store = Store.open(copy)
    for _ in range(20):
        entry = store.append("alarm", {})
        assert verify(copy).last == entry.seq


LINES: dict[str, tuple[Callable[[list[bytes]], object], str]] = {
    "a body": (lambda lines: edit(lines, 4, b"1-2", b"1-3"), "record 4: .* changed"),
    "a hash": (lambda lines: edit(lines, 4, b'","', b'","'), "record 4"),
    "a line removed": (lambda lines: lines.pop(4), "record 4: records 4 to 4 are missing"),
    "the last removed": (lambda lines: lines.pop(LAST), "record 13: the end was cut off; records 13 to 13"),
    "a line twice": (lambda lines: lines.insert(4, lines[4]), "record 5: record 4 stands here once more"),
    "a line cut off": (lambda lines: lines.__setitem__(4, lines[4][:-3] + b"\n"), "record 4: it cannot be read"),
    "the file cut off": (lambda lines: lines.__setitem__(slice(4, None), [lines[4][:40]]), "record 4"),
    "a digit of a hash": (lambda lines: edit(lines, 4, b'"}\n', b'"}\n', byte=-4), "record 4: .* changed"),
    "no digit in a hash": (
        lambda lines: edit(lines, 4, b'"}\n', b'"}\n', byte=-4, value=b"x"),
        "record 4: it cannot be read",
    ),
    "evidence": (lambda lines: edit(lines, -1, b'"data":"6', b'"data":"7'), "evidence .* was changed"),
    "evidence removed": (lambda lines: lines.pop(), "evidence .* is missing"),
    "evidence first": (lambda lines: lines.insert(1, lines.pop()), "records 1 to 13 are missing"),
}


def edit(lines: list[bytes], at: int, old: bytes, new: bytes, *, byte: int = 0, value: bytes = b"") -> None:
    line = bytearray(lines[at].replace(old, new, 1))
    if byte:
        line[byte : byte + 1 or None] = value or (b"0" if line[byte : byte + 1 or None] != b"0" else b"1")
    elif old == new:
        line[-10:-9] = b"0" if line[-10:-9] != b"0" else b"1"
    assert bytes(line) != lines[at]
    lines[at] = bytes(line)


@pytest.mark.parametrize("name", LINES)
def test_an_edited_export(filled: Path, tmp_path: Path, name: str) -> None:
    change, what = LINES[name]
    target = tmp_path / "log.jsonl"
    export(filled, target)
    lines = target.read_bytes().splitlines(keepends=True)
    change(lines)
    target.write_bytes(b"".join(lines))
    with pytest.raises(LedgerBroken, match=what):
        verify(target)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10**6), xor=st.integers(1, 255))
def test_any_byte_of_an_export(exported: bytes, tmp_path: Path, at: int, xor: int) -> None:
    target = tmp_path / "log.jsonl"
    raw = bytearray(exported)
    raw[at % len(raw)] ^= xor
    target.write_bytes(raw)
    with pytest.raises(GuardError):
        verify(target)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"}\n{"data"', b'"} {"data"'),
        (b'"evidence":2', b'"evidence": 2'),
        (b'"first":1', b'"first":2'),
        (b"ef", b"Ef"),
    ],
)
def test_an_export_has_one_spelling(exported: bytes, tmp_path: Path, old: bytes, new: bytes) -> None:
    target = tmp_path / "log.jsonl"
    assert old in exported
    target.write_bytes(exported.replace(old, new))
    with pytest.raises(GuardError):
        verify(target)
    target.write_bytes(exported[:-1] + b" ")
    with pytest.raises(GuardError):
        verify(target)


@pytest.mark.parametrize("content", [b"", b"{}\n", b"no json\n", b'{"format":"other"}\n', b"\xff\xfe\x00" * 99])
def test_a_file_that_is_no_ledger(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        verify(path)
    assert str(path) in str(caught.value)
    with pytest.raises(BadInput):
        verify(tmp_path / "no such file")
    with pytest.raises(BadInput):
        verify(tmp_path)


def test_thirty_lines_of_plain_python_verify_an_export(filled: Path, tmp_path: Path) -> None:
    """The program that docs/ledger-format.md prints."""
    page = (Path(__file__).parents[2] / "docs/ledger-format.md").read_text(encoding="utf-8")
    program = page.partition("```python\n")[2].partition("```")[0]
    assert 0 < program.count("\n") <= 30
    target = tmp_path / "log.jsonl"
    export(filled, target)
    run(program, target)
    lines = target.read_bytes().splitlines(keepends=True)
    edit(lines, 4, b"1-2", b"1-3")
    target.write_bytes(b"".join(lines))
    with pytest.raises(SystemExit, match="4"):
        run(program, target)


def run(program: str, target: Path) -> None:
    import sys  # noqa: PLC0415 - the program reads sys.argv as any program does

    before, sys.argv = sys.argv, ["verify.py", str(target)]
    try:
        exec(compile(program, "verify.py", "exec"), {"__name__": "__main__", "json": json})  # noqa: S102 - the documented program
    finally:
        sys.argv = before

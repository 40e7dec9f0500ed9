"""A campaign: everything that can be done to a small log is found, the place named, by the product and by the verifier.

The verifier is the single file that goes with an export; it was written from docs/ledger-format.md and has nothing in
common with the product. Both have to say the same.
"""

import ast
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from usbguard_py.core.chain import GENESIS, link
from usbguard_py.core.seal import seal
from usbguard_py.errors import BadInput, LedgerBroken
from usbguard_py.errors_seal import SealUnreadable
from usbguard_py.shell.export import export
from usbguard_py.shell.seals import typed
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify, verify_export

SOURCE = Path(__file__).parents[2] / "verifier/verify-log.py"
RECORDS, PIECES = 6, 2
Verdict = tuple[str, int]  # the word for what was done, and the record; "unreadable" for what is no exported log


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    """The verifier, as a module."""
    module = ModuleType("verify_log")
    module.__dict__["__file__"] = str(SOURCE)
    exec(compile(SOURCE.read_bytes(), str(SOURCE), "exec"), module.__dict__)  # noqa: S102 - its name is no module's
    return module


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Path:
    path = Path(shutil.copy(template, tmp_path_factory.mktemp("sample") / "usbguard-py.db"))
    store = Store.open(path)
    for number in range(2, RECORDS + 1):
        store.append("alarm", {"n": number}, (bytes([number % PIECES]),))
    store.close()
    return path


@pytest.fixture(scope="module")
def lines(database: Path, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The exported log: the first line, the records, the evidence."""
    target = tmp_path_factory.mktemp("exported") / "log.jsonl"
    export(database, target)
    found = target.read_bytes().splitlines(keepends=True)
    assert len(found) == 1 + RECORDS + PIECES
    return found


class Both:
    """The product and the verifier, asked about the same bytes."""

    def __init__(self, verifier: ModuleType) -> None:
        self._verifier = verifier
        self._file = os.memfd_create("log")  # a disk would take most of the time
        self._path = Path(f"/proc/self/fd/{self._file}")

    def say(self, content: bytes) -> Verdict | None:
        """What both say; nothing when the log is intact."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, content, 0)
        ours, theirs = self._product(), self._other()
        assert ours == theirs, (ours, theirs)
        return ours

    def _product(self) -> Verdict | None:
        try:
            verify_export(self._path)
        except LedgerBroken as error:
            return str(error.facts["tampering"]), int(str(error.facts["record"]))
        except BadInput:
            return "unreadable", 0
        return None

    def _other(self) -> Verdict | None:
        try:
            self._verifier.verified(str(self._path), [])
        except self._verifier.Broken as error:
            return error.word, error.record
        except self._verifier.Unreadable:
            return "unreadable", 0
        return None

    def close(self) -> None:
        os.close(self._file)


@pytest.fixture
def both(verifier: ModuleType) -> Iterator[Both]:
    asked = Both(verifier)
    yield asked
    asked.close()


def changed(lines: list[bytes], at: int, *new: bytes) -> bytes:
    return b"".join([*lines[:at], *new, *lines[at + 1 :]])


def test_the_sample_is_intact(both: Both, lines: list[bytes]) -> None:
    assert both.say(b"".join(lines)) is None


@pytest.mark.parametrize("line", range(1 + RECORDS + PIECES))
def test_every_byte_of_every_line(both: Both, lines: list[bytes], line: int) -> None:
    """Changed and taken out; a record is named by its own number, whatever it was in it."""
    text = lines[line]
    for at in range(len(text)):
        for new in (bytes([text[at] ^ 1]), b""):
            found = both.say(changed(lines, line, text[:at] + new + text[at + 1 :]))
            if 0 < line <= RECORDS and not (line == RECORDS and at == len(text) - 1):
                assert found is not None, (at, new)
                assert found[1] == line or found == ("inserted", line), (at, new, found)
            else:
                assert found is not None, (at, new)


def test_every_truncation(both: Both, lines: list[bytes]) -> None:
    """Cut off within a record, the record is named; at the end of one, the next."""
    content, ends, end = b"".join(lines), [], 0
    for line in lines:
        end += len(line)
        ends.append(end)
    for size in range(len(content)):
        found = both.say(content[:size])
        record = sum(end <= size for end in ends)
        if 0 < record <= RECORDS:
            assert found == ("truncated", record), size
        else:
            assert found is not None, size


def test_every_line_removed(both: Both, lines: list[bytes]) -> None:
    for record in range(1, RECORDS):
        assert both.say(changed(lines, record)) == ("removed", record)
    assert both.say(changed(lines, RECORDS)) == ("truncated", RECORDS)
    for piece in range(RECORDS + 1, len(lines)):
        found = both.say(changed(lines, piece))
        assert found is not None
        assert found[0] == "evidence"


def test_every_two_lines_exchanged(both: Both, lines: list[bytes]) -> None:
    for one in range(1, RECORDS + 1):
        for other in range(one + 1, RECORDS + 1):
            order = list(lines)
            order[one], order[other] = order[other], order[one]
            assert both.say(b"".join(order)) == ("reordered", one)


def test_every_line_in_place_of_another(both: Both, lines: list[bytes]) -> None:
    for one in range(1, RECORDS + 1):
        for other in set(range(1, RECORDS + 1)) - {one}:
            found = both.say(changed(lines, one, lines[other]))
            assert found in {("edited", one), ("inserted", one)}, (one, other)


def test_every_line_put_in_again(both: Both, lines: list[bytes]) -> None:
    for one in range(1, RECORDS + 1):
        for after in range(1, RECORDS):
            found = both.say(changed(lines, after, lines[after], lines[one]))
            place = after + 1 + (one == after + 1)  # of two that are the same the second one is the one too many
            assert found == ("inserted", place), (one, after)
        behind = both.say(changed(lines, RECORDS, lines[RECORDS], lines[one]))
        assert behind in {("inserted", RECORDS + 1), ("edited", RECORDS + 1)}


def chain(bodies: list[bytes]) -> Iterator[bytes]:
    previous = GENESIS
    for body in bodies:
        previous = link(previous, body)
        yield b'{"body":' + body + b',"hash":"' + previous.hex().encode() + b'"}\n'


def rewritten(lines: list[bytes], change: Callable[[list[bytes]], object]) -> tuple[bytes, bytes]:
    """The file as root can make it: bodies changed, all hashes computed anew; and its last hash."""
    bodies = [line[8:-76] for line in lines[1 : RECORDS + 1]]
    change(bodies)
    records = list(chain(bodies))
    head = records[-1][-67:-3]
    header = json.loads(lines[0]) | {"head": head.decode(), "last": len(records)}
    first = json.dumps(header, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    return b"".join([first, *records, *lines[RECORDS + 1 :]]), bytes.fromhex(head.decode())


@pytest.mark.parametrize("record", range(2, RECORDS + 1))
def test_a_chain_written_anew_is_found_with_a_seal(
    both: Both, verifier: ModuleType, lines: list[bytes], tmp_path: Path, record: int
) -> None:
    """The file alone looks intact; each seal from the changed record on says no, each before it holds."""
    header = json.loads(lines[0])
    codes = [seal(n, header["ledger"], bytes.fromhex(lines[n][-67:-3].decode())) for n in range(1, RECORDS + 1)]

    def change(bodies: list[bytes]) -> None:
        bodies[record - 1] = bodies[record - 1].replace(b'"n":', b'"n":9')

    content, _ = rewritten(lines, change)
    assert both.say(content) is None
    target = tmp_path / "forged.jsonl"
    target.write_bytes(content)
    held = verify(target, seals=typed(codes)).seals
    _, theirs = verifier.verified(str(target), [verifier.read_seal(code) for code in codes])
    assert [(h.seq, h.kind) for h in held] == [(t["record"], t["word"]) for t in theirs]
    assert {h.after + 1 for h in held if h.kind} == {t["after"] for t in theirs if t["word"]} == {record}
    assert [h.kind for h in held] == [""] * (record - 1) + ["rewritten"] * (RECORDS - record + 1)


@pytest.mark.parametrize("last", range(1, RECORDS))
def test_an_older_copy_is_found_with_a_seal(
    both: Both, verifier: ModuleType, lines: list[bytes], tmp_path: Path, last: int
) -> None:
    header = json.loads(lines[0])
    code = seal(RECORDS, header["ledger"], bytes.fromhex(header["head"]))

    def change(bodies: list[bytes]) -> None:
        del bodies[last:]

    content, _ = rewritten(lines[: RECORDS + 1], change)
    content = content.replace(b'"evidence":2', b'"evidence":0', 1)
    found = both.say(content)
    assert found is None or found[0] == "evidence"  # the evidence was left out here
    target = tmp_path / "older.jsonl"
    older = [json.loads(line)["body"].get("evidence", []) for line in lines[1 : last + 1]]
    pieces = [line for line in lines[RECORDS + 1 :] if any(json.loads(line)["evidence"] in named for named in older)]
    head, *rest = content.splitlines(keepends=True)
    target.write_bytes(b"".join([head.replace(b'"evidence":0', b'"evidence":%d' % len(pieces)), *rest, *pieces]))
    assert [h.kind for h in verify(target, seals=typed([code])).seals] == ["rolled-back"]
    _, theirs = verifier.verified(str(target), [verifier.read_seal(code)])
    assert [t["word"] for t in theirs] == ["rolled-back"]


def test_times_that_cannot_be(both: Both, lines: list[bytes]) -> None:
    """A chain made anew of true records in another order contradicts the clock that nobody can set."""

    def change(bodies: list[bytes]) -> None:
        one, other = (json.loads(bodies[at]) for at in (3, 4))
        other["mono_ms"] += 1  # the two may have been written in one millisecond
        for at, fields, seq in ((3, other, 4), (4, one, 5)):
            text = json.dumps({**fields, "seq": seq}, sort_keys=True, separators=(",", ":"))
            bodies[at] = text.encode()

    content, _ = rewritten(lines, change)
    assert both.say(content) == ("reordered", 5)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_else_is_done_to_the_bytes(both: Both, lines: list[bytes], data: st.DataObject) -> None:
    """Any piece replaced by any other bytes: never intact, and both say the same."""
    content = b"".join(lines)
    begin = data.draw(st.integers(0, len(content) - 1))
    size = data.draw(st.integers(0, 40))
    new = data.draw(st.binary(max_size=40) | st.sampled_from([content[at : at + 40] for at in range(0, 2000, 97)]))
    forged = content[:begin] + new + content[begin + size :]
    if forged != content:
        assert both.say(forged) is not None


@given(st.integers(1, 2**30 - 1), st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32), st.data())
def test_codes_are_read_alike(
    verifier: ModuleType, seq: int, ledger: bytes, digest: bytes, data: st.DataObject
) -> None:
    code = seal(seq, ledger.hex(), digest)
    with pytest.raises(verifier.Unreadable):
        verifier.read_seal("00001-00002-00003-00004-00005-00006-00007-00008")
    _, *found = verifier.read_seal(code)
    ours = typed([code])[0].seal
    assert tuple(found) == (ours.seq, ours.ledger, ours.head)
    at, char = data.draw(st.integers(0, len(code) - 1)), data.draw(st.sampled_from("0O1ILU-7Z é"))
    slip = code[:at] + char + code[at + 1 :]
    with suppress(SealUnreadable):
        again = typed([slip])[0].seal
        assert tuple(verifier.read_seal(slip)[1:]) == (again.seq, again.ledger, again.head)
        return
    with pytest.raises(verifier.Unreadable):
        verifier.read_seal(slip)


def test_the_verifier_needs_nothing_but_an_old_python() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 8))
    names = {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
    assert not {name for name in names if name.startswith("usbguard")}
    posix = {"fcntl", "pwd", "grp", "resource", "termios"}
    assert not names & posix


def run(*words: str, **env: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-s", str(SOURCE), *words]
    return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, env=env)


def test_the_verifier_speaks_plainly(lines: list[bytes], tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl"
    target.write_bytes(b"".join(lines))
    header = json.loads(lines[0])
    code = seal(RECORDS, header["ledger"], bytes.fromhex(header["head"]))
    good = run(str(target), "--seal", code, LANG="vi_VN.UTF-8", PYTHONUTF8="1")
    assert good.returncode == 0, good.stderr
    said = good.stdout.decode()
    assert said.startswith(f"NHẬT KÝ TOÀN VẸN: {RECORDS} bản ghi, từ 21/11/2026 ")
    assert f"MÃ NIÊM PHONG {code} ĐÚNG: bản ghi {RECORDS} lúc " in said
    plain = run(str(target), LANG="vi_VN", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii")
    assert plain.returncode == 0
    assert plain.stdout.startswith(b"NHAT KY TOAN VEN: ")
    target.write_bytes(changed(lines, 3, lines[3].replace(b'"n":3', b'"n":4')))
    bad = run(str(target), LANG="en_US.UTF-8", PYTHONUTF8="1")
    assert (bad.returncode, bad.stdout.decode().splitlines()[0]) == (
        1,
        "LOG NOT INTACT from record 3: its content or hash was changed afterwards.",
    )
    assert run(str(tmp_path / "none"), LANG="en_US.UTF-8").returncode == 65
    assert run(str(target), "--seal", "x", LANG="en_US.UTF-8").returncode == 65
    assert run("--nonsense", LANG="en_US.UTF-8").returncode == 64


def test_a_database_that_was_put_back_is_found_with_a_seal(database: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(database, tmp_path / "usbguard-py.db"))
    store = Store.open(path)
    entry = store.append("alarm", {"n": 7})
    with sqlite3.connect(path) as connection:
        (ledger,) = connection.execute("SELECT json_extract(body, '$.ledger') FROM ledger WHERE seq = 1").fetchone()
    connection.close()
    store.close()
    code = seal(entry.seq, ledger, entry.hash)
    assert [h.kind for h in verify(path, seals=typed([code])).seals] == [""]
    assert [h.kind for h in verify(database, seals=typed([code])).seals] == ["rolled-back"]

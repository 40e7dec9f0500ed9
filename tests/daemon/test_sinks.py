"""Sinks on real sockets: each by itself, never waited for, and what is lost is counted and said."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from usbguard_py import paths
from usbguard_py.daemon import sinks as module
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.sinks import MAX_WAITING, Sink, Sinks, Trouble, usual
from usbguard_py.i18n import language, speaking
from usbguard_py.shell.audit import AuditLog
from usbguard_py.shell.told import Journal, Syslog
from usbguard_py.telling import message

DEADLINE = 20.0  # seconds


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    monkeypatch.setattr(paths, "FLOOR_MODE", tmp_path / "mode")
    made = Books(tmp_path / "usbguard-py.db")
    assert made.open(enforce_expected=False)
    yield made
    if made.store is not None:
        made.store.close()


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[[str], socket.socket]]:
    made = []

    def at(name: str) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.append(listener)
        listener.bind(str(tmp_path / name))
        listener.settimeout(DEADLINE)
        return listener

    yield at
    for listener in made:
        listener.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds on a machine takes less here; the order of things is the same."""
    monkeypatch.setattr(module, "RETRY", 0.01)


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)
    return found


def text(told: Any, _body: Any) -> str:
    return str(told.kind)


def journal_at(path: Path) -> Sink:
    return Sink("journal", lambda: Journal(path, text))


def syslog_at(path: Path) -> Sink:
    return Sink("syslog", lambda: Syslog(path, text))


def test_every_entry_is_told_with_its_number_and_hash(
    books: Books, tmp_path: Path, listen: Callable[[str], socket.socket]
) -> None:
    one, other = listen("journal"), listen("syslog")
    sinks = Sinks(books, [journal_at(tmp_path / "journal"), syslog_at(tmp_path / "syslog")])
    sinks.begin()
    entry = books.append("alarm", {"name": "judge", "detail": "mau"})
    assert f"USBGUARD_PY_HASH={entry.hash.hex()}\n".encode() in one.recv(65536)
    assert f'[usbguard-py@32473 seq="{entry.seq}" hash="{entry.hash.hex()}"'.encode() in other.recv(65536)


def test_the_sentence_is_in_the_machines_language(
    books: Books, tmp_path: Path, listen: Callable[[str], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge speaks English, whatever the machine speaks: the ledger is the same everywhere."""
    monkeypatch.setenv("USBGUARD_PY_LANG", "vi")
    one = listen("journal")
    with speaking("en"):
        Sinks(books, [sink := Sink("journal", lambda: Journal(tmp_path / "journal", message))])
        sink.begin()
        books.append("alarm", {"name": "judge", "detail": "no answer before the deadline"})
        assert "MESSAGE=CẢNH BÁO; judge; không trả lời trong thời hạn".encode() in one.recv(65536)
        assert language() == "en"


def test_what_is_taken_back_is_not_told(books: Books, tmp_path: Path, listen: Callable[[str], socket.socket]) -> None:
    one = listen("journal")
    Sinks(books, [sink := journal_at(tmp_path / "journal")])
    sink.begin()
    store = books.ready()
    with suppress(ZeroDivisionError), store.transaction():
        store.append("alarm", {"name": "never"})
        1 // 0  # noqa: B018 - to end the transaction
    books.append("alarm", {"name": "then"})
    assert b"USBGUARD_PY_PORT=then\n" in one.recv(65536)


def test_what_the_ledger_does_not_take_is_told_all_the_same(
    books: Books, tmp_path: Path, listen: Callable[[str], socket.socket]
) -> None:
    """At once, with number 0; and not again when it is written late."""
    one = listen("journal")
    Sinks(books, [sink := journal_at(tmp_path / "journal")])
    sink.begin()
    aside = tmp_path / "aside"
    books.path.rename(aside)
    assert books.append_or_keep("alarm", {"name": "kept"}) == 0
    assert b"USBGUARD_PY_SEQ=0\n" in (told := one.recv(65536))
    assert b"USBGUARD_PY_PORT=kept\n" in told
    aside.rename(books.path)
    assert books.open(enforce_expected=False)
    books.append("alarm", {"name": "after"})
    assert b"USBGUARD_PY_PORT=after\n" in one.recv(65536)


def test_one_that_does_not_read_stops_no_other(
    books: Books, tmp_path: Path, listen: Callable[[str], socket.socket]
) -> None:
    """The queue of the one that stands still overflows; the other one has every note, and appending never waits."""
    stuck, other = listen("stuck"), listen("syslog")
    sinks = Sinks(books, [still := journal_at(tmp_path / "stuck"), syslog_at(tmp_path / "syslog")])
    sinks.begin()
    count = MAX_WAITING + 100
    for number in range(count):
        sinks.kept("alarm", {"name": str(number)})
        if number % 100 == 99:
            for told in range(number - 99, number + 1):
                assert f'port="{told}"'.encode() in other.recv(65536)
    assert other is not stuck
    assert until(lambda: still.lost) > 0
    assert any(p.startswith("journal missed ") for p in sinks.problems())


def test_a_sink_that_cannot_be_reached_is_said_once_and_that_it_works_again(
    books: Books, tmp_path: Path, listen: Callable[[str], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the ledger, as an alarm, and by status; nothing that fits into the queue is lost."""
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    monkeypatch.setattr(module, "QUIET", 0.0)
    sinks = Sinks(books, [sink := journal_at(tmp_path / "journal")])
    sink.begin()
    first = books.append("alarm", {"name": "one"}).seq
    until(lambda: sink.trouble)
    sinks.look()
    sinks.look()
    assert sinks.problems() == ["journal is not told: No such file or directory"]
    one = listen("journal")
    assert f"USBGUARD_PY_SEQ={first}\n".encode() in one.recv(65536)
    said = one.recv(65536)
    assert b"USBGUARD_PY_KIND=sink\n" in said
    assert b"USBGUARD_PY_WORKS=0\n" in said
    assert b"PRIORITY=1\n" in said
    until(sink.idle)
    sinks.look()
    assert b"USBGUARD_PY_WORKS=1\n" in (said := one.recv(65536))
    assert b"USBGUARD_PY_LOST=0\n" in said
    last = books.ready().last()
    assert last is not None
    assert last.seq == first + 2


def test_lost_notes_are_said(tmp_path: Path, listen: Callable[[str], socket.socket]) -> None:
    sink = journal_at(tmp_path / "journal")
    for _ in range(MAX_WAITING + 3):
        sink.put(("alarm", 1, "", b"", {"name": "x"}))
    one = listen("journal")
    sink.begin()
    for _ in range(MAX_WAITING):
        one.recv(65536)
    until(sink.idle)
    assert sink.news(1.0e9) == Trouble("journal", "", 3, works=True)
    assert sink.news(2.0e9) is None


def test_a_note_that_is_never_taken_is_given_up(books: Books) -> None:
    """Else everything behind it would wait for ever."""

    class Small:
        def __init__(self) -> None:
            self.taken: list[str] = []

        def send(self, told: Any, _body: Any) -> None:
            if told.kind == "start":
                raise OSError(90, "Message too long")
            self.taken.append(told.kind)

        def close(self) -> None:
            pass

    small = Small()
    sinks = Sinks(books, [sink := Sink("small", lambda: small)])
    sink.begin()
    sinks.kept("start", {})
    sinks.kept("stop", {})
    assert until(lambda: small.taken) == ["stop"]
    assert sink.lost == 1


def test_which_sinks_a_machine_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(module.CHOICE, raising=False)
    monkeypatch.setattr(paths, "JOURNAL_SOCKET", tmp_path / "socket")
    assert [s.name for s in usual()] == ["audit", "syslog"]
    (tmp_path / "socket").touch()
    assert [s.name for s in usual()] == ["audit", "journal"]
    monkeypatch.setenv(module.CHOICE, "syslog, audit,syslog")
    assert [s.name for s in usual()] == ["syslog", "audit"]
    monkeypatch.setenv(module.CHOICE, "")
    assert usual() == []


def test_a_name_that_is_no_sink_is_said_and_stops_nothing(
    books: Books, tmp_path: Path, listen: Callable[[str], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "JOURNAL_SOCKET", tmp_path / "journal")
    monkeypatch.setenv(module.CHOICE, "sylog,journal")
    one = listen("journal")
    sinks = Sinks(books, usual())
    sinks.begin()
    books.append("alarm", {"name": "mau"})
    assert b"USBGUARD_PY_PORT=mau\n" in one.recv(65536)
    assert until(sinks.problems) == ["sylog is not told: USBGUARD_PY_LOG_TO knows audit, journal and syslog"]


def test_audit_says_what_the_kernel_says() -> None:
    """Root may write records: for the moment it is nobody, whose effective capabilities are none (capabilities(7))."""
    log = AuditLog()
    was, nobody = os.geteuid(), 65534
    if was == 0:
        os.seteuid(nobody)
    try:
        with pytest.raises(OSError, match=r"not permitted|refused"):
            log.send(1137, b"op=x res=success")
    finally:
        if was == 0:
            os.seteuid(was)
    log.close()

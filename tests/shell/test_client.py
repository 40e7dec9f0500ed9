"""The client against servers of all kinds on a real socket."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.rig import STATUS, Judge
from usbguard_py import paths
from usbguard_py.core.requests import Explain, Status, Watch
from usbguard_py.errors import BadMessage, DaemonUnavailable, NoAnswer, NotFound
from usbguard_py.shell.client import ask, call, stream


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "c"


@pytest.fixture
def judge(place: Path) -> Iterator[Judge]:
    running = Judge(place)
    yield running
    running.close()


def test_a_question_and_its_answer(judge: Judge, place: Path) -> None:
    judge.answers["Status"] = STATUS
    assert call(Status(), path=place) == STATUS


def test_a_question_that_needs_no_request_is_the_same_on_the_wire(
    judge: Judge, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "CONTROL_SOCKET", place)
    judge.answers |= {"Status": STATUS, "Explain": {"code": "HUB"}}
    assert ask("Status") == STATUS
    assert ask("Explain", {"name": "1-2 “ê” \0"}) == {"code": "HUB"}
    assert judge.asked == [Status(), Explain(name="1-2 “ê” \0")]


def test_a_refusal_is_the_error_that_was_raised(judge: Judge, place: Path) -> None:
    judge.answers["Explain"] = NotFound(what="device", name="1-9")
    with pytest.raises(NotFound) as caught:
        call(Explain(name="1-9"), path=place)
    assert caught.value.facts == {"what": "device", "name": "1-9"}


def test_a_large_answer(judge: Judge, place: Path) -> None:
    judge.answers["Status"] = {"text": "x" * 1_000_000}
    assert len(call(Status(), path=place)["text"]) == 1_000_000


def test_a_stream(judge: Judge, place: Path) -> None:
    judge.answers["Watch"] = [{"seq": n} for n in range(100)]
    assert [e["seq"] for e in stream(Watch(), path=place)] == list(range(100))


def test_nobody_listens(place: Path) -> None:
    with pytest.raises(DaemonUnavailable):
        call(Status(), path=place)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(place))
    dead.close()
    with pytest.raises(DaemonUnavailable):
        list(stream(Watch(), path=place))


def one_client(place: Path, *answers: bytes) -> threading.Thread:
    """A server for one client: reads its request, sends the answers, hangs up; without answers it stays silent."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place))
    listener.listen(1)

    def serve() -> None:
        client, _ = listener.accept()
        listener.close()
        with client:
            client.recv(65536)
            for answer in answers:
                client.sendall(answer)
            if not answers:
                client.recv(1)  # until the client gives up

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_somebody_listens_and_says_nothing(place: Path) -> None:
    server = one_client(place)
    with pytest.raises(NoAnswer):
        call(Status(), timeout=0.05, path=place)
    server.join()


CUT = {"nothing": b"", "half a message": b'{"parameters"'}


@pytest.mark.parametrize("sent", CUT.values(), ids=CUT.keys())
def test_a_server_that_hangs_up(place: Path, sent: bytes) -> None:
    server = one_client(place, sent)
    with pytest.raises(NoAnswer):
        call(Status(), path=place)
    server.join()


def test_a_stream_that_breaks_off(place: Path) -> None:
    server = one_client(place, b'{"parameters":{"seq":1},"continues":true}\0')
    events = stream(Watch(), path=place)
    assert next(events) == {"seq": 1}
    with pytest.raises(DaemonUnavailable):
        next(events)
    server.join()


def test_rubbish(place: Path) -> None:
    server = one_client(place, b"hello\0")
    with pytest.raises(BadMessage):
        call(Status(), path=place)
    server.join()

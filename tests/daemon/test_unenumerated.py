"""Devices that never enumerate, from the kernel's log to entries; a socket gives one record a read, as the log does."""

import errno
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from usbguard_py.core.storm import FULL, WINDOW
from usbguard_py.daemon.unenumerated import AT_ONCE, Unenumerated
from usbguard_py.shell import kernel_log

GAVE_UP = "usb usb1-port3: unable to enumerate USB device"
ERROR = "usb 1-3: device descriptor read/64, error -71"


class Books:
    """Keeps the entries."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, dict[str, Any]]] = []

    def append_or_keep(self, kind: str, body: dict[str, Any]) -> int:
        self.kept.append((kind, body))
        return len(self.kept)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.kept]


class Log:
    """A kernel's log that the test writes."""

    def __init__(self) -> None:
        self.ours, self.kernels = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.set_blocking(self.ours.fileno(), False)
        self.books = Books()
        self.now = 1000.0
        self.begin()
        self.number = 0

    def begin(self, known_us: int = 0) -> None:
        self.watch = Unenumerated(self.books, self.ours.fileno(), known_us)  # type: ignore[arg-type] # the same shape
        self.watch.clock = lambda: self.now

    def says(self, *texts: str, us: int = 7_000_000) -> None:
        for text in texts:
            self.number += 1
            self.kernels.send(f"3,{self.number},{us},-;{text}\n SUBSYSTEM=usb\n".encode())
        self.watch.readable(self.ours.fileno())


@pytest.fixture
def log() -> Iterator[Log]:
    made = Log()
    yield made
    made.ours.close()
    made.kernels.close()


def test_a_device_that_never_enumerates_is_an_entry(log: Log) -> None:
    log.says("usb 1-3: new high-speed USB device number 5 using xhci_hcd", ERROR, GAVE_UP)
    [(kind, body)] = log.books.kept
    assert kind == "unenumerated"
    detail = "unable to enumerate USB device: device descriptor read/64, error -71"
    assert body == {"name": "1-3", "detail": detail, "kernel_ms": 7000}


def test_repetitions_are_counted_and_nothing_is_lost(log: Log) -> None:
    """Three entries, an alarm, a count at each doubling, and the rest when it has been quiet."""
    for turn in range(100):
        log.says(ERROR, GAVE_UP, us=(7 + turn) * 1_000_000)
        log.now += 2
    assert log.books.kinds()[: FULL + 1] == ["unenumerated"] * FULL + ["alarm"]
    alarm = log.books.kept[FULL][1]
    assert (alarm["name"], alarm["of"]) == ("1-3", FULL)
    log.now += WINDOW + 1
    log.watch.look()
    counts = [body for kind, body in log.books.kept if kind == "repeated"]
    assert sum(body["count"] for body in counts) == 100 - FULL
    assert (counts[-1]["total"], counts[-1]["ended"], counts[-1]["of"]) == (100, True, FULL)
    assert len(log.books.kept) < 15


def test_what_a_judge_before_us_has_read_is_not_told_again(log: Log) -> None:
    log.begin(known_us=8_000_000)
    log.says(GAVE_UP, us=7_999_999)
    assert log.books.kept == []
    log.says(GAVE_UP, us=8_000_000)
    assert log.books.kinds() == ["unenumerated"]


def test_a_flood_does_not_hold_the_loop_up(log: Log) -> None:
    """One round takes a bounded number; the rest waits for the next, after the events of devices."""
    for number in range(AT_ONCE + 5):
        log.kernels.send(f"3,{number},1,-;usb usb1-port{number + 1}: unable to enumerate USB device\n".encode())
    log.watch.readable(log.ours.fileno())
    assert len(log.books.kept) == AT_ONCE
    log.watch.readable(log.ours.fileno())
    assert len(log.books.kept) == AT_ONCE + 5


def test_records_that_were_overwritten_are_said_once_in_a_while(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def overwritten(_fd: int) -> bytes:
        raise kernel_log.RecordsLost(errno.EPIPE, "overwritten")

    monkeypatch.setattr(kernel_log, "read", overwritten)
    log.watch.readable(0)
    log.watch.readable(0)
    assert log.books.kinds() == ["events-lost"]
    log.now += WINDOW
    log.watch.readable(0)
    assert log.books.kinds() == ["events-lost"] * 2


def test_a_log_that_cannot_be_read_any_more_is_an_alarm(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_fd: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(kernel_log, "read", broken)
    log.watch.readable(0)
    assert log.books.kinds() == ["alarm"]
    assert log.watch.descriptors() == []
    assert not log.watch.watching


def test_a_judge_that_was_handed_no_log_goes_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    seen = os.fstat(read)
    monkeypatch.setattr(os, "fstat", lambda _fd: seen)
    assert kernel_log.handed_over() is None
    assert Unenumerated(Books(), None).descriptors() == []  # type: ignore[arg-type] # the same shape
    os.close(read)
    os.close(write)

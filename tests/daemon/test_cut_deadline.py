"""The judge keeps a cut's deadline by itself: hands that hang stop nothing."""

import socket
import time

from tests.daemon.test_storms import Machine, machine
from usbguard_py import paths
from usbguard_py.core.connection import State
from usbguard_py.core.enforcement import Step
from usbguard_py.daemon.connection import Connection
from usbguard_py.i18n import speaking
from usbguard_py.policy.knobs import Policy

__all__ = ["machine"]

DEADLINE = 1.0  # seconds


def test_a_drive_is_deauthorised_by_the_deadline_although_the_hands_hang(machine: Machine) -> None:
    """They took the request and answer nothing; the write comes in time and the entry says what was missing."""
    paths.HANDS_SOCKET.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
        silent.bind(str(paths.HANDS_SOCKET))
        silent.listen()
        machine.host.hands._path = paths.HANDS_SOCKET
        machine.books.policy = Policy(name="standalone", cut_deadline_ms=int(DEADLINE * 1000))
        written: list[float] = []
        apply = machine.host.apply

        def watched(connection: Connection, step: Step) -> None:
            apply(connection, step)
            written.append(time.monotonic())

        machine.host.apply = watched  # type: ignore[method-assign]
        machine.plug()
        connection = machine.host.connections["1-2"]
        connection.enter(State.HANDED_OVER)
        (paths.USB_DEVICES / "1-2/1-2:1.0/host0").mkdir(parents=True)
        (paths.USB_DEVICES / "1-2:1.0").symlink_to("1-2/1-2:1.0")
        begun = time.monotonic()
        with speaking("en"):  # as the daemon does
            machine.judge.judge_again()
            machine.settle()
    assert written
    assert written[0] - begun < DEADLINE
    cut = machine.entries()[-1]
    assert cut["kind"] == "cut"
    assert "no answer before the deadline" in " ".join(cut["problems"])
    assert cut["held"] is None

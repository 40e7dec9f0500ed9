"""From the word of the list to the flags by which udev gives nodes out; what comes of them is shown in the lab."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.build import a_stick
from tests.daemon.test_storms import Machine, machine
from usbguard_py import paths
from usbguard_py.core.codes import Code
from usbguard_py.core.enforcement import ReadBack
from usbguard_py.core.media import Lun
from usbguard_py.core.passport import passport_of
from usbguard_py.core.requests import WhitelistAdd
from usbguard_py.daemon import changes
from usbguard_py.daemon.answers import described
from usbguard_py.daemon.connection import Connection
from usbguard_py.shell.peer import Peer

__all__ = ["machine"]

MANAGER = Peer(uid=1001, pid=7, user="quanly", login="quanly", role="manager")
DISC = Lun(0, 0, 5, b"SAMPLE  ".hex(), b"Tools           ".hex(), b"1.00".hex())
FOLDERS = ("OPEN_FLAGS", "READ_ONLY_FLAGS", "LOGIN_TOOL_FLAGS")


def listed(machine: Machine, **words: Any) -> str:
    """Put the sample stick on the list by hand; its number."""
    asked = WhitelistAdd(
        holder="Nguyen Van Mau", document="MAU-01/2026", passport=passport_of(a_stick(), (0,)), **words
    )
    flow = changes.add(machine.judge, asked, MANAGER)
    with pytest.raises(StopIteration) as end:
        next(flow)
    return str(end.value.value["id"])


def plugged(machine: Machine) -> Connection:
    """The sample stick as it was judged when it arrived; no unit of it appears in plain files."""
    machine.plug(serial="SAMPLE-0001")
    connection = machine.host.connections["1-2"]
    connection.device = a_stick()
    machine.host.decide(connection)
    connection.media = (DISC,)
    return connection


def standing() -> Iterator[str]:
    for name in FOLDERS:
        folder: Path = getattr(paths, name)
        yield from (folder.name for _ in folder.iterdir()) if folder.exists() else ()


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        ({}, ["open"]),
        ({"login_tool": True}, ["open", "login-tool"]),
        ({"login_tool": True, "access": "ro"}, ["open", "read-only", "login-tool"]),
        ({"access": "ro"}, ["open", "read-only"]),
    ],
    ids=["neither", "login tool", "both", "reading only"],
)
def test_the_flags_are_what_the_list_says(machine: Machine, words: dict[str, Any], flags: list[str]) -> None:
    """Set when the nodes are given out, taken away with them; the entry and the answer say so."""
    listed(machine, **words)
    connection = plugged(machine)
    assert connection.decision.code is Code.ALLOWED
    assert list(standing()) == []
    machine.host.media.hand_over(connection)
    assert list(standing()) == flags
    told = described(connection)
    assert (told["access"], told["login_tool"]) == (words.get("access", "rw"), "login_tool" in words)
    machine.host.record_outcome(connection, ReadBack(authorized=True, configuration=1))
    entry = machine.entries()[-1]
    assert (entry["access"], entry["login_tool"]) == (words.get("access", "rw"), "login_tool" in words)
    machine.host.release_nodes(connection, granted=False)
    assert list(standing()) == []


def test_what_the_list_says_of_one_device_holds_for_no_other(machine: Machine) -> None:
    """The connection of a device that is on no list, or no longer, has no login tool."""
    id_ = listed(machine, login_tool=True)
    connection = plugged(machine)
    assert described(connection)["login_tool"] is True
    connection.device = a_stick(b"SAMPLE-0009")
    machine.host.decide(connection)
    assert described(connection)["login_tool"] is False
    assert described(connection)["access"] == ""
    (asset,) = machine.books.ready().assets()
    assert (asset.id, asset.login_tool) == (id_, True)
    record = next(e for e in machine.entries() if e["kind"] == "list-add")["record"]
    assert record["login_tool"] is True

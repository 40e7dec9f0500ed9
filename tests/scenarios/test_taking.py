"""A carried list is taken by two persons where the policy says so, and whole or not at all whatever goes wrong."""

import io
import json
from typing import Any

import msgspec

from tests.build import a_stick, an_asset
from tests.lab import Plugged
from tests.scenarios.rig import APPROVED, DATABASE, Rig, Sentences
from tests.scenarios.test_carrying import WHY, become_another
from usbguard_py.core.carrying import Head, Machine, list_digest
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.shell.carried_files import write_carried

DEVICES = 60  # beside the sample, so that the transaction takes its time
FIRST, SECOND = {"user": "canboa", "login": "canboa"}, {"user": "canbob", "login": "canbob"}
AT = "2026-11-22T08:00:00.000+07:00"
STAMPS = {"added_at": AT, "changed_at": AT, "added_by": "quanly"}
LIST = "/srv/list.json"
MOUNTED = "/mnt/stick"
# Kills the process that holds SQLite's lock for writing: byte 120 of the shared memory of the log (walformat.html).
KILLER = """
import os, signal, sys
pid, inode = sys.argv[1], f":{os.stat(sys.argv[2]).st_ino}"
print("watching")
while True:
    for words in map(str.split, open("/proc/locks")):
        if words[3:5] == ["WRITE", pid] and words[5].endswith(inode) and int(words[6]) <= 120 <= int(words[7]):
            os.kill(int(pid), signal.SIGKILL)
            sys.exit()
"""
SAME = Sentences(
    "Another person has to take this list, too: it was canboa, who is logged in here, who took it first.",
    "",
)


def carried(number: int, assets: tuple[Asset, ...]) -> bytes:
    """The list with that number of a computer that is not here."""
    head = Head(Machine("ab" * 16, "may-mot"), number, len(assets), AT, AT, 30, "")
    file = io.BytesIO()
    write_carried(file, msgspec.structs.replace(head, sha256=list_digest(head, assets)), (), assets)
    return file.getvalue()


def both(rig: Rig) -> tuple[bytes, bytes]:
    """Two lists, one after the other: in the first the sample stick is in use, in the second nothing is."""
    real = msgspec.convert(rig.answer("whitelist show TB-0001")["asset"], Asset)
    others = (an_asset(a_stick(b"SAMPLE-7%03d" % n), id_=f"TB-{n:04d}", **STAMPS) for n in range(2, DEVICES + 2))
    assets = (real, *others)
    why = {"state": Custody.REVOKED, "reason": "r", "reason_document": "d"}
    return carried(7, assets), carried(8, tuple(msgspec.structs.replace(asset, **why) for asset in assets))


def command(rig: Rig, path: str = LIST) -> str:
    """How a person takes it: with the check digits that are on the paper."""
    digits = json.loads(rig.guest.read(LIST))["head"]["sha256"][:16]
    return f"whitelist take {path} --expect-digest {digits} {WHY}"


def standing(rig: Rig) -> tuple[Any, ...]:
    """All that a list leaves behind: notes, the list's changes, each device, and the entries."""
    notes = rig.guest.records(DATABASE, "SELECT json_object('kind', kind) FROM list_note", [], {})
    changes = rig.guest.records(DATABASE, "SELECT json_object('version', version) FROM list_change", [], {})
    states = rig.guest.records(DATABASE, "SELECT json_object('id', id, 'state', state) FROM asset", [], {})
    return notes, changes, states, len(rig.entries(kind="list-carried")), len(rig.entries(kind="list-take"))


def by_two_persons(rig: Rig, stick: Plugged) -> None:
    """One person's word opens nothing, nor does it under another account; a colleague's does."""
    before = rig.seq()
    rig.cli(command(rig), **FIRST)
    assert rig.await_entry(before, kind="list-ask")["by"]["login"] == "canboa"
    for who in (FIRST, {"user": "canbob", "login": "canboa"}):
        rig.fails(command(rig), 77, SAME, langs=("en",), **who)
    assert standing(rig)[2:] == ([], 0, 0)
    rig.guest.witness.assert_dead(stick.port)
    rig.cli(command(rig), **SECOND)
    assert rig.await_entry(before, kind="list-take")["by"]["login"] == "canbob"
    rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
    assert not rig.guest.witness.dead(stick.port).dead
    assert standing(rig)[3:] == (DEVICES + 1, 1)


def pulled_out_while_it_is_read(rig: Rig, stick: Plugged) -> None:
    """The file is open and its stick slow: pulled then, there is an error, and nothing of the list."""
    guest, before = rig.guest, standing(rig)
    guest.run(f"mkdir {MOUNTED} && mount /dev/sda {MOUNTED} && cp {LIST} {MOUNTED}/ && umount {MOUNTED}")
    guest.run(f"mount -o ro /dev/sda {MOUNTED}")
    (group,) = stick.backends.throttles
    guest.qmp.execute("qom-set", path=f"/objects/{group}", property="limits", value={"bps-read": 1})
    # As root: who pulls it out is somebody else anyway.
    taking = guest.start(f"exec usbguard-py {command(rig, f'{MOUNTED}/list.json')}", env={"LANG": "en_US.UTF-8"})
    guest.run(f"until ls -l /proc/{taking.pid}/fd | grep -q list.json; do :; done")
    stick.unplug()
    assert taking.wait() == 65, taking.output
    assert "Input/output error" in taking.output
    guest.run(f"umount -l {MOUNTED}")
    assert standing(rig) == before


def killed_while_it_is_written(rig: Rig) -> None:
    """The judge dies with the transaction open: it starts again with one of both lists, whole, and it goes on."""
    guest, before, seq = rig.guest, standing(rig), rig.seq()
    stick = guest.plug_stick(serial=APPROVED)
    rig.allowed(stick, seq)
    pid = guest.run("systemctl show -p MainPID --value usbguard-py").stdout.strip()
    killer = guest.start(["python3", "-uc", KILLER, pid, f"{DATABASE}-shm"])
    killer.wait_output("watching")
    assert rig.cli(command(rig), check=False, **FIRST).returncode != 0
    assert killer.wait() == 0, killer.output
    guest.run("until usbguard-py status >/dev/null; do :; done")
    carried, taken = (now - then for now, then in zip(standing(rig)[3:], before[3:], strict=True))
    assert (carried, taken) in {(0, 0), (DEVICES + 1, 1)}
    rig.facts["killed before its commit"] = not taken
    if not taken:
        assert standing(rig) == before
        rig.cli(command(rig), **FIRST)
    rig.dead_again(stick.port)
    after = standing(rig)
    assert after[3:] == (before[3] + DEVICES + 1, before[4] + 1)
    assert {row["state"] for row in after[2]} == {"revoked"}
    rig.cli("log verify")


def test_a_carried_list_is_taken_by_two_persons_and_never_half(rig: Rig) -> None:
    """Two persons open a stick by it; pulled out or killed in the middle, it is the list of before, and goes on."""
    guest = rig.guest
    guest.run("for name in canboa canbob; do useradd --groups usbguard-manager $name; done")
    guest.run("sed 's/^four_eyes = .*/four_eyes = 7/' /usr/share/usbguard-py/policies/standalone.toml > /root/two.toml")
    opening, closing = both(rig)
    become_another(rig)
    rig.cli("policy use /root/two.toml")
    before = rig.seq()
    stick = guest.plug_stick(serial=APPROVED, read_bps=1 << 30)
    rig.blocked(stick, before, "NOT_LISTED")
    guest.write(LIST, opening, 0o644)
    by_two_persons(rig, stick)
    guest.write(LIST, closing, 0o644)
    pulled_out_while_it_is_read(rig, stick)
    killed_while_it_is_written(rig)

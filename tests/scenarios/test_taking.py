"""A carried list is taken by two persons where the policy says so, and not by halves when its stick is pulled out."""

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

DEVICES = 150  # so that the file is longer than what the kernel reads at once
FIRST, SECOND = {"user": "canboa", "login": "canboa"}, {"user": "canbob", "login": "canbob"}
AT = "2026-11-22T08:00:00.000+07:00"
STAMPS = {"added_at": AT, "changed_at": AT, "added_by": "quanly"}
LIST = "/srv/list.json"
MOUNTED = "/mnt/stick"
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


def test_a_carried_list_is_taken_by_two_persons_and_never_half(rig: Rig) -> None:
    """Two persons open a stick by it; pulled out in the middle, it is the list of before."""
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
    rig.cli("log verify")

"""The list out to a file and in from one, with real sticks: what is imported opens, what is refused is not there."""

import copy
import json
import shlex
from typing import Any

from tests.scenarios.rig import APPROVED, Rig, Sentences, one_line

WHY = "--reason 'nhan ban giao' --document MAU-09/2026"
SERIALS = ("SAMPLE-0700", "SAMPLE-0701", "SAMPLE-0702")
REFUSED = Sentences(
    "Nothing was imported from /tmp/new.json; places that are wrong: 1.",
    "Không nhập gì từ /tmp/new.json; số chỗ sai: 1.",
)
NO_DAY = Sentences("no day of the calendar", "không phải ngày có trong lịch")


def rows(rig: Rig) -> list[dict[str, Any]]:
    """Three sticks like the approved one, but for their serial numbers."""
    rig.cli("whitelist export /root/list.json")
    listed = json.loads(rig.guest.read("/root/list.json"))["assets"]
    (one,) = [asset for asset in listed if asset["electronic_serial"] == APPROVED.encode().hex()]
    made = []
    for serial in SERIALS:
        row = copy.deepcopy(one) | {"electronic_serial": serial.encode().hex()}
        row["fingerprints"][0]["passport"]["serial"] = serial.encode().hex()
        made.append(row)
    return made


def put(rig: Rig, assets: list[dict[str, Any]]) -> None:
    text = json.dumps({"format": "usbguard-py-list", "version": 1, "assets": assets})
    rig.guest.run(f"echo {shlex.quote(text)} > /tmp/new.json")


def test_a_file_of_sticks_is_refused_as_a_whole_or_opens_at_once(rig: Rig) -> None:
    """By a manager without root; a device that is plugged in meanwhile opens when the file is taken."""
    rig.guest.run("useradd --create-home --groups usbguard-manager danhsach")
    who = {"user": "danhsach", "login": "danhsach"}
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=SERIALS[1])
    rig.blocked(stick, before, "NOT_LISTED")
    sticks = rows(rig)
    put(rig, [*sticks[:2], sticks[2] | {"expires_on": "2026-02-30"}])
    before = rig.seq()
    command = f"whitelist import /tmp/new.json --expect-new 3 {WHY}"
    rig.fails(command, 65, REFUSED, **who)
    for lang in ("en", "vi"):
        shown = one_line(rig.cli(command, check=False, lang=lang, **who).stdout)
        assert getattr(NO_DAY, lang) in shown, shown
    assert rig.entries(before) == []
    rig.guest.witness.assert_dead(stick.port)
    put(rig, sticks)
    assert "Đã thêm 3 thiết bị vào danh sách" in one_line(rig.cli(command, lang="vi", **who).stdout)
    rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
    assert not rig.guest.witness.dead(stick.port).dead
    (whole,) = rig.entries(before, kind="list-import")
    assert (whole["count"], whole["reason"], whole["by"]["login"]) == (3, "nhan ban giao", "danhsach")
    assert [e["import"]["of"] for e in rig.entries(before, kind="list-add")] == [whole["seq"]] * 3
    for form in ("csv", "xlsx"):  # a round trip finds everything as it is
        before = rig.seq()
        rig.cli(f"whitelist export /home/danhsach/list.{form}", **who)
        assert rig.guest.run(f"stat -c %a /home/danhsach/list.{form}").stdout.strip() == "600"
        shown = rig.cli(f"whitelist import /home/danhsach/list.{form}", **who).stdout
        assert "4 devices are on the list already, just so. There is nothing to be added." in one_line(shown)
        assert [e["kind"] for e in rig.entries(before)] == ["list-export"]
    rig.cli("log verify")

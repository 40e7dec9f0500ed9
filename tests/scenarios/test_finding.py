"""The stick in somebody's hand: what ``whitelist lookup`` says of it, asked by an auditor."""

import json
from typing import Any

from tests.scenarios.rig import APPROVED, Rig, one_line

AUDITOR: dict[str, Any] = {"user": "kiemtra", "login": "quanly"}
TYPO = APPROVED.replace("0", "O", 1)


def looked_up(rig: Rig, words: str, code: int) -> Any:
    """The only answer of a look-up that ends with this exit code."""
    result = rig.cli(f"whitelist lookup {words} --json", check=False, **AUDITOR)
    assert result.returncode == code, result.stderr
    (answer,) = json.loads(result.stdout)["answers"]
    return answer


def test_the_stick_in_the_port_is_looked_up(rig: Rig) -> None:
    """Listed and open; a stranger; one whose serial only looks like it; revoked: the judge's words, and the list's."""
    rig.guest.run("useradd --create-home --groups usbguard-auditor kiemtra")
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(stick, 0)
    answer = looked_up(rig, "", 0)
    (entry,) = answer["entries"]
    assert (answer["device"]["code"], entry["asset"]["id"]) == ("ALLOWED", "TB-0001")
    assert (entry["failed"], entry["differences"]) == ([], [])

    before = rig.seq()
    stranger, near = rig.guest.plug_stick(serial="TB-STRANGER"), rig.guest.plug_stick(serial=TYPO)
    rig.blocked(stranger, before, "NOT_LISTED")
    rig.blocked(near, before, "NOT_LISTED")
    answer = looked_up(rig, f"--device {stranger.port}", 1)
    assert (answer["device"]["code"], answer["entries"], answer["near"]) == ("NOT_LISTED", [], [])
    answer = looked_up(rig, f"--device {near.port}", 1)
    (one,) = answer["near"]
    assert (one["near"]["asset"]["id"], one["near"]["kind"]) == ("TB-0001", "look-alike")
    assert [difference["facet"] for difference in one["differences"]] == ["serial"]
    assert looked_up(rig, TYPO, 1)["near"][0]["near"]["fact"] == "electronic_serial"

    before = rig.seq()
    rig.cli("whitelist revoke TB-0001 --reason mau --document MAU-02/2026 --yes")
    rig.await_entry(before, kind="cut", name=stick.port)
    said = one_line(rig.cli(f"whitelist lookup --device {stick.port}", lang="vi", **AUDITOR).stdout)
    assert "[REVOKED] ĐÃ CHẶN: quyền sử dụng thiết bị TB-0001 đã bị thu hồi (lý do: mau)." in said
    assert [gate["code"] for gate in looked_up(rig, APPROVED, 0)["entries"][0]["failed"]] == ["REVOKED"]

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
    """Listed and open; a stranger whose serial only looks like it, plugged in and typed; revoked, and told first."""
    rig.guest.run("useradd --create-home --groups usbguard-auditor kiemtra")
    stick = rig.guest.plug_stick(serial=APPROVED)
    rig.allowed(stick, 0)
    answer = looked_up(rig, "", 0)
    (entry,) = answer["entries"]
    assert (answer["device"]["code"], entry["asset"]["id"]) == ("ALLOWED", "TB-0001")
    assert (entry["failed"], entry["differences"]) == ([], [])

    before = rig.seq()
    stranger = rig.guest.plug_stick(serial=TYPO)
    rig.blocked(stranger, before, "NOT_LISTED")
    answer = looked_up(rig, f"--device {stranger.port}", 1)
    (one,) = answer["near"]
    assert (answer["device"]["code"], answer["entries"]) == ("NOT_LISTED", [])
    assert (one["near"]["asset"]["id"], one["near"]["kind"]) == ("TB-0001", "look-alike")
    assert [difference["facet"] for difference in one["differences"]] == ["serial"]
    assert looked_up(rig, TYPO, 1)["near"][0]["near"]["fact"] == "electronic_serial"

    before = rig.seq()
    rig.cli("whitelist revoke TB-0001 --reason mau --document MAU-02/2026 --yes")
    rig.await_entry(before, kind="cut", name=stick.port)
    said = one_line(rig.cli("whitelist lookup", lang="vi", **AUDITOR).stdout)
    revoked = "[REVOKED] ĐÃ CHẶN: quyền sử dụng thiết bị TB-0001 đã bị thu hồi (lý do: mau)."
    assert said.index(revoked) < said.index("[NOT_LISTED] ĐÃ CHẶN")

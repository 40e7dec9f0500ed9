"""An inspection at a running machine, by an account that may read and nothing else."""

import hashlib
import json
import re

from tests.scenarios.rig import Rig

AUDITOR = {"user": "kiemtra", "login": "kiemtra"}


def inspected(rig: Rig) -> tuple[int, dict[str, object]]:
    result = rig.cli("log inspect --json", check=False, **AUDITOR)
    answer: dict[str, object] = json.loads(result.stdout)
    return result.returncode, answer


def reasons(answer: dict[str, object]) -> list[str]:
    coverage = answer["coverage"]
    assert isinstance(coverage, dict)
    return [stretch["reason"] for stretch in coverage["stretches"]]


def test_an_inspection_by_an_account_that_only_reads(rig: Rig) -> None:
    """A foreign stick, a killed daemon and a stopped one: the first line answers, every gap has its reason.

    The auditor needs no root, and what they read leaves one trace: the report that they took along.
    """
    rig.guest.run("useradd --create-home --groups usbguard-auditor kiemtra")
    before = rig.seq()
    stick = rig.guest.plug_stick(serial="SAMPLE-0666")
    rig.blocked(stick, before, "NOT_LISTED")
    (entry,) = rig.entries(before, code="NOT_LISTED", kind="decision")
    page = rig.cli("log inspect", check=False, lang="vi", **AUDITOR)
    assert page.returncode == 1
    first = page.stdout.split("\n")[0]
    assert re.match(r"Có \d+ thiết bị lạ từ .*, tất cả đã bị chặn; mức bao phủ \d+,\d\d %", first), first
    assert re.search(r"\d+\. Loại: thiết bị lưu trữ \| Seri: SAMPLE-0666 \| Dung lượng: – \| Tên: ", page.stdout)
    for command in ("stats", f"show {entry['seq']}", f"explain {entry['seq']}", "list --class storage --port 2-1"):
        assert rig.cli(f"log {command}", **AUDITOR).stdout
    rig.cli("log report /home/kiemtra/report.html", lang="vi", **AUDITOR)
    whole_chain(rig.guest.run("cat /home/kiemtra/report.html").stdout)
    left = {e["kind"] for e in rig.entries(int(entry["seq"]))}
    assert left <= {"export", "outcome", "view"}
    assert [e["by"]["login"] for e in rig.entries(int(entry["seq"]), kind="export")] == ["kiemtra"]

    rig.guest.run("systemctl kill --signal=KILL usbguard-py")
    rig.await_entry(int(entry["seq"]), kind="start", timeout=60)
    assert reasons(inspected(rig)[1])[-2:] == ["died", ""]
    rig.guest.run("systemctl stop usbguard-py")
    code, answer = inspected(rig)
    assert (code, reasons(answer)[-1], answer["answer"]) == (1, "end", "foreign-blocked")
    rig.guest.run("systemctl start usbguard-py")
    code, answer = inspected(rig)
    assert reasons(answer)[-2:] == ["stopped", ""]
    assert rig.entries(before, kind="stop")[-1]["shutdown"] is False
    refused = rig.cli("log inspect", check=False, user="nobody")
    assert refused.returncode == 77


def whole_chain(page: str) -> None:
    """The records of the page follow from each other, by nothing of ours."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    before = bytes.fromhex(data["before"])
    for body, shown in data["records"]:
        before = hashlib.sha256(b"usbguard-py/ledger/1\0" + before + body.encode()).digest()
        assert before.hex() == shown
    assert before.hex() == data["head"]
    assert "SAMPLE-0666" in data["records"][-1][0] or "SAMPLE-0666" in data["records"][-2][0]

"""Papers made with the installed command by who keeps the list: no root, a Vietnamese terminal."""

import base64
import re
import zipfile
from pathlib import Path

from tests.scenarios.rig import APPROVED, HOLDER, Rig, Sentences, one_line

AGENCY = """body_above = "ỦY BAN NHÂN DÂN TỈNH MẪU"
body = "VĂN PHÒNG"
place = "Tỉnh Mẫu"
keeper = "Trần Thị Mẫu"
"""
MISSING = Sentences(
    "The paper needs more: --body-code, --basis, --venue, --giver-position, --giver-unit, --receiver-position.",
    "Còn thiếu nội dung để lập giấy: --body-code, --basis, --venue, --giver-position, --giver-unit, "
    "--receiver-position.",
)


def test_a_manager_makes_minutes_without_root(rig: Rig, tmp_path: Path) -> None:
    """What is missing is named and no file is there; then the paper is whole, and its digest is in the log."""
    rig.guest.run("useradd --create-home --groups usbguard-manager vanthu; useradd --create-home nguoila")
    rig.guest.run(f"cat > /etc/usbguard-py/agency.toml <<'E'\n{AGENCY}E")
    who = {"user": "vanthu", "login": "vanthu"}
    paper = "/home/vanthu/ban-giao.docx"
    rig.fails(f"paper handover TB-0001 --out {paper}", 64, MISSING, langs=("vi",), **who)
    refused = rig.cli(
        "paper register --out /home/nguoila/so.docx --blank all", check=False, user="nguoila", login="nguoila"
    )
    assert refused.returncode == 77
    assert rig.guest.run(f"ls {paper} /home/nguoila/so.docx", check=False).stdout == ""

    before = rig.seq()
    said = rig.cli(f"paper handover TB-0001 --blank all --out {paper}", lang="vi", **who)
    assert "Đã lập biên bản bàn giao gồm 1 thiết bị theo danh sách số 1" in one_line(said.stdout)
    (entry,) = rig.entries(before, kind="list-export")
    assert (entry["by"]["login"], entry["count"]) == ("vanthu", 1)
    seen = rig.guest.run(f"stat -c '%U %a' {paper}; sha256sum {paper}; base64 -w0 {paper} > /root/paper").stdout.split()
    assert seen[:3] == ["vanthu", "600", entry["sha256"]]

    text = document(rig, tmp_path)
    for expected in ("BIÊN BẢN", "Ông (bà): Trần Thị Mẫu", f"Ông (bà): {HOLDER}", APPROVED, "TB-0001", "117/2025/QH15"):
        assert expected in text, expected


def document(rig: Rig, folder: Path) -> str:
    """The paragraphs of the paper, as an office program on another machine reads them."""
    path = folder / "paper.docx"
    path.write_bytes(base64.b64decode(rig.guest.read("/root/paper")))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return "\n".join(re.findall(r"<w:t [^>]*>([^<]*)</w:t>", archive.read("word/document.xml").decode()))

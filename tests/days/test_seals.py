"""An inspection as it goes: an auditor takes a seal on paper, root rewrites the log afterwards, the paper finds it."""

import json
import re

from tests.scenarios.rig import DATABASE, Rig, one_line

CODE = re.compile(r"\b(?:[0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}\b")

# What root can do, with nothing of ours: the guards away, a refusal made an approval, every hash from there on anew.
FORGERY = f"""
import hashlib, json, sqlite3
db = sqlite3.connect({DATABASE!r}, isolation_level=None, timeout=20)
db.execute("BEGIN IMMEDIATE")
guards = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
for name, _ in guards:
    db.execute("DROP TRIGGER " + name)
previous, forged = bytes(32), 0
for seq, body in db.execute("SELECT seq, body FROM ledger ORDER BY seq").fetchall():
    if not forged and '"code":"NOT_LISTED"' in body:
        body, forged = body.replace('"code":"NOT_LISTED"', '"code":"ALLOWED"'), seq
    previous = hashlib.sha256(b"usbguard-py/ledger/1\\0" + previous + body.encode()).digest()
    db.execute("UPDATE ledger SET body = ?, hash = ? WHERE seq = ?", (body, previous, seq))
db.execute("UPDATE head SET hash = ?", (previous,))
for _, text in guards:
    db.execute(text)
db.execute("COMMIT")
print(forged)
"""  # noqa: S608 - a statement of a program, with no word from outside


def test_root_rewrites_the_log_after_an_auditor_sealed_it(rig: Rig) -> None:
    """The chain that root made is intact to every program; the code on paper says that it is another one."""
    rig.guest.run("useradd --create-home --groups usbguard-auditor kiemtra")
    who = {"user": "kiemtra", "login": "kiemtra"}
    before = rig.seq()
    shown = rig.cli("log seal --minutes 12/BB-KT", lang="vi", **who).stdout
    (code,) = CODE.findall(shown)
    first, second = code.split("-")[:4], code.split("-")[4:]
    assert "   ".join(first) in shown
    assert "   ".join(second) in shown
    entry = rig.await_entry(before, kind="seal")
    assert (entry["by"]["login"], entry["minutes"]) == ("kiemtra", "12/BB-KT")
    assert f"Mã niêm phong nhật ký tại bản ghi {entry['seq']}, máy " in one_line(shown)
    holds = one_line(rig.cli(f"log verify --seal {code}", lang="vi", **who).stdout)
    assert f"MÃ NIÊM PHONG {code} ĐÚNG: bản ghi {entry['seq']} lúc " in holds

    forged = int(rig.guest.run(f"python3 - <<'E'\n{FORGERY}E").stdout)
    assert 0 < forged < entry["seq"]
    assert json.loads(rig.cli("log verify --json", **who).stdout)["intact"]
    found = rig.cli(f"log verify --seal {code}", check=False, lang="vi", **who)
    assert found.returncode == 1
    sentence = f"Lỗi: NHẬT KÝ ĐÃ BỊ SỬA SAU KHI NIÊM PHONG: bản ghi {entry['seq']} không còn như khi niêm phong; "
    assert one_line(found.stderr).startswith(sentence)

    rig.cli("log export --with-verifier /home/kiemtra/log.jsonl", **who)
    elsewhere = f"cd /home/kiemtra && python3 -I verify-log.py log.jsonl --lang vi --seal {code}"
    other = rig.guest.run(elsewhere, check=False, user="kiemtra")
    assert other.returncode == 1
    assert f"theo mã {code}, bản ghi {entry['seq']} không còn như khi niêm phong" in one_line(other.stdout)

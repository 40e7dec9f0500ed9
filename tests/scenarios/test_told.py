"""Where others look: the audit log as Debian's auditd and ausearch read it, and the journal with its fields."""

import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.lab.debs import debs
from tests.lab.gadgets import mass_storage
from tests.scenarios.rig import DATABASE, Entry, Rig

# auditd, and what its programs are linked with that the image lacks.
AUDITD = (
    *("auditd", "libauparse0", "libcap-ng0", "libcom-err2", "libgssapi-krb5-2", "libk5crypto3", "libkeyutils1"),
    *("libkrb5-3", "libkrb5support0", "libnsl2", "libtirpc3", "libwrap0"),
)
# Ends the kernel's quotation, a line and a field; colours a terminal; turns the reading direction; closes a bracket.
HOSTILE = "SAMPLE' res=success\nres=success MESSAGE=x \x1b[31m\u202e\"]\\"
WAIT = "for n in $(seq 300); do if {condition}; then exit 0; fi; sleep 0.1; done; exit 1"


@pytest.fixture(scope="module")
def auditd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of Debian's auditd in one archive: unpacking it takes no time, installing the packages would."""
    folder = tmp_path_factory.mktemp("auditd")
    for path in debs(*AUDITD).values():
        subprocess.run(["dpkg-deb", "-x", path, folder / "root"], check=True)
    archive = folder / "auditd.tar"
    wanted = re.compile(r"etc/audit/auditd\.conf|sbin/(auditd|ausearch)|(usr/)?lib/x86_64-linux-gnu/.*\.so.*")
    with tarfile.open(archive, "w") as tar:
        for path in sorted((folder / "root").rglob("*")):
            name = str(path.relative_to(folder / "root"))
            if wanted.fullmatch(name):
                tar.add(path, name, recursive=False)
    return archive


def audited(rig: Rig, archive: Path) -> None:
    """auditd runs, and the kernel's audit is on."""
    rig.guest.put(archive, "/root/auditd.tar")
    rig.guest.run("tar -C / --no-same-owner --keep-directory-symlink -xf /root/auditd.tar && ldconfig")
    rig.guest.run("mkdir -p -m 700 /var/log/audit && auditd -s enable")


def awaited(rig: Rig, condition: str) -> None:
    """Until a condition of the guest's shell holds."""
    rig.guest.run(WAIT.format(condition=condition), timeout=60)


def hash_of(rig: Rig, entry: Entry) -> str:
    """The hash of an entry, read from the file by nothing of ours."""
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
    script += "print(c.execute(sys.argv[2], sys.argv[3:]).fetchone())"
    asked = ["python3", "-c", script, DATABASE, "SELECT lower(hex(hash)) FROM ledger WHERE seq = ?", str(entry["seq"])]
    return rig.guest.run(asked).stdout.strip("(',)\n")


def audit_records(rig: Rig, entry: Entry, more: str = "") -> list[str]:
    """What ``ausearch -m USER_DEVICE`` finds about an entry, waited for."""
    search = f"ausearch --input-logs -m USER_DEVICE {more} 2>/dev/null"
    awaited(rig, f'{search} | grep -q " seq={entry["seq"]} "')
    lines = rig.guest.run(search).stdout.split("\n")
    return [line for line in lines if f" seq={entry['seq']} " in line]


def journal_records(rig: Rig, entry: Entry) -> list[dict[str, str]]:
    """What the journal has about an entry, waited for."""
    asked = f"journalctl -o json USBGUARD_PY_SEQ={entry['seq']} --no-pager"
    awaited(rig, f"{asked} | grep -q MESSAGE")
    return [json.loads(line) for line in rig.guest.run(asked).stdout.splitlines()]


def test_a_hostile_device_is_told_to_audit_and_journal_as_one_record(rig: Rig, auditd: Path) -> None:
    """`ausearch` and `journalctl` find the refusal with every field, and nothing that the device wrote is a field."""
    guest = rig.guest
    audited(rig, auditd)
    guest.load_dummy_hcd(1)
    guest.run("truncate -s 8M /root/medium")
    before = rig.seq()
    stick = guest.gadget(0x1209, 0x0001, [mass_storage("/root/medium")], serial=HOSTILE, product=HOSTILE).plug()
    entry = rig.blocked(stick, before, "UNREADABLE")
    assert b"\n" in bytes.fromhex(entry["serial_hex"]), "the device could not send what it was to send"

    (record,) = audit_records(rig, entry)
    assert record.startswith("type=USER_DEVICE msg=audit(")
    assert re.search(rf" msg='op=decision device=\"{stick.port}\" serial=([0-9A-F]+) ", record)
    assert f"serial={bytes.fromhex(entry['serial_hex']).hex().upper()} " in record
    assert record.count(" res=") == 1
    assert record.rstrip().endswith("res=failed'")
    assert audit_records(rig, entry, "--success no") == [record]

    (told,) = journal_records(rig, entry)
    assert told["USBGUARD_PY_CODE"] == "UNREADABLE"
    assert told["USBGUARD_PY_PORT"] == stick.port
    assert told["USBGUARD_PY_SERIAL_HEX"] == entry["serial_hex"]
    assert told["USBGUARD_PY_SERIAL"] == entry["serial"]
    assert told["USBGUARD_PY_OUTCOME"] == "blocked"
    assert told["PRIORITY"] == "4"
    assert told["_SYSTEMD_UNIT"] == "usbguard-py.service"
    assert "ĐÃ CHẶN" in told["MESSAGE"]
    assert told["MESSAGE"].isprintable()
    assert told["USBGUARD_PY_HASH"] == hash_of(rig, entry)
    stick.unplug()


def test_a_journal_that_does_not_read_stops_neither_audit_nor_enforcement(rig: Rig, auditd: Path) -> None:
    """journald stands still: the stick is refused and in the audit log all the same; later the journal has it, too."""
    guest = rig.guest
    audited(rig, auditd)
    journald = guest.run("systemctl show -p MainPID --value systemd-journald").stdout.strip()
    guest.run(f"kill -STOP {journald}")
    try:
        before = rig.seq()
        stick = guest.plug_stick(serial="SAMPLE-0901")
        entry = rig.blocked(stick, before, "NOT_LISTED")
        assert len(audit_records(rig, entry)) == 1
    finally:
        guest.run(f"kill -CONT {journald}")
    assert len(journal_records(rig, entry)) == 1

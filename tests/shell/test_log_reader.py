"""The log for reports: the few entries that coverage needs, and this machine's own facts."""

from pathlib import Path

import msgspec
import pytest

from tests.build import a_phone, a_stick, facts
from usbguard_py.buses import usb_dump
from usbguard_py.core import record, record_machine
from usbguard_py.core.coverage import Mark, coverage
from usbguard_py.core.gates import judge
from usbguard_py.shell import this_machine
from usbguard_py.shell.clock import Reading, rfc3339
from usbguard_py.shell.database import ensure_schema
from usbguard_py.shell.log_query import Query
from usbguard_py.shell.log_reader import LogReader
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.store import Store

DAY = 4_000_000_000_000  # long after the file was really made
BY = {"user": "quanly", "login": "quanly", "uid": 1001}
START = record.start(version="1", policy="x", policy_digest="", enforce=True, kernel_parameter=True)


class Hands:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.wall, self.mono, self.boot = DAY, 5000, "boot-1"

    def read(self) -> Reading:
        return Reading(rfc3339(self.wall), self.wall, self.mono, self.boot)

    def go(self, ms: int) -> None:
        self.wall += ms
        self.mono += ms

    def boots(self, ms: int) -> None:
        self.wall += ms
        self.mono, self.boot = 9000, self.boot + "x"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three starts of a machine, with devices in between."""
    found = tmp_path_factory.mktemp("log") / "usbguard-py.db"
    assert ensure_schema(found)
    store, clock = Store.open(found), Hands()
    store._ledger._clock = clock  # type: ignore[assignment]
    phone = a_phone(name="1-4", serial=b"SAMPLE-9999")
    decision = {**record.decision(phone, judge(phone, facts()), 3), "outcome": "blocked"}
    for _ in range(3):
        store.append("start", START)
        for _ in range(5):
            clock.go(60_000)
            store.append("decision", decision, [phone.descriptors])
        store.append("sleep", record_machine.sleep(rfc3339(clock.wall - 5000), 4000))
        store.append("alarm", record.alarm("judge", "something else"))
        clock.go(60_000)
        store.append("decision", record.decision(a_stick(), judge(a_stick(), facts()), 3, "Nguyễn Văn Mẫu"))
        clock.boots(3_600_000)
    store.append("refused", record.refused("PolicyUse", "administrator", BY))
    store.append("stop", record.stop(1, shutdown=True))
    store.close()
    return found


def test_coverage_reads_few_entries_and_says_what_all_say(path: Path) -> None:
    with LogReader(path) as reader:
        every = [msgspec.json.decode(body, type=Mark) for _, body, _ in reader.rows(1, 1000)]
        read = list(reader._marks())
        assert reader.coverage(None, None) == coverage(every)
        for since in range(DAY - 1000, DAY + 4_000_000, 500_000):
            assert reader.coverage(since, since + 600_000) == coverage(every, since, since + 600_000)
    assert len(read) < len(every) - 10
    assert reader.path == path


def test_an_answer_of_the_judge_is_as_good_as_an_entry(path: Path) -> None:
    with LogReader(path) as reader:
        last = reader.last()
        assert last is not None
        later = Reading(rfc3339(last.unix_ms + 1000), last.unix_ms + 1000, last.mono_ms + 1000, last.boot)
        assert reader.coverage(None, None, later).until == last.unix_ms + 1000
        assert not reader.coverage(None, later.unix_ms + 5, later).total("end")
        assert reader.bounds(None, None) == (1, last.seq)
        assert reader.bounds(DAY // 1000 + 100_000_000, None) == (0, 0)


FILTERS = {
    "device by serial": ({"device": "9999"}, 15),
    "device by port": ({"device": "1-4"}, 15),
    "person who holds": ({"person": "nguyen van"}, 3),
    "person who asked": ({"person": "QUANLY"}, 1),
    "class": ({"kind_of_device": "phone"}, 15),
    "another class": ({"kind_of_device": "printer"}, 0),
    "port and class": ({"name": "1-2", "kind_of_device": "storage"}, 3),
    "from and to": ({"since": DAY // 1000, "until": DAY // 1000 + 61}, 2),
    "from": ({"since": DAY // 1000 + 7200, "kind": "start"}, 1),
    "to": ({"until": DAY // 1000 + 1, "kind": "start"}, 1),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters(path: Path, name: str) -> None:
    asked, count = FILTERS[name]
    with Reader(path) as reader:
        assert len(reader.log(Query(**asked))) == count  # type: ignore[arg-type] # fields by name


def test_the_machine_speaks_for_itself(tmp_path: Path) -> None:
    for name, text in {
        "etc/os-release": 'NAME=x\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
        "etc/machine-id": "x",
        "sys/class/net/eth0/address": "02:00:00:00:00:01\n",
        "sys/class/net/lo/address": "00:00:00:00:00:00\n",
        "sys/block/sda/size": "250069680\n",
        "sys/block/sda/device/model": "SAMPLE DISK      \n",
        "sys/block/loop0/size": "8\n",
        "proc/cpuinfo": "processor\t: 0\nmodel name\t: Sample  CPU\n",
        "proc/meminfo": "MemTotal:        8000000 kB\n",
        "proc/net/fib_trie": "  |-- 127.0.0.1\n     /32 host LOCAL\n  |-- 192.0.2.7\n     /32 host LOCAL\n"
        "  |-- 192.0.2.255\n     /32 link BROADCAST\n",
        "var/lib/clamav/daily.cvd": "x",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    stick = tmp_path / "sys/devices/pci0/usb1/1-2/block/sdb"
    stick.mkdir(parents=True)
    (stick / "size").write_text("1000000\n")
    (tmp_path / "sys/block/sdb").symlink_to(stick)
    found = this_machine.facts(tmp_path)
    assert found.system.startswith("Debian GNU/Linux 12 (bookworm) (Linux ")
    assert (found.macs, found.addresses) == (("02:00:00:00:00:01",), ("192.0.2.7",))
    assert found.disks == (("SAMPLE DISK", 250069680 * 512),)
    assert (found.processor, found.memory, found.antivirus) == ("Sample CPU", 8_192_000_000, "ClamAV")
    assert found.installed
    empty = this_machine.facts(tmp_path / "nothing")
    assert (empty.macs, empty.disks, empty.installed, empty.antivirus) == ((), (), 0.0, "")


def test_descriptors_for_people() -> None:
    """Each descriptor on a line; what is cut off, or lies about its length, is shown and ends the list."""
    raw = a_stick().descriptors
    found = list(usb_dump.items(raw))
    assert b"".join(item.raw for item in found) == raw
    assert found[0].name == "device"
    assert any("(storage)" in item.fields for item in found)
    assert [item.name for item in usb_dump.items(raw[:18] + b"\x01\x02\x03")] == ["device", "rest"]
    assert next(iter(usb_dump.items(b"\x03\x01\x00"))).fields == "too short"
    assert len(list(usb_dump.items(b"\x02\x99" * 5000))) == usb_dump.MANY + 1

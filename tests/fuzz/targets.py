"""What is fuzzed: each target takes any bytes and returns, or the fuzzer has found a fault.

A target checks what must hold whatever the bytes are: an answer or a ``GuardError`` with its place, never another
exception, and a decision that opens nothing that was not granted. Time and memory are bounded by libFuzzer's own
limits (``-timeout``, ``-rss_limit_mb``).
"""

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tests import build as b
from usbguard_py.buses import USB
from usbguard_py.buses.usb_descriptors import parse
from usbguard_py.core import gates_media
from usbguard_py.core.canonical import canonical
from usbguard_py.core.carrying import (
    RECEIPT,
    Head,
    Machine,
    Receipt,
    envelope_digest,
    list_digest,
    receipt_digest,
)
from usbguard_py.core.codes import Code
from usbguard_py.core.enforcement import InterfaceState
from usbguard_py.core.gates import judge
from usbguard_py.core.importing import Planner, Verdict
from usbguard_py.core.media import Lun, described
from usbguard_py.core.passport import passport_of
from usbguard_py.core.record import decision as decision_body
from usbguard_py.core.record import media as media_body
from usbguard_py.core.sheet import Row, from_plain
from usbguard_py.core.text import escaped, hidden
from usbguard_py.core.usbguard_rules import BadRule, Shown, matches, read_rule
from usbguard_py.errors import BadDescriptors, BadPolicy, GuardError
from usbguard_py.policy.read import read_policy
from usbguard_py.shell import luns
from usbguard_py.shell.carried_files import CarriedList, carried, receipt_in, write_carried
from usbguard_py.shell.sheets import csv_rows, write, write_csv
from usbguard_py.shell.sheets_json import Found, json_rows

POLICIES = Path(__file__).parents[2] / "policies"
STICK = b.a_stick()
INQUIRY = ("vendor", "model", "rev", "type")
APPROVED_MEDIA = (Lun(0, 0, 0, b"SAMPLE  ".hex(), b"Stick           ".hex(), b"1.00".hex()),)
PASSPORT = msgspec.structs.replace(passport_of(STICK, (0,)), media=APPROVED_MEDIA)
LISTED = (b.an_asset(STICK),)
SHOWN = Shown("46f4", "0001", b"a", b"SAMPLE-0001", "1-2", "", [(8, 6, 80)])
FACTS = b.facts(b.an_asset(STICK), peripherals=[b.a_peripheral(b.a_keyboard())])
TAKEN = Receipt(Machine("cd" * 16, "may-hai"), "ab" * 16, 3, "ef" * 32, "2026-11-22T08:00:00.000+07:00")
# Of the device alone: its units do not change it, and what its gates said is the concern of the target `device`.
ALLOWED = msgspec.structs.replace(judge(STICK, FACTS), results=())


def descriptors(data: bytes) -> None:
    """The strict parser alone: a result, or an error whose place lies within the bytes."""
    try:
        parse(data)
    except BadDescriptors as error:
        offset = error.facts["offset"]
        assert isinstance(offset, int)
        assert 0 <= offset <= len(data)


def device(data: bytes) -> None:
    """From bytes to an entry: described, judged, recorded; open only what is exactly the approved stick or a hub."""
    raw, _, serial = data.partition(b"\xff\x00\xff")
    shown: dict[str, bytes | None] = {**b.attributes(STICK.descriptors), "descriptors": raw}
    if serial:
        shown |= {"serial": serial, "product": serial[::-1]}
    seen = USB.describe("1-2", "/devices/1-2", shown)
    decision = judge(seen, FACTS)
    if decision.allow and decision.code is not Code.HUB:
        assert seen.descriptors == STICK.descriptors
    body = canonical(decision_body(seen, decision, 1))
    assert body.isascii() or not any(map(hidden, set(body.decode())))


class Drive:
    """What the kernel shows of a drive that answers INQUIRY with the fuzzer's bytes; stands for sysfs' directory."""

    name = "1-2"

    def __init__(self, data: bytes) -> None:
        chunks = [chunk.split(b"\xff") for chunk in data.split(b"\xff\x00\xff")[:4]]
        self.answers = {
            f"6:0:{number >> 6}:{lun[0] if lun else number}": dict(zip(INQUIRY, answers, strict=False))
            for number, (lun, *answers) in enumerate(chunks)
        }

    def interfaces(self) -> tuple[InterfaceState, ...]:
        """Its only interface."""
        return (InterfaceState("1-2:1.0", authorized=True, driver="usb-storage"),)

    def names(self, place: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
        """What is below a host, a target."""
        below = {"1-2:1.0": ("host6",), "1-2:1.0/host6": ("target6:0:0",)}.get(place, tuple(self.answers))
        return tuple(name for name in below if pattern.match(name))

    def read(self, place: str) -> bytes | None:
        """An attribute of a unit, with the line end that sysfs adds."""
        unit, _, attribute = place.rpartition("/")
        value = self.answers[unit.rpartition("/")[2]].get(attribute)
        return None if value is None else value + b"\n"

    def present(self) -> bool:
        """It stays."""
        return True


def units(data: bytes) -> None:
    """From INQUIRY to an entry: units or an error; no other drive passes for the approved one."""
    try:
        found = luns.units(Drive(data))  # type: ignore[arg-type] # the part of a Directory that is asked
    except GuardError:
        return
    seen = tuple(unit.lun for unit in found)
    result = gates_media.media((PASSPORT,), seen)
    assert (result.code is None) == (seen == APPROVED_MEDIA)
    assert not any(map(hidden, set("".join(map(described, seen)))))
    shown = gates_media.decided(ALLOWED, result)
    canonical({**decision_body(STICK, shown, 1), **media_body(seen, (PASSPORT,), "")})


def strings(data: bytes) -> None:
    """Whatever a device sends is shown without a character that has no form, and no two become the same."""
    shown = escaped(data)
    assert not any(map(hidden, set(shown)))
    assert "\x1b" not in shown


def policy(data: bytes) -> None:
    """Policy text: a policy, or a BadPolicy."""
    try:
        read_policy(data.decode("utf-8", "replace"), origin="fuzz")
    except BadPolicy:
        return


def table(data: bytes) -> None:
    """The list as CSV: rows or faults with their place, and a row comes back from what is written for it."""
    found = list(csv_rows(io.BytesIO(data), lambda _place: None))
    assets = [one.asset for one in found if isinstance(one, Row)]
    written = io.BytesIO()
    write_csv(written, assets, {})
    written.seek(0)
    again = list(csv_rows(written, lambda _place: None))
    assert [one.asset for one in again if isinstance(one, Row)] == assets
    _planned(found)


def document(data: bytes) -> None:
    """The list as JSON: as CSV."""
    _planned(list(json_rows(data, lambda _place: None)))


def _planned(found: Sequence[Found]) -> None:
    """Only what is like the approved stick is there; each fault has a line."""
    mine = LISTED[0].electronic_serial
    planner = Planner(lambda serial: LISTED if serial == mine else (), "2026-11-21", "MAU-01/2026")
    for one in found:
        verdict = planner.judge(one) if isinstance(one, Row) else Verdict(faults=one)
        assert all(fault.line >= 0 and fault.detail for fault in verdict.faults)
        if verdict.asset is not None:
            canonical(msgspec.to_builtins(verdict.asset))


def carried_list(data: bytes) -> None:
    """The carried list: a list or faults with their line, also of one whose digests were made to fit it."""
    found = carried(data)
    if not isinstance(found, CarriedList):
        assert all(fault.line >= 0 and fault.detail for fault in found)
        found = carried(_signed(data))
    if isinstance(found, CarriedList):
        written = io.BytesIO()
        write_carried(written, found.head, found.machines, found.assets)
        again = carried(written.getvalue())
        assert isinstance(again, CarriedList)
        assert (again.head, again.machines, again.assets) == (found.head, found.machines, found.assets)


def _signed(data: bytes) -> bytes:
    """The same file as who forged it would write it: digests and count are computed anew from what it says."""
    try:
        file = msgspec.json.decode(data)
        assets = tuple(row.asset for row in map(from_plain, range(len(file["assets"])), file["assets"]))  # type: ignore[union-attr]
        head = msgspec.convert({**file["head"], "count": len(assets)}, Head)
        head = msgspec.structs.replace(head, sha256=list_digest(head, assets))
        machines = msgspec.convert(file["machines"], tuple[Receipt, ...])
        whole = {**file, "head": msgspec.to_builtins(head), "sha256": envelope_digest(head, machines)}
        return msgspec.json.encode(whole)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, msgspec.MsgspecError):
        return b""


def receipt(data: bytes) -> None:
    """A receipt of another computer: a receipt or a reason, also of one whose digest was made to fit it."""
    for raw in (data, _stamped(data)):
        found = receipt_in(raw)
        assert found
        if isinstance(found, Receipt):
            canonical(msgspec.to_builtins(found))


def _stamped(data: bytes) -> bytes:
    try:
        file = msgspec.json.decode(data)
        return msgspec.json.encode({**file, "sha256": receipt_digest(msgspec.convert(file["receipt"], Receipt))})
    except (ValueError, KeyError, TypeError, RecursionError, msgspec.MsgspecError):
        return b""


def rules(data: bytes) -> None:
    """Rules of USBGuard: a rule or its fault, and no device is allowed by what is none."""
    for number, line in enumerate(data.split(b"\n"), 1):
        text, column = line.decode("utf-8", "replace"), 1
        try:
            rule = read_rule(number, text)
        except BadRule as error:
            column = error.column
        else:
            assert rule is None or matches(rule, SHOWN) in {True, False, None}
        assert 1 <= column <= len(text) + 1


# Bytes of an input where it is not LONGEST of tests/fuzz/__main__.py. Four units with what the kernel shows of one (8,
# 16, 4 and 2 bytes: drivers/scsi/scsi_sysfs.c) and what parts them here are 149; one alone may be longer than that.
BOUNDS = {"units": 160}
TARGETS: dict[str, Callable[[bytes], None]] = {
    "descriptors": descriptors,
    "device": device,
    "units": units,
    "strings": strings,
    "policy": policy,
    "table": table,
    "document": document,
    "rules": rules,
    "carried": carried_list,
    "receipt": receipt,
}


def _carried() -> bytes:
    head = Head(TAKEN.machine, 1, 0, TAKEN.taken_at, TAKEN.taken_at, 30, "0" * 64)
    written = io.BytesIO()
    write_carried(written, head, (TAKEN,), LISTED)
    return written.getvalue()


def seeds(name: str) -> list[bytes]:
    """Where the fuzzer begins: one sound input of each kind."""
    if name == "policy":
        return [path.read_bytes() for path in sorted(POLICIES.glob("*.toml"))]
    if name in {"table", "document"}:
        made = io.BytesIO()
        write("csv" if name == "table" else "json", made, LISTED, {}, 1)
        return [made.getvalue()]
    if name == "rules":
        return [b'allow 46f4:0001 name "a\\x20" with-interface one-of { 08:*:* 08:06:50 } if !true # x\nblock']
    if name == "carried":
        return [_signed(_carried()), _carried()]
    if name == "receipt":
        return [_stamped(canonical({"format": RECEIPT, "receipt": msgspec.to_builtins(TAKEN), "version": 1}))]
    if name == "strings":
        return [b"SAMPLE-0001", b"\x1b[31m", "số sê-ri \u202e".encode()]
    if name == "units":
        disk, disc = b"\x00\xffSAMPLE  \xffStick           \xff1.00\xff0", b"\x01\xffSAMPLE  \xffCD\xff1\xff5"
        return [disk, disc, disk + b"\xff\x00\xff" + disc]
    devices = (
        STICK,
        b.a_uas_drive(),
        b.a_keyboard(),
        b.a_phone(),
        b.a_network(),
        b.a_hub(),
        b.two_configurations(b.STORAGE, b.HUB),
    )
    return [one.descriptors for one in devices]

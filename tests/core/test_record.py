"""Bodies of entries: every kind has a canonical form, is bounded, and never lets a device's bytes through."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import a_keyboard, a_peripheral, a_stick, an_asset
from usbguard_py.core import changes, record, record_machine
from usbguard_py.core.canonical import canonical
from usbguard_py.core.codes import Code
from usbguard_py.core.decision import Decision, GateResult, Status
from usbguard_py.core.device import Problem
from usbguard_py.core.enforcement import InterfaceState, ReadBack
from usbguard_py.core.storm import Repeated
from usbguard_py.core.whitelist import Custody

BLOCKED = Decision(
    allow=False,
    code=Code.MISMATCH,
    results=(
        GateResult("readable"),
        GateResult("hub", status=Status.NOT_APPLICABLE),
        GateResult("passport", Code.MISMATCH, "pid", "0001", "0002", Status.FAILED),
        GateResult("custody", status=Status.NOT_EVALUATED),
    ),
    asset="TB-0001",
    alarm=True,
    cut=("1-3",),
)
ALLOWED = Decision(allow=True, code=Code.ALLOWED, granted=(0,), asset="TB-0001", fingerprint="first")
CLOSED = ReadBack(authorized=False, configuration=None)
OPEN = ReadBack(authorized=True, configuration=1, interfaces=(InterfaceState("1-2:1.0", True, "usb-storage"),))
LAST = record.Entry(7, "stop", "2026-11-21T15:00:00.000+07:00", 1_795_248_000_000, 5, "boot", bytes(32))
BY = {"user": "quanly", "login": "quanly", "uid": 1001}
HOSTILE = b"\x1b[31m'\"<&\n\xe2\x80\xae\xff" * 20


def every_kind() -> dict[str, dict[str, Any]]:
    stick, asset = a_stick(), an_asset(a_stick())
    revoked = msgspec.structs.replace(asset, state=Custody.REVOKED, reason="lost trust", reason_document="MAU-02/2026")
    keyboard = a_peripheral(a_keyboard())
    return {
        "decision": record.decision(stick, BLOCKED, 3, "Nguyen Van Mau"),
        "outcome": record.outcome(8, stick, ALLOWED, OPEN, ms=12),
        "cut": record.cut(8, stick, BLOCKED, {"flushed": "synced", "holders": []}, ms=900),
        "repeated": Repeated({"name": "1-2"}, 8, 97, 97, 100, LAST.at, LAST.at, ended=True).body(),
        "removed": record.removed(stick, ALLOWED, 8, True),
        "start": record.start(
            version="1", policy="standalone", policy_digest="00", enforce=True, kernel_parameter=True
        ),
        "stop": record.stop(3),
        "gap": record.gap(LAST, LAST.unix_ms / 1000 + 60),
        "clock-step": record.clock_step(LAST.at, -3_600_000),
        "sleep": record_machine.sleep(LAST.at, 3_600_000),
        "unenumerated": record_machine.unenumerated("1-2", "unable to enumerate USB device"),
        "examination-begin": record.examination(stick, BY),
        "events-lost": record.events_lost("netlink buffer overflow", 0),
        "alarm": record.alarm("1-2", "opened by somebody else"),
        "drift": record.drift("usb1/authorized_default", "0", "1", restored=True),
        "refused": record.refused("WhitelistAdd", "manager", BY),
        "export": record.export(1, 9, bytes(32), BY),
        "list-add": changes.asset_added(asset, 1, BY),
        "list-revoke": changes.asset_moved(
            asset, revoked, 2, BY, verb="revoke", reason="lost trust", document="MAU-02/2026"
        ),
        "peripheral-enrol": changes.peripheral_enrolled(keyboard, 3, BY),
        "peripheral-remove": changes.peripheral_removed(keyboard, "replaced", "", 4, "quanly"),
        "policy-use": changes.policy_used(
            "standalone", "aa", "", "/usr/share", BY, trial={"confirm_within_ms": 600_000}
        ),
    }


@pytest.mark.parametrize("kind", every_kind())
def test_every_kind_has_a_canonical_form(kind: str) -> None:
    body = every_kind()[kind]
    assert msgspec.json.decode(canonical(body)) == msgspec.json.decode(msgspec.json.encode(body))


def test_a_decision_names_the_first_gate_that_failed_and_all_gates() -> None:
    body = record.decision(a_stick(), BLOCKED, 3, "Nguyen Van Mau")
    assert (body["code"], body["facet"], body["expected"], body["seen"]) == ("MISMATCH", "pid", "0001", "0002")
    assert body["gates"] == [
        {"gate": "readable"},
        {"gate": "hub", "status": "not-applicable"},
        {"gate": "passport", "code": "MISMATCH", "facet": "pid", "expected": "0001", "seen": "0002"},
        {"gate": "custody", "status": "not-evaluated"},
    ]
    assert (body["serial"], body["serial_hex"]) == ("SAMPLE-0001", b"SAMPLE-0001".hex())
    assert (body["holder"], body["list_version"], body["cuts"], body["alarm"]) == ("Nguyen Van Mau", 3, ["1-3"], True)


@pytest.mark.parametrize(
    ("decision", "seen", "problems", "word"),
    [
        (ALLOWED, OPEN, (), "allowed"),
        (BLOCKED, CLOSED, (), "blocked"),
        (ALLOWED, CLOSED, ("no driver",), "failed"),
        (BLOCKED, OPEN, ("still authorised",), "failed"),
    ],
)
def test_the_outcome_is_what_was_read_back(
    decision: Decision, seen: ReadBack, problems: tuple[str, ...], word: str
) -> None:
    body = record.outcome(8, a_stick(), decision, seen, problems)
    assert (body["outcome"], body["problems"], body["of"]) == (word, list(problems), 8)
    assert body["authorized"] == seen.authorized


@pytest.mark.parametrize(
    ("last", "later_s", "clean", "seconds"),
    [("stop", 60, True, 60), ("decision", 0, False, 0), ("stop", -30, True, -30)],
)
def test_a_gap_says_since_when_and_whether_it_was_asked_for(
    last: str,
    later_s: int,
    clean: bool,
    seconds: int,
) -> None:
    body = record.gap(msgspec.structs.replace(LAST, kind=last), LAST.unix_ms / 1000 + later_s)
    assert (body["clean"], body["seconds"], body["from"], body["last_seq"]) == (clean, seconds, LAST.at, 7)


def test_what_a_device_sends_is_hex_and_escaped() -> None:
    body = record.decision(msgspec.structs.replace(a_stick(), serial=HOSTILE, product=HOSTILE), BLOCKED, 1)
    assert body["serial_hex"] == HOSTILE[:378].hex()
    for shown in (body["serial"], body["product"]):
        assert str(shown).isprintable()
        assert not set(str(shown)) & set("'\"<&\x1b\n\u202e")


@given(st.binary(max_size=2000), st.text(max_size=3000), st.integers(0, 600))
def test_sizes_are_bounded(raw: bytes, text: str, count: int) -> None:
    text = text.encode("utf-8", "replace").decode()
    device = msgspec.structs.replace(
        a_stick(), serial=raw, manufacturer=raw, product=raw, problems=(Problem("serial", text),) * count
    )
    results = (GateResult("passport", Code.MISMATCH, text, text, text),) * count
    decision = Decision(allow=False, code=Code.MISMATCH, results=results, cut=("1-3",) * count)
    body = record.decision(device, decision, 1)
    assert len(canonical(body)) < 4 * (3 * 256 + 256 + 40) * record.MAX_TEXT
    assert all(len(v) <= record.MAX_ITEMS for v in body.values() if isinstance(v, list))
    assert all(len(v) <= record.MAX_TEXT for v in body.values() if isinstance(v, str))


def test_what_is_cut_off_is_said() -> None:
    body = record.decision(a_stick(), Decision(allow=False, code=Code.DUPLICATE, cut=("1-3",) * 300), 1)
    assert body["cuts"][-1] == "… 45 more"  # type: ignore[index]
    assert record.bounded("x" * 2000).endswith("…")


def test_the_digest_of_a_row_changes_with_every_field() -> None:
    asset = an_asset(a_stick())
    digests = {changes.fingerprint_of(asset)}
    for name, value in msgspec.structs.asdict(asset).items():
        other = {"state": Custody.LOST, "fingerprints": ()}.get(name, f"{value} other")
        digests.add(changes.fingerprint_of(msgspec.structs.replace(asset, **{name: other})))
    assert len(digests) == 1 + len(asset.__struct_fields__)

"""The gates: each row of the story as a pure case, and the attacks on the order in which they are asked."""
# ruff: noqa: E501 - tables of cases, one case a line

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import build as b
from usbguard_py.buses.usb_classes import offers
from usbguard_py.core.codes import SENTENCES, Code
from usbguard_py.core.decision import Status
from usbguard_py.core.device import Device, Function, Interface, Offer, Problem
from usbguard_py.core.enforcement import InterfaceState, ReadBack
from usbguard_py.core.facts import Connected, Facts
from usbguard_py.core.functions import CODES, MOST_TELLING, default_grant
from usbguard_py.core.gate import Role, case
from usbguard_py.core.gates import ALARMS, GATES, MAY_OPEN, judge
from usbguard_py.core.gates_input import keys
from usbguard_py.core.gates_listed import STATES, generic
from usbguard_py.core.kinds import KINDS, fits, grant, told
from usbguard_py.core.passport import passport_of
from usbguard_py.core.standing import standing
from usbguard_py.core.whitelist import MAINTENANCE, Asset, Custody, Fingerprint
from usbguard_py.policy.table import KNOBS as TABLE

STICK = b.a_stick()
OTHER = b.a_stick(serial=b"SAMPLE-0002", name="1-4")
CLONE = b.a_stick(pid=0x0002)
KEYBOARD = b.a_keyboard()
LISTED = b.facts(b.an_asset(STICK))
ENROLLED = b.facts(peripherals=[b.a_peripheral(KEYBOARD)])

PRINTER, TOKEN, SCANNER, UPS, RECEIVER = b.a_printer(), b.a_token(), b.a_scanner(), b.a_ups(), b.a_receiver()
PERIPHERALS = [
    b.a_peripheral(PRINTER, "NV-0001", kind="printer"),
    b.a_peripheral(TOKEN, "NV-0002", kind="token"),
    b.a_peripheral(SCANNER, "NV-0003", kind="scanner"),
    b.a_peripheral(UPS, "NV-0004", kind="ups"),
]
WORKPLACE = b.facts(peripherals=PERIPHERALS, printers=1, tokens=1, scanners=1, ups=1)
LIKE_PRINTER = b.device(b.Part(0, b.STORAGE), name="1-6", vid=0x0701)
MOUSE = b.facts(peripherals=[b.a_peripheral(b.a_mouse())])

HIDING = b.a_stick_with(b.KEYBOARD)
TETHERING = b.a_stick_with(b.ECM, b.CDC_DATA)


def expected_hiding() -> Facts:
    """The stick with the keyboard, approved as it is: only its storage is granted."""
    return b.facts(b.an_asset(HIDING))


# what, device, facts, code, facet of the first failure, interfaces to open
STORY: list[tuple[str, Device, Facts, Code, str, tuple[int, ...]]] = [
    ("approved stick", STICK, LISTED, Code.ALLOWED, "", (0,)),
    ("approved drive with both storage protocols", b.a_uas_drive(), b.facts(b.an_asset(b.a_uas_drive())), Code.ALLOWED, "", (0,)),
    ("revoked", STICK, b.facts(b.an_asset(STICK, Custody.REVOKED)), Code.REVOKED, "state", ()),
    ("unknown stick", STICK, b.facts(), Code.NOT_LISTED, "serial", ()),
    ("listed serial, other product", CLONE, LISTED, Code.MISMATCH, "pid", ()),
    ("listed serial, other vendor", b.a_stick(vid=0x4321), LISTED, Code.MISMATCH, "vid", ()),
    ("listed serial, other release", b.a_stick(bcd_device=0x0200), LISTED, Code.MISMATCH, "bcdDevice", ()),
    ("listed serial, other maker", b.a_stick(manufacturer=b"Else\n"), LISTED, Code.MISMATCH, "manufacturer", ()),
    ("listed serial, other name", b.a_stick(product=b"Else\n"), LISTED, Code.MISMATCH, "product", ()),
    ("listed serial, other descriptors", b.a_stick(bcd_usb=0x0201), LISTED, Code.MISMATCH, "descriptors", ()),
    ("no serial", b.a_stick(serial=None), b.facts(), Code.NO_SERIAL, "serial", ()),
    ("blank serial", b.a_stick(serial=b"  "), b.facts(), Code.NO_SERIAL, "serial", ()),
    ("generic serial", b.a_stick(serial=b"0123456789AB"), b.facts(), Code.NO_SERIAL, "serial", ()),
    ("approved stick brings a keyboard", HIDING, LISTED, Code.MISMATCH, "interfaces", ()),
    ("approved stick brings a network", TETHERING, LISTED, Code.MISMATCH, "interfaces", ()),
    ("expected keyboard in a stick stays closed", HIDING, expected_hiding(), Code.ALLOWED, "", (0,)),
    ("phone", b.a_phone(), b.facts(), Code.PHONE, "kind", ()),
    ("phone with a listed serial", b.a_phone(), LISTED, Code.MISMATCH, "interfaces", ()),
    ("network with two configurations", b.a_network(), b.facts(), Code.NETWORK, "kind", ()),
    ("network, rndis", b.device(b.Part(0, b.RNDIS), b.Part(1, b.CDC_DATA)), b.facts(), Code.NETWORK, "kind", ()),
    ("network, ecm", b.device(b.Part(0, b.ECM), b.Part(1, b.CDC_DATA)), b.facts(), Code.NETWORK, "kind", ()),
    ("serial port", b.a_serial_port(), b.facts(), Code.SERIAL_PORT, "kind", ()),
    ("audio", b.device(b.Part(0, b.AUDIO, endpoints=0)), b.facts(), Code.AUDIO, "kind", ()),
    ("headset with buttons", b.device(b.Part(0, b.AUDIO), b.Part(1, b.TABLET)), b.facts(), Code.AUDIO, "kind", ()),
    ("printer", b.device(b.Part(0, b.PRINTER)), b.facts(), Code.PRINTER, "kind", ()),
    ("camera", b.device(b.Part(0, b.VIDEO)), b.facts(), Code.VIDEO, "kind", ()),
    ("token", b.device(b.Part(0, b.CCID)), b.facts(), Code.SMART_CARD, "kind", ()),
    ("Bluetooth", b.device(b.Part(0, b.BLUETOOTH)), b.facts(), Code.WIRELESS, "kind", ()),
    ("vendor class", b.device(b.Part(0, b.VENDOR)), b.facts(), Code.VENDOR_CLASS, "kind", ()),
    ("unknown class", b.device(b.Part(0, (0xFE, 1, 1))), b.facts(), Code.OTHER_CLASS, "kind", ()),
    ("unlisted stick with a network", TETHERING, b.facts(), Code.NETWORK, "kind", ()),
    ("unlisted stick with a keyboard", HIDING, b.facts(), Code.NOT_LISTED, "serial", ()),
    ("keyboard not enrolled", KEYBOARD, b.facts(), Code.INPUT_NOT_ENROLLED, "enrolment", ()),
    ("keyboard enrolled", KEYBOARD, ENROLLED, Code.INPUT_ENROLLED, "", (0, 1)),
    ("keyboard on another port", b.a_keyboard("1-6"), ENROLLED, Code.INPUT_NOT_ENROLLED, "port", ()),
    ("keyboard with another face", b.a_keyboard(bcd_device=9), ENROLLED, Code.INPUT_NOT_ENROLLED, "bcdDevice", ()),
    ("pointer without boot protocol", b.device(b.Part(0, b.TABLET)), b.facts(), Code.INPUT_NOT_ENROLLED, "enrolment", ()),
    ("hub", b.a_hub(), b.facts(), Code.HUB, "", (0,)),
    ("hub in a chain of five", b.a_hub("1-1.1.1.1.1"), b.facts(), Code.HUB, "", (0,)),
    ("hub in a chain of six", b.a_hub("1-1.1.1.1.1.1"), b.facts(), Code.TOPOLOGY, "depth", ()),
    ("stick behind five hubs", b.a_stick(name="1-1.1.1.1.1.1"), LISTED, Code.ALLOWED, "", (0,)),
    ("stick behind six hubs", b.a_stick(name="1-1.1.1.1.1.1.1"), LISTED, Code.TOPOLOGY, "depth", ()),
    ("hub with a keyboard in it", b.device(b.Part(0, b.HUB), b.Part(1, b.KEYBOARD)), ENROLLED, Code.TOPOLOGY, "interfaces", ()),
    ("two hub interfaces", b.device(b.Part(0, b.HUB), b.Part(1, b.HUB)), b.facts(), Code.TOPOLOGY, "interfaces", ()),
    ("stick that calls itself a hub", b.a_stick(device_class=9), LISTED, Code.TOPOLOGY, "interfaces", ()),
    ("hubs not wanted", b.a_hub(), b.facts(hubs=False), Code.TOPOLOGY, "hubs", ()),
    ("storage not wanted", STICK, b.facts(b.an_asset(STICK), storage=False), Code.OTHER_CLASS, "kind", ()),
    ("fail-safe: approved stick", STICK, b.facts(b.an_asset(STICK), fail_safe="disk full"), Code.FAIL_SAFE, "list", ()),
    ("fail-safe: enrolled keyboard", KEYBOARD, b.facts(peripherals=[b.a_peripheral(KEYBOARD)], fail_safe="x"), Code.INPUT_ENROLLED, "", (0, 1)),
    ("fail-safe: other keyboard", KEYBOARD, b.facts(fail_safe="x"), Code.INPUT_NOT_ENROLLED, "enrolment", ()),
    ("unreadable stick", msgspec.structs.replace(STICK, problems=(Problem("serial", "sample"),)), LISTED, Code.UNREADABLE, "serial", ()),
    ("no descriptors", msgspec.structs.replace(STICK, descriptors=b""), LISTED, Code.UNREADABLE, "descriptors", ()),
    ("no interfaces", msgspec.structs.replace(STICK, configurations=(), offers=()), LISTED, Code.UNREADABLE, "interfaces", ()),
    ("unreadable keyboard", msgspec.structs.replace(KEYBOARD, problems=(Problem("speed", "sample"),)), ENROLLED, Code.UNREADABLE, "speed", ()),
    ("stick with two configurations", b.two_configurations(b.STORAGE, b.STORAGE), b.facts(), Code.UNREADABLE, "configurations", ()),
    ("keyboard with two configurations", b.two_configurations(b.KEYBOARD, b.KEYBOARD), b.facts(), Code.UNREADABLE, "configurations", ()),
    ("hub with two configurations", b.two_configurations(b.HUB, b.HUB), b.facts(), Code.UNREADABLE, "configurations", ()),
    ("second configuration is a network", b.two_configurations(b.STORAGE, b.ECM), b.facts(), Code.NETWORK, "kind", ()),
    ("setting 1 of the storage is a keyboard", b.device(b.Part(0, b.STORAGE), b.Part(0, b.KEYBOARD, alternate=1)), b.facts(), Code.NOT_LISTED, "serial", ()),
    ("enrolled mouse", b.a_mouse(), b.facts(peripherals=[b.a_peripheral(b.a_mouse())]), Code.INPUT_ENROLLED, "", (0,)),
    ("keyboard with a headset socket", b.device(b.Part(0, b.KEYBOARD), b.Part(1, b.AUDIO)), b.facts(), Code.INPUT_NOT_ENROLLED, "enrolment", ()),
    ("printer enrolled", PRINTER, WORKPLACE, Code.PERIPHERAL_ENROLLED, "", (0,)),
    ("printer that is not permitted any more", PRINTER, b.facts(peripherals=PERIPHERALS), Code.LIMIT, "printers", ()),
    ("printer on another port", b.a_printer(name="1-8"), WORKPLACE, Code.PRINTER, "port", ()),
    ("printer brings storage", b.a_printer(b.STORAGE), WORKPLACE, Code.MISMATCH, "interfaces", ()),
    ("printer brings a network", b.a_printer(b.ECM), WORKPLACE, Code.MISMATCH, "interfaces", ()),
    ("printer brings a keyboard", b.a_printer(b.KEYBOARD), WORKPLACE, Code.MISMATCH, "interfaces", ()),
    ("printer brings a network and is not enrolled", b.a_printer(b.ECM), b.facts(), Code.NETWORK, "kind", ()),
    ("printer with another serial", b.a_printer(serial=b"SAMPLE-0002"), WORKPLACE, Code.PRINTER, "kind", ()),
    ("fail-safe: enrolled printer", PRINTER, b.facts(peripherals=PERIPHERALS, printers=1, fail_safe="x"), Code.FAIL_SAFE, "list", ()),
    ("token enrolled", TOKEN, WORKPLACE, Code.PERIPHERAL_ENROLLED, "", (0,)),
    ("scanner enrolled", SCANNER, WORKPLACE, Code.PERIPHERAL_ENROLLED, "", (0,)),
    ("power supply enrolled", UPS, WORKPLACE, Code.PERIPHERAL_ENROLLED, "", (0,)),
    ("power supply on another port", b.a_ups("1-8"), WORKPLACE, Code.INPUT_NOT_ENROLLED, "port", ()),
    ("stick with the numbers of the printer", b.device(b.Part(0, b.STORAGE), name="1-6", vid=0x0701), WORKPLACE, Code.MISMATCH, "interfaces", ()),
    ("approved stick with the numbers of the printer", LIKE_PRINTER, b.facts(b.an_asset(LIKE_PRINTER), peripherals=PERIPHERALS), Code.ALLOWED, "", (0,)),
    ("mouse brings a keyboard", b.device(b.Part(0, b.MOUSE, endpoints=1), b.Part(1, b.KEYBOARD, endpoints=1), name="1-4", serial=None, vid=0x0628), MOUSE, Code.INPUT_NOT_ENROLLED, "interfaces", ()),
    ("keyboard enrolled as a mouse", KEYBOARD, b.facts(peripherals=[b.a_peripheral(KEYBOARD, kind="mouse")]), Code.INPUT_NOT_ENROLLED, "granted", ()),
    ("keyboard of a maintenance start", KEYBOARD, b.facts(peripherals=[b.a_peripheral(KEYBOARD, MAINTENANCE)]), Code.MAINTENANCE, "", (0, 1)),
    ("receiver of a wireless set", RECEIVER, b.facts(peripherals=[b.a_peripheral(RECEIVER)]), Code.INPUT_ENROLLED, "", (0, 1)),
    ("receiver with one more interface", b.a_receiver(b.TABLET), b.facts(peripherals=[b.a_peripheral(RECEIVER)]), Code.INPUT_NOT_ENROLLED, "interfaces", ()),
    ("fail-safe: hub", b.a_hub(), b.facts(fail_safe="x"), Code.HUB, "", (0,)),
    ("hub that was opened twice for nothing", b.a_hub(), b.facts(failures=2), Code.HUB, "", (0,)),
    ("hub that was opened three times for nothing", b.a_hub(), b.facts(failures=3), Code.HELD, "openings", ()),
    ("approved stick that was opened often for nothing", STICK, b.facts(b.an_asset(STICK), failures=9), Code.ALLOWED, "", (0,)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("device", "facts", "code", "facet", "granted"), [row[1:] for row in STORY], ids=[row[0] for row in STORY]
)
def test_story(device: Device, facts: Facts, code: Code, facet: str, granted: tuple[int, ...]) -> None:
    """Every row of the scenario table, judged."""
    decision = judge(device, facts)
    assert decision.code is code
    assert decision.granted == granted
    assert decision.allow is bool(granted)
    assert (decision.failed.facet if decision.failed else "") == facet


NAMES = [gate.name for gate in GATES]


def test_the_table_of_gates() -> None:
    """The order is what the sentences promise; every gate is named once and every code has its sentence."""
    assert NAMES == [
        "fail_safe", "readable", "topology", "hub", "forbidden_class", "configurations", "steady", "enrolled", "limit",
        "has_serial", "listed", "passport", "custody", "holder", "expiry", "inspected", "unique", "interfaces",
    ]  # fmt: skip
    assert set(SENTENCES) == set(Code)
    assert set(CODES) == set(Function) == set(MOST_TELLING)
    assert set(STATES) == set(Custody) - {Custody.IN_USE}
    assert set(MAY_OPEN) == set(Role)


@pytest.mark.parametrize("row", STORY, ids=[row[0] for row in STORY])
def test_every_gate_is_accounted_for(row: tuple[Any, ...]) -> None:
    """Each result says what became of its gate, and only one of them refuses."""
    _, device, facts, code, _, granted = row
    results = judge(device, facts).results
    assert [r.gate for r in results] == NAMES
    failed = [r for r in results if r.status is Status.FAILED]
    assert [r.code for r in failed] == ([] if granted else [code])
    assert all((r.code is None) is (r.status is not Status.FAILED) for r in results)
    after = False
    for result, gate in zip(results, GATES, strict=True):
        concerns = case(device, facts).role in gate.roles
        assert (result.status is Status.NOT_APPLICABLE) is not concerns
        assert (result.status is Status.NOT_EVALUATED) is (concerns and after)
        after = after or result.status is Status.FAILED


@pytest.mark.parametrize("row", STORY, ids=[row[0] for row in STORY])
def test_alarms(row: tuple[Any, ...]) -> None:
    """A clone rings; a forgotten stick does not."""
    assert judge(row[1], row[2]).alarm is (row[3] in ALARMS)


@pytest.mark.parametrize("state", Custody)
def test_custody(state: Custody) -> None:
    """Only an asset in use opens; every other state answers with its own word and names the asset."""
    decision = judge(STICK, b.facts(b.an_asset(STICK, state)))
    assert decision.code is STATES.get(state, Code.ALLOWED)
    assert decision.allow is (state is Custody.IN_USE)
    assert decision.asset == "TB-0001"
    assert judge(CLONE, b.facts(b.an_asset(STICK, state))).code is Code.MISMATCH


TWIN = b.a_stick(name="1-4")


@pytest.mark.parametrize(
    ("device", "connected", "code", "cut"),
    [
        pytest.param(STICK, [], Code.ALLOWED, (), id="alone"),
        pytest.param(STICK, [Connected("1-2", 5, "TB-0001")], Code.ALLOWED, (), id="itself"),
        pytest.param(STICK, [Connected("1-4", 6, "TB-0002")], Code.ALLOWED, (), id="another asset"),
        pytest.param(TWIN, [Connected("1-2", 5, "TB-0001")], Code.DUPLICATE, ("1-2",), id="two that match"),
        pytest.param(
            TWIN,
            [Connected("1-2", 5, "TB-0001"), Connected("1-3", 7, "TB-0001")],
            Code.DUPLICATE,
            ("1-2", "1-3"),
            id="three that match",
        ),
        pytest.param(
            CLONE, [Connected("1-4", 6, "TB-0001")], Code.MISMATCH, (), id="one that shares the serial cuts nobody"
        ),
    ],
)
def test_unique(device: Device, connected: list[Connected], code: Code, cut: tuple[str, ...]) -> None:
    """Two that match are both cut; a cheap copy of a serial is no weapon against the genuine one."""
    decision = judge(device, b.facts(b.an_asset(STICK), connected=connected))
    assert (decision.code, decision.cut) == (code, cut)
    assert decision.alarm is (code is not Code.ALLOWED)


def faces(*devices: Device, **more: Any) -> Asset:
    """One asset with a fingerprint of each device."""
    prints = tuple(Fingerprint(f"face {n}", passport_of(d, default_grant(d))) for n, d in enumerate(devices))
    return b.an_asset(devices[0], fingerprints=prints, **more)


LOCKED = b.a_stick(serial=b"SAMPLE-0009", pid=9)


@pytest.mark.parametrize(
    ("device", "code", "fingerprint", "facet"),
    [
        pytest.param(STICK, Code.ALLOWED, "face 0", "", id="unlocked face"),
        pytest.param(LOCKED, Code.ALLOWED, "face 1", "", id="locked face with its own serial"),
        pytest.param(
            b.a_stick(serial=b"SAMPLE-0009"), Code.MISMATCH, "", "serial", id="one face with the serial of the other"
        ),
        pytest.param(
            b.a_stick(serial=b"SAMPLE-0009", pid=9, product=b"x\n"),
            Code.MISMATCH,
            "",
            "product",
            id="the nearest face is named",
        ),
    ],
)
def test_faces(device: Device, code: Code, fingerprint: str, facet: str) -> None:
    """One asset has several faces, and a device is held against the one that fits best."""
    decision = judge(device, b.facts(faces(STICK, LOCKED)))
    assert (decision.code, decision.fingerprint) == (code, fingerprint)
    assert (decision.failed.facet if decision.failed else "") == facet


@pytest.mark.parametrize(
    ("states", "code", "asset"),
    [
        pytest.param([Custody.IN_USE, Custody.IN_USE], Code.UNREADABLE, "TB-0001", id="two holders for one device"),
        pytest.param([Custody.REVOKED, Custody.IN_USE], Code.ALLOWED, "TB-0002", id="issued again"),
        pytest.param([Custody.EXPIRED, Custody.IN_USE], Code.ALLOWED, "TB-0002", id="renewed as a new asset"),
        pytest.param([Custody.IN_USE, Custody.LOST], Code.LOST, "TB-0002", id="lost goes before in use"),
        pytest.param([Custody.IN_USE, Custody.SUSPENDED], Code.SUSPENDED, "TB-0002", id="suspended goes before in use"),
        pytest.param([Custody.REVOKED, Custody.REVOKED], Code.REVOKED, "TB-0001", id="revoked twice"),
    ],
)
def test_same_passport_twice_on_the_list(states: list[Custody], code: Code, asset: str) -> None:
    """An ambiguous list never opens; an entry that ended gives way to a newer one."""
    assets = [b.an_asset(STICK, state, f"TB-000{n}") for n, state in enumerate(states, 1)]
    decision = judge(STICK, b.facts(*assets))
    assert (decision.code, decision.asset) == (code, asset)


NEVER = {"inspected_on": msgspec.UNSET, "inspected_until": msgspec.UNSET}
DATES = {
    "no dates": ({}, {}, Code.ALLOWED),
    "nobody holds it": ({"holder": ""}, {}, Code.NO_HOLDER),
    "the last day": ({"expires_on": "2026-11-21"}, {}, Code.ALLOWED),
    "the day after": ({"expires_on": "2026-11-20"}, {}, Code.EXPIRED),
    "nobody knows what day it is": ({"expires_on": "2026-11-21"}, {"today": ""}, Code.EXPIRED),
    "inspection without an end": ({"inspected_on": "2020-01-01"}, {"require_inspection": True}, Code.ALLOWED),
    "inspection on its last day": ({"inspected_on": "2026-05-21", "inspected_until": "2026-11-21"}, {}, Code.ALLOWED),
    "inspection is over": ({"inspected_on": "2026-05-20", "inspected_until": "2026-11-20"}, {}, Code.INSPECTION_DUE),
    "never inspected": (NEVER, {"require_inspection": True}, Code.INSPECTION_DUE),
    "never inspected, and none is required": (NEVER, {}, Code.ALLOWED),
    "found again": ({"inspect_first": True}, {}, Code.INSPECTION_DUE),
    "the state goes first": ({"state": Custody.LOST, "expires_on": "2020-01-01"}, {}, Code.LOST),
    "the holder goes before the dates": ({"holder": "", "expires_on": "2020-01-01"}, {}, Code.NO_HOLDER),
}


@pytest.mark.parametrize(("given", "now", "code"), DATES.values(), ids=DATES.keys())
def test_holder_last_day_and_inspection(given: dict[str, Any], now: dict[str, Any], code: Code) -> None:
    """What is in use opens while somebody holds it, its last day is not over and its inspection counts."""
    asset = b.an_asset(STICK, **given)
    facts = b.facts(asset, **now)
    decision = judge(STICK, facts)
    assert (decision.code, decision.asset, decision.allow) == (code, "TB-0001", code is Code.ALLOWED)
    if asset.state is Custody.IN_USE:
        obstacle = standing(asset, facts.today, inspection_required=facts.policy.require_inspection)
        assert (obstacle or Code.ALLOWED) is code


def test_candidates_with_another_serial_do_not_count() -> None:
    """Whatever the list hands over, only assets with this very serial are held against the device."""
    assert judge(OTHER, LISTED).code is Code.NOT_LISTED


def granting(*numbers: int) -> Facts:
    """The stick with the keyboard, approved with these interfaces granted."""
    return b.facts(b.an_asset(HIDING, fingerprints=(Fingerprint("first", passport_of(HIDING, numbers)),)))


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        pytest.param((0,), Code.ALLOWED, id="its storage"),
        pytest.param((), Code.MISMATCH, id="nothing"),
        pytest.param((0, 1), Code.INPUT_NOT_ENROLLED, id="the keyboard too"),
        pytest.param((1,), Code.INPUT_NOT_ENROLLED, id="the keyboard alone"),
        pytest.param((0, 7), Code.MISMATCH, id="an interface that it does not have"),
    ],
)
def test_grants(numbers: tuple[int, ...], code: Code) -> None:
    """The list cannot open more of a stick than its storage."""
    decision = judge(HIDING, granting(*numbers))
    assert decision.code is code
    assert decision.granted == ((0,) if code is Code.ALLOWED else ())
    assert decision.failed is None or decision.failed.gate == "interfaces"


@pytest.mark.parametrize(("connected", "limit", "allowed"), [(0, 1, True), (1, 1, False), (1, 2, True), (0, 0, False)])
def test_limit(connected: int, limit: int, allowed: bool) -> None:
    """Enrolled keyboards count; the device itself, mice and drives do not."""
    second = b.a_peripheral(b.a_keyboard("1-7"), "NV-0002")
    mouse = b.a_peripheral(b.a_mouse(), "NV-0003")
    others = [Connected("1-7", 8, "NV-0002")] * connected
    others += [Connected("1-4", 9, "NV-0003"), Connected("1-9", 4, "TB-0001"), Connected(KEYBOARD.name, 5, "NV-0001")]
    facts = b.facts(peripherals=[b.a_peripheral(KEYBOARD), second, mouse], connected=others, keyboards=limit)
    decision = judge(KEYBOARD, facts)
    assert decision.allow is allowed
    assert allowed or (decision.failed is not None and decision.failed.facet == "keyboards")


def test_the_keyboard_of_a_maintenance_start_counts() -> None:
    facts = b.facts(peripherals=[b.a_peripheral(KEYBOARD)], connected=[Connected("1-7", 8, MAINTENANCE)])
    assert judge(KEYBOARD, facts).code is Code.LIMIT


# what, its interfaces, the kind it says it is, every kind it may be enrolled as, with what would open
KINDS_OF: list[tuple[str, list[b.Triple], str, dict[str, tuple[int, ...]]]] = [
    ("keyboard", [b.KEYBOARD], "keyboard", {"keyboard": (0,)}),
    ("mouse", [b.MOUSE], "mouse", {"mouse": (0,)}),
    ("mouse with a HID interface that does not say what it is", [b.MOUSE, b.TABLET], "mouse", {"mouse": (0,)}),
    ("mouse with a keyboard", [b.MOUSE, b.KEYBOARD], "keyboard", {"keyboard": (0, 1)}),
    ("receiver with a maker's HID interface", [b.KEYBOARD, b.MOUSE, b.TABLET], "keyboard", {"keyboard": (0, 1, 2)}),
    ("printer", [b.PRINTER], "printer", {"printer": (0,)}),
    ("printer that scans", [b.PRINTER, b.VENDOR], "printer", {"printer": (0,)}),
    ("printer with storage", [b.PRINTER, b.STORAGE], "", {}),
    ("printer with a network", [b.PRINTER, b.ECM, b.CDC_DATA], "", {}),
    ("printer that types", [b.PRINTER, b.KEYBOARD], "", {}),
    ("card reader", [b.CCID], "token", {"token": (0,)}),
    ("token that types passwords", [b.KEYBOARD, b.TABLET, b.CCID], "token", {"token": (2,)}),
    ("token with a drive", [b.CCID, b.STORAGE], "", {}),
    ("HID without boot protocol", [b.TABLET], "", {"ups": (0,)}),
    ("maker's own", [b.VENDOR], "", {"scanner": (0,)}),
    ("still image", [b.MTP], "", {"scanner": (0,)}),
    ("phone with its debug bridge", [b.MTP, b.ADB], "", {}),
    ("stick", [b.STORAGE], "", {}),
    ("network", [b.ECM, b.CDC_DATA], "", {}),
]


@pytest.mark.parametrize(("parts", "says", "opens"), [row[1:] for row in KINDS_OF], ids=[row[0] for row in KINDS_OF])
def test_kinds(parts: list[b.Triple], says: str, opens: dict[str, tuple[int, ...]]) -> None:
    """What a device may be enrolled as, and what of it opens then."""
    device = b.device(*(b.Part(n, t, endpoints=1) for n, t in enumerate(parts)))
    assert told(device) == says
    assert {k.name: grant(device, k) for k in KINDS.values() if fits(device, k)} == opens


def test_every_kind_has_its_knob() -> None:
    knobs = {knob.name: knob for knob in TABLE}
    assert all(knobs[kind.knob].type is int for kind in KINDS.values())
    assert {kind.name for kind in KINDS.values() if kind.early} == {"keyboard", "mouse"}


@pytest.mark.parametrize(
    ("device", "kind", "types", "cut"),
    [
        pytest.param(KEYBOARD, "keyboard", True, False, id="a keyboard types"),
        pytest.param(b.a_mouse(), "mouse", False, False, id="a mouse points"),
        pytest.param(b.a_mouse(), "mouse", True, True, id="a mouse that types"),
        pytest.param(UPS, "ups", True, True, id="a power supply that types"),
    ],
)
def test_keys(device: Device, kind: str, *, types: bool, cut: bool) -> None:
    """Keys come from keyboards only."""
    decision = judge(device, b.facts(peripherals=[b.a_peripheral(device, kind=kind)], ups=1))
    assert decision.allow
    seen = ReadBack(True, 1, (InterfaceState(f"{device.name}:1.0", True, "usbhid", types=types),))
    found = keys(decision, seen)
    assert (found is not None) is cut
    assert found is None or (found.code, found.facet) == (Code.MISMATCH, "keys")


@pytest.mark.parametrize(
    ("serial", "expected"),
    [
        (b"", True), (b" ", True), (b"0", True), (b"00000000", True), (b"FFFFFFFF", True), (b"0123456789ABCDEF", True),
        (b"0123456789abcdef", True), (b"123456789012", True), (b"1234567890", True), (b"ABCDEFG", True), (b"\t\t", True),
        (b"SAMPLE-0001", False), (b"0123456789ABCDEF7", False), (b"4C530001230101117391", False), (b"AA00000000000489", False),
        ("số 12".encode(), False),
    ],
)  # fmt: skip
def test_generic_serials(serial: bytes, expected: bool) -> None:
    """What chips show whose maker never set a serial."""
    assert generic(serial) is expected


def test_serial_not_required() -> None:
    """Without the requirement a generic serial may be listed; no serial at all still cannot."""
    stick = b.a_stick(serial=b"00000000")
    assert judge(stick, b.facts(b.an_asset(stick), require_serial=False)).code is Code.ALLOWED
    assert judge(b.a_stick(serial=None), b.facts(require_serial=False)).code is Code.NOT_LISTED


interfaces = st.builds(
    Interface,
    number=st.integers(0, 3),
    alternate=st.integers(0, 2),
    class_=st.sampled_from([1, 2, 3, 8, 9, 0xFF]),
    subclass=st.integers(0, 6),
    protocol=st.integers(0, 0x62),
)
serials = st.one_of(st.none(), st.binary(max_size=12))


@st.composite
def mutated(draw: Any) -> Device:
    """The approved stick with any facets changed, each by itself; its offers are what the bus makes of the rest."""
    changes: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "vid": st.integers(0, 0xFFFF),
                "pid": st.integers(0, 0xFFFF),
                "bcd_device": st.integers(0, 0xFFFF),
                "serial": serials,
                "manufacturer": serials,
                "product": serials,
                "descriptors": st.binary(max_size=60),
                "configurations": st.lists(
                    st.lists(interfaces, max_size=3).map(
                        lambda some: msgspec.structs.replace(STICK.configurations[0], interfaces=tuple(some))
                    ),
                    max_size=2,
                ).map(tuple),
                "name": st.sampled_from(["1-2", "1-3", "1-2.1", "usb1"]),
                "problems": st.just((Problem("sample", "sample"),)),
                "device_class": st.integers(0, 255),
                "authorized": st.booleans(),
            },
        )
    )
    device = msgspec.structs.replace(STICK, **changes)
    return msgspec.structs.replace(device, offers=offers(device.interfaces, device.device_class))


some_offers = st.lists(st.builds(Offer, st.integers(0, 3), st.sampled_from(Function)), max_size=4).map(tuple)

SAME = ("vid", "pid", "bcd_device", "serial", "manufacturer", "product", "descriptors", "interfaces", "offers")


@given(device=mutated(), state=st.sampled_from(Custody), fail_safe=st.sampled_from(["", "disk full"]))
def test_nothing_but_the_approved_device_opens(device: Device, state: Custody, fail_safe: str) -> None:
    """Whatever is changed about it, it opens only when every facet is as approved, and then only its storage."""
    keyboard = b.a_peripheral(KEYBOARD)
    decision = judge(device, b.facts(b.an_asset(STICK, state), peripherals=[keyboard], fail_safe=fail_safe))
    if decision.allow and decision.code is not Code.HUB:
        assert all(getattr(device, facet) == getattr(STICK, facet) for facet in SAME)
        assert (device.problems, state, fail_safe) == ((), Custody.IN_USE, "")
        assert (decision.code, decision.granted) == (Code.ALLOWED, (0,))
    assert decision.allow is bool(decision.granted)
    assert decision.allow is (decision.failed is None)


@given(seen=some_offers, device=mutated())
def test_a_wrong_reading_of_the_interfaces_opens_no_more(seen: tuple[Offer, ...], device: Device) -> None:
    """Whatever a bus makes of the interfaces, a stick never gets more than its storage, and a keyboard nothing."""
    read = msgspec.structs.replace(device, offers=seen)
    decision = judge(read, b.facts(b.an_asset(STICK), peripherals=[b.a_peripheral(KEYBOARD)]))
    if decision.allow and decision.code is not Code.HUB:
        assert (decision.code, decision.granted) == (Code.ALLOWED, (0,))
        assert device.interfaces == STICK.interfaces


@given(
    device=mutated(),
    knobs=st.fixed_dictionaries(
        {}, optional={n: st.booleans() for n in ("hubs", "storage", "require_serial", "enforce")}
    ),
)
def test_judging_is_total_and_pure(device: Device, knobs: dict[str, bool]) -> None:
    """Every device gets an answer, and the same one twice."""
    facts = b.facts(b.an_asset(STICK), b.an_asset(HIDING, id_="TB-0002"), **knobs)
    assert judge(device, facts) == judge(device, facts)


@pytest.mark.parametrize("facet", ["vid", "pid", "bcd_device", "serial", "manufacturer", "product", "descriptors"])
def test_one_facet_is_enough(facet: str) -> None:
    """Each facet alone keeps the device out."""
    old = getattr(STICK, facet)
    new = old + 1 if isinstance(old, int) else old + b"x"
    decision = judge(msgspec.structs.replace(STICK, **{facet: new}), LISTED)
    assert decision.code is (Code.NOT_LISTED if facet == "serial" else Code.MISMATCH)


@pytest.mark.parametrize("facet", ["manufacturer", "product"])
def test_no_string_is_not_an_empty_string(facet: str) -> None:
    """A device that drops a string, or begins to send an empty one, is another device."""
    without, empty = (msgspec.structs.replace(STICK, **{facet: value}) for value in (None, b""))
    assert judge(without, b.facts(b.an_asset(without))).allow
    assert judge(empty, b.facts(b.an_asset(without))).code is Code.MISMATCH
    assert judge(without, b.facts(b.an_asset(empty))).code is Code.MISMATCH

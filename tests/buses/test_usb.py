"""Attributes to a device: captured devices, contradictions, and strings a device may choose freely."""
# ruff: noqa: E501 - tables of cases, one case a line

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import build as b
from usbguard_py.buses import BUSES, USB
from usbguard_py.buses.usb_classes import TABLE, function
from usbguard_py.core.codes import Code
from usbguard_py.core.device import Function, Interface, Offer
from usbguard_py.core.enforcement import InterfaceState, Probe, ReadBack
from usbguard_py.core.functions import default_grant, input_grant, input_kind, kind
from usbguard_py.core.gates import judge
from usbguard_py.core.kinds import KINDS, told
from usbguard_py.core.text import MAX_STRING

CAPTURES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "captures.json").read_text(encoding="utf-8"))

# what it is called in the captures, its functions by interface, its code when nothing is listed or enrolled
CAPTURED: dict[str, tuple[Function, Code]] = {
    "root hub": (Function.HUB, Code.HUB),
    "usb-storage": (Function.STORAGE, Code.NOT_LISTED),
    "usb-uas": (Function.STORAGE, Code.NOT_LISTED),
    "usb-bot": (Function.STORAGE, Code.NOT_LISTED),
    "usb-kbd": (Function.KEYBOARD, Code.INPUT_NOT_ENROLLED),
    "usb-mouse": (Function.MOUSE, Code.INPUT_NOT_ENROLLED),
    "usb-tablet": (Function.INPUT, Code.INPUT_NOT_ENROLLED),
    "usb-wacom-tablet": (Function.MOUSE, Code.INPUT_NOT_ENROLLED),
    "usb-hub": (Function.HUB, Code.HUB),
    "usb-mtp": (Function.PHONE, Code.PHONE),
    "usb-net": (Function.NETWORK, Code.NETWORK),
    "usb-serial": (Function.VENDOR, Code.VENDOR_CLASS),
    "usb-audio": (Function.AUDIO, Code.AUDIO),
    "usb-ccid": (Function.SMART_CARD, Code.SMART_CARD),
    "gadget mass_storage": (Function.STORAGE, Code.NOT_LISTED),
    "gadget hid": (Function.KEYBOARD, Code.INPUT_NOT_ENROLLED),
    "gadget rndis": (Function.NETWORK, Code.NETWORK),
    "gadget ecm": (Function.NETWORK, Code.NETWORK),
    "gadget acm": (Function.SERIAL_PORT, Code.SERIAL_PORT),
    "gadget gser": (Function.VENDOR, Code.VENDOR_CLASS),
    "gadget printer": (Function.PRINTER, Code.PRINTER),
    "gadget mass_storage hid": (Function.STORAGE, Code.NOT_LISTED),
    "gadget mass_storage ecm": (Function.NETWORK, Code.NETWORK),
    "gadget two configurations": (Function.SERIAL_PORT, Code.SERIAL_PORT),
}


def captured(name: str) -> Any:
    """A captured device."""
    shown = {key: bytes.fromhex(value) for key, value in CAPTURES[name]["attributes"].items()}
    return USB.describe(CAPTURES[name]["name"], "/devices/sample", shown)


def test_every_capture_is_expected() -> None:
    assert set(CAPTURES) == set(CAPTURED)


@pytest.mark.parametrize("name", CAPTURED)
def test_captured(name: str) -> None:
    """Devices as a real kernel shows them are read without a problem, for what their descriptors say."""
    device = captured(name)
    assert device.problems == ()
    assert (kind(device), judge(device, b.facts()).code) == CAPTURED[name]


@pytest.mark.parametrize("name", [n for n, (function_, _) in CAPTURED.items() if function_ is Function.STORAGE])
def test_captured_drives_open_when_approved(name: str) -> None:
    """Both storage protocols, a CD with a disk, and a stick whose keyboard stays closed."""
    device = captured(name)
    decision = judge(device, b.facts(b.an_asset(device)))
    assert (decision.code, decision.granted) == (Code.ALLOWED, (0,))


@pytest.mark.parametrize("name", ["usb-kbd", "usb-mouse", "usb-wacom-tablet", "gadget hid"])
def test_captured_input_opens_when_enrolled(name: str) -> None:
    """What says that it is a keyboard or a mouse can be enrolled."""
    device = captured(name)
    decision = judge(device, b.facts(peripherals=[b.a_peripheral(device)]))
    assert (decision.code, decision.granted) == (Code.INPUT_ENROLLED, (0,))


# what is enrolled, the interfaces that are probed, the drivers of interface 0 that are right, one that is not
PROGRAMS_DRIVE: list[tuple[Any, tuple[str, ...], set[str], str]] = [
    (b.a_printer(b.VENDOR), ("1-6:1.0",), {"", "usbfs", "usblp"}, "cdc_ether"),
    (b.a_token(), (), {"", "usbfs"}, "usbhid"),
    (b.a_scanner(), (), {"", "usbfs"}, "r8152"),
    (b.a_ups(), (), {"", "usbfs", "usbhid"}, "usb-storage"),
]


@pytest.mark.parametrize(
    ("device", "probed", "right", "wrong"), PROGRAMS_DRIVE, ids=["printer", "token", "scanner", "ups"]
)
def test_what_programs_drive(device: Any, probed: tuple[str, ...], right: set[str], wrong: str) -> None:
    """Only a printer is probed, nothing is waited for, and no driver takes it but that of its kind."""
    kind = told(device) or {"1-9": "scanner", "1-10": "ups"}[device.name]
    limits = {KINDS[kind].knob: 1}
    decision = judge(device, b.facts(peripherals=[b.a_peripheral(device, kind=kind)], **limits))
    assert decision.code is Code.PERIPHERAL_ENROLLED
    assert tuple(s.interface for s in USB.plan(device, decision) if isinstance(s, Probe)) == probed
    assert USB.awaited(decision, device) == frozenset()
    others = tuple(InterfaceState(n, authorized=False) for n in USB.expected_interfaces(device)[1:])
    for driver in (*right, wrong):
        seen = ReadBack(True, 1, (InterfaceState(f"{device.name}:1.0", True, driver), *others))
        assert bool(USB.effective(decision, device, seen)) is (driver == wrong)


def test_a_keyboard_is_waited_for() -> None:
    decision = judge(b.a_keyboard(), b.facts(peripherals=[b.a_peripheral(b.a_keyboard())]))
    assert USB.awaited(decision, b.a_keyboard()) == {0, 1}


STICK = b.descriptors((b.Part(0, b.STORAGE),))
LONG = b"A" * (MAX_STRING + 1)


def described(raw: bytes = STICK, name: str = "1-2", **more: bytes | None) -> Any:
    """A device of these attributes."""
    return USB.describe(
        name, "/devices/sample", b.attributes(raw, **more) if name == "1-2" else b.attributes(raw, name, **more)
    )


def test_a_good_device() -> None:
    """Every attribute lands in its field, without the newline that sysfs adds."""
    device = described(
        b.descriptors((b.Part(0, b.STORAGE),), vid=0xABCD, pid=0x12, bcd_device=0x0102, bcd_usb=0x0320),
        authorized=b"1\n",
    )
    assert device.problems == ()
    assert (device.name, device.busnum, device.devnum, device.speed, device.authorized) == ("1-2", 1, 5, "480", True)
    assert (device.vid, device.pid, device.bcd_device, device.bcd_usb) == (0xABCD, 0x12, 0x0102, 0x0320)
    assert (device.serial, device.manufacturer, device.product) == (b"SAMPLE-0001", b"Sample Maker", b"Sample Device")
    assert device.offers == (Offer(0, Function.STORAGE),)


# what, attribute, its bytes, facet of the problem
PROBLEMS: list[tuple[str, str, bytes | None, str]] = [
    *((f"{name} missing", name, None, name) for name in USB.READS if name not in ("serial", "manufacturer", "product")),
    ("empty descriptors", "descriptors", b"", "descriptors"),
    ("malformed descriptors", "descriptors", STICK[:-1], "descriptors"),
    ("another vendor in sysfs", "idVendor", b"ffff\n", "idVendor"),
    ("another product in sysfs", "idProduct", b"ffff\n", "idProduct"),
    ("another release in sysfs", "bcdDevice", b"ffff\n", "bcdDevice"),
    ("another USB version in sysfs", "version", b" 3.00\n", "version"),
    ("another class in sysfs", "bDeviceClass", b"09\n", "bDeviceClass"),
    ("more configurations in sysfs", "bNumConfigurations", b"2\n", "bNumConfigurations"),
    ("hex without its zeros", "idProduct", b"1\n", "idProduct"),
    ("device number 0", "devnum", b"0\n", "devnum"),
    ("device number 128", "devnum", b"128\n", "devnum"),
    ("device number with a sign", "devnum", b"+5\n", "devnum"),
    ("device number in other digits", "devnum", "٥\n".encode(), "devnum"),
    ("endless device number", "devnum", b"9" * 5000, "devnum"),
    ("empty bus number", "busnum", b"\n", "busnum"),
    ("another bus", "busnum", b"2\n", "busnum"),
    ("authorised by a word", "authorized", b"yes\n", "authorized"),
    ("authorised by 2", "authorized", b"2\n", "authorized"),
    ("unknown speed", "speed", b"unknown\n", "speed"),
    ("long serial", "serial", LONG + b"\n", "serial"),
    ("long maker", "manufacturer", LONG + b"\n", "manufacturer"),
    ("long name", "product", LONG + b"\n", "product"),
    ("serial with a NUL", "serial", b"SAMPLE\x00-0001\n", "serial"),
    ("serial with a line end", "serial", b"SAMPLE\n-0001\n", "serial"),
    ("serial with two newlines at its end", "serial", b"SAMPLE-0001\n\n", "serial"),
    ("serial with an escape sequence", "serial", b"\x1b[2JSAMPLE\n", "serial"),
    ("serial that turns around", "serial", "SAMPLE\u202e1000\n".encode(), "serial"),
    ("serial with a zero-width space", "serial", "SAMPLE\u200b1\n".encode(), "serial"),
    ("serial that is no UTF-8", "serial", b"SAMPLE\xff\n", "serial"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("attribute", "value", "facet"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS]
)
def test_problems(attribute: str, value: bytes | None, facet: str) -> None:
    """Unreadable, malformed or contradicting: a problem with its facet, and the device stays blocked."""
    device = (
        described(**{attribute: value})
        if attribute != "descriptors"
        else USB.describe("1-2", "/d", b.attributes(STICK) | {"descriptors": value})
    )
    assert facet in [p.facet for p in device.problems]
    assert all(p.detail.isprintable() and len(p.detail) < 300 for p in device.problems)
    assert judge(device, b.facts(b.an_asset(b.a_stick()))).code is Code.UNREADABLE


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        pytest.param("serial", None, None, id="no serial"),
        pytest.param("serial", b"\n", b"", id="empty serial"),
        pytest.param("serial", b"  SAMPLE \n", b"  SAMPLE ", id="blanks stay"),
        pytest.param("serial", "số-1\n".encode(), "số-1".encode(), id="letters with accents"),
        pytest.param("manufacturer", b"\x1b]0;x\x07\n\n", b"\x1b]0;x\x07\n", id="a maker with an escape sequence"),
        pytest.param("product", b"\xff\xfe\n", b"\xff\xfe", id="a name that is no UTF-8"),
        pytest.param("product", b"A" * MAX_STRING + b"\n", b"A" * MAX_STRING, id="the longest name"),
        pytest.param("product", b"no newline", b"no newline", id="no newline"),
    ],
)
def test_strings_stay_bytes(attribute: str, value: bytes | None, expected: bytes | None) -> None:
    """What a device calls itself is kept as it came; it is no reason to refuse it."""
    device = described(**{attribute: value})
    assert getattr(device, attribute) == expected
    assert device.problems == ()


@given(st.dictionaries(st.sampled_from(USB.READS), st.one_of(st.none(), st.binary(max_size=80)), max_size=14))
def test_describing_never_raises(changes: dict[str, bytes | None]) -> None:
    """Whatever sysfs shows, there is a device to judge, and nothing of it opens unless it is as approved."""
    device = USB.describe("1-2", "/devices/sample", b.attributes(STICK) | changes)
    decision = judge(device, b.facts(b.an_asset(b.a_stick())))
    assert decision.allow <= (device.descriptors == STICK)
    assert (device.configurations == ()) <= bool(device.problems)


def test_nothing_to_read() -> None:
    """A device that vanished while it was read is unreadable, not a smaller device."""
    device = USB.describe("1-2", "/devices/sample", {})
    assert {p.facet for p in device.problems} >= {"devnum", "descriptors"}


# class, subclass, protocol, what it means
CLASSES: list[tuple[int, int, int, Function]] = [
    (0x08, 0x06, 0x50, Function.STORAGE), (0x08, 0x06, 0x62, Function.STORAGE), (0x08, 0x04, 0x00, Function.STORAGE),
    (0x03, 0x01, 0x01, Function.KEYBOARD), (0x03, 0x01, 0x02, Function.MOUSE), (0x03, 0x00, 0x00, Function.INPUT),
    (0x03, 0x00, 0x01, Function.INPUT), (0x03, 0x01, 0x00, Function.INPUT),
    (0x09, 0x00, 0x01, Function.HUB), (0x01, 0x03, 0x00, Function.AUDIO),
    (0x02, 0x02, 0x01, Function.SERIAL_PORT), (0x02, 0x01, 0x00, Function.SERIAL_PORT), (0x02, 0x0B, 0x00, Function.SERIAL_PORT),
    (0x02, 0x06, 0x00, Function.NETWORK), (0x02, 0x0D, 0x00, Function.NETWORK), (0x02, 0x0E, 0x00, Function.NETWORK),
    (0x02, 0x0C, 0x07, Function.NETWORK), (0x02, 0x02, 0xFF, Function.NETWORK), (0xE0, 0x01, 0x03, Function.NETWORK),
    (0xEF, 0x04, 0x01, Function.NETWORK), (0xE0, 0x01, 0x01, Function.WIRELESS), (0xE0, 0x02, 0x01, Function.WIRELESS),
    (0x0A, 0x00, 0x00, Function.OTHER), (0x06, 0x01, 0x01, Function.IMAGE), (0x06, 0x01, 0x00, Function.PHONE), (0xFF, 0x42, 0x01, Function.PHONE),
    (0xFF, 0xFE, 0x02, Function.PHONE), (0xFF, 0xFF, 0x00, Function.VENDOR), (0xFF, 0x42, 0x02, Function.VENDOR),
    (0x07, 0x01, 0x04, Function.PRINTER), (0x0E, 0x02, 0x00, Function.VIDEO), (0x0B, 0x00, 0x00, Function.SMART_CARD),
    (0x00, 0x00, 0x00, Function.OTHER), (0x05, 0x00, 0x00, Function.OTHER), (0xFE, 0x01, 0x01, Function.OTHER),
    (0xEF, 0x02, 0x01, Function.OTHER), (0xDC, 0x01, 0x01, Function.OTHER),
]  # fmt: skip


@pytest.mark.parametrize(("class_", "subclass", "protocol", "expected"), CLASSES)
def test_classes(class_: int, subclass: int, protocol: int, expected: Function) -> None:
    assert function(Interface(0, 0, class_, subclass, protocol)) is expected


def test_every_row_of_the_class_table_can_be_reached() -> None:
    """A row that an earlier one hides would be a promise that is not kept."""
    for class_, subclass, protocol, meaning in TABLE:
        any_of = [
            (s, p)
            for s in ([subclass] if subclass >= 0 else range(256))
            for p in ([protocol] if protocol >= 0 else range(256))
        ]
        assert any(function(Interface(0, 0, class_, s, p)) is meaning for s, p in any_of)


@pytest.mark.parametrize(
    ("parts", "word", "name", "opens"),
    [
        pytest.param([b.KEYBOARD], "keyboard", Function.KEYBOARD, (0,), id="keyboard"),
        pytest.param([b.MOUSE], "mouse", Function.MOUSE, (0,), id="mouse"),
        pytest.param([b.KEYBOARD, b.MOUSE, b.TABLET], "keyboard", Function.KEYBOARD, (0, 1, 2), id="receiver of a wireless set"),
        pytest.param([b.KEYBOARD, b.VENDOR], "keyboard", Function.KEYBOARD, (0,), id="keyboard with a maker's interface"),
        pytest.param([b.MOUSE, b.AUDIO], "mouse", Function.MOUSE, (0,), id="mouse with a headset socket"),
        pytest.param([b.TABLET], "", Function.INPUT, (0,), id="pen, power supply or keyboard: it does not say"),
        pytest.param([b.STORAGE, b.KEYBOARD], "", Function.STORAGE, (1,), id="stick that types"),
        pytest.param([b.ECM, b.KEYBOARD], "", Function.NETWORK, (1,), id="network that types"),
        pytest.param([b.STORAGE], "", Function.STORAGE, (), id="stick"),
    ],
)  # fmt: skip
def test_input(parts: list[b.Triple], word: str, name: Function, opens: tuple[int, ...]) -> None:
    """What is a keyboard or mouse of a workplace, and what of it enrolling would open."""
    device = b.device(*(b.Part(n, t, endpoints=1) for n, t in enumerate(parts)))
    assert (input_kind(device), kind(device), input_grant(device)) == (word, name, opens)
    assert default_grant(device) == tuple(n for n, t in enumerate(parts) if t == b.STORAGE)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        pytest.param([b.STORAGE, b.MTP], Function.PHONE, id="phone with a drive"),
        pytest.param([b.RNDIS, b.CDC_DATA, b.ADB], Function.PHONE, id="phone that shares its network"),
        pytest.param([b.STORAGE, b.ACM, b.CDC_DATA], Function.SERIAL_PORT, id="modem with its drivers on a drive"),
        pytest.param([b.STORAGE, b.CCID], Function.SMART_CARD, id="token with its programs on a drive"),
        pytest.param([b.STORAGE, b.VENDOR], Function.STORAGE, id="drive with a maker's interface"),
        pytest.param([b.VIDEO, b.AUDIO], Function.VIDEO, id="camera with a microphone"),
    ],
)
def test_the_most_telling_function(parts: list[b.Triple], name: Function) -> None:
    """A composite device is called by what matters most about it."""
    assert kind(b.device(*(b.Part(n, t) for n, t in enumerate(parts)))) is name


def test_an_interface_that_changes_its_kind_is_not_granted() -> None:
    """Storage in one alternate setting and something else in another is not storage."""
    device = b.device(b.Part(0, b.STORAGE), b.Part(0, b.KEYBOARD, alternate=1), b.Part(1, b.STORAGE))
    assert default_grant(device) == (1,)


def test_the_buses() -> None:
    assert BUSES == {"usb": USB}

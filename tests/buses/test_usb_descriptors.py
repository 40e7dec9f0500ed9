"""The parser of raw descriptors: good devices, hostile ones, and whatever hypothesis thinks of."""
# ruff: noqa: E501 - tables of cases, one case a line

import struct
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests import build as b
from usbguard_py.buses.usb_descriptors import (
    DEVICE_SIZE,
    MAX_CONFIGURATIONS,
    MAX_INTERFACES,
    MAX_SETTINGS,
    MAX_SIZE,
    parse,
)
from usbguard_py.errors import BadDescriptors

STICK = b.descriptors((b.Part(0, b.STORAGE),))
UAS = b.descriptors((b.Part(0, b.STORAGE), b.Part(0, b.UAS, alternate=1, endpoints=4)))
HID_CLASS = bytes((9, 0x21, 0x11, 0x01, 0, 1, 0x22, 63, 0))
ASSOCIATION = bytes((8, 0x0B, 0, 2, 2, 6, 0, 0))
COMPANION = bytes((6, 0x30, 0, 0, 0, 0))


def configured(body: bytes, interfaces: int = 1, value: int = 1, total: int | None = None) -> bytes:
    """A device whose only configuration holds ``body``."""
    length = 9 + len(body) if total is None else total
    return b.device_descriptor() + struct.pack("<BBHBBBBB", 9, 2, length, interfaces, value, 0, 0x80, 50) + body


def setting(number: int = 0, alternate: int = 0, endpoints: int = 0) -> bytes:
    """A bare interface descriptor."""
    return bytes((9, 4, number, alternate, endpoints, *b.STORAGE, 0))


def endpoint(address: int = 0x81, length: int = 7) -> bytes:
    """A bare endpoint descriptor."""
    return bytes((length, 5, address, 2, 0, 2, 0, 0, 0)[:length])


def patched(raw: bytes, offset: int, value: int) -> bytes:
    """``raw`` with one byte changed."""
    return raw[:offset] + bytes((value,)) + raw[offset + 1 :]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(STICK, ["0.0=08:06:50"], id="stick"),
        pytest.param(UAS, ["0.0=08:06:50", "0.1=08:06:62"], id="alternate settings"),
        pytest.param(configured(b""  , interfaces=0), [], id="no interface at all"),
        pytest.param(configured(setting() + HID_CLASS), ["0.0=08:06:50"], id="class descriptor after an interface"),
        pytest.param(configured(ASSOCIATION + setting()), ["0.0=08:06:50"], id="association before an interface"),
        pytest.param(configured(setting(endpoints=1) + endpoint() + COMPANION), ["0.0=08:06:50"], id="SuperSpeed companion"),
        pytest.param(configured(setting(endpoints=1) + endpoint(length=9)), ["0.0=08:06:50"], id="audio endpoint of 9 bytes"),
        pytest.param(configured(b"\x0a" + setting()[1:] + b"\x00"), ["0.0=08:06:50"], id="longer interface descriptor"),
        pytest.param(configured(setting(2) + setting(0), interfaces=2), ["2.0=08:06:50", "0.0=08:06:50"], id="numbers with a gap"),
        pytest.param(
            configured(setting(0) + setting(1) + setting(0, 1), interfaces=2),
            ["0.0=08:06:50", "1.0=08:06:50", "0.1=08:06:50"],
            id="settings not side by side",
        ),
        pytest.param(patched(STICK, DEVICE_SIZE + 7, 0x00), ["0.0=08:06:50"], id="attributes without their fixed bit"),
    ],
)  # fmt: skip
def test_good(raw: bytes, expected: list[str]) -> None:
    """Devices that kernel and parser understand alike."""
    (configuration,) = parse(raw).configurations
    assert [f"{i.number}.{i.alternate}={i.triple()}" for i in configuration.interfaces] == expected


def test_fields() -> None:
    """Every field of the device descriptor stands where the specification puts it."""
    parsed = parse(b.descriptors((b.Part(0, b.STORAGE),), vid=0xABCD, pid=0x0123, bcd_device=0x0405, bcd_usb=0x0320))
    assert (parsed.vid, parsed.pid, parsed.bcd_device, parsed.bcd_usb) == (0xABCD, 0x0123, 0x0405, 0x0320)
    assert (parsed.device_class, parsed.num_configurations) == (0, 1)
    (configuration,) = parsed.configurations
    assert (configuration.value, configuration.attributes, configuration.max_power) == (1, 0x80, 50)
    assert configuration.interfaces[0].endpoints == 2


def many_settings(count: int) -> bytes:
    """A configuration with ``count`` alternate settings, spread over two interfaces."""
    body = b"".join(setting(n // 128, n % 128) for n in range(count))
    return configured(body, interfaces=1 if count <= 128 else 2)


# what, raw, offset of the error, a word of it
HOSTILE: list[tuple[str, bytes, int, str]] = [
    ("nothing", b"", 0, "cut off"),
    ("half a device descriptor", STICK[:17], 17, "cut off"),
    ("device descriptor of another length", patched(STICK, 0, 20), 0, "no device descriptor"),
    ("device descriptor of length 0", patched(STICK, 0, 0), 0, "no device descriptor"),
    ("another type first", patched(STICK, 1, 2), 0, "no device descriptor"),
    ("too large", STICK + bytes(MAX_SIZE), MAX_SIZE, "more than"),
    ("device descriptor alone", STICK[:18], 17, "1 configurations promised, 0 found"),
    ("no configuration promised", b.device_descriptor(0), 17, "no configuration"),
    ("two promised, one found", patched(STICK, 17, 2), 17, "2 configurations promised"),
    ("none promised, one found", patched(STICK, 17, 0), 17, "no configuration"),
    ("configuration cut off", STICK[:22], 18, "cut off"),
    ("configuration of length 8", patched(STICK, 18, 8), 18, "8 bytes"),
    ("no configuration after the device", patched(STICK, 19, 4), 18, "type 0x04"),
    ("second device descriptor", b.device_descriptor(2) + STICK, 18, "type 0x01"),
    ("wTotalLength larger than what follows", STICK[:-1], 20, "bytes follow"),
    ("wTotalLength smaller than its descriptor", configured(setting(), total=8), 20, "too small"),
    ("wTotalLength too small for an interface", configured(setting(), total=12), 27, "beyond"),
    ("excess bytes after the configuration", STICK + b"\x00\x00", 50, "cut off"),
    ("excess descriptor after the configuration", STICK + bytes(9), 50, "type 0x00"),
    ("bConfigurationValue 0", configured(setting(), value=0), 23, "bConfigurationValue"),
    ("bLength 0 inside", configured(setting() + b"\x00\x21"), 36, "bLength 0"),
    ("bLength 1 inside", configured(setting() + b"\x01"), 36, "bLength 1"),
    ("descriptor beyond the end", configured(setting() + b"\x09\x21"), 36, "beyond"),
    ("one byte too many", configured(setting() + b"\x09"), 36, "beyond"),
    ("device descriptor inside", configured(setting() + b.device_descriptor()), 36, "type 0x01"),
    ("configuration inside", configured(setting() + b.configuration([b.Part(1, b.KEYBOARD)])), 36, "type 0x02"),
    ("qualifier inside", configured(setting() + bytes((10, 6, *bytes(8)))), 36, "type 0x06"),
    ("other-speed configuration inside", configured(setting() + bytes((9, 7, *bytes(7)))), 36, "type 0x07"),
    ("interface of 8 bytes", configured(b"\x08" + setting()[1:8]), 27, "8 bytes"),
    ("interface of 2 bytes", configured(b"\x02\x04"), 27, "2 bytes"),
    ("interface number 32", configured(setting(MAX_INTERFACES)), 29, "number 32"),
    ("same setting twice", configured(setting() + setting()), 18, "appears twice"),
    ("fewer interfaces than promised", configured(setting(), interfaces=2), 22, "2 interfaces promised, 1 found"),
    ("more interfaces than promised", configured(setting() + setting(1)), 22, "1 interfaces promised, 2 found"),
    ("no setting 0", configured(setting(0, 1)), 18, "no setting 0"),
    ("too many settings", many_settings(MAX_SETTINGS + 1), 27 + 9 * MAX_SETTINGS, "alternate settings"),
    ("endpoint outside an interface", configured(endpoint() + setting()), 27, "outside"),
    ("endpoint of 6 bytes", configured(setting(endpoints=1) + endpoint(length=6)), 36, "6 bytes"),
    ("endpoint of 2 bytes", configured(setting(endpoints=1) + endpoint(length=2)), 36, "2 bytes"),
    ("endpoint number 0", configured(setting(endpoints=1) + endpoint(0x80)), 38, "address 0x80"),
    ("endpoint with reserved bits", configured(setting(endpoints=1) + endpoint(0x91)), 38, "address 0x91"),
    ("same endpoint twice", configured(setting(endpoints=2) + endpoint() * 2), 45, "two endpoints"),
    ("fewer endpoints than promised", configured(setting(endpoints=2) + endpoint()), 31, "2 endpoints promised, 1 found"),
    ("more endpoints than promised", configured(setting() + endpoint()), 31, "0 endpoints promised, 1 found"),
    ("two configurations with one number", b.device_descriptor(2) + STICK[18:] * 2, 18, "same number"),
    ("nine configurations", b.device_descriptor(9) + b"".join(b.configuration([], n) for n in range(1, 10)), 90, "more than 8"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "offset", "word"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile(raw: bytes, offset: int, word: str) -> None:
    """Refused, with the place and the reason."""
    with pytest.raises(BadDescriptors) as caught:
        parse(raw)
    assert (caught.value.facts["offset"], word in str(caught.value.facts["detail"])) == (offset, True), caught.value


def test_as_many_as_the_kernel_takes() -> None:
    """The bounds themselves are inside."""
    assert len(parse(many_settings(MAX_SETTINGS)).configurations[0].interfaces) == MAX_SETTINGS
    eight = b"".join(b.configuration([], n) for n in range(1, MAX_CONFIGURATIONS + 1))
    assert len(parse(b.device_descriptor(MAX_CONFIGURATIONS) + eight).configurations) == MAX_CONFIGURATIONS
    filled = configured(setting() + bytes((255, 0x24, *bytes(253))) * 256 + bytes((219, 0x24, *bytes(217))))
    assert len(filled) <= MAX_SIZE
    assert len(parse(filled).configurations) == 1


parts = st.builds(
    b.Part,
    number=st.just(0),
    triple=st.tuples(*[st.integers(0, 255)] * 3),
    endpoints=st.integers(0, 8),
    extra=st.sampled_from([b"", HID_CLASS, b"\x02\xfe", bytes((5, 0x24, 0, 0x10, 1))]),
)


@st.composite
def configurations(draw: Callable[..., object]) -> list[b.Part]:
    """Interfaces with distinct numbers, each with settings from 0."""
    numbers = draw(st.lists(st.integers(0, MAX_INTERFACES - 1), unique=True, max_size=6))
    assert isinstance(numbers, list)
    found = []
    for number in numbers:
        drawn = draw(st.lists(parts, min_size=1, max_size=3))
        assert isinstance(drawn, list)
        for alternate, part in enumerate(drawn):
            found.append(b.Part(number, part.triple, alternate, part.endpoints, part.extra))
    return found


@given(built=st.lists(configurations(), min_size=1, max_size=3), vid=st.integers(0, 0xFFFF), bcd=st.integers(0, 0xFFFF))
def test_what_was_built_is_what_is_read(built: list[list[b.Part]], vid: int, bcd: int) -> None:
    """Any device within the specification parses, and to what it was built from."""
    parsed = parse(b.descriptors(*built, vid=vid, bcd_device=bcd))
    assert (parsed.vid, parsed.bcd_device) == (vid, bcd)
    assert [[(i.number, i.alternate, (i.class_, i.subclass, i.protocol), i.endpoints) for i in c.interfaces] for c in parsed.configurations] == [
        [(p.number, p.alternate, p.triple, p.endpoints) for p in config] for config in built
    ]  # fmt: skip


def parses_or_says_where(raw: bytes) -> None:
    """The fuzz target: nothing but a result or a BadDescriptors whose place is within the bytes."""
    try:
        parsed = parse(raw)
    except BadDescriptors as error:
        offset = error.facts["offset"]
        if not (isinstance(offset, int) and 0 <= offset <= len(raw)):
            raise AssertionError(offset) from error
        return
    assert len(parsed.configurations) == parsed.num_configurations
    seen = [(c.value, i.number, i.alternate) for c in parsed.configurations for i in c.interfaces]
    assert len(set(seen)) == len(seen)


@given(st.binary(max_size=400))
@example(STICK)
def test_any_bytes(raw: bytes) -> None:
    """No bytes make it raise anything else."""
    parses_or_says_where(raw)
    parses_or_says_where(b.device_descriptor() + raw)
    parses_or_says_where(configured(raw))


@given(
    base=st.sampled_from([STICK, UAS, configured(ASSOCIATION + setting(endpoints=1) + HID_CLASS + endpoint() + COMPANION)]),
    edits=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=4),
    cut=st.integers(0, 20),
)  # fmt: skip
def test_damaged_devices(base: bytes, edits: list[tuple[int, int]], cut: int) -> None:
    """Nearly right is the harder case."""
    raw = bytearray(base)
    for offset, value in edits:
        raw[offset % len(raw)] = value
    parses_or_says_where(bytes(raw[: len(raw) - cut]))


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    parts=st.lists(
        st.one_of(
            st.builds(setting, st.integers(0, 40), st.integers(0, 4), st.integers(0, 3)),
            st.builds(endpoint, st.integers(0, 255), st.integers(2, 9)),
            st.builds(
                lambda kind, body: bytes((len(body) + 2, kind)) + body, st.integers(0, 255), st.binary(max_size=9)
            ),
            st.binary(max_size=3),
        ),
        max_size=12,
    ),
    interfaces=st.integers(0, 4),
    total=st.one_of(st.none(), st.integers(0, 200)),
    tail=st.binary(max_size=12),
)
def test_fuzz(parts: list[bytes], interfaces: int, total: int | None, tail: bytes) -> None:
    """The same target, long, with descriptors shuffled as a whole."""
    parses_or_says_where(configured(b"".join(parts), interfaces, total=total) + tail)


@pytest.mark.parametrize("cut", range(len(UAS)))
def test_every_truncation_is_refused(cut: int) -> None:
    """A device that stops talking is never taken for a smaller one."""
    with pytest.raises(BadDescriptors):
        parse(UAS[:cut])

"""What is asked of a device in an examination, and what is made of its answers, honest or not."""

import errno
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.shell.examination import MAX_TOTAL, Broken, collect

DEVICE = bytes.fromhex("12010002000000407b04f45110010102030100"[:36])
# One configuration (string 4), one storage interface (string 5), two endpoints.
CONFIGURATION = bytes.fromhex("09022000010104805009040000020806500507058102000200070502020002 00".replace(" ", ""))
STRINGS = {0: "04030904", 1: "0a034d00610055001e1e", 2: "06035200d8dc", 3: "08034d0041005500", 4: "0203", 5: "04034200"}
Table = dict[tuple[int, int], bytes]


def table(**changes: object) -> Table:
    """The answers of an honest device."""
    answers = {(1, 0): DEVICE, (2, 0): CONFIGURATION}
    answers |= {(3, index): bytes.fromhex(text) for index, text in STRINGS.items()}
    return answers


class Device:
    """Answers GET_DESCRIPTOR from a table as a device does: never more than asked, a stall for what it lacks."""

    def __init__(self, answers: Table, *, shortest: int = 255) -> None:
        self.answers = answers
        self.shortest = shortest  # a string request of more bytes is answered only if this is 255
        self.asked: list[tuple[int, int, int, int]] = []

    def __call__(self, kind: int, index: int, language: int, length: int) -> bytes:
        self.asked.append((kind, index, language, length))
        if (kind, index) not in self.answers or (kind == 3 and length > self.shortest):
            raise OSError(errno.EPIPE, "stall")
        return self.answers[kind, index][:length]


def test_everything_is_asked_for_and_kept_raw() -> None:
    device = Device(table())
    read = collect(device)
    assert read.descriptors == DEVICE + CONFIGURATION
    assert (read.languages, read.language) == (STRINGS[0], 0x0409)
    assert {s.index: s.raw for s in read.strings} == {index: text for index, text in STRINGS.items() if index}
    assert {language for kind, index, language, _ in device.asked if kind == 3 and index} == {0x0409}
    assert {language for kind, index, language, _ in device.asked if kind != 3 or not index} == {0}


def test_a_device_that_answers_only_the_right_length() -> None:
    read = collect(Device(table(), shortest=32))
    assert {s.index: s.raw for s in read.strings} == {index: text for index, text in STRINGS.items() if index}


def test_a_refused_string_is_empty_not_an_error() -> None:
    answers = table()
    del answers[3, 3]
    assert [s.raw for s in collect(Device(answers)).strings if s.index == 3] == [""]


def test_without_strings_none_is_asked_for() -> None:
    answers = {
        (1, 0): DEVICE[:14] + bytes(3) + b"\x01",
        (2, 0): CONFIGURATION[:6] + b"\0" + CONFIGURATION[7:17] + b"\0",
    }
    answers[2, 0] += CONFIGURATION[18:]
    device = Device(answers)
    read = collect(device)
    assert (read.strings, read.languages, read.language) == ((), "", 0)
    assert {kind for kind, *_ in device.asked} == {1, 2}


def set_byte(raw: bytes, at: int, value: int) -> bytes:
    return raw[:at] + bytes((value,)) + raw[at + 1 :]


def two_large(answers: Table) -> None:
    whole = (b"\x09\x02" + (MAX_TOTAL - 8).to_bytes(2, "little") + CONFIGURATION[4:]).ljust(MAX_TOTAL - 8, b"\0")
    answers.update({(1, 0): set_byte(DEVICE, 17, 2), (2, 0): whole, (2, 1): whole})


def many_strings(answers: Table) -> None:
    interfaces = b"".join(bytes((9, 4, n, 0, 0, 8, 6, 80, 10 + n)) for n in range(60))
    whole = CONFIGURATION[:9] + interfaces
    answers[2, 0] = whole[:2] + len(whole).to_bytes(2, "little") + whole[4:]


DISHONEST: list[tuple[str, Callable[[Table], object]]] = [
    ("nothing at all", lambda t: t.clear()),
    ("short device descriptor", lambda t: t.update({(1, 0): DEVICE[:17]})),
    ("device descriptor of another type", lambda t: t.update({(1, 0): set_byte(DEVICE, 1, 2)})),
    ("no configuration", lambda t: t.update({(1, 0): set_byte(DEVICE, 17, 0)})),
    ("nine configurations", lambda t: t.update({(1, 0): set_byte(DEVICE, 17, 9)})),
    ("a second configuration that is not there", lambda t: t.update({(1, 0): set_byte(DEVICE, 17, 2)})),
    ("short configuration", lambda t: t.update({(2, 0): CONFIGURATION[:-1]})),
    ("configuration shorter than its head", lambda t: t.update({(2, 0): set_byte(CONFIGURATION, 2, 8)})),
    ("configuration of another type", lambda t: t.update({(2, 0): set_byte(CONFIGURATION, 1, 7)})),
    ("64 KiB of configuration", lambda t: t.update({(2, 0): CONFIGURATION[:2] + b"\xff\xff" + CONFIGURATION[4:]})),
    ("too much in two configurations", two_large),
    ("too many strings", many_strings),
]


@pytest.mark.parametrize("change", [c for _, c in DISHONEST], ids=[name for name, _ in DISHONEST])
def test_dishonest_answers_end_the_examination(change: Callable[[Table], object]) -> None:
    answers = table()
    change(answers)
    with pytest.raises(Broken):
        collect(Device(answers))


def test_a_configuration_that_changes_between_two_requests() -> None:
    class Changing(Device):
        def __call__(self, kind: int, index: int, language: int, length: int) -> bytes:
            answer = super().__call__(kind, index, language, length)
            return set_byte(answer, 5, 2) if kind == 2 and length > 9 else answer

    with pytest.raises(Broken, match="changed"):
        collect(Changing(table()))


@given(
    st.dictionaries(st.tuples(st.integers(1, 3), st.integers(0, 4)), st.binary(max_size=300)), st.binary(max_size=90)
)
def test_any_answers_are_read_or_refused(answers: Table, tail: bytes) -> None:
    whole = CONFIGURATION[:2] + (len(CONFIGURATION) + len(tail)).to_bytes(2, "little") + CONFIGURATION[4:] + tail
    device = Device({(1, 0): DEVICE, (2, 0): whole, **answers})
    try:
        read = collect(device)
    except Broken:
        return
    assert len(read.descriptors) <= 18 + MAX_TOTAL
    assert all(len(s.raw) <= 2 * 255 for s in read.strings)
    assert len(device.asked) < 2 + 2 * 8 + 2 * 41

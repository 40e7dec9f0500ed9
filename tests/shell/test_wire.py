"""The wire format against its own rules and against the varlink package."""

import json

import msgspec
import pytest
import varlink
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py import errors
from usbguard_py.core.carrying import Head, Machine
from usbguard_py.core.requests import INTERFACE, MAX_REQUEST, METHODS, Explain, Watch
from usbguard_py.errors import BadMessage, GuardError, NotFound
from usbguard_py.shell import frames
from usbguard_py.shell.frames import error_from
from usbguard_py.shell.wire import Frames, call_message, encode, error_message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=4)


@given(st.lists(OBJECTS, max_size=4), st.integers(1, 7))
def test_any_cutting_of_the_stream_gives_the_same_messages(messages: list[dict[str, object]], size: int) -> None:
    data = b"".join(encode(m) for m in messages)
    for one in (Frames(), frames.Frames()):
        seen = [m for at in range(0, len(data), size) for m in one.feed(data[at : at + size])]
        assert seen == messages


BAD = {
    "no JSON": b"hello\0",
    "half a message": b'{"a":\0',
    "an empty frame": b"\0",
    "a list": b"[1]\0",
    "a number": b"7\0",
    "no UTF-8": b'{"a":"\xff"}\0',
    "too deep": b'{"a":' + b"[" * 20000 + b"]" * 20000 + b"}\0",
    "too long, no end": b"x" * (MAX_REQUEST + 1),
    "too long, with an end": b'"' + b"x" * MAX_REQUEST + b'"\0',
    "a good one, then a bad one": b"{}\0[]\0",
}


@pytest.mark.parametrize("kind", [Frames, frames.Frames], ids=["the daemon's", "a client's"])
@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_rubbish_is_an_error(data: bytes, kind: type[frames.Frames]) -> None:
    with pytest.raises(BadMessage):
        kind().feed(data)


def test_the_longest_message_passes() -> None:
    text = "x" * (MAX_REQUEST - len('{"a":""}'))
    assert Frames().feed(encode({"a": text})) == [{"a": text}]


def test_rubbish_in_small_pieces_never_fills_memory() -> None:
    held = Frames(limit=100)
    for _ in range(100):
        held.feed(b"x")
    for _ in range(3):
        with pytest.raises(BadMessage):
            held.feed(b"x")
    assert len(held._held) == 100


KINDS = errors.kinds()


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_an_error_travels_and_comes_back_as_itself(kind: type[GuardError]) -> None:
    error = kind(name="1-2", what="device", seq=7, detail="sê-ri", flag=True, nothing=None)
    (message,) = Frames().feed(encode(error_message(error)))
    back = error_from(message)
    assert type(back) is kind
    assert back.facts == error.facts
    assert str(back) == str(error)


def test_facts_are_bounded_and_plain() -> None:
    message = error_message(NotFound(name="x" * 10_000, what=b"\xff"))
    assert len(message["parameters"]["name"]) == 512
    json.dumps(message)


@pytest.mark.parametrize(
    "message",
    [
        {"error": "org.varlink.service.MethodNotFound", "parameters": {"method": "x"}},
        {"error": INTERFACE + ".SystemExit"},
        {"error": INTERFACE + ".NotFound", "parameters": ["a"]},
        {"error": 7},
        {"error": "x" * 10_000},
    ],
    ids=lambda m: str(m["error"])[:40],
)
def test_an_unknown_error_stays_an_error(message: dict[str, object]) -> None:
    error = error_from(message)
    assert type(error) is GuardError
    assert len(str(error)) < 700


def test_the_varlink_package_reads_our_calls_and_we_read_its() -> None:
    """The oracle: the reference implementation's own encoder and framing."""
    ours = encode(call_message(Explain(name="1-2")))
    assert ours.endswith(b"\0")
    assert json.loads(ours[:-1]) == {"method": f"{INTERFACE}.Explain", "parameters": {"name": "1-2"}}
    its = json.dumps({"method": f"{INTERFACE}.Explain", "parameters": {"name": "1-2"}}, cls=varlink.VarlinkEncoder)
    assert Frames().feed(its.encode() + b"\0") == [json.loads(ours[:-1])]


def test_a_stream_is_asked_for_with_more() -> None:
    assert Frames().feed(encode(call_message(Watch(), more=True))) == [
        {"method": f"{INTERFACE}.Watch", "parameters": {}, "more": True}
    ]


HEAD = Head(Machine("ab" * 16, "may-mot"), 1, 1, "", "", 0, "")
VALUES: dict[type, object] = {int: 1, str: "x", Head: HEAD}  # anything else is a sequence


def test_every_method_survives_the_wire() -> None:
    for name, kind in METHODS.items():
        needed = {f.name: VALUES.get(f.type, ()) for f in msgspec.structs.fields(kind) if f.required}
        (message,) = Frames().feed(encode(call_message(kind(**needed))))
        assert message["method"] == f"{INTERFACE}.{name}"
        assert msgspec.convert(message["parameters"], kind) == kind(**needed)

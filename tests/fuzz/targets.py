"""What is fuzzed: each target takes any bytes and returns, or the fuzzer has found a fault.

A target checks what must hold whatever the bytes are: an answer or a ``GuardError`` with its place, never another
exception, and a decision that opens nothing that was not granted. Time and memory are bounded by libFuzzer's own
limits (``-timeout``, ``-rss_limit_mb``).
"""

from collections.abc import Callable
from pathlib import Path

from tests import build as b
from usbguard_py.buses import USB
from usbguard_py.buses.usb_descriptors import parse
from usbguard_py.core.canonical import canonical
from usbguard_py.core.codes import Code
from usbguard_py.core.gates import judge
from usbguard_py.core.record import decision as decision_body
from usbguard_py.core.text import escaped, hidden
from usbguard_py.errors import BadDescriptors, BadPolicy
from usbguard_py.policy.read import read_policy

POLICIES = Path(__file__).parents[2] / "policies"
STICK = b.a_stick()
FACTS = b.facts(b.an_asset(STICK), peripherals=[b.a_peripheral(b.a_keyboard())])


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
    assert body.isascii() or not any(hidden(c) for c in body.decode())


def strings(data: bytes) -> None:
    """Whatever a device sends is shown without a character that has no form, and no two become the same."""
    shown = escaped(data)
    assert not any(hidden(char) for char in shown)
    assert "\x1b" not in shown


def policy(data: bytes) -> None:
    """Policy text: a policy, or a BadPolicy."""
    try:
        read_policy(data.decode("utf-8", "replace"), origin="fuzz")
    except BadPolicy:
        return


TARGETS: dict[str, Callable[[bytes], None]] = {
    "descriptors": descriptors,
    "device": device,
    "strings": strings,
    "policy": policy,
}


def seeds(name: str) -> list[bytes]:
    """Where the fuzzer begins: one sound input of each kind."""
    if name == "policy":
        return [path.read_bytes() for path in sorted(POLICIES.glob("*.toml"))]
    if name == "strings":
        return [b"SAMPLE-0001", b"\x1b[31m", "số sê-ri \u202e".encode()]
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

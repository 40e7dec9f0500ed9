"""The shipped policies, each with what it says to the usual guests."""

from pathlib import Path

import pytest

from tests import build as b
from usbguard_py.core.codes import Code
from usbguard_py.core.device import Device
from usbguard_py.core.facts import Facts
from usbguard_py.core.gates import judge
from usbguard_py.policy.knobs import Policy
from usbguard_py.policy.read import read_policy
from usbguard_py.policy.table import KNOBS, spelled

FOLDER = Path(__file__).parents[2] / "policies"
SHIPPED = sorted(path.stem for path in FOLDER.glob("*.toml"))

# The same answers under both: observing differs in what is done, not in what is decided.
SAMPLES: list[tuple[str, Device, Code]] = [
    ("approved stick", b.a_stick(), Code.ALLOWED),
    ("unknown stick", b.a_stick(serial=b"SAMPLE-0002"), Code.NOT_LISTED),
    ("stick without a serial", b.a_stick(serial=None), Code.NO_SERIAL),
    ("copy of the approved stick", b.a_stick(vid=0x4321), Code.MISMATCH),
    ("phone", b.a_phone(serial=None), Code.PHONE),
    ("network adapter", b.a_network(serial=None), Code.NETWORK),
    ("modem", b.a_serial_port(serial=None), Code.SERIAL_PORT),
    ("enrolled keyboard", b.a_keyboard(), Code.INPUT_ENROLLED),
    ("enrolled keyboard on another port", b.a_keyboard("1-9"), Code.INPUT_NOT_ENROLLED),
    ("mouse", b.a_mouse(), Code.INPUT_NOT_ENROLLED),
    ("hub", b.a_hub(), Code.HUB),
    ("sixth hub in a chain", b.a_hub("1-1.1.1.1.1.1"), Code.TOPOLOGY),
]


def read(name: str) -> tuple[str, Policy]:
    """A shipped policy's text and values."""
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return text, read_policy(text, f"{name}.toml")


def test_which_are_shipped() -> None:
    assert SHIPPED == ["observe", "standalone"]


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(("device", "code"), [row[1:] for row in SAMPLES], ids=[row[0] for row in SAMPLES])
def test_samples(name: str, device: Device, code: Code) -> None:
    _, policy = read(name)
    facts = Facts(
        policy=policy,
        candidates=(b.an_asset(b.a_stick()),),
        peripherals=(b.a_peripheral(b.a_keyboard()),),
    )
    decision = judge(device, facts)
    assert decision.code is code
    assert decision.policy == name


@pytest.mark.parametrize("name", SHIPPED)
def test_every_knob_is_set_and_said_in_both_languages(name: str) -> None:
    """A file that people copy shows everything there is, and is named like its policy."""
    text, policy = read(name)
    assert policy.name == name
    assert all(f"\n{knob.name} = " in text for knob in KNOBS)
    assert "đăng ký" in text or "quan sát" in text.lower()
    assert text.isascii() is False


def test_standalone_is_the_strict_default() -> None:
    _, policy = read("standalone")
    assert policy == Policy(name=policy.name, description=policy.description)
    assert policy.enforce


def test_observe_differs_only_in_enforcing() -> None:
    _, policy = read("observe")
    assert policy == Policy(name=policy.name, description=policy.description, enforce=False)


def test_the_readme_shows_the_knobs() -> None:
    """The table in policies/README.md is the table of the code."""
    words = {str: "text", bool: "yes/no", int: "number"}
    expected = []
    for knob in KNOBS:
        default = "(required)" if knob.default is None else f"`{spelled(knob.default)}`"
        unit = " characters" if knob.type is str else ""
        bounds = f"{knob.lowest} to {knob.highest}{unit}" if knob.highest else ""
        expected.append(f"| `{knob.name}` | {words[knob.type]} | {default} | {bounds} | {knob.meaning} |")
    readme = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    start = readme.index("| --- | --- | --- | --- | --- |")
    assert readme[start + 1 : readme.index("<!-- end of knobs -->")] == expected

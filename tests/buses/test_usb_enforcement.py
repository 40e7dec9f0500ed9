"""A decision as writes, and what must read back for it to have taken effect."""

import pytest

from tests import build as b
from usbguard_py.buses import USB
from usbguard_py.core.codes import Code
from usbguard_py.core.decision import Decision
from usbguard_py.core.enforcement import InterfaceState, Probe, ReadBack, Write

HIDING = b.a_stick_with(b.KEYBOARD, b.ECM)
ALLOWED = Decision(allow=True, code=Code.ALLOWED, granted=(0,))
BOTH = Decision(allow=True, code=Code.ALLOWED, granted=(1, 2))
BLOCKED = Decision(allow=False, code=Code.NOT_LISTED)

OPEN = InterfaceState("1-2:1.0", authorized=True, driver="usb-storage")
DEAD = InterfaceState("1-2:1.1", authorized=False)
DEAD2 = InterfaceState("1-2:1.2", authorized=False)


def test_allowed() -> None:
    """The bus is closed first, the device authorised, then each granted interface, and nothing else."""
    assert USB.plan(HIDING, ALLOWED) == (
        Write("usb1", "interface_authorized_default", "0", "0"),
        Write("1-2", "authorized", "1", "1"),
        Write("1-2", "power/persist", "0", "0"),
        Write("1-2:1.0", "authorized", "1", "1"),
        Probe("1-2:1.0"),
    )


def test_several_interfaces_are_all_authorised_before_any_is_probed() -> None:
    """A driver of two interfaces (CDC) looks for the second while it binds the first."""
    steps = USB.plan(HIDING, BOTH)[2:]
    assert [type(s) for s in steps] == [Write, Write, Probe, Probe]
    assert {s.device for s in steps if isinstance(s, Write)} == {"1-2:1.1", "1-2:1.2"}


def test_the_configuration_is_the_devices_own() -> None:
    """Its only configuration may have any number."""
    raw = b.device_descriptor() + b.configuration([b.Part(0, b.STORAGE)], value=7)
    device = USB.describe("1-2", "/d", b.attributes(raw))
    assert USB.expected_interfaces(device) == ("1-2:7.0",)
    assert USB.plan(device, ALLOWED)[-1] == Probe("1-2:7.0")


def test_blocked() -> None:
    """One write, and it is the same for a device that is open."""
    assert USB.plan(HIDING, BLOCKED) == (Write("1-2", "authorized", "0", "0"),)


@pytest.mark.parametrize("decision", [ALLOWED, BLOCKED])
def test_root_hubs_are_never_written(decision: Decision) -> None:
    with pytest.raises(ValueError, match="root hub"):
        USB.plan(b.a_hub("usb1"), decision)


def test_names() -> None:
    assert USB.expected_interfaces(HIDING) == ("1-2:1.0", "1-2:1.1", "1-2:1.2")
    assert USB.expected_interfaces(b.a_network()) == ()
    assert USB.interface_number("1-2.3:1.12") == 12


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        pytest.param(ReadBack(authorized=True, configuration=1, interfaces=(OPEN, DEAD, DEAD2)), [], id="as decided"),
        pytest.param(
            ReadBack(authorized=True, configuration=1, interfaces=(OPEN, DEAD, DEAD2), persist=True),
            ["kept through sleep"],
            id="kept through sleep",
        ),
        pytest.param(ReadBack(authorized=False, configuration=None, gone=True), ["gone"], id="gone"),
        pytest.param(
            ReadBack(authorized=False, configuration=None),
            ["not authorised", "configuration None, expected 1", "interfaces -, expected"],
            id="nothing happened",
        ),
        pytest.param(
            ReadBack(authorized=True, configuration=2, interfaces=(OPEN, DEAD, DEAD2)),
            ["configuration 2, expected 1"],
            id="another configuration",
        ),
        pytest.param(
            ReadBack(authorized=True, configuration=1, interfaces=(OPEN, DEAD)),
            ["expected 1-2:1.0 1-2:1.1 1-2:1.2"],
            id="an interface is missing",
        ),
        pytest.param(
            ReadBack(True, 1, (OPEN, DEAD, DEAD2, InterfaceState("1-2:1.3", authorized=False))),
            ["1-2:1.3, expected"],
            id="an interface more",
        ),
        pytest.param(
            ReadBack(True, 1, (InterfaceState("1-2:1.0", authorized=False), DEAD, DEAD2)),
            ["1-2:1.0 is not authorised", "1-2:1.0 has no driver"],
            id="granted and closed",
        ),
        pytest.param(
            ReadBack(True, 1, (InterfaceState("1-2:1.0", authorized=True), DEAD, DEAD2)),
            ["1-2:1.0 has no driver"],
            id="probed and nothing bound",
        ),
        pytest.param(
            ReadBack(True, 1, (InterfaceState("1-2:1.0", authorized=True, driver="usbfs"), DEAD, DEAD2)),
            ["1-2:1.0 has usbfs"],
            id="claimed by a program",
        ),
        pytest.param(
            ReadBack(True, 1, (OPEN, InterfaceState("1-2:1.1", authorized=False, driver="usbhid"), DEAD2)),
            ["1-2:1.1 is open (usbhid)"],
            id="not granted and bound",
        ),
        pytest.param(
            ReadBack(True, 1, (OPEN, DEAD, InterfaceState("1-2:1.2", authorized=True))),
            ["1-2:1.2 is open (no driver)"],
            id="not granted and authorised",
        ),
    ],
)
def test_effect_of_an_opening(seen: ReadBack, words: list[str]) -> None:
    """Exactly what was decided is open, nothing less and nothing more."""
    problems = USB.effective(ALLOWED, HIDING, seen)
    assert len(problems) == len(words), problems
    assert all(word in problem for word, problem in zip(words, problems, strict=True)), problems


@pytest.mark.parametrize(
    ("interfaces", "missing"),
    [
        pytest.param((), True, id="no interface"),
        pytest.param((DEAD,), True, id="the granted one is gone"),
        pytest.param((InterfaceState("1-2:1.0", authorized=True), DEAD, DEAD2), True, id="its driver is gone"),
        pytest.param((OPEN, DEAD), True, id="one that was closed is gone"),
        pytest.param((OPEN, InterfaceState("1-2:1.1", authorized=True)), False, id="one is open that was not granted"),
        pytest.param((InterfaceState("1-2:1.1", False, "usbhid"),), False, id="one is bound that was not granted"),
        pytest.param((InterfaceState("1-2:1.0", True, "usbfs"), DEAD, DEAD2), False, id="another driver"),
    ],
)
def test_what_a_device_shows_that_is_being_unplugged(interfaces: tuple[InterfaceState, ...], missing: bool) -> None:
    """Parts of what was opened and nothing else."""
    seen = ReadBack(authorized=True, configuration=None, interfaces=interfaces)
    assert USB.only_missing(ALLOWED, HIDING, seen) is missing


def test_only_a_drive_is_not_kept_through_sleep() -> None:
    """A keyboard goes on typing; the kernel compares its descriptors."""
    keyboard = b.a_keyboard()
    typing = Decision(allow=True, code=Code.INPUT_ENROLLED, granted=(0,))
    assert USB.not_kept(keyboard, typing) == ()
    interface = InterfaceState("1-5:1.0", authorized=True, driver="usbhid")
    seen = ReadBack(True, 1, (interface,), persist=True)
    assert [p for p in USB.effective(typing, keyboard, seen) if "sleep" in p] == []


def test_an_opening_that_grants_nothing_is_a_fault() -> None:
    seen = ReadBack(True, 1, (InterfaceState("1-2:1.0", authorized=False),))
    assert USB.effective(Decision(allow=True, code=Code.ALLOWED), b.a_stick(), seen) == ("nothing is granted",)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        pytest.param(ReadBack(authorized=False, configuration=None), [], id="closed"),
        pytest.param(ReadBack(authorized=True, configuration=1, gone=True), [], id="gone"),
        pytest.param(ReadBack(authorized=True, configuration=None), ["authorised"], id="still authorised"),
        pytest.param(ReadBack(authorized=False, configuration=1), ["configuration 1"], id="still configured"),
        pytest.param(ReadBack(False, None, (DEAD,)), ["1-2:1.1 is there"], id="an interface is left"),
        pytest.param(
            ReadBack(True, 1, (OPEN,)),
            ["authorised", "configuration 1", "1-2:1.0 is there, driver usb-storage"],
            id="wide open",
        ),
    ],
)
def test_effect_of_a_block(seen: ReadBack, words: list[str]) -> None:
    """A block that did not take is said in full."""
    problems = USB.effective(BLOCKED, HIDING, seen)
    assert len(problems) == len(words), problems
    assert all(word in problem for word, problem in zip(words, problems, strict=True)), problems

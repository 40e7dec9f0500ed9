"""Gates that look at the device alone: can it be read, where does it hang, what does it say it is."""

from usbguard_py.core.codes import Code
from usbguard_py.core.decision import GateResult
from usbguard_py.core.device import Device, Function
from usbguard_py.core.functions import CODES, functions, kind
from usbguard_py.core.gate import Case, Gate, Role, no, ok
from usbguard_py.core.storm import FULL
from usbguard_py.core.text import escaped


def _fail_safe(case: Case) -> GateResult:
    """While list or log cannot be used, only hubs and enrolled input go on: those need neither."""
    why = case.facts.fail_safe
    return no(Code.FAIL_SAFE, "list", "usable", escaped(why.encode())) if why else ok("list", "usable", "usable")


def _readable(case: Case) -> GateResult:
    device = case.device
    if device.problems:
        first = device.problems[0]
        return no(Code.UNREADABLE, first.facet, "readable", first.detail)
    if not device.descriptors:
        return no(Code.UNREADABLE, "descriptors", "readable", "empty")
    if not device.offers:
        return no(Code.UNREADABLE, "interfaces", "at least one", "none")
    return ok("descriptors", "readable", f"{len(device.descriptors)} bytes")


def _topology(case: Case) -> GateResult:
    """Hubs in a chain: for a hub its own place, for anything else the hubs it hangs behind."""
    device, policy = case.device, case.facts.policy
    hubs = device.depth if case.role is Role.HUB else max(device.depth - 1, 0)
    if hubs > policy.max_depth:
        return no(Code.TOPOLOGY, "depth", f"at most {policy.max_depth} hubs", str(hubs))
    return ok("depth", f"at most {policy.max_depth} hubs", str(hubs))


def _hub(case: Case) -> GateResult:
    """One interface of the hub class, alternate settings allowed (USB 2.0, 11.23.1), nothing else."""
    device = case.device
    if not case.facts.policy.hubs:
        return no(Code.TOPOLOGY, "hubs", "none", "a hub")
    if len({offer.interface for offer in device.offers}) != 1 or functions(device) != {Function.HUB}:
        return no(Code.TOPOLOGY, "interfaces", "one hub interface", _shown(device))
    # The hub driver takes subclass 0 or 1 with one endpoint, and leaves anything else to the next driver
    # (usb/core/hub.c, hub_descriptor_is_sane; USB 2.0, 11.23.1).
    if len(device.configurations) == 1 and any(i.subclass > 1 or i.endpoints != 1 for i in device.interfaces):
        return no(Code.TOPOLOGY, "hub", "subclass 0 or 1 and one endpoint", _shown(device))
    return ok("interfaces", "one hub interface", _shown(device))


def _steady(case: Case) -> GateResult:
    """A hub that answers no hub request is reset by the kernel after each opening, and comes anew for ever."""
    failures = case.facts.failures
    expected = f"fewer than {FULL} openings without effect"
    seen = f"{failures} openings without effect"
    return no(Code.HELD, "openings", expected, seen) if failures >= FULL else ok("openings", expected, seen)


def _forbidden_class(case: Case) -> GateResult:
    """What is neither storage nor on the list is told what it is.

    A device with a listed serial goes on to its passport, because a phone that shows the serial of an
    issued stick is first of all a clone.
    """
    most_telling = kind(case.device) or Function.OTHER
    if most_telling is not Function.STORAGE and not case.matches:
        return no(CODES[most_telling], "kind", Function.STORAGE, most_telling)
    if not case.facts.policy.storage:
        return no(Code.OTHER_CLASS, "kind", "no storage", most_telling)
    return ok("kind", Function.STORAGE, most_telling)


def _configurations(case: Case) -> GateResult:
    """With several configurations the kernel or a program chooses what the device is, after it was judged."""
    count = str(len(case.device.configurations))
    return ok("configurations", "1", count) if count == "1" else no(Code.UNREADABLE, "configurations", "1", count)


def _shown(device: Device) -> str:
    return " ".join(dict.fromkeys(f"{i.number}={i.triple()}" for i in device.interfaces))


_LISTED = frozenset({Role.LISTED})

FAIL_SAFE = Gate("fail_safe", _fail_safe, _LISTED | {Role.PERIPHERAL})
READABLE = Gate("readable", _readable)
TOPOLOGY = Gate("topology", _topology)
HUB = Gate("hub", _hub, frozenset({Role.HUB}))
STEADY = Gate("steady", _steady, frozenset({Role.HUB}))
FORBIDDEN_CLASS = Gate("forbidden_class", _forbidden_class, _LISTED)
CONFIGURATIONS = Gate("configurations", _configurations)

"""The kinds of peripherals that a workplace may have, told from the functions of their interfaces alone.

A kind says what has to be there, what of it opens, and what may come along and stays closed. Anything else that a
device brings makes it none of that kind: a printer with storage or a network is not enrolled as a printer.
"""

import msgspec

from usbguard_py.core.device import Device, Function
from usbguard_py.core.functions import INPUT, functions, numbers
from usbguard_py.core.whitelist import Peripheral
from usbguard_py.policy.knobs import Policy


class Kind(msgspec.Struct, frozen=True):
    """One kind. ``knob`` is the policy's limit for it.

    ``stated``: no descriptor says that a device is of this kind, so the administrator has to. ``early``: it works
    before the daemon runs and without it, because a person needs it to get in. ``types``: keys may come from it.
    """

    name: str
    knob: str
    needs: frozenset[Function]
    opens: frozenset[Function]
    beside: frozenset[Function]
    stated: bool = False
    early: bool = False
    types: bool = False


_MAKERS = frozenset({Function.AUDIO, Function.VENDOR})  # a headset socket, a maker's own interface
_SCANS = frozenset({Function.VENDOR, Function.IMAGE})
_HID = frozenset({Function.INPUT})

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        # All input interfaces: media keys, and the receiver of a wireless set, need those beside the boot interface.
        Kind("keyboard", "keyboards", frozenset({Function.KEYBOARD}), INPUT, _MAKERS, early=True, types=True),
        # The boot interface points; what stands in one without boot protocol only its report descriptor says.
        Kind("mouse", "mice", frozenset({Function.MOUSE}), frozenset({Function.MOUSE}), _MAKERS | _HID, early=True),
        Kind(
            "printer",
            "printers",
            frozenset({Function.PRINTER}),
            frozenset({Function.PRINTER}),
            frozenset({Function.VENDOR}),
        ),
        # Tokens that also type one-time passwords are common; their keyboard stays closed.
        Kind(
            "token",
            "tokens",
            frozenset({Function.SMART_CARD}),
            frozenset({Function.SMART_CARD}),
            frozenset({Function.KEYBOARD, Function.INPUT, Function.VENDOR}),
        ),
        # The usage page "power device" stands in the report descriptor, which is not read before it is open.
        Kind("ups", "ups", _HID, _HID, frozenset({Function.VENDOR}), stated=True),
        # A maker's own class, or still image, by which a scanner and a phone in photo mode look the same.
        Kind("scanner", "scanners", _SCANS, _SCANS, frozenset(), stated=True),
    )
}


def fits(device: Device, kind: Kind) -> bool:
    """Whether ``device`` may be enrolled as this kind."""
    offered = functions(device)
    return bool(offered & kind.needs) and offered <= kind.opens | kind.beside and bool(grant(device, kind))


def told(device: Device) -> str:
    """The kind that the device itself says it is; empty for none, and for what only a person can say."""
    return next((kind.name for kind in KINDS.values() if not kind.stated and fits(device, kind)), "")


def grant(device: Device, kind: Kind) -> tuple[int, ...]:
    """The interfaces that enrolling ``device`` as this kind opens."""
    return numbers(device, kind.opens)


def early(peripherals: tuple[Peripheral, ...], policy: Policy) -> tuple[Peripheral, ...]:
    """Those that work before the daemon runs: of such a kind, and of one that the policy allows at all."""
    return tuple(p for p in peripherals if p.kind in KINDS and KINDS[p.kind].early and limit(policy, KINDS[p.kind]))


def limit(policy: Policy, kind: Kind) -> int:
    """How many of this kind the policy allows at once; 0 where it allows none."""
    allowed: int = getattr(policy, kind.knob)
    return allowed

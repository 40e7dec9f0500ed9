"""The table of knobs: what ``policy show`` prints, the docs show and the reader checks against."""

import msgspec

from usbguard_py.i18n import N_
from usbguard_py.policy.knobs import Policy


class Knob(msgspec.Struct, frozen=True):
    """One knob. ``lowest`` and ``highest`` bound a number, or a text's length in characters."""

    name: str
    type: type[str] | type[bool] | type[int]
    meaning: str
    lowest: int = 0
    highest: int = 0
    required: bool = False

    @property
    def default(self) -> str | bool | int | None:
        """What holds when the policy does not say; ``None`` when it has to."""
        value: str | bool | int | None = None if self.required else getattr(_DEFAULTS, self.name)
        return value


class Row(msgspec.Struct, frozen=True):
    """One knob as it is set in a policy, as TOML spells it."""

    name: str
    type: str
    value: str
    default: str
    meaning: str


_DEFAULTS = Policy(name="")
_WORDS = {str: "text", bool: "yes/no", int: "number"}

KNOBS: tuple[Knob, ...] = (
    Knob("name", str, N_("The policy's short name: a-z, 0-9 and -."), 1, 64, required=True),
    Knob("description", str, N_("What the policy is for, in one sentence."), 0, 1000),
    Knob("enforce", bool, N_("Block what is not allowed. If false: only record what would be blocked.")),
    Knob("require_serial", bool, N_("Storage devices must have a serial number of their own.")),
    Knob(
        "require_inspection",
        bool,
        N_("Storage devices that were never inspected are blocked. Overdue ones always are."),
    ),
    Knob("storage", bool, N_("Storage devices on the approved list may be used at all.")),
    Knob("hubs", bool, N_("Hubs may be used; each device behind one is judged by itself.")),
    # USB 2.0, 4.1.1: at most five hubs between the host and a device.
    Knob("max_depth", int, N_("Hubs in a chain, at most."), 0, 5),
    Knob("keyboards", int, N_("Keyboards that may be enrolled, and connected at once; 0: none."), 0, 10),
    Knob("mice", int, N_("Mice that may be enrolled, and connected at once; 0: none."), 0, 10),
    Knob("printers", int, N_("Printers that may be enrolled, and connected at once; 0: none."), 0, 10),
    Knob("ups", int, N_("Power supplies (UPS) that may be enrolled, and connected at once; 0: none."), 0, 10),
    Knob("scanners", int, N_("Scanners that may be enrolled, and connected at once; 0: none."), 0, 10),
    Knob("tokens", int, N_("Tokens and card readers that may be enrolled, and connected at once; 0: none."), 0, 10),
    Knob("cut_deadline_ms", int, N_("Milliseconds until a busy drive is cut even if data is lost."), 100, 60_000),
    Knob(
        "four_eyes",
        int,
        N_("Days in which another person has to approve an addition or a transfer; 0: nobody has to."),
        0,
        365,
    ),
)

BY_NAME: dict[str, Knob] = {knob.name: knob for knob in KNOBS}


def spelled(value: str | bool | int) -> str:  # noqa: FBT001 - a value of a policy, not a switch of this function
    """``value`` as TOML spells it (TOML 1.0: boolean, integer, basic string)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return '"' + "".join(_escaped(char) for char in value) + '"'


def rows(policy: Policy) -> tuple[Row, ...]:
    """Every knob with its value in ``policy``."""
    return tuple(
        Row(
            name=knob.name,
            type=_WORDS[knob.type],
            value=spelled(getattr(policy, knob.name)),
            default="" if knob.default is None else spelled(knob.default),
            meaning=knob.meaning,
        )
        for knob in KNOBS
    )


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else f"\\U{ord(char):08X}"

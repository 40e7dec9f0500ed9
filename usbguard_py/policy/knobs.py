"""The knobs of a policy, at most fifteen beside its name, in one table.

A policy is no language: it only sets these. What each knob means for a device stands in the gates.
"""

import msgspec


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy as values. Every default is the strict one, but for two: docs/adr/0151 and 0164."""

    name: str
    description: str = ""
    enforce: bool = True  # False: observe, record what would be blocked, leave the kernel's defaults
    require_serial: bool = True
    require_inspection: bool = False  # listed storage that was never inspected is blocked; one that is over always is
    storage: bool = True  # listed storage may open at all
    hubs: bool = True
    max_depth: int = 5  # hubs in a chain; USB 2.0, 4.1.1 allows five non-root hubs
    keyboards: int = 1  # of each kind: how many may be enrolled, and how many of those open at once; 0 for none
    mice: int = 1
    printers: int = 0
    ups: int = 0
    scanners: int = 0
    tokens: int = 0
    cut_deadline_ms: int = 5000  # a busy drive is cut then, even when data is left
    four_eyes: int = 0  # days for a second person to approve what lets more be used; 0: no second person is needed

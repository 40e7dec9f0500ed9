"""A policy on trial: in force until a moment of this start of the machine, unless a person confirms it. Pure.

The clock is CLOCK_BOOTTIME, which nobody can set and which goes on while the machine sleeps (clock_gettime(2)).
A start of the machine ends every trial: who cannot type any more can still switch the machine off and on.
"""

from collections.abc import Mapping

import msgspec

SHORTEST, LONGEST = 10, 86_400  # seconds: time enough to press a key, and a day


class Trial(msgspec.Struct, frozen=True):
    """A policy that nobody has confirmed yet.

    ``entry`` is the number of its ``policy-use``; ``until_ms`` milliseconds of CLOCK_BOOTTIME of the start ``boot``;
    ``before`` the SHA-256 in hex of the policy that comes back, empty when there was none.
    """

    entry: int
    boot: str
    until_ms: int
    before: str = ""

    def left_ms(self, boot: str, mono_ms: int) -> int:
        """Milliseconds that are left at this moment; 0 when it is over, as it is in another start of the machine."""
        return max(0, self.until_ms - mono_ms) if boot == self.boot else 0


def trial_of(used: Mapping[str, object] | None, confirmed: Mapping[str, object] | None) -> Trial | None:
    """The trial that the last ``policy-use`` began, if any; ``confirmed`` is the last ``policy-confirm``."""
    if used is None:
        return None
    within, mono_ms, entry = used.get("confirm_within_ms"), used.get("mono_ms"), used.get("seq")
    if not (isinstance(within, int) and isinstance(mono_ms, int) and isinstance(entry, int)):
        return None
    if confirmed is not None and confirmed.get("of") == entry:
        return None
    return Trial(entry, str(used.get("boot", "")), mono_ms + within, str(used.get("from") or ""))

"""What was decided about one device, and by which gate."""

from enum import StrEnum

import msgspec

from usbguard_py.core.codes import Code


class Status(StrEnum):
    """What became of a gate. ASCII, stable, never translated."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not-applicable"  # not for this kind of device
    NOT_EVALUATED = "not-evaluated"  # an earlier gate had decided


class GateResult(msgspec.Struct, frozen=True):
    """What one gate said: ``code`` is set when, and only when, ``status`` is failed."""

    gate: str
    code: Code | None = None
    facet: str = ""
    expected: str = ""
    seen: str = ""
    status: Status = Status.PASSED


class Decision(msgspec.Struct, frozen=True):
    """The outcome of the gates.

    ``granted`` are the interface numbers to open; empty when blocked. ``cut`` are kernel names of
    other connected devices that must be cut because of this one. ``silent`` when no key may come from the device: it
    is enrolled as something else than a keyboard.
    """

    allow: bool
    code: Code
    results: tuple[GateResult, ...] = ()
    granted: tuple[int, ...] = ()
    asset: str = ""
    fingerprint: str = ""
    peripheral: str = ""
    cut: tuple[str, ...] = ()
    alarm: bool = False
    silent: bool = False
    policy: str = ""
    policy_digest: str = ""

    @property
    def failed(self) -> GateResult | None:
        """The first gate that failed, if any."""
        return next((r for r in self.results if r.code is not None), None)

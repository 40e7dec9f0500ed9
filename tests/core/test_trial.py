"""When a policy is on trial, and for how long."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.trial import Trial, trial_of

USED = {"seq": 7, "boot": "a", "mono_ms": 1000, "from": "ab" * 32, "confirm_within_ms": 600_000}
CASES: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None, Trial | None]] = {
    "nothing was ever used": (None, None, None),
    "no trial": ({**USED, "confirm_within_ms": None}, None, None),
    "a word for a number": ({**USED, "confirm_within_ms": "600000"}, None, None),
    "a trial": (USED, None, Trial(7, "a", 601_000, "ab" * 32)),
    "nothing was there before": ({**USED, "from": None}, None, Trial(7, "a", 601_000, "")),
    "confirmed": (USED, {"of": 7}, None),
    "an earlier one was confirmed": (USED, {"of": 3}, Trial(7, "a", 601_000, "ab" * 32)),
}


@pytest.mark.parametrize(("used", "confirmed", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_on_trial(used: Any, confirmed: Any, expected: Trial | None) -> None:
    assert trial_of(used, confirmed) == expected


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.booleans())
def test_a_trial_is_over_at_its_time_and_in_every_other_start(until: int, now: int, same: bool) -> None:
    left = Trial(1, "a", until).left_ms("a" if same else "b", now)
    assert (left > 0) is (same and now < until)
    assert left <= until

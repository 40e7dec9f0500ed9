"""What the host writes about an opening that did not come out."""

import pytest

from tests.daemon.test_storms import Machine, machine
from usbguard_py.core.enforcement import ReadBack

__all__ = ["machine"]  # a fixture is found by its name here

GONE = ReadBack(authorized=False, configuration=None, gone=True)
HALF = ReadBack(authorized=True, configuration=1)


@pytest.mark.parametrize(("seen", "alarm"), [(GONE, False), (HALF, True)], ids=["pulled out", "still there"])
def test_who_pulls_a_drive_out_too_early_raises_no_alarm(machine: Machine, seen: ReadBack, alarm: bool) -> None:
    machine.plug()
    connection = machine.host.connections["1-2"]
    machine.host.record_outcome(connection, seen, ("the device is not as decided",))
    outcome = machine.entries()[-1]
    assert (outcome["kind"], outcome["outcome"], outcome["alarm"]) == ("outcome", "failed", alarm)
    assert machine.host.storms.failures(connection) > 0, "a hub that resets each time is held all the same"

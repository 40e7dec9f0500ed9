"""What the kernel's driver core writes when it binds, as Debian 12 and Debian 13 have it."""

import pytest

from tests.campaign.world import bound

LOGS = {
    "6.1": """\
[   71.846438] bus: 'usb': really_probe: probing driver usb-storage with device 7-1:1.0
[   71.987980] bus: 'usb': really_probe: bound device 7-1:1.0 to driver usb-storage
[   72.913776] bus: 'scsi': really_probe: bound device 7:0:0:0 to driver sd
""",
    "6.12": """\
[  351.923633] usb 7-1:1.0: bus: 'usb': really_probe: probing driver usb-storage with device
[  351.987980] usb-storage 7-1:1.0: bus: 'usb': really_probe: bound device to driver usb-storage
[  352.913776] sd 7:0:0:0: bus: 'scsi': really_probe: bound device to driver sd
""",
}


@pytest.mark.parametrize("kernel", LOGS)
def test_a_binding_is_found_in_the_log_of_each_kernel(kernel: str) -> None:
    """Of an interface, not of a logical unit."""
    assert bound(LOGS[kernel]) == [["7-1:1.0", "usb-storage"]]

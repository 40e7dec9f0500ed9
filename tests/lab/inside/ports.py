"""What both programs in the guest need: their port to the host, and a look at an attribute."""

import os
import time


def contents(path: str) -> str | None:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return None


def port(name: str) -> int:
    """Open the virtio-serial port called `name`, which udev may not have linked yet."""
    while True:
        for entry in os.listdir("/sys/class/virtio-ports"):
            if contents(f"/sys/class/virtio-ports/{entry}/name") == name:
                return os.open(f"/dev/{entry}", os.O_RDWR | os.O_CLOEXEC)
        time.sleep(0.01)

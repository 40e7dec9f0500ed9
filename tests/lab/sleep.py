"""Suspend to memory (ACPI S3) and waking up; the machine must be booted with :data:`CAN_SLEEP`."""

import time

from .control import Control
from .image import LabError
from .qmp import Qmp

CAN_SLEEP = ("-global", "ICH9-LPC.disable_s3=0")
RTC = {"path": "/machine", "property": "rtc-time"}


class Sleeper(Control):
    """The calls of a guest for sleep."""

    qmp: Qmp

    def fall_asleep(self, timeout: float = 60.0) -> None:
        """Suspend the machine; returns when QEMU says that it sleeps. Plug and unplug with `wait=False` then."""
        since = len(self.qmp.events)
        argv = ["sh", "-c", "echo deep > /sys/power/mem_sleep && echo mem > /sys/power/state"]
        self.tell("start", argv=argv, env=None, user=None, login=None, cwd="/")
        self.qmp.wait("SUSPEND", lambda _data: True, since, timeout)

    def sleep_on(self, seconds: int, timeout: float = 60.0) -> None:
        """Wait until the sleeping machine's real-time clock has gone on by `seconds`; it knows whole seconds only."""
        begun, deadline = self._rtc(), time.monotonic() + timeout
        while (self._rtc() - begun) % 3600 < seconds:
            if time.monotonic() > deadline:
                raise LabError(f"the guest's real-time clock did not go on by {seconds} s within {timeout:g} s")

    def _rtc(self) -> int:
        now = self.qmp.execute("qom-get", **RTC)
        return int(now["tm_min"]) * 60 + int(now["tm_sec"])

    def wake(self, timeout: float = 60.0) -> None:
        """Wake the machine; returns when its agent answers again."""
        since = len(self.qmp.events)
        self.qmp.execute("system_wakeup")
        self.qmp.wait("WAKEUP", lambda _data: True, since, timeout)
        self.ask("ping", timeout)

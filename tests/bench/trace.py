"""The kernel's own account of a turn: when a device was announced, opened and bound, when a write was durable.

Listeners read events whenever they get the processor, so the times are the kernel's own, from four probes in functions
that run a few times a plug: ``usb_create_sysfs_dev_files``, the last thing before a device's *add* event;
``driver_bound``, which makes the *bind* event (drivers/base/core.c, dd.c; kobject_uevent_env itself cannot be probed);
``usb_authorize_interface``, before which nothing can bind; and the return of ``ext4_sync_file`` in the judge, the end
of fdatasync on its database. The clock is CLOCK_MONOTONIC, as the witness's (Documentation/trace/ftrace.rst and
kprobetrace.rst).
"""

import re
from dataclasses import dataclass

from tests.lab import Guest

TRACING = "/sys/kernel/tracing"
EVENTS = f"{TRACING}/events/kprobes"
PROBES = (
    "p:bench_added usb_create_sysfs_dev_files",
    # struct device begins with its kobject, that with its name (include/linux/device.h, kobject.h); %di on x86-64.
    "p:bench_bound driver_bound name=+0(+0(%di)):string",
    "p:bench_opened usb_authorize_interface",
    "r:bench_synced ext4_sync_file ret=$retval:s32",
)
_LINE = re.compile(r"\s(?P<s>\d+)\.(?P<us>\d{6}): bench_(?P<what>\w+): (?P<rest>.*)$")
_FIELD = re.compile(r"(\w+)=\"?([^\s\"]*)")


@dataclass(frozen=True)
class Hit:
    """``at`` in nanoseconds of CLOCK_MONOTONIC; ``what`` is ``added``, ``bound``, ``opened`` or ``synced``.

    ``name`` is the kernel's name of the device or interface that was bound.
    """

    at: int
    what: str
    name: str = ""


class Trace:
    """The probes of a guest."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        guest.run("mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing")
        guest.write_attribute(f"{TRACING}/trace_clock", "mono")
        for probe in PROBES:
            guest.run(f"cat >> {TRACING}/kprobe_events", input=probe + "\n")

    def start(self, pid: int) -> None:
        """Record from now on; of syncs only those of the process ``pid``."""
        self.guest.write_attribute(f"{EVENTS}/bench_synced/filter", f"common_pid == {pid}")
        self.guest.write_attribute(f"{EVENTS}/enable", "1")
        self.guest.run(f"echo > {TRACING}/trace")

    def stop(self) -> list[Hit]:
        """End it; all hits since the start, in order."""
        self.guest.write_attribute(f"{EVENTS}/enable", "0")
        lines = self.guest.read(f"{TRACING}/trace").splitlines()
        hits = [_hit(found) for line in lines if (found := _LINE.search(line))]
        return sorted((hit for hit in hits if hit is not None), key=lambda hit: hit.at)


def _hit(found: re.Match[str]) -> Hit | None:
    fields = dict(_FIELD.findall(found["rest"]))
    if fields.get("ret", "0") != "0":
        return None  # a write that failed proves nothing
    return Hit(int(found["s"]) * 10**9 + int(found["us"]) * 1000, found["what"], fields.get("name", ""))

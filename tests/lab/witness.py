"""What the witness in the guest said, and the verdict over one device.

`dead` is said only after a fence: the witness read the device's configuration under the kernel's device lock, let
udev finish, and got a message of its own back through the kernel. All that happened before is then known.
"""

import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .channel import Channel, Record
from .image import LabError

# A device that shows one of these below its USB device offers a function.
FUNCTIONS = frozenset(
    (
        *("block", "bluetooth", "bsg", "hid", "hidraw", "input", "leds", "media", "misc", "mmc", "net", "nvme", "ppp"),
        *("printer", "rfkill", "scsi", "scsi_device", "scsi_disk", "scsi_generic", "scsi_host", "sound", "tty"),
        *("usb-serial", "usbmisc", "video4linux"),
    )
)


@dataclass(frozen=True)
class Event:
    """One record of the witness; which attributes mean something depends on `kind`, see inside/witness.py."""

    t: int  # nanoseconds of the guest's CLOCK_MONOTONIC
    kind: str
    data: Record

    @property
    def action(self) -> str:
        return str(self.data.get("action", ""))

    @property
    def devpath(self) -> str:
        return str(self.data.get("devpath") or "")

    @property
    def env(self) -> dict[str, str]:
        return dict(self.data.get("env", {}))

    @property
    def subsystem(self) -> str:
        return str(self.env.get("SUBSYSTEM") or self.data.get("subsystem") or "")

    @property
    def port(self) -> str:
        """The kernel's name of the USB device it concerns (`1-2.3`), empty when none."""
        names = [part for part in self.devpath.split("/") if re.fullmatch(r"\d+-\d+(\.\d+)*", part)]
        return names[-1] if names else ""

    def __str__(self) -> str:
        if self.kind == "uevent":
            env = self.env
            words = [f"{key}={env[key]}" for key in ("DEVTYPE", "DRIVER", "DEVNAME", "INTERFACE") if key in env]
            return f"{self.t / 1e9:.6f} {self.action} {self.subsystem} {self.devpath} {' '.join(words)}".rstrip()
        rest = {key: value for key, value in self.data.items() if key not in ("t", "kind")}
        return f"{self.t / 1e9:.6f} {self.kind} {rest}"


@dataclass(frozen=True)
class Verdict:
    """Whether a device offered any function, with the evidence."""

    port: str
    alive: list[str] = field(default_factory=list)  # reasons; empty means dead
    notes: list[str] = field(default_factory=list)  # seen, but no function
    events: list[Event] = field(default_factory=list)

    @property
    def dead(self) -> bool:
        return not self.alive


class Witness:
    """The host's end of the witness. `events` holds everything since the boot or the last restore."""

    def __init__(self, path: Path) -> None:
        self.events: list[Event] = []
        self.present: frozenset[str] = frozenset()  # devices and interfaces that were there before it listened
        self._news = threading.Condition()
        self._channel = Channel(path, self._take)

    def _take(self, record: Record) -> None:
        if "t" in record and "kind" in record:
            with self._news:
                if record["kind"] == "start":
                    self.present = frozenset(one["name"] for one in record["present"])
                self.events.append(Event(record["t"], record["kind"], record))
                self._news.notify_all()

    @property
    def mark(self) -> int:
        """A place in `events`, for `since`."""
        return len(self.events)

    def wait(self, match: Callable[[Event], bool], timeout: float = 30.0, since: int = 0, what: str = "event") -> Event:
        """Wait for an event that `match` accepts, from index `since` on. Raises LabError after `timeout` seconds."""
        place, hit = since, None

        def found() -> bool:
            nonlocal place, hit
            while hit is None and place < len(self.events):
                hit = self.events[place] if match(self.events[place]) else None
                place += 1
            return hit is not None

        with self._news:
            self._news.wait_for(found, timeout)
        if hit is None:
            last = "\n".join(str(event) for event in self.events[-8:])
            raise LabError(f"the witness saw no {what} within {timeout:g} s; its last records:\n{last}")
        return hit

    def wait_uevent(
        self, action: str, timeout: float = 30.0, since: int = 0, devpath: str | None = None, **env: str
    ) -> Event:
        """Wait for a uevent with these properties; `devpath` is a pattern searched in it."""

        def match(event: Event) -> bool:
            return (
                event.kind == "uevent"
                and event.action == action
                and (devpath is None or re.search(devpath, event.devpath) is not None)
                and all(event.env.get(key) == value for key, value in env.items())
            )

        return self.wait(match, timeout, since, f"{action} {devpath or ''} {env}")

    def fence(self, device: str | None = None, *, settle: bool = True, timeout: float = 30.0) -> Event:
        """Wait until everything the kernel did before now was seen; for `device` the hub's work too."""
        token, since = str(uuid.uuid4()), self.mark
        self._channel.send({"token": token, "device": device, "settle": settle})
        fence = self.wait(lambda event: event.kind == "fence" and event.data["token"] == token, timeout, since, "fence")
        if not fence.data["tried"]:
            raise LabError("a node appeared that the witness had not yet tried to read; the verdict would be a guess")
        return fence

    def restart(self) -> None:
        """Forget what was seen before a restored snapshot."""
        fence = self.fence(settle=False)
        with self._news:
            del self.events[: self.events.index(fence)]

    def of(self, port: str, since: int = 0) -> list[Event]:
        """Return the events of one USB device since it was last added."""
        mine = [event for event in self.events[since:] if event.port == port]
        for index in range(len(mine) - 1, -1, -1):
            event = mine[index]
            if event.action == "add" and event.env.get("DEVTYPE") == "usb_device" and "SYNTH_UUID" not in event.env:
                return mine[index:]
        return mine

    def dead(self, port: str, since: int = 0) -> Verdict:
        """Return the verdict over the USB device at `port` (`1-2`), from its last plug on or from `since` on."""
        fence = self.fence(port)
        if any(event.kind == "overflow" for event in self.events):
            raise LabError("the witness lost messages; the verdict would be a guess")
        events = self.of(port, since)
        if not events and port not in self.present:
            raise LabError(f"the witness never saw a device at {port}; that it is dead would be a guess")
        return verdict_of(port, events, fence.data["tree"])

    def assert_dead(self, port: str, since: int = 0) -> Verdict:
        """Like `dead`, raising AssertionError with the evidence when the device offered anything."""
        verdict = self.dead(port, since)
        if verdict.alive:
            raise AssertionError(f"the device at {port} is not dead:\n  " + "\n  ".join(verdict.alive))
        return verdict

    def bindings(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the kernel's bind and unbind records, for the evidence."""
        return [
            {"t": event.t, "action": event.action, "devpath": event.devpath, "driver": event.env.get("DRIVER", "")}
            for event in self.events[since:]
            if event.kind == "uevent" and event.action in ("bind", "unbind") and event.subsystem == "usb"
        ]

    def close(self) -> None:
        """End the connection."""
        self._channel.close()


def verdict_of(port: str, events: list[Event], tree: dict[str, Any] | None) -> Verdict:
    """Return the verdict that these records, and what sysfs held at their end, give over the device at `port`."""
    verdict = Verdict(port, events=events)
    for event in events:
        _judge(event, verdict)
    _judge_tree(tree, verdict)
    return verdict


def _judge(event: Event, verdict: Verdict) -> None:
    """File one event under its reason, if it is one."""
    if event.kind == "uevent" and event.action == "bind":
        # The kernel binds its own `usb` to every device, authorised or not; a function is bound to an interface.
        if event.env.get("DEVTYPE") == "usb_device":
            verdict.notes.append(str(event))
        else:
            verdict.alive.append(f"a driver was bound: {event}")
    elif event.kind == "uevent" and event.action == "add" and event.subsystem in FUNCTIONS:
        verdict.alive.append(f"a function appeared: {event}")
    elif event.kind == "node" and event.data.get("subsystem") != "usb":
        verdict.alive.append(f"a node appeared: {event}")
    elif event.kind in ("read", "opened") and event.data.get("subsystem") != "usb":
        verdict.alive.append(f"a node could be read: {event}")
    elif event.kind in ("node", "usbfs"):
        verdict.notes.append(str(event))


def _judge_tree(tree: dict[str, Any] | None, verdict: Verdict) -> None:
    """Ask sysfs as a second source: what is bound or there now."""
    for name, interface in (tree or {}).get("interfaces", {}).items():
        if interface["driver"]:
            verdict.alive.append(f"sysfs: {name} has the driver {interface['driver']}")
    for subsystem, devpath in (tree or {}).get("functions", []):
        if subsystem in FUNCTIONS:
            verdict.alive.append(f"sysfs: {subsystem} at {devpath}")

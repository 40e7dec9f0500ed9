"""One connection: a device from its arrival to its removal, as the judge remembers it."""

import time
from collections import deque
from typing import Any

import msgspec

from usbguard_py.core.account import Lost, lost
from usbguard_py.core.codes import Code
from usbguard_py.core.connection import State, moved
from usbguard_py.core.decision import Decision
from usbguard_py.core.device import Device
from usbguard_py.core.media import Media
from usbguard_py.core.passport import Passport
from usbguard_py.core.whitelist import Asset
from usbguard_py.daemon.flow import Bound
from usbguard_py.errors import DeviceGone
from usbguard_py.shell.clock import asleep_ms
from usbguard_py.shell.sysfs import Directory

LEAVING_DEADLINE = 1.0  # seconds from the first interface that is gone to the device: 0.08 seen, emulated
_OPEN = {State.CONFIGURED, State.OPENED, State.HANDED_OVER}


class Connection:
    """Mutable; only the main thread touches it, except that the helper writes through ``directory``."""

    def __init__(self, directory: Directory) -> None:
        self.name = directory.name
        self.directory = directory
        self.device = Device(name=directory.name, syspath=directory.syspath, busnum=0, devnum=0)  # not read yet
        self.read: dict[str, bytes | None] = {}  # the attributes that ``device`` was made of
        self.asked: tuple[object, ...] = ()  # what the list and the other devices were when the gates were asked
        self.decision = Decision(allow=False, code=Code.UNREADABLE)
        self.state = State.SEEN
        self.asleep_ms = asleep_ms()  # how long the machine had slept when it came
        self.seq = 0  # of the decision's entry; 0 until it is on disk
        self.announced = 0  # the device number in the kernel's event, 0 when it was found present
        self.arrived = False  # whether its arrival was recorded or counted
        self.storm = ""  # the storm that its arrival belongs to (usbguard_py.core.storm)
        self.folded = False  # whether its arrival is in the count of that storm and has no entry
        self.times = 0  # how often the device came until then, in that storm
        self.busy = False
        self.held: dict[str, Any] = {}  # what the hands said of the last cut
        self.waiting: deque[Any] = deque()  # flows that start when the one under way has ended
        self.holder = ""  # of the asset that the decision is about
        self.reason = ""  # why that asset is in its state
        self.lost: Lost = {}  # since when it is lost, and on which paper
        self.faces: tuple[Passport, ...] = ()  # of a drive: the passports that fit it, media left out
        self.access = ""  # of the asset that the decision is about
        self.login_tool = False  # whether that asset's own login program works
        self.media: Media = ()  # as the drive last showed them
        self.units: tuple[str, ...] = ()  # places of the units that were handed over
        self.exchanged = False  # whether the kernel saw another medium since its contents were last read

    @property
    def opened(self) -> bool:
        """Whether anything of the device may be open."""
        return self.state in _OPEN

    @property
    def gone(self) -> bool:
        """Whether it was removed."""
        return self.state is State.GONE

    def about(self, asset: Asset | None) -> None:
        """Keep what is said of the asset that the decision is about, if there is one."""
        said = (asset.holder, asset.reason, asset.access) if asset is not None else ("", "", "")
        self.holder, self.reason, self.access = said
        self.login_tool = asset is not None and asset.login_tool is True
        self.lost = lost(asset, self.decision.code)

    def removal(self) -> Bound:
        """A wait for its removal, when the kernel seems to be taking it away."""
        return Bound(lambda: not self.directory.present(), time.monotonic() + LEAVING_DEADLINE)

    def move(self, to: State) -> None:
        """Go to another state; only moves of the table are possible.

        Raises:
            DeviceGone: it was removed meanwhile.
        """
        if self.gone:
            raise DeviceGone(name=self.name)
        self.state = moved(self.state, to)

    def enter(self, state: State) -> None:
        """Be in a state that was seen to be so; a device that has gone stays gone."""
        if self.state is not State.GONE:
            self.state = state

    def decision_as(self, code: Code, *, allow: bool = True) -> Decision:
        """The decision with another code."""
        granted = self.decision.granted if allow else ()
        return msgspec.structs.replace(self.decision, code=code, allow=allow, granted=granted)

    def closed_decision(self) -> Decision:
        """The decision turned into a block: what a closed device must look like."""
        if not self.decision.allow:
            return self.decision
        return self.decision_as(Code.NOT_EFFECTIVE, allow=False)

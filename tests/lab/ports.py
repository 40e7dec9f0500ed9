"""The guest's USB ports: what is plugged in, and what QEMU holds behind it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from .image import LabError
from .media import medium
from .qmp import Qmp
from .witness import Event, Witness

BUSES = {"xhci": "[12]", "xhci2": "[34]"}
"""The kernel's numbers of a controller's two buses, one for each speed; of those that are there at power-on."""

SECOND_CONTROLLER = ("-device", "qemu-xhci,id=xhci2,p2=15,p3=15")
"""For `Lab.boot(extra=…)`: the controller `xhci2`."""


@dataclass
class Backends:
    """What QEMU holds behind a device; a snapshot can only be loaded when it is gone again."""

    drives: list[str] = field(default_factory=list)  # in the order they can be removed
    throttles: list[str] = field(default_factory=list)
    chardevs: list[str] = field(default_factory=list)
    netdevs: list[str] = field(default_factory=list)


@dataclass
class Plugged:
    """A device in a port of the guest. `port` is the kernel's name of it (`2-1`)."""

    id: str
    slot: str  # QEMU's name of the port, `3` or `3.1` behind a hub
    port: str
    devpath: str
    added: Event  # the kernel's add message
    owner: "Ports"
    backends: Backends
    here: bool = True
    controller: str = "xhci"

    def unplug(self) -> None:
        """Pull it out and wait until QEMU and the kernel know."""
        self.owner.unplug(self)


class Ports:
    """Plugs and unplugs; a plug returns when the kernel has announced the device."""

    qmp: Qmp
    witness: Witness
    folder: Path
    ports: int

    def _init_plugs(self) -> None:
        self._plug_numbers = itertools.count(1)
        self.plugged: list[Plugged] = []

    def plug(
        self,
        driver: str,
        port: int | str | None = None,
        *,
        wait: bool = True,
        backends: Backends | None = None,
        controller: str = "xhci",
        **properties: Any,
    ) -> Plugged:
        """Plug any QEMU USB device; `port` is QEMU's port (1 to 15, `3.1` behind the hub in 3), default a free one."""
        name = f"plug{next(self._plug_numbers)}"
        properties = {"bus": f"{controller}.0", **properties}
        add = partial(self._add, driver, name, properties=properties)
        return self._plug(name, add, port, backends, wait=wait, controller=controller)

    def _add(self, driver: str, name: str, slot: str, properties: dict[str, Any]) -> None:
        # JSON properties keep their types; QEMU refuses an unknown one.
        self.qmp.execute("device_add", driver=driver, id=name, port=slot, **{"bus": "xhci.0", **properties})

    def _plug(
        self,
        name: str,
        add: Callable[[str], None],
        port: int | str | None,
        backends: Backends | None,
        *,
        wait: bool = True,
        controller: str = "xhci",
    ) -> Plugged:
        slot = str(port) if port is not None else self._free_slot()
        if wait:
            self._keep_awake(slot.rpartition(".")[0])
        since = self.witness.mark
        plugged = Plugged(name, slot, "", "", Event(0, "none", {}), self, backends or Backends(), controller=controller)
        try:
            add(slot)
        except LabError:
            self._free(plugged)
            raise
        self.plugged.append(plugged)
        if wait:
            self.await_kernel(plugged, since)
        return plugged

    def write_attribute(self, path: str, text: str) -> None:
        """Write an attribute; the guest's own `write_attribute`."""
        raise NotImplementedError

    def _keep_awake(self, slot: str) -> None:
        """Keep the hub in that slot awake: QEMU's loses what is plugged in while the kernel puts it to sleep.

        Its wakeup is dropped unless the port above is in U3 already (`xhci_wakeup` in hw/usb/hcd-xhci.c).
        """
        for hub in (p for p in self.plugged if p.slot == slot and p.devpath):
            self.write_attribute(f"/sys{hub.devpath}/power/control", "on")

    def await_kernel(self, plugged: Plugged, since: int, timeout: float = 30.0) -> None:
        """Wait for the kernel's add message of a device plugged with `wait=False`."""
        # An xHCI controller is one bus for each speed: the same port number on both.
        ending = rf"/({BUSES[plugged.controller]}-{plugged.slot.replace('.', chr(92) + '.')})$"
        event = self.witness.wait_uevent("add", timeout, since, devpath=ending, DEVTYPE="usb_device")
        plugged.added, plugged.devpath, plugged.port = event, event.devpath, event.port

    def _free_slot(self) -> str:
        used = {plugged.slot for plugged in self.plugged}
        free = next((str(n) for n in range(1, self.ports + 1) if str(n) not in used), None)
        if free is None:
            raise LabError(f"all {self.ports} USB ports are taken; unplug something or give a port")
        return free

    def unplug(self, plugged: Plugged, *, wait: bool = True) -> None:
        """Pull a device out and take its drive away, so that a snapshot can be loaded afterwards.

        A guest that sleeps, or whose kernel never announced the device, says nothing of it: `wait=False`.
        """
        if not plugged.here:
            return
        since, seen = len(self.qmp.events), self.witness.mark
        self.qmp.execute("device_del", id=plugged.id)
        self.qmp.wait("DEVICE_DELETED", lambda data: data.get("device") == plugged.id, since)
        if plugged.devpath and wait:
            pattern = f"^{plugged.devpath}$"
            self.witness.wait_uevent("remove", since=seen, devpath=pattern, DEVTYPE="usb_device")
        self._free(plugged)

    def _free(self, plugged: Plugged) -> None:
        backends = plugged.backends
        for drive in backends.drives:
            self.qmp.execute("blockdev-del", **{"node-name": drive})
        for throttle in backends.throttles:
            self.qmp.execute("object-del", id=throttle)
        for chardev in backends.chardevs:
            self.qmp.execute("chardev-remove", id=chardev)
        for netdev in backends.netdevs:
            self.qmp.execute("netdev_del", id=netdev)
        plugged.here = False
        if plugged in self.plugged:
            self.plugged.remove(plugged)

    def unplug_all(self) -> None:
        """Pull everything out, children before their hubs."""
        for plugged in sorted(self.plugged, key=lambda one: -len(one.slot)):
            self.unplug(plugged)

    def _drive(
        self,
        image: Path | None,
        backends: Backends,
        *,
        readonly: bool = False,
        limits: dict[str, int] | None = None,
        **fresh: Any,
    ) -> str:
        """Attach an image, or a fresh medium, to QEMU and return the block node to use."""
        name = f"drive{next(self._plug_numbers)}"
        path = image or medium(self.folder / f"{name}.raw", **fresh)
        file = {"driver": "raw", "read-only": readonly, "file": {"driver": "file", "filename": str(path)}}
        self.qmp.execute("blockdev-add", **{"node-name": name, **file})
        backends.drives.insert(0, name)
        if not limits:
            return name
        group, slow = f"{name}-speed", f"{name}-slow"
        self.qmp.execute("object-add", **{"qom-type": "throttle-group", "id": group, "limits": limits})
        throttle = {"driver": "throttle", "read-only": readonly, "throttle-group": group, "file": name}
        self.qmp.execute("blockdev-add", **{"node-name": slow, **throttle})
        backends.drives.insert(0, slow)
        backends.throttles.append(group)
        return slow

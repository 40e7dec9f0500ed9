"""The USB devices QEMU plays, one call for each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .media import medium
from .ports import Backends, Plugged, Ports
from .qmp import Qmp


def at_boot(driver: str, port: int, image: Path | None = None, **properties: str) -> tuple[str, ...]:
    """Return the arguments for `Lab.boot(extra=…)` of a device that is plugged in before the machine starts.

    A disk's `image` is given; its kernel name is `1-<port>` or, at USB 3 speed (usb-storage), `2-<port>`.
    """
    words = [driver, "bus=xhci.0", f"port={port}", *(f"{name}={value}" for name, value in properties.items())]
    if image is None:
        return ("-device", ",".join(words))
    drive = f"at-boot-{port}"
    return (
        "-drive", f"if=none,id={drive},format=raw,file={image}",
        "-device", ",".join([*words, f"drive={drive}"]),
    )  # fmt: skip


def press(qmp: Qmp, text: str) -> None:
    """Press and release the keys of `text` on the keyboard plugged last."""
    names = {" ": "spc", "\n": "ret"}
    for letter in text:
        key = {"type": "qcode", "data": names.get(letter, letter)}
        for down in (True, False):
            event = {"type": "key", "data": {"down": down, "key": key}}
            qmp.execute("input-send-event", events=[event])


@dataclass(frozen=True)
class Unit:
    """A logical unit of a bridge: QEMU's device, its medium, what INQUIRY says of it.

    `size` is that of an empty medium, in bytes; with `image` that image is its medium.
    """

    kind: str = "scsi-hd"
    size: int = 8 << 20
    vendor: str = "SAMPLE"
    product: str = "Stick"
    ver: str = "1.00"
    image: Path | None = None


class Plugs(Ports):
    """The `plug_…` calls; each returns when the kernel has announced the device."""

    def plug_stick(
        self,
        serial: str | None = "SAMPLE-0001",
        *,
        image: Path | None = None,
        kind: str = "vfat",
        size: int = 64 << 20,
        partition: bool = False,
        removable: bool = True,
        readonly: bool = False,
        port: int | str | None = None,
        read_bps: int | None = None,
        write_bps: int | None = None,
        wait: bool = True,
    ) -> Plugged:
        """Plug a stick (46f4:0001, USB 3), on `image` or a fresh medium; speeds in bytes a second."""
        speeds = {"bps-read": read_bps, "bps-write": write_bps}
        limits = {key: value for key, value in speeds.items() if value}
        backends = Backends()
        drive = self._drive(
            image, backends, readonly=readonly, limits=limits, kind=kind, size=size, partition=partition
        )
        properties: dict[str, Any] = {"drive": drive, "removable": removable}
        if serial is not None:
            properties["serial"] = serial
        return self.plug("usb-storage", port, wait=wait, backends=backends, **properties)

    def plug_uas(self, serial: str = "SAMPLE-0002", port: int | str | None = None, disk: Path | None = None) -> Plugged:
        """Plug a USB Attached SCSI device with one disk."""
        backends = Backends()
        return self._with_luns("usb-uas", serial, port, backends, [("scsi-hd", self._drive(disk, backends))])

    def plug_cd_and_disk(
        self,
        serial: str = "SAMPLE-0003",
        port: int | str | None = None,
        disk: Path | None = None,
        cd: Path | None = None,
    ) -> Plugged:
        """Plug one device with a CD in LUN 0 and a removable disk in LUN 1."""
        backends = Backends()
        disc = self._drive(cd, backends, readonly=True, size=2 << 20, kind="none")
        luns = [("scsi-cd", disc), ("scsi-hd", self._drive(disk, backends))]
        return self._with_luns("usb-bot", serial, port, backends, luns)

    def plug_units(
        self,
        *units: Unit,
        serial: str = "SAMPLE-0004",
        driver: str = "usb-bot",
        port: int | str | None = None,
        wait: bool = True,
    ) -> Plugged:
        """Plug a SCSI bridge with these units, `usb-bot` or `usb-uas`."""
        backends = Backends()
        name = f"plug{next(self._plug_numbers)}"

        def add(slot: str) -> None:
            self._add(driver, name, slot, {"serial": serial})
            for lun, unit in enumerate(units):
                self._add_unit(name, backends, unit, lun)
            self.qmp.execute("qom-set", path=f"/machine/peripheral/{name}", property="attached", value=True)

        return self._plug(name, add, port, backends, wait=wait)

    def change_medium(self, stick: Plugged, size: int = 0, image: Path | None = None) -> None:
        """Exchange the medium in a removable stick, as in a card reader: for `image`, or an empty one of this size."""
        file = image or medium(self.folder / f"medium{next(self._plug_numbers)}.raw", kind="none", size=size)
        # QEMU makes the disk of `usb-storage` itself, without a name of its own.
        unit = f"/machine/peripheral/{stick.id}/{stick.id}.0/legacy[0]"
        self.qmp.execute("blockdev-change-medium", id=unit, filename=str(file), format="raw")

    def add_unit(self, bridge: Plugged, unit: Unit, lun: int) -> None:
        """Put one more unit into a bridge that is plugged in; no USB bridge tells the kernel of it."""
        self._add_unit(bridge.id, bridge.backends, unit, lun)

    def _add_unit(self, bridge: str, backends: Backends, unit: Unit, lun: int) -> None:
        disc = unit.kind == "scsi-cd"
        extra: dict[str, Any] = {} if disc else {"removable": True}
        texts = {"vendor": unit.vendor, "product": unit.product, "ver": unit.ver}
        place = {"id": f"{bridge}-lun{lun}", "bus": f"{bridge}.0", "lun": lun}
        drive = self._drive(unit.image, backends, readonly=disc, size=unit.size, kind="none")
        self.qmp.execute("device_add", driver=unit.kind, drive=drive, **place, **texts, **extra)

    def _with_luns(
        self, driver: str, serial: str, port: int | str | None, backends: Backends, luns: list[tuple[str, str]]
    ) -> Plugged:
        """Plug a SCSI bridge: QEMU attaches it to the bus only when told, after its logical units are in."""
        name = f"plug{next(self._plug_numbers)}"

        def add(slot: str) -> None:
            self._add(driver, name, slot, {"serial": serial})
            for lun, (kind, drive) in enumerate(luns):
                extra = {"removable": True} if kind == "scsi-hd" else {}
                unit = {"id": f"{name}-lun{lun}", "bus": f"{name}.0", "lun": lun, "drive": drive}
                self.qmp.execute("device_add", driver=kind, **unit, **extra)
            self.qmp.execute("qom-set", path=f"/machine/peripheral/{name}", property="attached", value=True)

        return self._plug(name, add, port, backends)

    def plug_keyboard(self, port: int | str | None = None, serial: str | None = None) -> Plugged:
        """Plug a keyboard; `type_keys` types on the one plugged last."""
        properties: dict[str, Any] = {} if serial is None else {"serial": serial}
        return self.plug("usb-kbd", port, **properties)

    def plug_mouse(self, port: int | str | None = None) -> Plugged:
        """Plug a mouse."""
        return self.plug("usb-mouse", port)

    def plug_hub(self, port: int | str | None = None) -> Plugged:
        """Plug a hub of eight ports; plug into it with `port=f"{hub.slot}.1"`."""
        return self.plug("usb-hub", port)

    def plug_phone(self, port: int | str | None = None) -> Plugged:
        """Plug a phone that offers files by MTP."""
        shared = self.folder / "phone"
        shared.mkdir(exist_ok=True)
        (shared / "sample.txt").write_text("sample\n")
        return self.plug("usb-mtp", port, rootdir=str(shared), desc="Sample phone")

    def plug_network(self, port: int | str | None = None) -> Plugged:
        """Plug a network adapter (RNDIS and CDC Ethernet); its far end reaches nothing."""
        name = f"net{next(self._plug_numbers)}"
        self.qmp.execute("netdev_add", type="hubport", id=name, hubid=9)
        return self.plug("usb-net", port, backends=Backends(netdevs=[name]), netdev=name)

    def plug_serial(self, port: int | str | None = None) -> Plugged:
        """Plug a serial adapter (FTDI)."""
        name = f"char{next(self._plug_numbers)}"
        self.qmp.execute("chardev-add", id=name, backend={"type": "null", "data": {}})
        backends = Backends(chardevs=[name])
        return self.plug("usb-serial", port, backends=backends, chardev=name, **{"always-plugged": True})

    def plug_audio(self, port: int | str | None = None) -> Plugged:
        """Plug a sound card."""
        return self.plug("usb-audio", port, audiodev="silence")

    def plug_ccid(self, port: int | str | None = None) -> Plugged:
        """Plug a smart-card reader."""
        return self.plug("usb-ccid", port)

    def type_keys(self, text: str) -> None:
        """Press and release the keys of `text` (lower-case letters, digits, space, line end), then let them arrive."""
        press(self.qmp, text)

"""Checks of ``doctor`` on the next start of the computer: the disks, the passphrase, the floor."""

from collections.abc import Iterator

from usbguard_py.core.condition import Condition
from usbguard_py.core.findings import Finding, found

IMAGES = ("initramfs", "this-initramfs")
OBSERVED = {"mode", "buses", "module-parameter", "command-line", "this-initramfs"}


def passphrase(c: Condition) -> Iterator[Finding]:
    """Whether the passphrase of an encrypted root disk can be typed. An initramfs without the floor is open."""
    start = c.start
    if not start.encrypted:
        return
    if start.installed and not c.other_keyboard:
        if c.enrolled is not None and all("." in k.port for k in c.enrolled_keyboards):
            yield found("passphrase-behind-hub")
            return
        if start.open_parts is None:
            return
        bad = [detail for name, detail in start.open_parts if name.partition(" ")[0] == "initramfs"]
        if bad:
            yield found("passphrase-other-image", detail=bad[0])
            return
    yield found("passphrase-typed")


def system(c: Condition) -> Iterator[Finding]:
    """Whether the system, or what it waits for, lies on a USB disk."""
    for path in c.start.on_usb:
        yield found("system-on-usb", path=path)
    for path in c.start.fstab_usb:
        yield found("fstab-usb", path=path)
    if not (c.start.on_usb or c.start.fstab_usb):
        yield found("disks-inside")


def floor(c: Condition) -> Iterator[Finding]:
    """Whether USB is closed from power-on. While nothing is blocked for good, only what stands in the way is told."""
    start = c.start
    if not start.builder:
        yield found("initramfs-unsupported")
    for path in start.unified:
        yield found("unified-kernel", path=path)
    if not start.installed:
        if c.now_enforces and c.trial is None and start.builder and not start.unified:
            yield found("floor-missing")
        return
    if start.open_parts is None:
        return
    # While it observes, these are as they are meant to be.
    parts = [(n, d) for n, d in start.open_parts if c.now_enforces or n not in OBSERVED]
    images = [(n, d) for n, d in parts if n.partition(" ")[0] in IMAGES]
    for name, detail in images:
        yield found("initramfs-old", part=name, detail=detail)
    others = [name for name, _ in parts if name.partition(" ")[0] not in IMAGES]
    if others:
        yield found("floor-open", parts=", ".join(others))
    if not parts and c.now_enforces:
        yield found("floor-closed")

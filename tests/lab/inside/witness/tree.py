"""What sysfs holds: the second source beside the kernel's messages."""

import os

from ports import contents


def present() -> list:
    """Return the USB devices and interfaces that were there before the witness listened."""
    found = []
    for name in sorted(os.listdir("/sys/bus/usb/devices")) if os.path.isdir("/sys/bus/usb/devices") else []:
        devpath = os.path.realpath(f"/sys/bus/usb/devices/{name}").removeprefix("/sys")
        found.append({"name": name, "devpath": devpath, "driver": driver("/sys" + devpath)})
    return found


def tree(device: str) -> dict | None:
    """Return what sysfs holds of one USB device: its state, its interfaces with their drivers, its functions."""
    root = os.path.realpath(f"/sys/bus/usb/devices/{device}")
    if not os.path.isdir(root) or os.path.basename(root) != device:
        return None
    interfaces, functions = {}, []
    for folder, names, _files in os.walk(root):
        # A hub's children are devices of their own.
        names[:] = [name for name in names if not os.path.exists(f"{folder}/{name}/busnum")]
        if os.path.exists(f"{folder}/bInterfaceNumber"):
            interfaces[os.path.basename(folder)] = {
                "authorized": contents(f"{folder}/authorized"),
                "driver": driver(folder),
            }
        subsystem = os.path.basename(os.path.realpath(f"{folder}/subsystem"))
        if folder != root and os.path.exists(f"{folder}/subsystem"):
            functions.append([subsystem, folder.removeprefix("/sys")])
    return {
        "devpath": root.removeprefix("/sys"),
        "authorized": contents(f"{root}/authorized"),
        "configuration": contents(f"{root}/bConfigurationValue"),
        "devnum": contents(f"{root}/devnum"),
        "interfaces": interfaces,
        "functions": functions,
    }


def driver(folder: str) -> str | None:
    link = f"{folder}/driver"
    return os.path.basename(os.path.realpath(link)) if os.path.islink(link) else None

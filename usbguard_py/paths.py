"""Where things are on the machine, in one place.

``USBGUARD_PY_ROOT`` puts a prefix before every path, for tests that build a tree of their own.
It is not honoured under systemd (``INVOCATION_ID`` is set there), so that nobody can point the
installed daemon at a tree of theirs.
"""

import os
from pathlib import Path

ROOT = Path("/") if "INVOCATION_ID" in os.environ else Path(os.environ.get("USBGUARD_PY_ROOT", "/"))

SYS = ROOT / "sys"
USB_DEVICES = SYS / "bus/usb/devices"
USB_DRIVERS = SYS / "bus/usb/drivers"
DRIVERS_PROBE = SYS / "bus/usb/drivers_probe"
USBCORE_DEFAULT = SYS / "module/usbcore/parameters/authorized_default"
SCSI = SYS / "bus/scsi"
SCSI_AUTOPROBE = SCSI / "drivers_autoprobe"
SCSI_PROBE = SCSI / "drivers_probe"
DELAY_USE = SYS / "module/usb_storage/parameters/delay_use"

CONFIG = ROOT / "etc/usbguard-py"
FLOOR_MODE = CONFIG / "floor/mode"
FLOOR_INPUT = CONFIG / "floor/input"
FLOOR_INSTALLED = CONFIG / "floor/installed"
FLOOR = ROOT / "usr/lib/usbguard-py/floor"
AGENCY = CONFIG / "agency.toml"
PAPERS = CONFIG / "papers"

STATE = ROOT / "var/lib/usbguard-py"
SIGNING = ROOT / "var/lib/usbguard-py-signing"
DATABASE = STATE / "usbguard-py.db"

RUN = ROOT / "run/usbguard-py"
CONTROL_SOCKET = RUN / "control.sock"
HANDS_SOCKET = RUN / "hands.sock"
ENFORCING = RUN / "enforcing"
OPEN_FLAGS = RUN / "open"
INITRAMFS_KNEW = RUN / "initramfs"

BOOT = ROOT / "boot"
GRUB_CONFIG = BOOT / "grub/grub.cfg"
GRUB_DROP_IN = ROOT / "etc/default/grub.d/usbguard-py.cfg"
GRUB_ENTRY = ROOT / "etc/grub.d/42_usbguard-py"
KERNEL_CMDLINE = ROOT / "etc/kernel/cmdline"
MODULE_OPTION = ROOT / "etc/modprobe.d/usbguard-py.conf"
DRIVERS_HIDDEN = ROOT / "etc/modprobe.d/usbguard-py-drivers.conf"
DRIVERS = RUN / "drivers"
DRIVERS_LOAD = DRIVERS / "load"
DRIVERS_AWAY = DRIVERS / "away"
READ_ONLY_FLAGS = RUN / "read-only"
LOGIN_TOOL_FLAGS = RUN / "login-tool"
RAW_FLAGS = RUN / "raw"
MAINTENANCE = RUN / "maintenance"
TRIAL = RUN / "trial"
CMDLINE = ROOT / "proc/cmdline"

VERIFIER = ROOT / "usr/share/usbguard-py/verify-log.py"
SESSIONS = ROOT / "run/systemd/sessions"
JOURNAL_SOCKET = ROOT / "run/systemd/journal/socket"
SYSLOG_SOCKET = ROOT / "dev/log"
SYSLOG_BEHIND_JOURNAL = ROOT / "run/systemd/journal/syslog"

POLICIES = ROOT / "usr/share/usbguard-py/policies"

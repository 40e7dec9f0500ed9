"""The findings of ``doctor`` that are good to know, and what is in order."""

from usbguard_py.core.levels import Kind, Level
from usbguard_py.i18n import N_

MILD: dict[str, Kind] = {
    # notes: to know
    "built-in-blocked": Kind(
        Level.NOTE,
        N_("Built in: {what} on port {name} is blocked [{code}]."),
        "usbguard-py explain {name}",
    ),
    "built-in-would-block": Kind(
        Level.NOTE,
        N_("Built in: {what} on port {name} will stop working when blocking begins [{code}]."),
        "usbguard-py explain {name}",
    ),
    "device-blocked": Kind(
        Level.NOTE,
        N_("{device} on port {name} is blocked [{code}]."),
        "{command}",
    ),
    "device-would-block": Kind(
        Level.NOTE,
        N_("{device} on port {name} will stop working when blocking begins [{code}]."),
        "{command}",
    ),
    "only-keyboard": Kind(
        Level.NOTE,
        N_("The enrolled keyboard on port {name} is the only one. If it breaks, GRUB's maintenance entry is needed."),
        "usbguard-py floor install",
    ),
    "no-auditor": Kind(
        Level.NOTE,
        N_("Nobody is auditor: an inspection needs an account of another role."),
        N_("usbguard-py setup --auditor ACCOUNT"),
    ),
    "agency-missing": Kind(
        Level.NOTE,
        N_("The agency's name is not set; it is asked for with each paper."),
        "usbguard-py setup",
    ),
    "list-empty": Kind(
        Level.NOTE,
        N_("No device is on the approved list yet: every drive is blocked."),
        "usbguard-py whitelist add",
    ),
    "clock-no-battery": Kind(
        Level.NOTE,
        N_("No battery keeps the time of this computer: see that it is right after each start."),
        "timedatectl",
    ),
    "automount": Kind(
        Level.NOTE,
        N_("The desktop may mount approved drives by itself, with all that lies on them."),
        N_("usbguard-py whitelist add --access read-only (for drives that are only to be read)"),
    ),
    "modem-manager": Kind(
        Level.NOTE,
        N_("ModemManager takes hold of the modem on port {name} as long as nothing is blocked."),
        "systemctl disable --now ModemManager",
    ),
    "gvfs": Kind(
        Level.NOTE,
        N_("The desktop opens the phone or camera on port {name} as long as nothing is blocked. Unplug it."),
        "usbguard-py explain {name}",
    ),
    "bolt": Kind(
        Level.NOTE,
        N_("bolt lets Thunderbolt devices in by itself; this program does not judge them."),
        "boltctl config auth-mode disabled",
    ),
    "kernel-untested": Kind(
        Level.NOTE,
        N_("The kernel {release} is older than those this program was tried on (6.1 and 6.12)."),
        "apt install linux-image-amd64",
    ),
    "no-usb": Kind(Level.NOTE, N_("The kernel shows no USB bus."), "lspci -k"),
    "unseen": Kind(
        Level.NOTE,
        N_("Not seen, because this account may not: {what}."),
        "sudo usbguard-py doctor",
    ),
    # in order
    "protects": Kind(Level.OK, N_("What is not allowed is blocked.")),
    "keyboard-works": Kind(Level.OK, N_("The keyboard on port {name} is enrolled.")),
    "keyboard-elsewhere": Kind(Level.OK, N_("The kernel shows a keyboard that is not on USB (PS/2 or built in).")),
    "passphrase-typed": Kind(Level.OK, N_("The disk's passphrase can be typed at the next start.")),
    "devices-allowed": Kind(Level.OK, N_("No connected device is or would be blocked.")),
    "floor-closed": Kind(Level.OK, N_("USB is closed from power-on.")),
    "alone": Kind(Level.OK, N_("No other program decides on USB devices.")),
    "disks-inside": Kind(Level.OK, N_("The system does not lie on a USB disk.")),
    "clock-right": Kind(Level.OK, N_("The clock does not contradict the log.")),
    "room": Kind(Level.OK, N_("There is room on the disk.")),
    "kernel-can": Kind(Level.OK, N_("The kernel {release} can keep USB devices closed.")),
    "units-run": Kind(Level.OK, N_("All units run and are started with the computer.")),
    "roles-given": Kind(Level.OK, N_("There are list managers and auditors.")),
    "agency-set": Kind(Level.OK, N_("The agency's name is set.")),
    "books-readable": Kind(Level.OK, N_("The list and the log can be read.")),
}

"""The findings of ``doctor`` after which somebody has to do something."""

from usbguard_py.core.levels import Kind, Level
from usbguard_py.i18n import N_

PRESSING: dict[str, Kind] = {
    # danger: somebody is locked out, or the computer is not protected although it is to be
    "other-enforcer": Kind(
        Level.DANGER,
        N_("Another program decides on USB devices at the same time: {what}."),
        "systemctl disable --now usbguard usbguard-dbus",
    ),
    "fail-safe": Kind(
        Level.DANGER,
        N_("The list or the log cannot be used: all external devices are blocked ({detail})."),
        "journalctl -u usbguard-py",
    ),
    "database-trouble": Kind(
        Level.DANGER,
        N_("The list and the log cannot be read ({detail}). Keep the file as it is."),
        "journalctl -u usbguard-py",
    ),
    "daemon-down-blocking": Kind(
        Level.DANGER,
        N_("This computer blocks, but the daemon does not run: approved drives do not open, nothing is recorded."),
        "systemctl restart usbguard-py; journalctl -u usbguard-py",
    ),
    "keyboard-blocked": Kind(
        Level.DANGER,
        N_("The keyboard on port {name} is blocked, and no other keyboard works."),
        "usbguard-py peripheral enrol {name}",
    ),
    "passphrase-other-image": Kind(
        Level.DANGER,
        N_("At the next start the disk's passphrase cannot be typed: the initramfs is not as it should be ({detail})."),
        "usbguard-py floor install",
    ),
    "passphrase-behind-hub": Kind(
        Level.DANGER,
        N_("At the next start the disk's passphrase cannot be typed: no enrolled keyboard is on the computer itself."),
        N_("usbguard-py peripheral enrol PORT (a keyboard that is plugged into the computer itself)"),
    ),
    "system-on-usb": Kind(
        Level.DANGER,
        N_("{path} lies on a USB disk: when this computer blocks, it loses its own system. Do not activate here."),
        "findmnt {path}",
    ),
    "kernel-cannot": Kind(
        Level.DANGER,
        N_("The kernel {release} cannot keep USB devices closed: {what} is missing."),
        "apt install linux-image-amd64",
    ),
    "disk-full": Kind(
        Level.DANGER,
        N_("Only {free} MB are free in {path}: what happens can soon not be recorded, and then everything is blocked."),
        "journalctl --vacuum-size=50M",
    ),
    # warnings: something has to be done
    "observing": Kind(
        Level.WARNING,
        N_("NOTHING IS BLOCKED: this computer only observes."),
        "usbguard-py activate --confirm-within 10m",
    ),
    "on-trial": Kind(
        Level.WARNING,
        N_("Blocking is on trial: in {minutes} minutes it ends by itself unless somebody confirms."),
        "usbguard-py confirm",
    ),
    "keyboard-not-enrolled": Kind(
        Level.WARNING,
        N_("The keyboard on port {name} is not enrolled: activating is refused as long as it is the only one."),
        "usbguard-py peripheral enrol {name}",
    ),
    "keyboard-absent": Kind(
        Level.WARNING,
        N_("The enrolled keyboard {id} is not connected to port {port}; it works there only."),
        "usbguard-py peripheral list",
    ),
    "daemon-down": Kind(
        Level.WARNING,
        N_("The daemon does not run: nothing is blocked and nothing is recorded."),
        "systemctl enable --now usbguard-py",
    ),
    "unit-missing": Kind(
        Level.WARNING,
        N_("The unit {unit} is missing: the package is damaged."),
        "apt install --reinstall ./usbguard-py_*.deb",
    ),
    "unit-masked": Kind(
        Level.WARNING,
        N_("Somebody masked the unit {unit}: it cannot be started."),
        "systemctl unmask {unit} && systemctl enable --now {unit}",
    ),
    "unit-disabled": Kind(
        Level.WARNING,
        N_("The unit {unit} is not started with the computer."),
        "systemctl enable --now {unit}",
    ),
    "unit-inactive": Kind(
        Level.WARNING,
        N_("The unit {unit} does not run ({state})."),
        "systemctl restart {unit}",
    ),
    "initramfs-old": Kind(
        Level.WARNING,
        N_("{part} is not as it should be: {detail}."),
        "usbguard-py floor install",
    ),
    "floor-open": Kind(
        Level.WARNING,
        N_("While this computer starts, USB is not closed everywhere. Open: {parts}."),
        "usbguard-py floor check",
    ),
    "floor-missing": Kind(
        Level.WARNING,
        N_("What is plugged in before power-on works for some seconds: USB is not closed from power-on."),
        "usbguard-py floor install",
    ),
    "enforcer-installed": Kind(
        Level.WARNING,
        N_("{what} is installed, too. Only one program may decide on USB devices."),
        "apt remove {what}",
    ),
    "foreign-rule": Kind(
        Level.WARNING,
        N_("The udev rules in {path} open or close USB devices, too."),
        "dpkg -S {path}",
    ),
    "fstab-usb": Kind(
        Level.WARNING,
        N_("{path} in /etc/fstab lies on a USB disk: when it is blocked, the start waits for it."),
        N_("usbguard-py whitelist add, and write nofail into its line of /etc/fstab"),
    ),
    "clock-past": Kind(
        Level.WARNING,
        N_("The clock says {date}, which is before this program was made."),
        N_('timedatectl set-time "2026-11-22 08:00:00" (with the right time)'),
    ),
    "clock-behind": Kind(
        Level.WARNING,
        N_("The clock says {date}, which is before the newest record of the log ({newest})."),
        N_('timedatectl set-time "2026-11-22 08:00:00" (with the right time)'),
    ),
    "disk-low": Kind(
        Level.WARNING,
        N_("Only {free} MB are free in {path}, where the list and the log are."),
        "journalctl --vacuum-size=50M",
    ),
    "boot-low": Kind(
        Level.WARNING,
        N_("Only {free} MB are free in {path}: a new initramfs needs {needed} MB."),
        "apt autoremove --purge",
    ),
    "group-missing": Kind(
        Level.WARNING,
        N_("The group {group} does not exist."),
        "systemd-sysusers usbguard-py.conf",
    ),
    "no-manager": Kind(
        Level.WARNING,
        N_("Nobody is list manager: only root can put a device on the list."),
        N_("usbguard-py setup --manager ACCOUNT"),
    ),
    "agency-wrong": Kind(
        Level.WARNING,
        N_("The agency's file cannot be used: {detail}."),
        "nano {path}",
    ),
    "list-old": Kind(
        Level.WARNING,
        N_("The list here is {days} days old; its keeper wants at most {most}."),
        N_("usbguard-py whitelist take FILE"),
    ),
    "thunderbolt-open": Kind(
        Level.WARNING,
        N_("Thunderbolt devices are connected without a question (level {level}); this program does not judge them."),
        N_("Set the security level “user” or “secure” in the firmware (BIOS) setup."),
    ),
    "initramfs-unsupported": Kind(
        Level.WARNING,
        N_("USB cannot be closed from power-on here: the initramfs is not made by initramfs-tools or dracut."),
        "apt install initramfs-tools",
    ),
    "unified-kernel": Kind(
        Level.WARNING,
        N_("{path} is a unified kernel image: USB cannot be closed from power-on when it is started."),
        "bootctl list",
    ),
}

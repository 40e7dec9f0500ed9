"""Errors of `usbguard-py floor`; what an error is stands in :mod:`usbguard_py.errors`."""

from usbguard_py.errors import GuardError
from usbguard_py.i18n import N_


class FloorOnTrial(GuardError):
    """The policy that blocks is on trial: the next start of the machine observes again."""

    exit_code = 1
    sentence = N_("The policy is on trial: at the next start this computer only observes.")
    remedy = N_("Confirm it first: usbguard-py confirm")


class FloorObserves(GuardError):
    """The floor was to be put into the start of a machine that only observes."""

    exit_code = 1
    sentence = N_("This computer only observes; closed from power-on, nobody would open anything.")
    remedy = N_("Begin to block first: usbguard-py policy use standalone")


class FloorLocksOut(GuardError):
    """After the next start no keyboard would work before the daemon runs."""

    exit_code = 1
    sentence = N_("No enrolled keyboard is plugged directly into this computer; none would work while it starts.")
    remedy = N_(
        "Enrol one on a port of the computer itself: usbguard-py peripheral enrol PORT. "
        "Without a USB keyboard (PS/2, laptop): add --no-keyboard."
    )


class FloorOnUsb(GuardError):
    """The system's own files lie on a USB disk."""

    exit_code = 1
    sentence = N_("{path} lies on a USB disk; closed from power-on, this computer would not start.")
    remedy = N_("Nothing was changed. The floor needs a system on an internal disk.")


class FloorUnsupported(GuardError):
    """The initramfs is built by something else than initramfs-tools or dracut."""

    exit_code = 69
    sentence = N_("Neither initramfs-tools nor dracut builds the initramfs here; others are not supported.")
    remedy = N_("Nothing was changed. The floor's unit still closes USB when the system starts.")


class FloorUnified(GuardError):
    """A unified kernel image can be started: kernel, command line and initramfs in one file."""

    exit_code = 69
    sentence = N_("{path} is a unified kernel image; the floor is not put into such images.")
    remedy = N_(
        "Nothing was changed. Start the kernel by an entry with its own initramfs and remove the image. "
        "The floor's unit still closes USB when the system starts."
    )


class FloorTrouble(GuardError):
    """A step of putting the floor into the start, or of taking it out, failed."""

    exit_code = 74
    sentence = N_("{command} failed: {detail}.")
    remedy = N_("Put that right and repeat the command; what is done already stays. See: usbguard-py floor check")

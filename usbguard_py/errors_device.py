"""Errors about a device that is connected; what an error is stands in :mod:`usbguard_py.errors`."""

from usbguard_py.errors import GuardError
from usbguard_py.i18n import N_


class ExaminationFailed(GuardError):
    """A device could not be examined."""

    exit_code = 65
    sentence = N_("The device {name} could not be examined: {detail}.")
    remedy = N_("Unplug it, plug it in again and repeat. If it fails again, do not put it on the list.")


class HandsTrouble(GuardError):
    """The hands, which detach drives, did not do what they were asked to."""

    exit_code = 74
    sentence = N_("The privileged helper of usbguard-py reported: {detail}.")
    remedy = N_("A device that has to be cut is cut all the same. See: journalctl -u usbguard-py-hands")


class MediaTrouble(GuardError):
    """The media of a drive did not appear, did not answer, or did not get their driver."""

    exit_code = 74
    sentence = N_("The media of {name} cannot be judged: {detail}.")
    remedy = N_("The drive stays blocked. Unplug it, plug it in again and repeat; if it fails again, report.")


class FaceKnown(GuardError):
    """The asset shows that already, or has a face of that name."""

    exit_code = 1
    sentence = N_("{id} already has the face “{face}”.")
    remedy = N_("Nothing was changed. See: usbguard-py whitelist show {id}")


class NotInUse(GuardError):
    """Only an asset that may be used can learn."""

    exit_code = 1
    sentence = N_("{id} is not in use (state: {state}).")
    remedy = N_("Nothing was changed. See: usbguard-py whitelist show {id}")


class TooManyFaces(GuardError):
    """An asset with as many faces is no single device."""

    exit_code = 1
    sentence = N_("{id} has {most} faces already; that is the most.")
    remedy = N_("Nothing was changed. Revoke it and put the device on the list anew.")


class KindNotTold(GuardError):
    """A device does not say that it is anything that can be enrolled for a workplace."""

    exit_code = 1
    sentence = N_("The device on port {name} does not say that it is anything that can be enrolled.")
    remedy = N_(
        "A power supply or a scanner has to be named: --as ups, --as scanner. What brings storage, a network or a "
        "serial port along cannot be enrolled."
    )


class NotThatKind(GuardError):
    """A device is not of the kind that was said, or brings something along that this kind does not have."""

    exit_code = 1
    sentence = N_("The device on port {name} cannot be enrolled as this kind: {what}.")
    remedy = N_("Nothing was changed. What the device shows: usbguard-py explain {name}")


class KindNotPermitted(GuardError):
    """The policy allows no device of a kind."""

    exit_code = 1
    sentence = N_("The policy permits no device of this kind: {what}.")
    remedy = N_("If it is to be permitted, set “{knob}” in a policy file and run: usbguard-py policy use FILE")


class LimitReached(GuardError):
    """As many devices of a kind are enrolled as the policy allows."""

    exit_code = 1
    sentence = N_("The policy permits {limit} of this kind ({what}), and so many are enrolled.")
    remedy = N_("To put it in the place of one that is enrolled: --replaces {id}. See: usbguard-py peripheral list")

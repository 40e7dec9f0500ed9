"""Errors about the list as it is carried between computers; what an error is stands in :mod:`usbguard_py.errors`."""

from usbguard_py.errors import GuardError
from usbguard_py.errors_life import NoPerson
from usbguard_py.i18n import N_


class Follower(GuardError):
    """A change that lets more be used, on a computer that takes its list from another one."""

    exit_code = 1
    sentence = N_("The list is kept on the computer {name}; here a device can only be closed.")
    remedy = N_(
        "Nothing was changed. Possible here: suspend, lost, damaged, revoke. Make the change on {name}, carry the list "
        "here and take it: usbguard-py whitelist take FILE"
    )


class NotKeeper(GuardError):
    """A computer that takes its list from another one cannot carry it on."""

    exit_code = 1
    sentence = N_("The list is kept on the computer {name}; it is carried from there.")
    remedy = N_("Nothing was written. If {name} is no more, an administrator runs: usbguard-py whitelist keep")


class KeptHere(GuardError):
    """The list is kept on this computer."""

    exit_code = 1
    sentence = N_("The list is kept on this computer already.")
    remedy = N_("Nothing was changed. Which computers took which list: usbguard-py whitelist machines")


class OwnList(GuardError):
    """A file that this computer itself wrote."""

    exit_code = 1
    sentence = N_("The list in this file was written on this computer; an earlier state of it cannot be brought back.")
    remedy = N_("Nothing was changed. What is on the list is changed by its own commands.")


class OlderList(GuardError):
    """A list that is older than the last one that was taken."""

    exit_code = 1
    sentence = N_("The file holds list {number} of {name}; this computer has taken list {last} already.")
    remedy = N_("Nothing was changed. An older list is never taken. Carry the list from {name} again.")


class TwoLists(GuardError):
    """Two different lists with one number."""

    exit_code = 65
    sentence = N_("The file holds another list {number} of {name} than the one that was taken here.")
    remedy = N_(
        "Nothing was changed. There is only one list of a number: the file was changed, or that computer was put back "
        "to an earlier state. Keep the file and report to the security officer."
    )


class OtherOrigin(GuardError):
    """A list of another computer than until now."""

    exit_code = 1
    sentence = N_("The list in the file is kept on the computer {name}; the one in force here on {known}.")
    remedy = N_("Nothing was changed. If it is to be so from now on: --new-origin, with the reason.")


class OtherDigest(GuardError):
    """The list in a file is not the one on paper."""

    exit_code = 65
    sentence = N_("The list in the file is not the one that was expected: its check digits are {found}.")
    remedy = N_(
        "Nothing was changed. Compare number and check digits with the paper of the computer that keeps the list."
    )


class TakeRefused(GuardError):
    """A carried list cannot be taken; the places were shown."""

    exit_code = 65
    sentence = N_("Nothing was taken from {path}; places that are wrong: {count}.")
    remedy = N_("Carry the list again. A computer with a list of its own begins anew first; the manual says how.")


class DeviceRefused(GuardError):
    """The judge cannot take one device of a carried list."""

    exit_code = 65
    sentence = N_("Nothing was taken: device {line}, {column}: {detail}.")
    remedy = N_("Carry the list again. A computer with a list of its own begins anew first; the manual says how.")


class OtherChanges(GuardError):
    """Taking a list would change another number of devices than a person saw."""

    exit_code = 75
    sentence = N_("Nothing was taken: number of devices that would change: {found}; shown: {expected}.")
    remedy = N_("Repeat the command and look again at what would change.")


class SameTaker(GuardError):
    """The person who took a list first cannot be the second one."""

    exit_code = 77
    sentence = N_("Another person has to take this list, too: it was {name}, who is logged in here, who took it first.")
    remedy = N_("Nothing was changed. A colleague logs in with an account of their own and runs the same command.")


class NoTaker(NoPerson):
    """Two persons have to take a list, and nobody is logged in where the request comes from."""

    sentence = N_(
        "The policy asks for two persons by this list, and nobody is logged in here with an account of their own."
    )

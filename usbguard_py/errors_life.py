"""Errors about the life of an approved device; what an error is stands in :mod:`usbguard_py.errors`."""

from usbguard_py.errors import GuardError, NotCut
from usbguard_py.i18n import N_


class MoveForbidden(GuardError):
    """The table has no such move from this state."""

    exit_code = 1
    sentence = N_("“{verb}” is not possible for {id}: it is {state}.")
    remedy = N_("Nothing was changed. Possible: {moves}. See: usbguard-py whitelist show {id}")


class MoveNotYet(GuardError):
    """The state permits the move, but something has to come first."""

    exit_code = 1
    sentence = N_("“{verb}” is not possible for {id}: {detail}.")
    remedy = N_("Nothing was changed. Possible: {moves}. See: usbguard-py whitelist show {id}")


class HoldsNothing(GuardError):
    """A person of that very name holds nothing."""

    exit_code = 1
    sentence = N_("Nothing on the list is held by “{name}”.")
    remedy = N_("Nothing was changed. Write the name as the list has it: usbguard-py whitelist list --holder …")


class StillOpen(NotCut):
    """A change that closes a device is recorded, and the drive could not be cut off before the deadline."""

    sentence = N_("The change of {id} is recorded (record {seq}), but {name} could not be cut off.")


class SamePerson(GuardError):
    """The one who proposed a change cannot be the second person who approves it."""

    exit_code = 77
    sentence = N_(
        "Another person has to approve proposal {number} for {id}: it was made by {name}, who is logged in here."
    )
    remedy = N_(
        "Nothing was changed. A colleague logs in with an account of their own and runs: "
        "usbguard-py whitelist approve --proposal {number}"
    )


class NoPerson(GuardError):
    """Four eyes are asked for, and nobody is logged in where the request comes from."""

    exit_code = 77
    sentence = N_(
        "The policy asks for two persons for {id}, and nobody is logged in here with an account of their own."
    )
    remedy = N_(
        "Nothing was changed. Log in with your own account; sudo keeps who you are. Root, a service and a task that "
        "runs by itself are nobody."
    )


class ProposalOver(GuardError):
    """A proposal that can no longer be approved."""

    exit_code = 1
    sentence = N_("Proposal {number} is over: {detail}.")
    remedy = N_("Nothing was changed. Those that wait: usbguard-py whitelist proposals")


class ImportRefused(GuardError):
    """The rows of a file cannot be taken; the places were shown."""

    exit_code = 65
    sentence = N_("Nothing was imported from {path}; places that are wrong: {count}.")
    remedy = N_("Correct them in the file and import it again.")


class RowRefused(GuardError):
    """The judge cannot take one row of an import."""

    exit_code = 65
    sentence = N_("Nothing was imported: line {line}, {column}: {detail}.")
    remedy = N_("Correct it in the file and import it again.")


class OtherCount(GuardError):
    """An import would add another number of devices than was expected."""

    exit_code = 1
    sentence = N_("Nothing was imported: number of devices that would be added: {found}; expected: {expected}.")
    remedy = N_("See what would be added with --dry-run, and whether it is the right file.")


class ListChanged(GuardError):
    """The list was changed since a person looked at what would become of it."""

    exit_code = 75  # EX_TEMPFAIL
    sentence = N_("The list was changed meanwhile.")
    remedy = N_("Nothing was imported. Repeat the command and look again at what would be added.")


class ImportBusy(GuardError):
    """Another import is under way."""

    exit_code = 75
    sentence = N_("Another import is under way.")
    remedy = N_("Nothing was imported. Repeat the command in a minute.")


class ImportDisturbed(GuardError):
    """Devices came and went so often that the import never got to its end."""

    exit_code = 75
    sentence = N_("Nothing was imported: devices were plugged in or pulled out all the time.")
    remedy = N_("Repeat the command when it is quiet.")

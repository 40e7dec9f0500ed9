"""Errors of papers; what an error is stands in :mod:`usbguard_py.errors`."""

from usbguard_py.errors import GuardError, Usage
from usbguard_py.i18n import N_


class BadPaperFile(GuardError):
    """A template, the agency's file or the legal texts cannot be used; ``where`` is ``file:line``."""

    exit_code = 78
    sentence = N_("A file for papers cannot be used: {where}: {detail}.")
    remedy = N_("Nothing was written. Correct that place, or move the file away to use what the package has.")


class NoCitation(GuardError):
    """The form cites a subject on which no known text is in force on the paper's date."""

    exit_code = 78
    sentence = N_("No legal text on “{subject}” is in force on {day}, as far as is known here.")
    remedy = N_("Nothing was written. Bring the list of legal texts up to date, or give the paper's date: --date")


class FieldsMissing(Usage):
    """The form needs what nobody said; ``names`` are options."""

    sentence = N_("The paper needs more: {names}.")
    remedy = N_(
        "Nothing was written. Give them, or write what stays the same into the agency's file; some may be left for "
        "handwriting: --blank"
    )


class FactMissing(GuardError):
    """The form needs a fact that the list does not have of a device."""

    exit_code = 65
    sentence = N_("The paper needs “{what}” of {id}, and the list does not say it.")
    remedy = N_("Nothing was written. Complete the list first: usbguard-py whitelist correct {id}")


class NotForPaper(GuardError):
    """The paper is not made about devices in that state."""

    exit_code = 1
    sentence = N_("No such paper is made about {id}: it is {state}.")
    remedy = N_("Nothing was written. Leave it out, or see what it may become: usbguard-py whitelist show {id}")


class NothingForPaper(GuardError):
    """No device of the list fits what was asked for."""

    exit_code = 1
    sentence = N_("Nothing on the list fits, so there is no paper to make.")
    remedy = N_("See which devices there are: usbguard-py whitelist list")

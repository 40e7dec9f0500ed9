"""Errors of a policy on trial."""

from usbguard_py.errors import GuardError
from usbguard_py.i18n import N_


class TrialRunning(GuardError):
    """A second trial while one goes on: it would not be clear what comes back."""

    exit_code = 1
    sentence = N_("The policy “{name}” is on trial already.")
    remedy = N_("Everything works? usbguard-py confirm. Otherwise wait until the computer goes back by itself.")


class NoTrial(GuardError):
    """A confirmation with nothing to confirm."""

    exit_code = 1
    sentence = N_("No policy is on trial: there is nothing to confirm, or its time is over.")
    remedy = N_("See how things stand: usbguard-py status. To try again: usbguard-py activate")

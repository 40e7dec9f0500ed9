"""The words for a policy on trial."""

import time

from usbguard_py.cli.answers import Trial
from usbguard_py.cli.lengths import lasting
from usbguard_py.i18n import _


def lines(trial: Trial) -> list[tuple[str, str]]:
    """What a person has to know of a trial that goes on, each with its style."""
    at = time.strftime("%H:%M:%S", time.localtime(time.time() + trial.seconds_left))
    return [
        (_("ON TRIAL until {time} (in {span}).").format(time=at, span=lasting(trial.seconds_left * 1000)), "loud"),
        (_("Does everything work that has to? Then type: usbguard-py confirm"), ""),
        (
            _(
                "Otherwise, also when the computer is switched off and on, the policy “{name}” comes back by itself."
            ).format(name=trial.back_to),
            "",
        ),
    ]

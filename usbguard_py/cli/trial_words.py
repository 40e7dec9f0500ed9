"""The words for a policy on trial."""

import time

from usbguard_py.cli.answers import Trial
from usbguard_py.cli.words import number
from usbguard_py.i18n import _, ngettext


def how_long(seconds: int) -> str:
    """A time as people say it: minutes, below two minutes seconds."""
    if seconds < 2 * 60:
        return ngettext("{count} second", "{count} seconds", seconds).format(count=number(seconds))
    return ngettext("{count} minute", "{count} minutes", seconds // 60).format(count=number(seconds // 60))


def lines(trial: Trial) -> list[tuple[str, str]]:
    """What a person has to know of a trial that goes on, each with its style."""
    at = time.strftime("%H:%M:%S", time.localtime(time.time() + trial.seconds_left))
    return [
        (_("ON TRIAL until {time} (in {span}).").format(time=at, span=how_long(trial.seconds_left)), "loud"),
        (_("Does everything work that has to? Then type: usbguard-py confirm"), ""),
        (
            _(
                "Otherwise, also when the computer is switched off and on, the policy “{name}” comes back by itself."
            ).format(name=trial.back_to),
            "",
        ),
    ]

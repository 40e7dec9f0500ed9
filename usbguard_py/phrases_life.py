"""Details about the life of an approved device; how they are recognised stands in :mod:`usbguard_py.phrases`."""

from usbguard_py.i18n import N_

LIFE: tuple[str, ...] = (
    N_("unknown move “{verb}”"),
    N_("“{name}” does not belong to “{verb}”"),
    N_("nobody holds it"),
    N_("{holder} holds it; it has to be returned first"),
    N_("it has to be inspected first"),
    N_("the right to use it was revoked already"),
    N_("it has that holder already"),
    N_("nothing would be corrected"),
    N_("it was approved already"),
    N_("it was refused"),
    N_("it was withdrawn"),
    N_("the device was changed since"),
    N_("another proposal took its place"),
    N_("proposal {number} would change more; it is approved by its number"),
    N_("its last day was {until}"),
    N_("who proposed it is no second person"),
    N_("nobody is logged in"),
    N_("the policy no longer asks for a second person"),
    N_("no day of the calendar"),
    N_("that day is still to come"),
    N_("that day is before the inspection"),
    N_("more than {count} characters"),
    N_("the clock is behind the log: dates are judged by {date}"),
    N_("a holder"),
    N_("an inspection"),
)

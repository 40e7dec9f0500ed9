"""Details of the files of papers, in the reader's language; see :mod:`usbguard_py.phrases`."""

from usbguard_py.i18n import N_

# usbguard_py.papers, and msgspec where a value has a wrong type
PAPERS: tuple[str, ...] = (
    N_("a brace that names no field"),
    N_("there is no field “{name}”"),
    N_("the field “{name}” is not used"),
    N_("“{name}” is always known"),
    N_("not exactly one part “{name}”"),
    N_("not from {lowest} to {highest} dots"),
    N_("it is for “{seen}”"),
    N_("no regular file"),
    N_("Expected {expected}, got {seen}"),
    N_("Expected {expected}"),
    N_("Invalid enum value {seen}"),
    N_("Invalid value {seen}"),
)

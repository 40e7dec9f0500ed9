"""Whom a sentence tells people to call."""

import contextlib

from usbguard_py.errors_paper import BadPaperFile
from usbguard_py.i18n import N_, _

LIST_MANAGER = N_("the list manager")


def contact() -> str:
    """Who the agency's file says, else the list manager; also where that file is broken or may not be read."""
    from usbguard_py.shell import papers  # noqa: PLC0415 - forms and their formats, for few sentences only

    with contextlib.suppress(BadPaperFile):
        return papers.agency().contact or _(LIST_MANAGER)
    return _(LIST_MANAGER)
